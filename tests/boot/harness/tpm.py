# SPDX-License-Identifier: Apache-2.0
"""A TPM in software for a virtual machine, and what a test asks of it beforehand."""

import hashlib
import socket
import subprocess
import time
from pathlib import Path

from . import tools

# CreatePrimary under the owner: the agent's restricted RSA-2048 key for RSASSA with SHA-256
CREATE_AK = bytes.fromhex(
    "8002 00000041 00000131 40000001 00000009 400000090000000000 0004 00000000 0018"
    "0001 000b 00050072 0000 0010 0014 000b 0800 00000000 0000 0000 00000000")
SPKI_HEAD = bytes.fromhex("30820122300d06092a864886f70d01010105000382010f003082010a0282010100")


class Tpm:
    """swtpm on a state of its own; started for each boot, ends with QEMU."""

    def __init__(self, folder):
        self.folder = Path(folder).resolve()
        self.state = self.folder / "tpm"
        self.state.mkdir(parents=True)
        self.process = None
        tools.run(["swtpm_setup", "--tpm2", "--tpmstate", self.state, "--pcr-banks",
                   "sha1,sha256,sha384", "--overwrite"], log=self.folder / "swtpm_setup.log")

    def _start(self, *words, **options):
        log = open(self.folder / "swtpm.log", "ab")
        with log:
            return subprocess.Popen(["swtpm", "socket", "--tpm2", "--tpmstate",
                                     f"dir={self.state}", *words], stdin=subprocess.DEVNULL,
                                    stdout=log, stderr=log, **options)

    def ak(self):
        """SHA-256 of the SubjectPublicKeyInfo of the key that the agent will make."""
        ours, theirs = socket.socketpair()
        with ours:
            process = self._start("--fd", str(theirs.fileno()), "--flags",
                                  "not-need-init,startup-clear", pass_fds=(theirs.fileno(),))
            theirs.close()
            while True:
                ours.sendall(CREATE_AK)
                answer = ours.recv(4096)
                if answer[6:10] != bytes.fromhex("00000922"):
                    break
        process.wait(10)
        if answer[6:10] != bytes(4):
            raise tools.Trouble(f"swtpm makes no key: {answer.hex()}")
        public = answer[20:20 + int.from_bytes(answer[18:20], "big")]
        return hashlib.sha256(SPKI_HEAD + public[-256:] + bytes.fromhex("0203010001")).hexdigest()

    def device(self):
        """Start it, and give QEMU's arguments."""
        path = self.folder / "tpm.sock"
        path.unlink(missing_ok=True)
        self.process = self._start("--ctrl", f"type=unixio,path={path}", "--terminate")
        for _ in range(200):
            if path.exists():
                break
            self.process.poll()
            if self.process.returncode is not None:
                raise tools.Trouble("swtpm does not start")
            time.sleep(0.05)
        return ["-chardev", f"socket,id=tpm,path={path}",
                "-tpmdev", "emulator,id=tpm0,chardev=tpm", "-device", "tpm-crb,tpmdev=tpm0"]

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(10)


def events(log):
    """[(PCR, digest, text)] of a log in the attestation agent's format."""
    found, at = [], 0
    while at < len(log):
        pcr, kind, count = (int.from_bytes(log[at + n:at + n + 4], "little") for n in (0, 4, 8))
        alg = int.from_bytes(log[at + 12:at + 14], "little")
        size = int.from_bytes(log[at + 46:at + 50], "little")
        data = log[at + 50:at + 50 + size]
        if (kind, count, alg) != (6, 1, 0x0b) or data[:4] != b"LEAA":
            raise AssertionError("the event log holds something else than events")
        if hashlib.sha256(data).digest() != log[at + 14:at + 46]:
            raise AssertionError("an event's digest is not that of its text")
        found.append((pcr, log[at + 14:at + 46], data[8:].decode()))
        at += 50 + size
    return found


def replay(found):
    value = bytes(32)
    for _, digest, _ in found:
        value = hashlib.sha256(value + digest).digest()
    return value
