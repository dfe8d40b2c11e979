# SPDX-License-Identifier: Apache-2.0
"""The tree of the peers, apart from the guests of the tests: dracut takes into an initramfs what
it finds installed, and clevis would be in all of them."""

import json
import os
import signal
import subprocess
import time
import urllib.request
from pathlib import Path

from harness import disks, dracut, guests, keyserver, tools

PACKAGES = ("clevis", "clevis-luks", "clevis-dracut", "tang", "socat", "netbase", "fio",
            "libc-bin")
MODULES = ("clevis clevis-pin-tang crypt systemd-initrd systemd-modules-load dm "
           "systemd-networkd network")
# What dracut takes from the tree unasked.
INSTALLED = "clevis clevis-pin-null clevis-pin-sss clevis-pin-tang clevis-pin-tpm2"
_made = {}


def tree():
    """The cached guest with the peers' packages."""
    if "guest" not in _made:
        _made["guest"] = guests.get(extra=PACKAGES)
    return _made["guest"]


class Tang:
    """A tang server out of the tree, on 127.0.0.1, with keys of its own."""

    def __init__(self, folder):
        self.folder = Path(folder)
        (self.folder / "db").mkdir(parents=True)
        dracut.inside(tree().tree, ["/usr/libexec/tangd-keygen", "/run/out/db"], out=self.folder)
        holder, self.port = keyserver.reserve_port()
        holder.close()
        self.process = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", "sh", "-c", dracut.INSIDE, "inside",
             str(tree().tree), "socat",
             f"TCP-LISTEN:{self.port},bind=127.0.0.1,fork,reuseaddr",
             "EXEC:/usr/libexec/tangd /run/out/db"],
            env={"OUT": str(self.folder), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
            stdin=subprocess.DEVNULL, start_new_session=True)
        self.advertisement = self._advertisement()

    def _advertisement(self):
        for _ in range(100):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/adv", timeout=10) as r:
                    return r.read()
            except OSError:
                time.sleep(0.1)
        raise tools.Trouble("tang does not answer")

    def bind(self, image, passphrase, out):
        """A copy of the disk whose LUKS2 partition clevis opens with this server."""
        offset = disks.luks_offset(image)
        size = next(size for *_, first, size in disks.partitions(image) if first == offset)
        volume = self.folder / "volume"
        with open(image, "rb") as disk, open(volume, "wb") as part:
            disk.seek(offset)
            part.write(disk.read(size))
        (self.folder / "pass").write_bytes(passphrase)
        (self.folder / "adv.json").write_bytes(self.advertisement)
        pin = {"url": f"http://10.0.2.2:{self.port}", "adv": "/run/out/adv.json"}
        dracut.inside(tree().tree, ["clevis", "luks", "bind", "-f", "-y", "-d", "/run/out/volume",
                                    "-k", "/run/out/pass", "tang", json.dumps(pin)],
                      out=self.folder)
        disks.copy(image, out)
        with open(out, "r+b") as disk:
            disk.seek(offset)
            disk.write(volume.read_bytes())
        volume.unlink()
        return Path(out)

    def close(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            self.process.wait()
