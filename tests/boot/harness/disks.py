# SPDX-License-Identifier: Apache-2.0
"""Finds the partitions of a test disk and damages LUKS2 headers with intent.

The layout is that of the LUKS2 on-disk format 1.1.1, section 2. Every change can be
written with right checksums, as an attacker who owns the disk would.
"""

import hashlib
import json
import shutil
import struct
import uuid
from pathlib import Path

SECTOR = 512
BINARY = 4096
CHECKSUM = slice(448, 512)


def copy(source, target):
    """A private copy that keeps the holes."""
    from . import tools
    tools.run(["cp", "--sparse=always", "--reflink=auto", source, target])
    return Path(target)


def partitions(disk):
    """[(type GUID, unique GUID, name, first byte, bytes)] of a GPT disk."""
    found = []
    with open(disk, "rb") as image:
        image.seek(SECTOR)
        head = image.read(92)
        if head[:8] != b"EFI PART":
            raise ValueError(f"{disk} has no GPT")
        table, count, size = struct.unpack_from("<QII", head, 72)
        image.seek(table * SECTOR)
        for _ in range(count):
            entry = image.read(size)
            kind = uuid.UUID(bytes_le=entry[:16])
            if kind.int == 0:
                continue
            first, last = struct.unpack_from("<QQ", entry, 32)
            name = entry[56:128].decode("utf-16-le").rstrip("\0")
            found.append((str(kind), str(uuid.UUID(bytes_le=entry[16:32])), name,
                          first * SECTOR, (last - first + 1) * SECTOR))
    return found


def luks_offset(disk):
    """Where the only LUKS2 header of the disk begins."""
    with open(disk, "rb") as image:
        for _, _, _, first, _ in partitions(disk):
            image.seek(first)
            if image.read(6) == b"LUKS\xba\xbe":
                return first
    raise ValueError(f"{disk} has no LUKS2 partition")


class Header:
    """Both copies of a LUKS2 header on a disk, as they are now."""

    def __init__(self, disk, offset=None):
        self.disk = Path(disk)
        self.offset = luks_offset(disk) if offset is None else offset
        with open(disk, "rb") as image:
            image.seek(self.offset)
            binary = image.read(BINARY)
            (self.size,) = struct.unpack_from(">Q", binary, 8)
            image.seek(self.offset)
            self.copies = [bytearray(image.read(self.size)) for _ in range(2)]

    def text(self, which=0):
        """The JSON text of one copy, without its padding."""
        return bytes(self.copies[which][BINARY:]).split(b"\0", 1)[0].decode()

    @property
    def json(self):
        return json.loads(self.text())

    def set_text(self, text, copies=(0, 1)):
        """Put a JSON text in, as it is, with the right checksum."""
        raw = text.encode()
        if len(raw) >= self.size - BINARY:
            raise ValueError("the JSON does not fit")
        for which in copies:
            self.copies[which][BINARY:] = raw.ljust(self.size - BINARY, b"\0")
            self.seal(which)
        return self

    def set_json(self, document, copies=(0, 1)):
        return self.set_text(json.dumps(document, separators=(",", ":")), copies)

    def seal(self, which):
        """Make the checksum of one copy right."""
        block = self.copies[which]
        block[CHECKSUM] = bytes(64)
        algorithm = bytes(block[72:104]).rstrip(b"\0").decode()
        digest = hashlib.new(algorithm, bytes(block)).digest()
        block[CHECKSUM] = digest.ljust(64, b"\0")

    def write(self):
        with open(self.disk, "r+b") as image:
            image.seek(self.offset)
            for block in self.copies:
                image.write(block)


def edit_json(disk, change):
    """Apply `change(document)` to both copies, checksums right."""
    header = Header(disk)
    document = header.json
    change(document)
    header.set_json(document).write()


def segment_offset(disk):
    """Where the encrypted payload begins, in bytes of the disk."""
    header = Header(disk)
    (segment,) = header.json["segments"].values()
    return header.offset + int(segment["offset"])


def flip(disk, where):
    """Change one bit of one byte."""
    with open(disk, "r+b") as image:
        image.seek(where)
        (byte,) = image.read(1)
        image.seek(where)
        image.write(bytes([byte ^ 1]))


def fingerprint(disk):
    """A digest of the whole file: was it written to?"""
    digest = hashlib.sha256()
    with open(disk, "rb") as image:
        shutil.copyfileobj(image, _Sink(digest), 1 << 20)
    return digest.hexdigest()


class _Sink:
    def __init__(self, digest):
        self.write = digest.update


def luks_uuid(disk, offset):
    """The UUID in the first header copy."""
    with open(disk, "rb") as image:
        image.seek(offset + 168)
        return image.read(40).rstrip(b"\0").decode()
