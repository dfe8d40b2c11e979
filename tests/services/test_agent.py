# SPDX-License-Identifier: Apache-2.0
"""The real agent against the real server: two implementations in C that share no message code."""
import os
import shutil
import socket
import subprocess
import unittest

from server import ALLOW, PROGRAM, Server

AGENT = os.environ.get("LATCHKEY_SAMPLE_AGENT") or os.path.join(
    os.environ.get("LATCHKEY_DEV") or os.path.dirname(PROGRAM), "latchkey-insecure-sample")

CONFIG = """[rootfs]
device = "/dev/null"
encrypted = true
[rootfs.encrypt.kbs]
kbs_url = "https://localhost:{port}"
key_uri = "kbs:///{name}"
kbs_root_cert = "{ca}"
tee_key = "{key}"
"""


@unittest.skipIf(os.path.exists("/dev/tpm0"), "the sample attester is refused beside real hardware")
class Agent(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server("--allow-sample")
        cls.addClassCleanup(cls.server.__exit__)
        cls.secret = os.urandom(64)
        cls.server.put("default/disk/root", cls.secret)

    def setUp(self):
        self.server.policy(ALLOW)

    def fetch(self, status=0, server=None, name="default/disk/root", key="ec-p256", ca=None):
        """What the agent fetched, or its last line of error if it is to end with status."""
        server = server or self.server
        folder = os.path.join(self.server.dir, "agent")
        shutil.rmtree(folder, ignore_errors=True)
        os.mkdir(folder)
        with open(folder + "/latchkey.conf", "w") as f:
            f.write('[agent]\ntee = "sample"\ndeadline = "2s"\n')
        with open(folder + "/fde.conf", "w") as f:
            f.write(CONFIG.format(port=server.port, name=name, ca=ca or server.ca, key=key))
        done = subprocess.run([AGENT, "key", "fetch", "--volume", "root", "--out", folder + "/key",
                               "--config", folder], capture_output=True, timeout=60)
        text = done.stderr.decode()
        self.assertEqual(done.returncode, status, text)
        if status:
            self.assertFalse(os.path.exists(folder + "/key"))
            return text
        with open(folder + "/key", "rb") as f:
            return f.read()

    def test_denied(self):
        self.server.policy({"version": 1, "rules": []})
        self.assertIn("kbs-denied", self.fetch(4))

    def test_absent(self):
        self.assertIn("kbs-no-resource", self.fetch(4, name="default/disk/none"))

    def test_sample_is_off(self):
        with Server() as other:
            self.assertIn("evidence-rejected", self.fetch(4, server=other))

    def test_another_ca(self):
        with Server(start=False) as other:
            self.assertIn("tls-untrusted", self.fetch(5, ca=other.ca))

    def test_fetched(self):
        for key in "ec-p256", "ec-p521", "rsa-2048":
            self.assertEqual(self.fetch(key=key), self.secret)
            events = [(e["body"]["event"], e["body"]["outcome"]) for e in self.server.audit()[-2:]]
            self.assertEqual(events, [("attest", "allowed"), ("resource", "allowed")])


PILOT = """[rootfs]
delta_location = "ram"
delta_backend = "overlayfs"
[rootfs.encrypt.kbs]
cdh_type = "one-shot"
kbs_url = "https://localhost:{port}"
key_uri = "kbs:///{name}"
kbs_root_cert = '''
{ca}'''
[delta.encrypt.exec]
command = "{command}"
"""
VOLUME = """volume = "data0"
dev = "/dev/null"
[encrypt.exec]
command = "echo"
args = ["-n", "{word}"]
"""


@unittest.skipIf(os.path.exists("/dev/tpm0"), "the sample attester is refused beside real hardware")
class Check(unittest.TestCase):
    """`config check --fetch`, on a directory of cryptpilot's files."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server("--allow-sample")
        cls.addClassCleanup(cls.server.__exit__)
        cls.server.put("default/disk/root", b"r" * 40)

    def setUp(self):
        self.server.policy(ALLOW)

    def check(self, status, *options, port=None, name="default/disk/root", command="true",
              word="not-a-word"):
        """(what it printed, what it complained of)"""
        folder = os.path.join(self.server.dir, "pilot")
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder + "/volumes")
        with open(self.server.ca, encoding="ascii") as f:
            ca = f.read()
        texts = {"global.toml": '[agent]\ntee = "sample"\ndeadline = "3s"\n',
                 "fde.toml": PILOT.format(port=port or self.server.port, name=name, ca=ca,
                                          command=command),
                 "volumes/data0.toml": VOLUME.format(word=word)}
        for path, text in texts.items():
            with open(os.path.join(folder, path), "w", encoding="ascii") as f:
                f.write(text)
            os.chmod(os.path.join(folder, path), 0o600)
        done = subprocess.run([AGENT, "config", "check", *options, folder], capture_output=True,
                              timeout=60)
        said, complained = done.stdout.decode(), done.stderr.decode()
        self.assertEqual(done.returncode, status, complained)
        for secret in word, "rrrr":
            self.assertNotIn(secret, said + complained)
        return said, complained

    def test_all_give_a_key(self):
        said, _ = self.check(0, "--fetch", command="ls")
        self.assertIn("volume 'rootfs': provider 'kbs': 40 bytes, from ", said)
        self.assertIn("volume 'data0': provider 'exec': 10 bytes\n", said)
        self.assertIn("volume 'delta': provider 'exec': ", said)

    def test_without_the_option_nobody_is_asked(self):
        before = len(self.server.audit())
        said, _ = self.check(0)
        self.assertNotIn("bytes", said)
        self.assertEqual(len(self.server.audit()), before)

    def test_denied(self):
        self.server.policy({"version": 1, "rules": []})
        said, complained = self.check(4, "--fetch", command="ls")
        self.assertIn("volume 'rootfs': provider 'kbs': ", complained)
        self.assertIn("kbs-denied", complained)
        said, complained = self.check(4, "--fetch", "--keep-going", command="ls")
        self.assertIn("volume 'data0': provider 'exec': 10 bytes\n", said)

    def test_every_failure(self):
        _, complained = self.check(4, "--fetch", "--keep-going", name="default/disk/none",
                                   command="false")
        self.assertIn("kbs-no-resource", complained)
        self.assertIn("exec-failed", complained)
        _, complained = self.check(4, "--fetch", name="default/disk/none", command="false")
        self.assertNotIn("exec-failed", complained)

    def test_dead_server(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        _, complained = self.check(3, "--fetch", port=port, command="ls")
        self.assertIn("volume 'rootfs': provider 'kbs': ", complained)

    def test_a_mistake_comes_first(self):
        before = len(self.server.audit())
        _, complained = self.check(1, "--fetch", "--keep-going", name="default/disk")
        self.assertIn("fde.toml", complained)
        self.assertEqual(len(self.server.audit()), before)
