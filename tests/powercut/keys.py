# SPDX-License-Identifier: Apache-2.0
"""The life of a volume's key: the commands, on a real disk."""

from harness import mini, tools, vm

MODULES = ("virtio_pci", "virtio_blk", "dm_crypt", "cryptd", "crypto_simd", "aesni_intel", "ecb",
           "xts")
MIB = 1 << 20
FIRST = b"correct horse"
DEADLINE = 300


def volume(work):
    """A volume as another tool makes it: without our token."""
    disk = work / "volume.img"
    with open(disk, "wb") as file:
        file.truncate(20 * MIB)
    tools.run(["cryptsetup", "luksFormat", "-q", "--type", "luks2", "--pbkdf", "pbkdf2",
               "--pbkdf-force-iterations", "1000", disk, "-"], stdin=FIRST)
    return disk


def program():
    return mini.dev_program("tests", "powercut", "keys_vm")


def machine(t, part, attached):
    initrd = mini.initramfs(t.guest, program(), MODULES, f"keys_vm {part}",
                            t.folder / f"{part}.initrd")
    return vm.Machine(t.guest.kernel, initrd, "rdinit=/init", [attached], network=False)


def commands_of_a_key(t):
    """Rotate, also while the volume is open; recovery key, recover, back up and restore."""
    attached = vm.Disk(volume(t.folder), "volume", False)
    t.taps(vm.boot(machine(t, "commands", attached), t.folder, DEADLINE), 6)


CASES = [commands_of_a_key]
