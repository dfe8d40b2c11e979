# SPDX-License-Identifier: Apache-2.0
"""The real agent against the real server: two implementations in C that share no message code."""
import os
import shutil
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
