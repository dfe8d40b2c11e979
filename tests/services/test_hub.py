# SPDX-License-Identifier: Apache-2.0
"""The agent and a confidential data hub: a daemon whose messages the package `protobuf` reads and
writes, and a program that is run once."""
import base64
import os
import shutil
import subprocess
import tempfile
import unittest

from packages import HERE, python_with
from server import PROGRAM

AGENT = os.path.join(os.environ.get("LATCHKEY_DEV") or os.path.dirname(PROGRAM), "latchkey")
HUB = os.path.join(HERE, "..", "fakes", "hub.py")
PACKAGES = ("protobuf==7.36.2",)
CONFIG = """[rootfs]
device = "/dev/null"
encrypted = true
[rootfs.encrypt.kbs]
key_uri = "kbs:///default/disk/root"
"""
PROGRAM_TEXT = """#!/bin/sh
[ "$1 $3 $4 $5" = "-c get-resource --resource-uri kbs:///default/disk/root" ] || exit 102
[ "$RUST_LOG" = off ] || echo "2026-01-01T00:00:00Z  INFO cdh: starting"
grep -q '^name = "cc_kbc"$' "$2" && grep -q '^url = "http://127.0.0.1:1"$' "$2" || exit 103
"""


class Hub(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="lkh-")
        self.addCleanup(shutil.rmtree, self.dir)
        self.secret = b"\0" + os.urandom(62) + b"\n"

    def fetch(self, rows, status=0, deadline="20s"):
        """What the agent fetched, or what it complained of if it is to end with status."""
        for name, text in (("latchkey.conf", f'[agent]\ndeadline = "{deadline}"\n'),
                           ("fde.conf", CONFIG + rows)):
            with open(os.path.join(self.dir, name), "w", encoding="ascii") as f:
                f.write(text)
            os.chmod(f.name, 0o600)
        out = os.path.join(self.dir, "key")
        done = subprocess.run([AGENT, "key", "fetch", "--volume", "root", "--out", out, "--config",
                               self.dir], capture_output=True, timeout=60)
        said = done.stderr.decode()
        self.assertEqual(done.returncode, status, said)
        self.assertNotIn(base64.b64encode(self.secret).decode(), said)
        if status:
            self.assertFalse(os.path.exists(out))
            return said
        with open(out, "rb") as f:
            return f.read()

    # --- the daemon

    def daemon(self, modes):
        """A hub and the rows that lead to it."""
        path = os.path.join(self.dir, "hub.sock")
        process = subprocess.Popen(
            [python_with(PACKAGES), "-B", HUB, "unix:" + path, modes,
             base64.b64encode(self.secret).decode()], stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.assertEqual(process.stdout.readline(), "READY protobuf\n")
        return process, f'cdh_type = "daemon"\ncdh_socket = "unix://{path}"\n'

    def asked(self, process):
        self.assertEqual(process.stdout.readline(), "asked kbs:///default/disk/root sound bounded\n")

    def test_daemon(self):
        process, rows = self.daemon("ok")
        self.assertEqual(self.fetch(rows), self.secret)
        self.asked(process)

    def test_daemon_has_other_streams(self):
        _, rows = self.daemon("noise")
        self.assertEqual(self.fetch(rows), self.secret)

    def test_daemon_fails_first(self):
        process, rows = self.daemon("fail,fail,ok")
        self.assertEqual(self.fetch(rows), self.secret)
        for _ in range(3):
            self.asked(process)

    def test_daemon_never_gives(self):
        _, rows = self.daemon("fail")
        said = self.fetch(rows, 6, "2s")
        self.assertIn("cdh-failed", said)
        self.assertNotIn("CDH", said)  # its own words

    def test_no_daemon(self):
        rows = f'cdh_type = "daemon"\ncdh_socket = "unix://{self.dir}/none.sock"\n'
        self.assertIn("unreachable", self.fetch(rows, 6, "1s"))

    # --- the program

    def program(self, last):
        path = os.path.join(self.dir, "confidential-data-hub")
        with open(path, "w", encoding="ascii") as f:
            f.write(PROGRAM_TEXT + last)
        os.chmod(path, 0o700)
        return (f'cdh_command = "{path}"\nkbs_url = "http://127.0.0.1:1"\n'
                "allow_plaintext_http = true\n")

    def test_program(self):
        text = base64.b64encode(self.secret).decode()
        rows = self.program(f"echo '2026-01-01T00:00:00Z  INFO more'; echo {text}\n")
        self.assertEqual(self.fetch(rows), self.secret)

    def test_program_panics(self):
        rows = self.program("echo 'panicked at confidential' >&2; exit 101\n")
        said = self.fetch(rows, 6, "1s")
        self.assertIn("cdh-failed", said)
        self.assertNotIn("panicked", said)
