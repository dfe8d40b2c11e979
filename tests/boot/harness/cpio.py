# SPDX-License-Identifier: Apache-2.0
"""Archives that are appended to an initramfs: what a test adds or replaces in it.

The kernel unpacks one "newc" archive after the other, later files replacing earlier
ones; each archive has to begin on a multiple of four bytes.
"""

import stat
from pathlib import Path

DIRECTORY = stat.S_IFDIR | 0o755
LINK = stat.S_IFLNK | 0o777


def _member(number, name, mode, content):
    fields = (number, mode, 0, 0, 2 if stat.S_ISDIR(mode) else 1, 0, len(content),
              0, 0, 0, 0, len(name) + 1, 0)
    head = b"070701" + b"".join(b"%08X" % f for f in fields) + name.encode() + b"\0"
    head += b"\0" * (-len(head) % 4)
    return head + content + b"\0" * (-len(content) % 4)


class Archive:
    """A newc archive in memory. Parent folders come into being by themselves."""

    def __init__(self):
        self._members = {}

    def _parents(self, name):
        parts = name.split("/")[:-1]
        for depth in range(1, len(parts) + 1):
            self._members.setdefault("/".join(parts[:depth]), (DIRECTORY, b""))

    def file(self, path, content, mode=0o644):
        name = path.strip("/")
        self._parents(name)
        if isinstance(content, str):
            content = content.encode()
        self._members[name] = (stat.S_IFREG | mode, bytes(content))
        return self

    def link(self, path, target):
        name = path.strip("/")
        self._parents(name)
        self._members[name] = (LINK, target.encode())
        return self

    def folder(self, host_folder, path):
        """A host folder's plain files, with their modes."""
        for item in sorted(Path(host_folder).rglob("*")):
            if item.is_file():
                where = f"{path}/{item.relative_to(host_folder)}"
                self.file(where, item.read_bytes(), item.stat().st_mode & 0o777)
        return self

    def __bool__(self):
        return bool(self._members)

    def bytes(self):
        out = [_member(n, name, mode, content)
               for n, (name, (mode, content)) in enumerate(self._members.items(), 1)]
        out.append(_member(0, "TRAILER!!!", 0, b""))
        return b"".join(out)


def append(base, archive, out):
    """Write `base` followed by the archive to `out`."""
    data = Path(base).read_bytes()
    data += b"\0" * (-len(data) % 4)
    Path(out).write_bytes(data + archive.bytes())
    return Path(out)


def members(data):
    """{path: content} of one uncompressed archive that begins at data[0]."""
    found, at = {}, 0
    while data[at:at + 6] == b"070701":
        fields = [int(data[at + 6 + 8 * n:at + 14 + 8 * n], 16) for n in range(13)]
        mode, size, name_size = fields[1], fields[6], fields[11]
        name = data[at + 110:at + 110 + name_size - 1].decode()
        start = at + 110 + name_size
        start += -start % 4
        if name == "TRAILER!!!":
            break
        if stat.S_ISREG(mode):
            found[name.removeprefix("./")] = data[start:start + size]
        at = start + size
        at += -at % 4
    return found
