# SPDX-License-Identifier: Apache-2.0
"""Disks with one LVM2 volume group, written without LVM, a loop device or root.

The format is that of lvm2's metadata: a label in the second sector, a metadata area behind it that
holds the group as text, and extents of four megabytes (lvm2: format_text, label; "LVM2 001").
"""

import struct
import zlib
from pathlib import Path

from . import tools

SECTOR = 512
EXTENT = 4 << 20
START = 1 << 20        # of the first extent
AREA = (4096, START - 4096)
MAGIC = b" LVM2 x[5A%r0N*>"

VOLUME = """\
{name} {{
id = "{id}"
status = ["READ", "WRITE", "VISIBLE"]
flags = []
segment_count = 1
segment1 {{
start_extent = 0
extent_count = {count}
type = "striped"
stripe_count = 1
stripes = ["pv0", {first}]
}}
}}
"""

GROUP = """\
{name} {{
id = "{id}"
seqno = 1
format = "lvm2"
status = ["RESIZEABLE", "READ", "WRITE"]
flags = []
extent_size = {extent}
max_lv = 0
max_pv = 0
metadata_copies = 0

physical_volumes {{
pv0 {{
id = "{pv}"
device = "/dev/disk"
status = ["ALLOCATABLE"]
flags = []
dev_size = {sectors}
pe_start = {start}
pe_count = {total}
}}
}}

logical_volumes {{
{volumes}}}
}}
contents = "Text Format Volume Group"
version = 1
description = ""
creation_host = "guest"
creation_time = 1
"""


def _crc(data):
    return zlib.crc32(data, 0xf597a6cf ^ 0xffffffff) ^ 0xffffffff


def _id(number, dashes=True):
    plain = f"{number:032d}"
    if not dashes:
        return plain
    parts, at = [], 0
    for width in (6, 4, 4, 4, 4, 4, 6):
        parts.append(plain[at:at + width])
        at += width
    return "-".join(parts)


def _label(size):
    head = _id(1, dashes=False).encode() + struct.pack("<Q", size)
    head += struct.pack("<QQQQ", START, 0, 0, 0)           # data; no more of it
    head += struct.pack("<QQQQ", *AREA, 0, 0)              # metadata; no more of it
    head += struct.pack("<II", 2, 1) + struct.pack("<QQ", 0, 0)
    tail = struct.pack("<I", 32) + b"LVM2 001" + head
    tail = tail.ljust(SECTOR - 20, b"\0")
    return b"LABELONE" + struct.pack("<QI", 1, _crc(tail)) + tail


def _area(text):
    rest = MAGIC + struct.pack("<IQQ", 1, *AREA) + struct.pack("<QQII", 512, len(text), _crc(text), 0)
    rest = rest.ljust(512 - 4, b"\0")
    return struct.pack("<I", _crc(rest)) + rest + text


def write(disk, group, volumes, spare=0):
    """Make `disk` the one physical volume of `group`, with the files of {name: path} as its logical
    volumes; each has `spare` bytes more than its file, at least."""
    first, texts, places = 0, "", []
    for number, (name, source) in enumerate(volumes.items()):
        count = -(-(Path(source).stat().st_size + spare) // EXTENT)
        texts += VOLUME.format(name=name, id=_id(10 + number), count=count, first=first)
        places.append((source, START + first * EXTENT))
        first += count
    size = START + first * EXTENT
    text = GROUP.format(name=group, id=_id(2), pv=_id(1), extent=EXTENT // SECTOR,
                        sectors=size // SECTOR, start=START // SECTOR, total=first,
                        volumes=texts).encode() + b"\0"
    with open(disk, "wb") as image:
        image.truncate(size)
        image.seek(SECTOR)
        image.write(_label(size))
        image.seek(AREA[0])
        image.write(_area(text))
        for source, place in places:
            image.seek(place)
            image.write(Path(source).read_bytes())
    return Path(disk)


PACKAGES = ("lvm2", "libaio1", "libdevmapper-event1.02.1", "libedit2", "libbsd0", "libmd0")


def install(tree, folder):
    """Put lvm2 into a tree of this machine's release, as far as an initramfs needs it."""
    place = Path(folder) / "debs"
    place.mkdir()
    tools.run(["apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", *PACKAGES], cwd=place)
    for package in sorted(place.glob("*.deb")):
        files = tools.run(["dpkg-deb", "--fsys-tarfile", package])
        tools.run(["tar", "-x", "--keep-directory-symlink", "-C", tree], stdin=files)
