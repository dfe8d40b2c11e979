# SPDX-License-Identifier: Apache-2.0
"""A disk that became larger between two boots."""

import shutil

from harness import disks, gpt, images, tools, vm
from harness.case import case

MIB = gpt.MIB
IDS = [f"00000000-0000-4000-8000-0000000000d{n}" for n in range(3)]
SMALL, LARGE = 96 * MIB, 160 * MIB
BEGIN = 2 * MIB
HEADER = 32 * MIB

DATA_CONF = """\
volume = "data0"
dev = "PARTUUID={id}"
auto_open = true
grow = {grow}

[encrypt.kbs]
kbs_url = ["{url}"]
key_uri = "kbs:///{resource}"
kbs_root_cert = "/etc/latchkey/ca.pem"
"""

# In the initramfs: what the tiny root does not have goes to /run, which survives.
PROBE = """\
/usr/lib/guest/busybox mkdir -p /run/guest
cd /run/guest
/usr/lib/guest/busybox cp /usr/bin/latchkey /usr/lib/guest/after-growth .
/usr/lib/guest/busybox cp -r /etc/latchkey config
/usr/lib/guest/busybox mv after-growth after
modprobe ext4
"""

# In the system: mount, grow, say how large everything is.
AFTER = """\
#!/bin/sh
say() { echo "<1>GUEST $*" > /dev/kmsg; }
b() { /usr/bin/busybox "$@"; }
b mkdir -p /run/data
b mount -t ext4 /dev/mapper/data0 /run/data || say nomount
/run/guest/latchkey volume grow data0 --config /run/guest/config > /dev/kmsg 2>&1
say grew $?
node=$(b readlink -f /dev/mapper/data0)
say mapping "$(cat /sys/class/block/${node##*/}/size)"
say blocks "$(b df -k /run/data | b tail -n1 | b tr -s ' ' | b cut -d' ' -f2)"
say mark "$(cat /run/data/mark)"
b umount /run/data
"""


def data_disk(t, size=SMALL, behind=False):
    """LUKS2 with a small ext4 file system, opened by the key of the root."""
    tree = t.folder / "data"
    tree.mkdir()
    (tree / "mark").write_text("here\n")
    content = t.folder / "data.luks"
    tools.run(["mkfs.ext4", "-q", "-F", "-b", "4096", "-d", tree, content, "16M"])
    with open(content, "ab") as file:
        file.truncate(16 * MIB + HEADER)
    tools.run(["cryptsetup", "reencrypt", "-q", "--encrypt", "--reduce-device-size", str(HEADER),
               "--key-file", "-", "--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000",
               content], stdin=t.world.handover_passphrase)
    parts = [gpt.Part(1, 1, "first", IDS[1]),
             gpt.Part(2, content.stat().st_size // MIB, "data", IDS[0], content)]
    if behind:
        parts.append(gpt.Part(60, 4, "behind", IDS[2]))
    shutil.rmtree(tree)
    return gpt.write(t.folder / "data.img", size, parts)


def boot(t, server, disk, name, grow="true"):
    """Boot with the disk beside the root; (sectors of the mapping, KiB of the file system)."""
    url = images.url(server.port)

    def add(archive):
        conf = DATA_CONF.format(id=IDS[0], url=url, grow=grow, resource=images.keyserver.RESOURCE)
        archive.file("/etc/latchkey/volumes.d/data.conf", conf, 0o600)
        archive.file("/usr/lib/guest/after-growth", AFTER, 0o755)
        t.probe(archive, "growth", PROBE)

    t.boot([url], add=add, disks=[vm.Disk(disk, "data", False)], name=name)
    t.came_up()
    t.check(t.outcome.mark("mark") == "here", "the file in the volume is gone")
    volume = next(v for v in t.outcome.report["volumes"] if v["name"] == "data0")
    return (int(t.outcome.mark("mapping")) * 512, int(t.outcome.mark("blocks")) * 1024,
            volume.get("growth"))


@case("larger-disk", cost=80)
def larger_disk(t):
    """A disk enlarged between boots: partition, mapping and file system follow; once."""
    server = t.server()
    disk = data_disk(t)
    before = gpt.Table(disk).parts
    first = boot(t, server, disk, "first")
    t.check(first[2] == "grown", f"the first boot says {first[2]}")
    gpt.enlarge(disk, LARGE)
    second = boot(t, server, disk, "second")
    t.check(second[2] == "grown", f"the second boot says {second[2]}")
    for copy in (False, True):
        table = gpt.Table(disk, second=copy)
        t.check(table.parts == {1: before[1], 2: (BEGIN, LARGE - MIB - BEGIN)},
                f"the table says {table.parts}")
    t.check(first[0] == SMALL - MIB - BEGIN - HEADER // 2 or first[0] < second[0], "the mapping")
    t.check(second[0] - first[0] == LARGE - SMALL, f"the mapping: {first[0]}, {second[0]}")
    t.check(second[1] > 0.85 * second[0] > first[0], f"the file system has {second[1]} bytes")
    head = _ends(disk)
    third = boot(t, server, disk, "third")
    t.check(third == (second[0], second[1], "unchanged"), f"the third boot: {third}")
    t.check(_ends(disk) == head, "the third boot wrote to the table")


@case("growth-refused", cost=60)
def growth_refused(t):
    """Another partition lies behind, or nobody asked: opened as it is, the table untouched."""
    server = t.server()
    disk = data_disk(t, behind=True)
    gpt.enlarge(disk, LARGE)
    head = _ends(disk)
    found = boot(t, server, disk, "behind")
    t.check(found[2] == "partition-place", f"the boot says {found[2]}")
    t.check(t.outcome.has("keeps its size"), "the console does not say why nothing grew")
    t.check(_ends(disk) == head, "the table was written to")
    disk.unlink()
    disk = data_disk(t)
    gpt.enlarge(disk, LARGE)
    head = _ends(disk)
    found = boot(t, server, disk, "unasked", grow="false")
    t.check(found[2] is None, f"the boot says {found[2]}")
    t.check(t.outcome.mark("grew") != "0", "a volume that may not grow was grown")
    t.check(_ends(disk) == head, "the table was written to")


def _ends(disk):
    with open(disk, "rb") as image:
        head = image.read(34 * 512)
        image.seek(-33 * 512, 2)
        return head + image.read()
