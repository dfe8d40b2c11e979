# SPDX-License-Identifier: Apache-2.0
"""What the tests of latchkey-image work with: small trees, a kernel that is none, a scripted key
server, and the program itself."""
import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
from pathlib import Path

import jose

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("LATCHKEY_DEV") or ROOT / "build" / "dev")
PROGRAM = os.environ.get("LATCHKEY_IMAGE") or str(BUILD / "latchkey-image")
BUSYBOX = "/bin/busybox"
RELEASE = "6.1.0-test"
RESOURCE = "default/disk/root"
# a user of this machine that can do nothing
NOBODY = 65534

FDE = """\
# the operator's own words
[rootfs]
rw_overlay = "ram"   # stays

[rootfs.encrypt.kbs]
kbs_url = "https://kbs.test:8443"
key_uri = "kbs:///default/disk/root"
kbs_root_cert = "/etc/latchkey/tls/ca.pem"
"""
CA = """\
-----BEGIN CERTIFICATE-----
MIIBdDCCARugAwIBAgIUZzrfSv
-----END CERTIFICATE-----
"""


def tool(*argv, **kwargs):
    """Runs one of the judges; its output."""
    done = subprocess.run([str(a) for a in argv], capture_output=True, timeout=120, **kwargs)
    if done.returncode:
        raise AssertionError(f"{argv[0]} ended with {done.returncode}: "
                             + (done.stdout + done.stderr).decode(errors="replace"))
    return done.stdout


def fake_kernel(path):
    """The setup header of a bzImage and nothing to run."""
    head = bytearray(0x8000)
    head[0x202:0x206] = b"HdrS"
    head[0x20e:0x210] = (0x3000).to_bytes(2, "little")
    text = RELEASE.encode() + b" (nobody) #1"
    head[0x3200:0x3200 + len(text)] = text
    path.write_bytes(head)


def small_tree(path):
    """The least that a root must have, a program, a file of somebody else, and one of some size."""
    for folder in ("dev", "proc", "sys", "run", "tmp", "var/tmp", "etc", "usr/bin", "usr/lib",
                   "usr/lib/modules/" + RELEASE):
        (path / folder).mkdir(parents=True)
    (path / "usr/lib/os-release").write_text("ID=test\nNAME=test\n")
    (path / "etc/os-release").symlink_to("../usr/lib/os-release")
    (path / "etc/secretless").write_text("nothing to hide\n")
    (path / "usr/lib/data").write_bytes(bytes(i * i % 251 for i in range(300000)))
    shutil.copy(BUSYBOX, path / "usr/bin/busybox")
    (path / "bin").symlink_to("usr/bin")
    (path / "lib").symlink_to("usr/lib")
    (path / "usr/bin/sh").symlink_to("busybox")
    if os.geteuid() == 0:
        os.chown(path / "etc/secretless", 33, 44)


class FakeKeyServer:
    """latchkeyd's administration in memory. `script` maps (method, how many of them before) to an
    answer (status, body) instead of the honest one; `watch` is called at each request."""

    def __init__(self, path, script=None, watch=None):
        self.path, self.script, self.watch = str(path), script or {}, watch
        self.stored, self.calls = {}, []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        os.chmod(self.path, 0o666)
        self.listener.listen(8)
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(timeout=10)
        os.unlink(self.path)

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                try:
                    self.one(connection)
                except OSError:
                    pass  # the program is gone: the test says whether it should be

    def one(self, connection):
        data = b""
        while b"\r\n\r\n" not in data:
            data += connection.recv(4096)
        head, body = data.split(b"\r\n\r\n", 1)
        lines = head.decode().split("\r\n")
        method, path, _ = lines[0].split(" ")
        length = next(int(l.split(":")[1]) for l in lines if l.lower().startswith("content-length"))
        while len(body) < length:
            body += connection.recv(4096)
        before = sum(1 for m, _ in self.calls if m == method)
        self.calls.append((method, path))
        if self.watch:
            self.watch(method, body)
        status, answer = self.script.get((method, before)) or self.honest(method, path, body)
        if status:
            connection.sendall(f"HTTP/1.1 {status} X\r\nContent-Length: {len(answer)}\r\n\r\n"
                               .encode() + answer)

    def honest(self, method, path, body):
        if method == "PUT":
            self.stored[path] = body
            return 200, b'{"version":1}'
        if method == "DELETE" and self.stored.pop(path, None):
            return 200, b"{}"
        if path in self.stored:
            return 200, self.stored[path]
        return 404, b'{"error":"resource-absent"}'

    @property
    def key(self):
        return self.stored["/admin/v1/resource/" + RESOURCE]


class Bench:
    """A folder with everything a build takes; gone at the end."""

    def __init__(self):
        self.dir = Path(tempfile.mkdtemp(prefix="lki-"))
        os.chmod(self.dir, 0o755)
        self.tree, self.site, self.out = self.dir / "tree", self.dir / "site", self.dir / "out"
        self.kernel, self.initrd = self.dir / "vmlinuz", self.dir / "base.initrd"
        self.socket = self.dir / "admin.sock"
        small_tree(self.tree)
        self.out.mkdir()
        (self.site / "tls").mkdir(parents=True)
        (self.site / "fde.conf").write_text(FDE)
        (self.site / "tls/ca.pem").write_text(CA)
        (self.site / "operator.pem").write_text("PRIVATE KEY OF THE OPERATOR")
        fake_kernel(self.kernel)
        self.initrd.write_bytes(b"an archive of 26 bytes ...")  # no multiple of four
        self.operator = jose.EcKey()
        self.jwk = self.dir / "operator.jwk"
        self.jwk.write_text(json.dumps(self.operator.jwk()))

    def close(self):
        shutil.rmtree(self.dir, ignore_errors=True)

    def argv(self, *more, tree=None, initrd=True, out="web.img"):
        argv = [PROGRAM, "build", "--tree", tree or self.tree, "--kernel", self.kernel,
                "--config", self.site, "--out", self.out / out, *more]
        return [str(a) for a in argv + (["--initrd", self.initrd] if initrd else [])]

    def enrolled(self, *more, **kwargs):
        return self.argv("--enroll", "latchkeyd", "--socket", self.socket, "--resource", RESOURCE,
                         *more, **kwargs)

    def escrowed(self, *more, **kwargs):
        return self.argv("--escrow-to", self.jwk, *more, **kwargs)

    def run(self, argv, fails=None, says=None, **kwargs):
        """Runs latchkey-image. fails: the exit status it must have; says: what it must say."""
        done = subprocess.run(argv, capture_output=True, timeout=300, stdin=subprocess.DEVNULL,
                              **kwargs)
        text = (done.stdout + done.stderr).decode(errors="replace")
        if done.returncode != (fails or 0):
            raise AssertionError(f"latchkey-image ended with {done.returncode}: {text}")
        if says and says not in text:
            raise AssertionError(f"no {says!r} in {text!r}")
        if fails and self.left():
            raise AssertionError(f"a failed build left {self.left()}")
        return text

    def left(self):
        return sorted(p.name for p in self.out.iterdir())

    def manifest(self, name="web.json"):
        return json.loads((self.out / name).read_text())

    def partition(self, disk="web.img"):
        """The root partition as a file of its own."""
        part = self.manifest()["partitions"][0]
        path = self.dir / "partition"
        with open(self.out / disk, "rb") as source:
            source.seek(part["first_sector"] * 512)
            path.write_bytes(source.read((part["last_sector"] - part["first_sector"] + 1) * 512))
        return path
