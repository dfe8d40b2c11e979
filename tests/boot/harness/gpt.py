# SPDX-License-Identifier: Apache-2.0
"""Writes and reads partition tables of disk images, for any size of sector."""

import struct
import uuid
import zlib
from dataclasses import dataclass
from pathlib import Path

MIB = 1 << 20
LINUX = uuid.UUID("0fc63daf-8483-4772-8e79-3d69d8477de4")
ENTRIES = 128


@dataclass
class Part:
    """A partition: its place in MiB, its name and its unique id."""
    start: int
    size: int
    name: str
    id: str
    content: Path = None


def _header(sector, n, me, other, array, entries):
    own = -(-len(entries) // sector)
    head = bytearray(sector)
    struct.pack_into("<8sIIIIQQQQ16sQIII", head, 0, b"EFI PART", 0x10000, 92, 0, 0, me, other,
                     2 + own, n - 2 - own, uuid.UUID(int=0xD15C).bytes_le, array, ENTRIES, 128,
                     zlib.crc32(entries))
    struct.pack_into("<I", head, 16, zlib.crc32(bytes(head[:92])))
    return bytes(head)


def write(path, size, parts, sector=512):
    """Make a disk image of `size` bytes with this table and what the partitions hold."""
    n = size // sector
    entries = bytearray(ENTRIES * 128)
    for at, part in enumerate(parts):
        first, end = part.start * MIB // sector, (part.start + part.size) * MIB // sector
        struct.pack_into("<16s16sQQQ72s", entries, 128 * at, LINUX.bytes_le,
                         uuid.UUID(part.id).bytes_le, first, end - 1, 0,
                         part.name.encode("utf-16-le"))
    own = len(entries) // sector
    record = bytearray(sector)
    struct.pack_into("<B3sB3sII", record, 446, 0, b"\0\2\0", 0xEE, b"\xff\xff\xff", 1,
                     min(n - 1, 0xFFFFFFFF))
    record[510:512] = b"\x55\xaa"
    with open(path, "wb") as disk:
        disk.truncate(size)
        disk.write(bytes(record) + _header(sector, n, 1, n - 1, 2, entries) + entries)
        disk.seek((n - 1 - own) * sector)
        disk.write(bytes(entries) + _header(sector, n, n - 1, 1, n - 1 - own, entries))
        for part in parts:
            if part.content:
                disk.seek(part.start * MIB)
                disk.write(Path(part.content).read_bytes())
    return Path(path)


class Table:
    """One copy of a table, read as the kernel reads it; ValueError when it is not whole."""

    def __init__(self, path, sector=512, second=False):
        size = Path(path).stat().st_size
        with open(path, "rb") as disk:
            self.at = size // sector - 1 if second else 1
            disk.seek(self.at * sector)
            head = bytearray(disk.read(sector))
            fields = struct.unpack_from("<8sIIIIQQQQ16sQIII", head)
            (magic, _, length, crc, _, me, self.other, self.first_usable, self.last_usable, _,
             self.array, count, each, array_crc) = fields
            struct.pack_into("<I", head, 16, 0)
            if magic != b"EFI PART" or me != self.at or not 92 <= length <= sector or \
                    zlib.crc32(bytes(head[:length])) != crc:
                raise ValueError("no whole header")
            disk.seek(self.array * sector)
            entries = disk.read(count * each)
        if zlib.crc32(entries) != array_crc:
            raise ValueError("no whole array")
        self.parts = {}
        for at in range(count):
            entry = entries[at * each:(at + 1) * each]
            if entry[:16] != bytes(16):
                first, last = struct.unpack_from("<QQ", entry, 32)
                self.parts[at + 1] = (first * sector, (last - first + 1) * sector)


def enlarge(path, size):
    """The host gives the machine a larger disk."""
    with open(path, "r+b") as disk:
        disk.truncate(size)
