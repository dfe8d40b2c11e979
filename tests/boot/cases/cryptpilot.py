# SPDX-License-Identifier: Apache-2.0
"""A directory of cryptpilot's files, as it is."""

import shutil

from cases.unlock import report_of_success, stage_lines
from harness import cpio, images, keyserver, roots, vm
from harness.case import case
from harness.tools import REPO

FDE = """\
# Configuration of the read-only root
[rootfs]
delta_location = "ram"
delta_backend = "overlayfs"

[rootfs.encrypt.kbs]
cdh_type = "one-shot"
kbs_url = "{url}"
key_uri = "kbs:///{resource}"
kbs_root_cert = """ + '"""' + """
{ca}""" + '"""' + """

[delta]

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

[encrypt.exec]
command = "echo"
args = ["-n", "not opened"]
"""


def write(folder, server):
    """The operator's directory."""
    (folder / "volumes").mkdir(parents=True)
    (folder / "fde.toml").write_text(FDE.format(
        url=images.url(server.port), resource=keyserver.RESOURCE, ca=server.ca.read_text()))
    (folder / "global.toml").write_text(GLOBAL)
    (folder / "volumes/data0.toml").write_text(VOLUME)
    for path in folder.rglob("*.toml"):
        path.chmod(0o600)
    return folder


def make(t):
    """(server, image): an initramfs by dracut with the directory in place, and a disk for it."""
    server = t.fresh_server()
    config = write(t.folder / "config", server)
    with_hash = t.folder / "with-hash"
    shutil.copytree(config, with_hash)
    shutil.copy(REPO / "tests/fixtures/cryptpilot/metadata-image.toml",
                with_hash / "metadata.toml")
    base = t.world.initramfs(t.folder / "base.img", with_hash, folder="etc/cryptpilot")
    tiny = roots.tiny(t.world.guest, t.folder / "tiny")
    image = images.build(t.folder / "root.img", tiny, t.world.guest.kernel, config, server, base)
    return server, image


def start(t, image, initrd, name):
    t.outcome = vm.boot(
        vm.Machine(image.kernel, initrd, image.cmdline, [vm.Disk(image.disk, "root")],
                   resolv_conf=t.world.resolv_conf), t.folder, 150, name)


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
