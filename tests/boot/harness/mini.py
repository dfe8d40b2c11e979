# SPDX-License-Identifier: Apache-2.0
"""A virtual machine of one process: a test program of ours in an initramfs with a kernel, its
modules, busybox and nothing else."""

import lzma
import os
import re
import subprocess
from pathlib import Path

from . import cpio, tools

DEV = Path(os.environ.get("LATCHKEY_DEV", tools.REPO / "build" / "dev"))
INIT = """\
#!/bin/busybox sh
export PATH=/bin
/bin/busybox --install -s /bin
mount -t devtmpfs none /dev
mount -t proc none /proc
mount -t sysfs none /sys
mount -t tmpfs none /run
mount -t tmpfs none /tmp
echo 4 >/proc/sys/kernel/printk
while read -r module; do
	insmod "/modules/$module" || echo "cannot load $module"
done </modules/now
"""


def dev_program(*where):
    """A program of the development build."""
    path = DEV.joinpath(*where)
    if not path.exists():
        raise tools.Trouble(f"{path} is not built: run ./dev debug")
    return path


def modules(guest, names):
    """The files to load for these modules, in order, with everything below them."""
    base = guest.tree / "usr/lib/modules" / guest.release
    needs = {}
    for line in (base / "modules.dep").read_text().splitlines():
        path, below = line.split(":", 1)
        needs[Path(path).name.split(".")[0].replace("-", "_")] = (path, below.split())
    order = []
    for name in names:
        if name not in needs:
            continue  # built in
        path, below = needs[name]
        order += [*reversed(below), path]
    return [base / path for path in dict.fromkeys(order)]


def libraries(program):
    """The shared libraries of a program and its loader, as they lie on this machine; a static
    program has none."""
    found = re.findall(r"(/\S+) \(0x", subprocess.run(
        ["ldd", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        check=False).stdout)
    return sorted(set(found))


def module_bytes(path):
    """A module as busybox can load it: some releases compress theirs."""
    return lzma.decompress(path.read_bytes()) if path.suffix == ".xz" else path.read_bytes()


def initramfs(guest, program, names, script, out, others=(), files=None):
    """An archive whose first process loads the modules and runs the shell lines of `script`; others:
    programs of this machine that lie in /usr/sbin; files: more of them, by their path."""
    archive = cpio.Archive()
    archive.file("/init", INIT + script + "\npoweroff -f\n", 0o755)
    archive.file("/bin/busybox", guest.busybox.read_bytes(), 0o755)
    archive.file(f"/bin/{program.name}", program.read_bytes(), 0o755)
    needed = set(libraries(program))
    for other in others:
        archive.file(f"/usr/sbin/{Path(other).name}", Path(other).read_bytes(), 0o755)
        needed.update(libraries(other))
    for library in sorted(needed):
        archive.file(library, Path(library).read_bytes(), 0o755)
    loaded = modules(guest, names)
    for path in loaded:
        archive.file(f"/modules/{path.name.removesuffix('.xz')}", module_bytes(path))
    archive.file("/modules/now",
                 "".join(f"{path.name.removesuffix('.xz')}\n" for path in loaded))
    for path, content in (files or {}).items():
        archive.file(path, content)
    for folder in ("dev", "proc", "sys", "run", "tmp", "mnt"):
        archive.file(f"/{folder}/.keep", "")
    Path(out).write_bytes(archive.bytes())
    return Path(out)
