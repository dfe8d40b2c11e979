# SPDX-License-Identifier: Apache-2.0
"""Evidence of real TEEs, against a real server: the folder of certificates, and that evidence that was
recorded elsewhere opens nothing here."""
import base64
import hashlib
import json
import os
import shutil
import struct
import subprocess
import unittest

from jose import canonical
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
            shutil.copy(os.path.join(RECORDED, "tdx-v4.tcbinfo"), folder)
            server.start("--certificates", folder)
            server.stop()
            self.assertIn("does not count: no certificate of Intel SGX TCB Signing", server.log_text())
            shutil.copy(os.path.join(RECORDED, "tdx-v4.signer"), folder)
            os.truncate(server.log, 0)
            server.start("--certificates", folder)
            server.stop()
            self.assertNotIn("does not count", server.log_text())
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


class Manual(unittest.TestCase):
    def test_its_examples_are_policies(self):
        with open(os.path.join(ROOT, "docs", "latchkeyd.8"), encoding="ascii") as f:
            blocks = [block.split(".EE")[0] for block in f.read().split(".EX\n")[1:]]
        policies = [json.loads(block.replace("\\-", "-")) for block in blocks if block.startswith("{")]
        self.assertEqual(len(policies), 2)
        with Server() as server:
            for policy in policies:
                server.policy(policy)


class Tpm:
    """A software TPM and the tools of others for it."""
    ALL = "sha256:" + ",".join(str(n) for n in range(24))

    def __init__(self, folder):
        self.folder = folder
        state = os.path.join(folder, "tpm")
        os.mkdir(state)
        socket = os.path.join(state, "socket")
        self.process = subprocess.Popen(
            ["swtpm", "socket", "--tpm2", "--tpmstate", "dir=" + state, "--flags", "not-need-init,startup-clear",
             "--server", "type=unixio,path=" + socket, "--ctrl", "type=unixio,path=" + socket + ".ctrl"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not os.path.exists(socket):
            if self.process.poll() is not None:
                raise AssertionError("swtpm has ended")
        self.env = {**os.environ, "TPM2TOOLS_TCTI": "swtpm:path=" + socket}
        self.log = b""
        header = b"Spec ID Event03\0" + struct.pack("<IBBBBI", 0, 0, 2, 0, 2, 1) + struct.pack("<HHB", 11, 32, 0)
        self.log = struct.pack("<II20xI", 0, 3, len(header)) + header

    def stop(self):
        self.process.kill()
        self.process.wait()

    def path(self, name):
        return os.path.join(self.folder, name)

    def read(self, name):
        with open(self.path(name), "rb") as f:
            return f.read()

    def tool(self, *command):
        subprocess.run(command, env=self.env, check=True, capture_output=True, timeout=60)

    def event(self, operation, content):
        text = f"latchkey {operation} {content}".encode()
        event = b"LEAA" + struct.pack("<I", len(text)) + text
        digest = hashlib.sha256(event).digest()
        self.tool("tpm2_pcrextend", "15:sha256=" + digest.hex())
        self.log += struct.pack("<IIIH", 15, 6, 1, 11) + digest + struct.pack("<I", len(event)) + event

    def key(self, kind):
        self.tool("tpm2_createprimary", "-Q", "-C", "o", "-G", kind, "-c", self.path("ak"),
                  "-a", "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted|sign")
        self.tool("tpm2_flushcontext", "-t")
        self.tool("tpm2_readpublic", "-Q", "-c", self.path("ak"), "-f", "der", "-o", self.path("ak.der"))
        return hashlib.sha256(self.read("ak.der")).hexdigest()

    def evidence(self, client):
        document = {"additional-evidence": "", "nonce": client.nonce, "tee-pubkey": client.key.jwk()}
        nonce = hashlib.sha384(canonical(document)).digest()[:32]
        self.tool("tpm2_flushcontext", "-t")  # nobody else frees the TPM's few slots
        self.tool("tpm2_quote", "-Q", "-c", self.path("ak"), "-l", self.ALL, "-g", "sha256", "-q", nonce.hex(),
                  "-m", self.path("message"), "-s", self.path("signature"))
        self.tool("tpm2_pcrread", "-Q", self.ALL, "-o", self.path("pcrs"))
        pcrs = self.read("pcrs")
        text = lambda data: base64.b64encode(data).decode()
        return {"tpm_quote": {"message": text(self.read("message")), "signature": text(self.read("signature")),
                              "pcrs": [pcrs[at:at + 32].hex() for at in range(0, len(pcrs), 32)]},
                "ak_public": text(self.read("ak.der")), "cc_eventlog": text(self.log + b"\xff" * 8)}


class Quotes(unittest.TestCase):
    """A TPM's quote, made by the tools of others."""

    def setUp(self):
        self.server = self.enterContext(Server())
        self.tpm = Tpm(self.server.dir)
        self.addCleanup(self.tpm.stop)
        self.server.put("default/disk/root", b"key")

    def policy(self, ak, **more):
        rule = {"resource": "default/disk/root", "tee": "tpm", "phase": "initrd",
                "all": [{"claim": "tpm.ak", "op": "in", "value": [ak]},
                        {"claim": "events.configuration", "op": "eq", "value": "c0ffee"},
                        {"claim": "tpm.pcr.14", "op": "eq", "value": "00" * 32}], **more}
        self.server.policy({"version": 1, "rules": [rule]})

    def attest(self):
        client = self.enterContext(Client(self.server))
        self.assertEqual(client.auth(tee="tpm").status, 200)
        return client, client.attest(client.attestation(**{"tee-evidence": {
            "primary_evidence": self.tpm.evidence(client), "additional_evidence": ""}}))

    def attested(self):
        client, answer = self.attest()
        self.assertEqual(answer.status, 200, self.server.audit()[-1])
        return client

    def rejected(self, reason):
        _, answer = self.attest()
        self.assertEqual((answer.status, answer.error()), (401, "AttestationError"))
        self.assertIn(reason, self.server.audit()[-1]["body"]["reason"])

    def denied(self, reason):
        answer = self.attested().get("default/disk/root")
        self.assertEqual((answer.status, answer.error()), (401, "PolicyDeny"))
        self.assertEqual(answer.detail(), "Access denied by policy")
        self.assertIn(reason, self.server.audit()[-1]["body"]["reason"])

    def test_from_boot_to_handoff(self):
        for kind in "rsa2048:rsassa-sha256:null", "ecc256:ecdsa-sha256:null":
            ak = self.tpm.key(kind)
            self.policy(ak)
            if kind.startswith("rsa"):
                self.denied("phase is not proved")
                self.tpm.event("configuration", "c0ffee")
            client = self.attested()
            self.assertEqual(client.open(client.get("default/disk/root")), b"key")
            self.policy("00" * 32)  # the one before is still attested, but no longer allowed
            self.assertEqual(client.get("default/disk/root").error(), "PolicyDeny")
            self.rejected(f'the key of the evidence: claim tpm.ak is "{ak}", which fails in')
            self.policy(ak)
        self.tpm.tool("tpm2_pcrextend", "14:sha256=" + "11" * 32)
        self.denied("claim tpm.pcr.14 is")
        self.tpm.event("handoff", "now")
        self.denied("phase is system, the rule wants initrd")
