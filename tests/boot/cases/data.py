# SPDX-License-Identifier: Apache-2.0
"""Data volumes beside the root that the boot itself makes: a lasting one, and one that starts empty."""

from cases.unlock import report_of_success, stage_lines
from harness import disks, images, vm
from harness.case import case

MIB = 1 << 20
DATA = """\
volume = "data0"
dev = "/dev/disk/by-id/virtio-data0"
auto_open = true
format = "blank"
makefs = "ext4"
integrity = true
key_entropy = "full"

[encrypt.exec]
command = "/usr/bin/echo"
args = ["-n", "0123456789abcdef0123456789abcdef"]
"""
SWAP = """\
volume = "swap0"
dev = "/dev/disk/by-id/virtio-swap0"
auto_open = true
makefs = "swap"

[encrypt.otp]
"""
# Its disk holds what somebody else put there.
TORN = """\
volume = "torn"
dev = "/dev/disk/by-id/virtio-torn"
auto_open = true
format = "blank"
key_entropy = "full"

[encrypt.exec]
command = "/usr/bin/echo"
args = ["-n", "0123456789abcdef0123456789abcdef"]
"""
# In the initramfs: leave what the real root is to run.
PREPARE = r"""
/sbin/modprobe ext4
/usr/lib/guest/busybox mkdir -p /run/guest/data
/usr/lib/guest/busybox cp /usr/lib/guest/busybox /run/guest/busybox
/usr/lib/guest/busybox cat > /run/guest/after << 'EOF'
#!/bin/sh
busybox=/run/guest/busybox
say() { echo "<1>GUEST $*" > /dev/kmsg; }
if $busybox mount -t ext4 /dev/mapper/data0 /run/guest/data; then
    say data "$(cat /run/guest/data/kept 2> /dev/null || echo empty)"
    echo "by a boot" > /run/guest/data/kept
    $busybox umount /run/guest/data
fi
$busybox cat /dev/mapper/data0 > /dev/null && say data-read whole || say data-read failed
say swap "$($busybox dd if=/dev/mapper/swap0 bs=1 skip=4086 count=10 2> /dev/null)"
$busybox swapon /dev/mapper/swap0 && say swap-on
EOF
/usr/lib/guest/busybox chmod 755 /run/guest/after
"""


def configuration(t, folder):
    """For an initramfs that holds what making these volumes takes."""
    settings = images.Settings((images.url(1),), final=True)
    settings.write(folder, t.world.origin.ca)
    (folder / "volumes.d").mkdir(mode=0o700)
    for name, text in (("data0", DATA), ("swap0", SWAP)):
        path = folder / "volumes.d" / f"{name}.conf"
        path.write_text(text)
        path.chmod(0o600)
    return folder


def base(t):
    def make():
        return t.world.initramfs(t.world.folder / "data.base",
                                 configuration(t, t.world.folder / "data"))
    return t.world.once("data", make)


def add(t, more):
    def put(archive):
        for name, text in {"data0": DATA, "swap0": SWAP, **more}.items():
            archive.file(f"/etc/latchkey/volumes.d/{name}.conf", text, 0o600)
        t.probe(archive, "prepare", PREPARE)
    return put


def blank(path, size):
    with open(path, "wb") as file:
        file.truncate(size)
    return path


def boot(t, name, server, attached, more=(), **expected):
    disks_of = [vm.Disk(path, path.stem, snapshot=False) for path in attached]
    t.boot([images.url(server.port)], initrd=base(t), add=add(t, dict(more)), name=name,
           disks=disks_of)
    t.came_up()
    stage_lines(t)
    return report_of_success(t, name="root", outcome="open", **expected)


def all_open(t, report):
    t.check([v["outcome"] for v in report["volumes"]] == ["open"] * 3, "a volume is not open")
    t.check(t.outcome.mark("swap") == "SWAPSPACE2", "there is no swap space")
    t.check(t.outcome.mark("swap-on") is not None, "the swap space is not taken")
    return report


def alone(t, report):
    """One disk is missing, one must not be made: the root is up, and who looks is told."""
    found = {v["name"]: (v["outcome"], v.get("error", "")) for v in report["volumes"]}
    t.check(found["root"][0] == found["data0"][0] == "open", f"volumes: {found}")
    t.check(found["swap0"][0] in ("ABSENT", "TIMEOUT") and "swap0" in found["swap0"][1],
            f"the absent volume: {found['swap0']}")
    t.check(found["torn"][0] not in ("open", "closed") and found["torn"][1],
            f"the volume on somebody's disk: {found['torn']}")
    for name in ("swap0", "torn"):
        t.check(t.outcome.has(f"volume '{name}' stays closed"), f"no line on the console for {name}")
    t.check(t.outcome.has("2 of 4 volumes open"), "the console does not count")


@case("data-volumes", cost=110)
def data_volumes(t):
    """Made on the first boot, there on the second; swap anew; a flipped byte; others fail alone."""
    server = t.server()
    data, swap = blank(t.folder / "data0.img", 64 * MIB), blank(t.folder / "swap0.img", 16 * MIB)
    first = all_open(t, boot(t, "first", server, (data, swap)))
    t.check(t.outcome.mark("data") == "empty", f"a new volume holds {t.outcome.mark('data')!r}")
    t.check(t.outcome.mark("data-read") == "whole", "not every block of the new volume reads")
    t.check({"operation": "format", "content": "data0"}.items()
            <= next(e for e in first["events"] if e["operation"] == "format").items(),
            "no event says that a volume was made")

    with open(swap, "rb") as file:
        before = file.read()
    second = all_open(t, boot(t, "second", server, (data, swap)))
    t.check(t.outcome.mark("data") == "by a boot", "the content is gone")
    made = {v["name"]: v for v in second["volumes"]}
    t.check(made["data0"]["header_mac"] == "ok", "the header's MAC is not there")
    t.check(made["data0"]["luks_uuid"] == first["volumes"][1]["luks_uuid"], "it was made anew")
    t.check([e["content"] for e in second["events"] if e["operation"] == "format"] == ["swap0"],
            "the second boot made more than the swap space")
    with open(swap, "rb") as file:
        after = file.read()
    t.check(before[:512] == after[:512] and before[MIB:MIB + 4096] != after[MIB:MIB + 4096],
            "the swap space has the same key again")

    disks.flip(data, 50 * MIB)
    torn = blank(t.folder / "torn.img", 16 * MIB)
    foreign = b"somebody's" * 100000
    torn.write_bytes(foreign.ljust(16 * MIB, b"\0"))
    third = boot(t, "third", server, (data, torn), {"torn": TORN}, as_a_whole="partly")
    alone(t, third)
    t.check(torn.read_bytes().startswith(foreign), "somebody's disk was written to")
    t.check(t.outcome.mark("data-read") == "failed", "the flipped byte went unseen")
    t.check(t.outcome.mark("data") == "by a boot", "the rest of the volume is lost as well")
