# SPDX-License-Identifier: Apache-2.0
"""A directory of cryptpilot's files, as it is."""

import re
import shutil

from cases.unlock import report_of_success, stage_lines
from harness import cpio, disks, dracut, guests, images, keyserver, lvm, roots, tools, vm
from harness.case import case

FDE = """\
# Configuration of the read-only root
[rootfs]
{layer}
[rootfs.encrypt.kbs]
cdh_type = "one-shot"
kbs_url = "{url}"
key_uri = "kbs:///{resource}"
kbs_root_cert = """ + '"""' + """
{ca}""" + '"""' + """

[delta]
integrity = true

[delta.encrypt.kbs]
kbs_url = "{url}"
key_uri = "kbs:///{resource}"
kbs_root_cert = """ + '"""' + """
{ca}""" + '"""' + """
"""

# The test's TEE proves nothing and must be written out; it is the one thing that cryptpilot
# would not know.
GLOBAL = """\
[boot]
verbose = true

[agent]
tee = "sample"
on_unreachable = "poweroff"
failure_delay = "1s"
"""

VOLUME = """\
volume = "data0"
dev = "/dev/nvme1n1p1"
auto_open = false
makefs = "ext4"

[encrypt.exec]
command = "echo"
args = ["-n", "not opened"]
"""


IN_MEMORY = """\
delta_location = "ram"
delta_backend = "overlayfs"
"""


def write(folder, server, layer):
    """The operator's directory."""
    (folder / "volumes").mkdir(parents=True)
    (folder / "fde.toml").write_text(FDE.format(
        layer=layer, url=images.url(server.port), resource=keyserver.RESOURCE, ca=server.ca.read_text()))
    (folder / "global.toml").write_text(GLOBAL)
    (folder / "volumes/data0.toml").write_text(VOLUME)
    for path in folder.rglob("*.toml"):
        path.chmod(0o600)
    return folder


def make(t, layer=IN_MEMORY, extra=()):
    """(server, image): an initramfs by dracut with the directory in place, and a disk for it."""
    server = t.fresh_server()
    config = write(t.folder / "config", server, layer)
    with_hash = t.folder / "with-hash"
    shutil.copytree(config, with_hash)
    shutil.copy(tools.REPO / "tests/fixtures/cryptpilot/metadata-image.toml",
                with_hash / "metadata.toml")
    base = t.world.initramfs(t.folder / "base.img", with_hash, folder="etc/cryptpilot")
    tiny = roots.tiny(t.world.guest, t.folder / "tiny")
    image = images.build(t.folder / "root.img", tiny, t.world.guest.kernel, config, server, base,
                         extra)
    return server, image


def start(t, image, initrd, name):
    t.outcome = vm.boot(
        vm.Machine(image.kernel, initrd, image.cmdline, [vm.Disk(image.disk, "root")],
                   resolv_conf=t.world.resolv_conf), t.folder, 240, name)


@case("cryptpilot", cost=70)
def cryptpilot(t):
    """global.toml, fde.toml and volumes/ unchanged: attest, open, verify, writable in memory."""
    server, image = make(t)
    files = image.configuration()
    for name in ("fde.toml", "global.toml", "volumes/data0.toml"):
        t.check(files["etc/cryptpilot/" + name] == (t.folder / "config" / name).read_bytes(),
                f"{name} was changed")
    t.check("root=/dev/mapper/rootfs" in image.cmdline.split(), f"cmdline: {image.cmdline}")

    start(t, image, image.initrd, "vm")
    t.came_up()
    stage_lines(t)
    report_of_success(t, name="rootfs", outcome="open", writable="ram")
    mount = t.outcome.mark("rootmount")
    t.check(" / overlay rw" in mount, f"mounted: {mount}")
    t.check(keyserver.RESOURCE in server.audit(), "the server's audit log names no resource")

    # the host writes another root hash: nothing comes up
    place = "etc/cryptpilot/metadata.toml"
    text = files[place].decode()
    digit = text.index('root_hash = "') + len('root_hash = "')
    wrong = text.replace(text[digit:digit + 64], ("1" if text[digit] == "0" else "0") * 64)
    for content, code in ((wrong, "verity-corrupt"), ("type = 1\n", "config-missing")):
        archive = cpio.Archive()
        archive.file(place, content, 0o600)
        initrd = cpio.append(image.initrd, archive, t.folder / "altered.initrd")
        start(t, image, initrd, code)
        t.refused(code)
        initrd.unlink()


@case("cryptpilot-defaults", cost=70)
def cryptpilot_defaults(t):
    """What an fde.toml without a word on the layer means: a snapshot on disk, new at each boot."""
    _, image = make(t, "", ("--fs", "ext4", "--delta-size", "64M"))
    for name in ("first", "second"):
        start(t, image, image.initrd, name)
        t.came_up()
        report_of_success(t, name="rootfs", outcome="open", writable="disk",
                          writable_type="dm-snapshot")
        mount = t.outcome.mark("rootmount")
        t.check(mount.startswith("/dev/mapper/rootfs / ext4 rw"), f"mounted: {mount}")


# --- an image that cryptpilot itself made: logical volumes, a superblock, and no encryption, so that
# not a single word of the directory has to be ours

PLAIN_FDE = """\
[rootfs]
delta_location = "ram"
delta_backend = "overlayfs"

[delta.encrypt.exec]
command = "echo"
args = ["-n", "not opened"]
"""

PLAIN_GLOBAL = """\
[boot]
verbose = true
"""


def plain_disk(t, root_file):
    """(disk, root hash)"""
    tree = t.folder / "rootfs_hash.img"
    said = tools.run([tools.find_program("veritysetup"), "format", "--format=1", "--hash=sha256",
                      root_file, tree]).decode()
    (root_hash,) = re.findall(r"^Root hash:\s*([0-9a-f]{64})$", said, re.MULTILINE)
    disk = lvm.write(t.folder / "lvm.img", "cryptpilot",
                     {"rootfs": root_file, "rootfs_hash": tree}, spare=16 << 20)
    return disk, root_hash


def lvm_initramfs(t, config):
    """By the dracut of a tree that has lvm2 beside our agent."""
    tree = guests.copy_tree(t.world.debian, t.folder / "debian")
    lvm.install(tree, t.folder)
    shutil.rmtree(tree / "etc/cryptpilot", ignore_errors=True)
    shutil.copytree(config, tree / "etc/cryptpilot")
    out = t.folder / "lvm.initrd"
    omit = " ".join(word for word in dracut.LEAN_OMIT.split() if word != "lvm")
    dracut.build(tree, t.world.guest.release, out, ("--add", "latchkey lvm", "--omit", omit))
    shutil.rmtree(tree)
    return out


def write_plain(folder, root_hash):
    folder.mkdir()
    (folder / "fde.toml").write_text(PLAIN_FDE)
    (folder / "global.toml").write_text(PLAIN_GLOBAL)
    (folder / "metadata.toml").write_text(f'type = 1\nroot_hash = "{root_hash}"\n')
    for path in folder.iterdir():
        path.chmod(0o600)
    return folder


@case("cryptpilot-lvm", cost=90)
def cryptpilot_lvm(t):
    """Logical volumes made active by dracut, the hash tree's superblock, a root without encryption."""
    tiny = roots.tiny(t.world.guest, t.folder / "tiny")
    disk, root_hash = plain_disk(t, roots.ext4(tiny, t.folder / "root.ext4", 16))
    initrd = lvm_initramfs(t, write_plain(t.folder / "config", root_hash))

    def start_with(initramfs, source, name):
        t.outcome = vm.boot(
            vm.Machine(t.world.guest.kernel, initramfs,
                       "root=/dev/mapper/rootfs ro rd.lvm.vg=cryptpilot",
                       [vm.Disk(source, "root")], network=False), t.folder, 200, name)

    start_with(initrd, disk, "vm")
    t.came_up()
    report_of_success(t, name="rootfs", outcome="open", root_hash=root_hash, writable="ram")
    mount = t.outcome.mark("rootmount")
    t.check(" / overlay rw" in mount, f"mounted: {mount}")

    # the host writes a superblock of another kind in front of the tree
    other = disks.copy(disk, t.folder / "other.img")
    text = other.read_bytes()
    at = text.index(b"verity\0\0", lvm.START)
    with open(other, "r+b") as image:
        image.seek(at + 32)
        image.write(b"sha512")
    start_with(initrd, other, "superblock")
    t.refused("verity-superblock")
