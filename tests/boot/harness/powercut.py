# SPDX-License-Identifier: Apache-2.0
"""Power cuts: every state that a disk went through while a machine ran.

QEMU's blklogwrites driver writes each write and flush of one disk into a log, in the order in
which they came; the log's form is that of the kernel's dm-log-writes. A disk is then made anew at
any prefix of the log: what a power cut right behind that write would have left.

    log = powercut.record(machine, disk, folder)
    for n in log.cuts():
        check(log.prefix(n, folder / "cut.img"))
"""

import os
import struct
from dataclasses import dataclass
from pathlib import Path

from . import disks, tools, vm

MAGIC = 0x6A736677736872
FLUSH, FUA, DISCARD = 1, 2, 4


@dataclass
class Entry:
    """One write, flush or discard; `at` is where its bytes lie in the log."""
    offset: int
    length: int
    flags: int
    at: int

    @property
    def changes(self):
        return self.length > 0 and not self.flags & DISCARD


class Log:
    """What happened to one disk, and the disk as it was before."""

    def __init__(self, path, base, outcome=None):
        self.path = Path(path)
        self.base = Path(base)
        self.outcome = outcome
        self.entries = self._read()

    def _read(self):
        found = []
        with open(self.path, "rb") as log:
            magic, version, count, sector = struct.unpack("<QQQI", log.read(28))
            if magic != MAGIC or version != 1:
                raise tools.Trouble(f"{self.path} is no write log")
            at = sector
            for _ in range(count):
                log.seek(at)
                where, sectors, flags, _ = struct.unpack("<QQQQ", log.read(32))
                length = sectors * sector
                found.append(Entry(where * sector, length, flags, at + sector))
                at += sector + (0 if flags & DISCARD else length)
        return found

    def __len__(self):
        return len(self.entries)

    def cuts(self):
        """Every number of entries behind which the disk differs from the one before, and 0."""
        return [0, *(n for n, entry in enumerate(self.entries, 1) if entry.changes)]

    def sample(self, most):
        """At most so many of the cuts, spread evenly, the first and the last among them."""
        cuts = self.cuts()
        if len(cuts) <= most:
            return cuts
        return sorted({cuts[n * (len(cuts) - 1) // (most - 1)] for n in range(most)})

    def _apply(self, log, image, entry):
        if entry.changes:
            log.seek(entry.at)
            os.pwrite(image, log.read(entry.length), entry.offset)

    def prefix(self, n, out, base=None):
        """The disk behind the first n entries, as a new file."""
        disks.copy(base or self.base, out)
        image = os.open(out, os.O_WRONLY)
        try:
            with open(self.path, "rb") as log:
                for entry in self.entries[:n]:
                    self._apply(log, image, entry)
        finally:
            os.close(image)
        return Path(out)

    def walk(self, out, base=None):
        """Yield each of cuts() with the disk at `out` as it is there; whoever looks must not
        write to it."""
        disks.copy(base or self.base, out)
        image = os.open(out, os.O_WRONLY)
        try:
            with open(self.path, "rb") as log:
                yield 0
                for n, entry in enumerate(self.entries, 1):
                    self._apply(log, image, entry)
                    if entry.changes:
                        yield n
        finally:
            os.close(image)


def record(machine, disk, folder, deadline=150, name="record", sector=512, watch=()):
    """Boot the machine, whose disks hold `disk`, and return the log of what it wrote there. The
    disk's file is left as the machine left it."""
    folder = Path(folder)
    base = disks.copy(disk.path, folder / f"{name}.base")
    disk.log = folder / f"{name}.log"
    disk.log.write_bytes(b"")
    disk.log_sector = sector
    disk.snapshot = False
    try:
        outcome = vm.boot(machine, folder, deadline, name, watch)
    finally:
        path, disk.log = disk.log, None
    return Log(path, base, outcome)
