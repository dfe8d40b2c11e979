# SPDX-License-Identifier: Apache-2.0
"""Evidence of real TEEs, against a real server: the folder of certificates, and that evidence that was
recorded elsewhere opens nothing here."""
import json
import os
import shutil
import unittest

from kbs import Client
from server import ROOT, Server

RECORDED = os.path.join(ROOT, "tests", "fixtures", "evidence")
SEEDS = os.path.join(ROOT, "tests", "fuzz", "seeds", "evidence")


class Certificates(unittest.TestCase):
    def test_the_folder_is_read_whole_or_not_at_all(self):
        with Server(start=False) as server:
            folder = os.path.join(server.dir, "certificates")

            def refused(text, *options):
                self.assertIn(text, server.run("serve", "--state", server.state, "--listen", "127.0.0.1:0",
                                               "--socket", server.socket, "--certificates", folder,
                                               *options, fails=1))
            refused("certificates")
            os.mkdir(folder)
            shutil.copy(os.path.join(RECORDED, "snp-milan.vcek"), folder)
            shutil.copy(os.path.join(RECORDED, "snp-fmc.ask"), folder)
            for content in b"hello", b"\x30\x03\x02\x01\x01", b"-----BEGIN PRIVATE KEY-----\n":
                with open(os.path.join(folder, "other"), "wb") as f:
                    f.write(content)
                refused("read other")
            os.unlink(os.path.join(folder, "other"))
            os.mkdir(os.path.join(folder, "deeper"))
            refused("read deeper")
            os.rmdir(os.path.join(folder, "deeper"))
            server.start("--certificates", folder)
            server.stop()
            server.run("serve", "--state", server.state, "--snp-vmpl", "4", fails=1)


class Recorded(unittest.TestCase):
    def test_what_was_recorded_elsewhere_is_refused(self):
        """Genuine, but for a nonce of another session: the log says so, the client learns nothing."""
        with Server() as server:
            for seed in sorted(os.listdir(SEEDS)):
                with open(os.path.join(SEEDS, seed), encoding="ascii") as f:
                    evidence = json.loads(f.read()[1:])
                tee = seed.split("-")[0]
                with Client(server) as client:
                    self.assertEqual(client.auth(tee=tee).status, 200)
                    answer = client.attest(client.attestation(**{"tee-evidence": {
                        "primary_evidence": evidence, "additional_evidence": ""}}))
                    self.assertEqual(answer.status, 401, seed)
                    self.assertEqual(answer.error(), "AttestationError")
                    self.assertTrue(answer.detail().endswith("Attest failed"))
                body = server.audit()[-1]["body"]
                self.assertEqual((body["event"], body["outcome"], body["tee"]), ("attest", "denied", tee))
                self.assertIn("is not the digest of this session's nonce and key", body["reason"])
