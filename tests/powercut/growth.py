# SPDX-License-Identifier: Apache-2.0
"""A disk that became larger: its partition, mapping and file system follow, also after a cut."""

import subprocess

from harness import disks, gpt, mini, powercut, tools, vm

MODULES = ("virtio_pci", "virtio_blk", "dm_crypt", "cryptd", "crypto_simd", "aesni_intel", "ecb",
           "xts", "crc32c_generic", "crc32c_intel", "ext4", "xfs")
MIB = 1 << 20
PASSPHRASE = b"correct horse"
QUICK = ("--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000")
EMPTY = 32 * MIB
SMALL, LARGE = 64 * MIB, 128 * MIB
DEADLINE = 240
BOOTS = 5  # of all cuts so many are booted, and one of each state of the table


def part_id(digit):
    return f"00000000-0000-4000-8000-00000000000{digit}"


def ext4(path, size, work):
    """A file system with a file in it that must never get lost."""
    tree = work / "tree"
    tree.mkdir(exist_ok=True)
    (tree / "mark").write_text("here\n")
    tools.run(["mkfs.ext4", "-q", "-F", "-b", "4096", "-d", tree, path, f"{size // MIB}M"])
    return path


def luks(path):
    """Encrypt a file in place; the header goes in front and the file becomes EMPTY larger."""
    with open(path, "ab") as file:
        file.truncate(path.stat().st_size + EMPTY)
    tools.run(["cryptsetup", "reencrypt", "-q", "--encrypt", "--reduce-device-size", str(EMPTY),
               "--key-file", "-", *QUICK, path], stdin=PASSPHRASE)
    return path


def one(work):
    """The disk "one": LUKS2 with ext4 in the last of two partitions, and room behind it."""
    content = luks(ext4(work / "one.ext4", 16 * MIB, work))
    size = content.stat().st_size // MIB
    disk = gpt.write(work / "one.img", SMALL, [
        gpt.Part(1, 1, "first", part_id(1)), gpt.Part(2, size, "one", part_id(2), content)])
    gpt.enlarge(disk, LARGE)
    return disk


def others(work):
    xfs = work / "xfs"
    with open(xfs, "wb") as file:
        file.truncate(320 * MIB)
    tools.run(["mkfs.xfs", "-q", "-s", "size=4096", xfs])
    large = gpt.write(work / "large.img", 330 * MIB, [
        gpt.Part(1, 1, "first", part_id(3)), gpt.Part(2, 320, "two", part_id(4), xfs)], 4096)
    gpt.enlarge(large, 512 * MIB)
    behind = gpt.write(work / "behind.img", 8 * MIB, [
        gpt.Part(1, 1, "first", part_id(5)), gpt.Part(2, 1, "ours", part_id(6)),
        gpt.Part(4, 2, "behind", part_id(7))])
    gpt.enlarge(behind, 16 * MIB)
    damaged = gpt.write(work / "damaged.img", 8 * MIB, [
        gpt.Part(1, 1, "first", part_id(8)), gpt.Part(2, 1, "ours", part_id(9))])
    gpt.enlarge(damaged, 16 * MIB)
    bare = luks(ext4(work / "bare.img", 16 * MIB, work))
    gpt.enlarge(bare, 80 * MIB)
    return large, behind, damaged, bare


def initrd(t, part, before=""):
    program = mini.dev_program("tests", "powercut", "growth_vm")
    return mini.initramfs(t.guest, program, MODULES, f"{before}\ngrowth_vm {part} 2>&1",
                          t.folder / f"{part}.initrd")


def machine(t, archive, attached):
    return vm.Machine(t.guest.kernel, archive, "rdinit=/init", attached, network=False)


def sfdisk_agrees(t, disk):
    said = subprocess.run(["sfdisk", "--verify", disk], capture_output=True, text=True,
                          check=False)
    t.check(said.returncode == 0 and "No errors detected" in said.stdout,
            f"sfdisk of {disk.name}: {said.stdout}{said.stderr}")


def check_grown(t, disk, sector=512):
    """Both copies are whole and say that partition 2 takes the disk."""
    size = disk.stat().st_size
    for second in (False, True):
        table = gpt.Table(disk, sector, second)
        t.check(table.parts[2] == (2 * MIB, size - 3 * MIB), f"{disk.name}: {table.parts}")
        t.check(table.parts[1] == (MIB, MIB), f"{disk.name}: {table.parts}")


def larger_disks(t):
    """Disks that became larger: GPT, dm-crypt, ext4 and xfs, 512- and 4096-byte sectors."""
    first = one(t.folder)
    large, behind, damaged, bare = others(t.folder)
    prints = {disk: disks.fingerprint(disk) for disk in (behind, damaged)}
    # The kernel has read the table of vdd when it is damaged.
    damage = "dd if=/dev/zero of=/dev/vdd bs=512 seek=1 count=1 conv=notrunc 2>/dev/null"
    attached = [vm.Disk(first, "one", False), vm.Disk(large, "two", False, sector=4096),
                vm.Disk(behind, "behind", False), vm.Disk(damaged, "damaged", True),
                vm.Disk(bare, "bare")]
    t.taps(vm.boot(machine(t, initrd(t, "disks", damage), attached), t.folder, DEADLINE), 7)
    check_grown(t, first)
    check_grown(t, large, 4096)
    sfdisk_agrees(t, first)
    for disk, before in prints.items():
        t.check(disks.fingerprint(disk) == before, f"{disk.name} was written to")


def check_state(t, image, before):
    """What a cut left: the first copy is whole and old or new; our own code makes it new."""
    found = gpt.Table(image).parts
    wanted = {1: (MIB, MIB), 2: (2 * MIB, LARGE - 3 * MIB)}
    t.check(found in (before, wanted), f"the table says {found}")
    program = mini.dev_program("tests", "powercut", "growth_vm")
    said = tools.run([program, "table", image, "512"]).decode().strip()
    t.check(said == str(LARGE - MIB), f"growth ended at {said}")
    check_grown(t, image)


def cut_while_growing(t):
    """Power cuts at every write of a growth, then the next boot."""
    disk = one(t.folder)
    before = gpt.Table(disk).parts
    attached = vm.Disk(disk, "one")
    log = powercut.record(machine(t, initrd(t, "one"), [attached]), attached, t.folder, DEADLINE)
    t.taps(log.outcome, 3)
    cuts = log.cuts()
    t.check(len(cuts) > 10, f"only {len(cuts)} writes were logged")
    states, scratch = {}, t.folder / "state.img"
    for n in log.walk(t.folder / "cut.img"):
        tables = tuple(_table(t.folder / "cut.img", second) for second in (False, True))
        if tables not in states:  # the others differ in what lies behind the table
            states[tables] = n
            disks.copy(t.folder / "cut.img", scratch)
            check_state(t, scratch, before)
    t.check(len(states) >= 4, f"the table was seen in {len(states)} states")
    archive = initrd(t, "again")
    booted = sorted({*log.sample(BOOTS), *states.values()})
    for n in booted:
        image = log.prefix(n, t.folder / "boot.img")
        t.taps(vm.boot(machine(t, archive, [vm.Disk(image, "one", False)]), t.folder, DEADLINE,
                       f"boot-{n}"), 2)
        check_grown(t, image)
        sfdisk_agrees(t, image)
    return f"{len(cuts)} cuts, {len(states)} states of the table, {len(booted)} boots"


def _table(image, second):
    """The bytes that matter of one end of the disk."""
    with open(image, "rb") as disk:
        if second:
            disk.seek(-33 * 512, 2)
        return disk.read(34 * 512)


CASES = [larger_disks, cut_while_growing]
