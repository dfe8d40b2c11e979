# SPDX-License-Identifier: Apache-2.0
"""A directory of cryptpilot's files, as it is."""

import re
import shutil

from cases.system import encrypt
from cases.unlock import report_of_success, stage_lines
from harness import cpio, disks, dracut, images, keyserver, lvm, roots, tools, vm
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


ENCRYPTED_FDE = PLAIN_FDE + """
[rootfs.encrypt.exec]
command = "echo"
args = ["-n", "what the root opens with"]
"""


def lvm_disk(t, passphrase=None):
    """(disk, root hash): the root and its hash tree on logical volumes, the root encrypted if a
    passphrase is given."""
    root_file = roots.ext4(roots.tiny(t.world.guest, t.folder / "tiny"), t.folder / "root.ext4", 16)
    tree = t.folder / "rootfs_hash.img"
    said = tools.run([tools.find_program("veritysetup"), "format", "--format=1", "--hash=sha256",
                      root_file, tree]).decode()
    (root_hash,) = re.findall(r"^Root hash:\s*([0-9a-f]{64})$", said, re.MULTILINE)
    if passphrase:
        encrypt(root_file, passphrase)
    disk = lvm.write(t.folder / "lvm.img", "cryptpilot",
                     {"rootfs": root_file, "rootfs_hash": tree}, spare=16 << 20)
    return disk, root_hash


def lvm_files(fde, root_hash):
    """The operator's files and what describes the image."""
    return {"fde.toml": fde, "global.toml": PLAIN_GLOBAL,
            "metadata.toml": f'type = 1\nroot_hash = "{root_hash}"\n'}


def lvm_initramfs(t):
    """By the dracut of a tree that has lvm2 beside our agent; a case brings its own files."""
    def make():
        home = t.world.folder / "lvm"
        home.mkdir()
        tree = t.world.debian_copy(home / "debian")
        lvm.install(tree, home)
        place = tree / "etc/cryptpilot"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        for name, text in lvm_files(ENCRYPTED_FDE, "0" * 64).items():
            (place / name).write_text(text)
            (place / name).chmod(0o600)
        omit = " ".join(word for word in dracut.LEAN_OMIT.split() if word != "lvm")
        dracut.build(tree, t.world.guest.release, home / "lvm.initrd",
                     ("--add", "latchkey lvm", "--omit", omit))
        shutil.rmtree(tree)
        return home / "lvm.initrd"
    return t.world.once("lvm initramfs", make)


def boot_lvm(t, disk, fde, root_hash, name):
    archive = cpio.Archive()
    for file, text in lvm_files(fde, root_hash).items():
        archive.file("/etc/cryptpilot/" + file, text, 0o600)
    initrd = cpio.append(lvm_initramfs(t), archive, t.folder / f"{name}.initrd")
    t.outcome = vm.boot(
        vm.Machine(t.world.guest.kernel, initrd, "root=/dev/mapper/rootfs ro rd.lvm.vg=cryptpilot",
                   [vm.Disk(disk, "root")], network=False), t.folder, 200, name)
    initrd.unlink()


def came_up_over_lvm(t, root_hash):
    t.came_up()
    report = report_of_success(t, name="rootfs", outcome="open", root_hash=root_hash,
                               writable="ram")
    mount = t.outcome.mark("rootmount")
    t.check(" / overlay rw" in mount, f"mounted: {mount}")
    return report


@case("cryptpilot-lvm", cost=60)
def cryptpilot_lvm(t):
    """Logical volumes made active by dracut, the hash tree's superblock, a root without encryption."""
    disk, root_hash = lvm_disk(t)
    boot_lvm(t, disk, PLAIN_FDE, root_hash, "vm")
    came_up_over_lvm(t, root_hash)

    # the host writes a superblock of another kind in front of the tree
    other = disks.copy(disk, t.folder / "other.img")
    text = other.read_bytes()
    at = text.index(b"verity\0\0", lvm.START)
    with open(other, "r+b") as image:
        image.seek(at + 32)
        image.write(b"sha512")
    boot_lvm(t, other, PLAIN_FDE, root_hash, "superblock")
    t.refused("verity-superblock")


@case("cryptpilot-lvm-encrypted", cost=45)
def cryptpilot_lvm_encrypted(t):
    """The same layout with the root's logical volume encrypted."""
    disk, root_hash = lvm_disk(t, b"what the root opens with")
    boot_lvm(t, disk, ENCRYPTED_FDE, root_hash, "vm")
    report = came_up_over_lvm(t, root_hash)
    t.check(report["volumes"][0]["provider"] == "exec", "no key was asked for")
    t.check("rootfs-crypt" in t.outcome.mark("mappings").split(),
            f"the mappings are {t.outcome.mark('mappings')}")
