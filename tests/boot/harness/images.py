# SPDX-License-Identifier: Apache-2.0
"""Disks as `latchkey-image build` makes them, and boots of them with something changed.

The hand-over disk is made once per run; a case changes its configuration by an archive
appended to the initramfs, its disk by a copy, and the key server by a state of its own.
"""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from . import cpio, keyserver, tools

LATCHKEY_CONF = """\
[agent]
deadline = "{deadline}"
on_unreachable = "{on_unreachable}"
on_denied = "{on_denied}"
failure_delay = "1s"
tee = "{tee}"
register = "{register}"
"""

FDE_CONF = """\
[rootfs]
{device}name = "root"
encrypted = true
rw_overlay = "{overlay}"
fallback = "{fallback}"

[rootfs.verity]

[rootfs.encrypt.kbs]
kbs_url = [{endpoints}]
key_uri = "kbs:///{resource}"
kbs_root_cert = "/etc/latchkey/ca.pem"
"""


@dataclass
class Settings:
    """What differs between the configurations of our guests."""
    urls: tuple = ()
    deadline: str = "90s"
    on_unreachable: str = "poweroff"
    on_denied: str = "poweroff"
    tee: str = "sample"
    register: str = "none"
    overlay: str = "none"
    fallback: str = "none"
    resource: str = keyserver.RESOURCE
    final: bool = False  # complete without the image tool, for an initramfs made beforehand

    def write(self, folder, ca):
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        quoted = ", ".join(f'"{url}"' for url in self.urls)
        (folder / "latchkey.conf").write_text(LATCHKEY_CONF.format(**vars(self)))
        device = 'device = "PARTLABEL=root"\n' if self.final else ""
        text = FDE_CONF.format(endpoints=quoted, device=device, **vars(self))
        if self.final:
            text = text.replace("[rootfs.verity]\n", "")
        (folder / "fde.conf").write_text(text)
        (folder / "ca.pem").write_bytes(Path(ca).read_bytes())
        for item in folder.iterdir():
            item.chmod(0o600)
        return folder


def url(port, host=keyserver.NAME):
    return f"https://{host}:{port}"


@dataclass
class Image:
    """The files of one build."""
    disk: Path
    base: Path = None  # the initramfs that was given to the build, if one was
    cmdline_extra: str = ""

    def beside(self, suffix):
        return self.disk.with_suffix(suffix)

    @property
    def kernel(self):
        return self.beside(".vmlinuz")

    @property
    def initrd(self):
        return self.beside(".initrd")

    @property
    def cmdline(self):
        return self.beside(".cmdline").read_text().strip()

    @property
    def root_hash(self):
        return json.loads(self.beside(".json").read_text())["verity"]["root_hash"]

    def configuration(self):
        """{path: bytes} that the build appended to the initramfs it was given."""
        start = self.base.stat().st_size
        start += -start % 4
        found = cpio.members(self.initrd.read_bytes()[start:])
        if not found:
            raise tools.Trouble("the image tool appended no configuration")
        return found


def build(out, tree, kernel, config, server, initrd=None, extra=(), log=None):
    """Run latchkey-image build; the key goes to the server and is read back by the tool. Without a
    server the root is verified only."""
    out = Path(out)
    key = (["--enroll", "latchkeyd", "--socket", server.socket, "--resource", keyserver.RESOURCE]
           if server else ["--verity-only"])
    argv = [tools.release_program("latchkey-image"), "build", "--tree", tree, "--kernel", kernel,
            "--config", config, *key, "--out", out, "--no-progress", *extra]
    if initrd:
        argv += ["--initrd", initrd]
    tools.run(argv, log=log or out.with_suffix(".build.log"))
    return Image(out, Path(initrd) if initrd else None)


def reconfigure(files, urls=None, changes=()):
    """A configuration with other endpoints, and with (file, pattern, replacement) applied."""
    files = {name: content.decode() for name, content in files.items()}
    fde = "etc/latchkey/fde.conf"
    if urls is not None:
        quoted = ", ".join(f'"{u}"' for u in urls)
        changes = ((fde, r"(?m)^kbs_url\s*=.*$", f"kbs_url = [{quoted}]"), *changes)
    for name, pattern, replacement in changes:
        files[name], times = re.subn(pattern, replacement, files[name])
        if times != 1:
            raise tools.Trouble(f"{pattern!r} matches {times} times in {name}")
    archive = cpio.Archive()
    for name, content in files.items():
        archive.file(name, content, 0o600)
    return archive
