# SPDX-License-Identifier: Apache-2.0
"""Passport mode: the agent brings a token of one server to another, which shares its keys or not."""
import os
import shutil
import subprocess
import unittest

from server import ALLOW, Server
from test_agent import AGENT

CONFIG = """[rootfs]
device = "/dev/null"
encrypted = true
[rootfs.encrypt.kbs]
token_url = "https://localhost:{issuer.port}"
token_root_cert = "{issuer.ca}"
kbs_url = "https://127.0.0.1:{broker.port}"
kbs_root_cert = "{broker.ca}"
key_uri = "kbs:///default/disk/root"
"""


@unittest.skipIf(os.path.exists("/dev/tpm0"), "the sample attester is refused beside real hardware")
class Passport(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server("--allow-sample")
        cls.addClassCleanup(cls.server.__exit__)
        cls.secret = os.urandom(64)
        cls.server.put("default/disk/root", cls.secret)
        cls.server.policy(ALLOW)

    def fetch(self, issuer, broker, status=0):
        folder = os.path.join(self.server.dir, "agent")
        shutil.rmtree(folder, ignore_errors=True)
        os.mkdir(folder)
        with open(folder + "/latchkey.conf", "w") as f:
            f.write('[agent]\ntee = "sample"\ndeadline = "5s"\n')
        with open(folder + "/fde.conf", "w") as f:
            f.write(CONFIG.format(issuer=issuer, broker=broker))
        done = subprocess.run([AGENT, "key", "fetch", "--volume", "root", "--out", folder + "/key",
                               "--config", folder], capture_output=True, timeout=60)
        text = done.stderr.decode()
        self.assertEqual(done.returncode, status, text)
        self.assertNotIn("eyJ", text)
        if status:
            return text
        with open(folder + "/key", "rb") as f:
            return f.read()

    def test_taken(self):
        """Another name of the same server: no cookie goes there, the token alone opens."""
        self.assertEqual(self.fetch(self.server, self.server), self.secret)
        attest, resource = [e["body"] for e in self.server.audit()[-2:]]
        self.assertEqual((attest["event"], attest["outcome"]), ("attest", "allowed"))
        self.assertEqual((resource["event"], resource["outcome"]), ("resource", "allowed"))
        self.assertFalse(resource.get("session"))

    def test_of_a_stranger(self):
        """A server with a signing key of its own: its token is refused, and no key is given."""
        with Server("--allow-sample") as stranger:
            self.assertIn("token-refused", self.fetch(stranger, self.server, 4))
            events = [e["body"]["event"] for e in stranger.audit()]
            self.assertEqual(events.count("attest"), 2)  # the second for a fresh token
        body = self.server.audit()[-1]["body"]
        self.assertEqual((body["event"], body["outcome"]), ("resource", "denied"))

    def test_denied(self):
        self.server.policy({"version": 1, "rules": []})
        try:
            self.assertIn("kbs-denied", self.fetch(self.server, self.server, 4))
        finally:
            self.server.policy(ALLOW)
