# SPDX-License-Identifier: Apache-2.0
"""auth and attest: what is refused, and with which words; then what is not."""
import json
import time
import unittest

from jose import EcKey, b64u, unb64u
from kbs import Client
from server import ALLOW, Server


class Handshake(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server("--allow-sample")
        cls.addClassCleanup(cls.server.__exit__)
        cls.server.policy(ALLOW)

    def client(self, **kwargs):
        client = Client(self.server, **kwargs)
        self.addCleanup(client.connection.close)
        return client

    def refused(self, answer):
        self.assertEqual(answer.status, 401)
        self.assertEqual(answer.error(), "AttestationError")
        self.assertEqual(answer.detail(), "Attestation error: RCAR handshake Attest failed")
        self.assertIsNone(answer.headers["Set-Cookie"])

    # --- auth ---------------------------------------------------------------------------------

    def test_version_mismatch(self):
        for version in "0.1.1", "0.2.0", "0.4.1", "0.5.0", "1.4.0", "0.4.0-rc1":
            answer = self.client().auth(version=version)
            self.assertEqual((answer.status, answer.error()), (401, "AttestationError"))
            self.assertEqual(answer.detail(),
                             "Attestation error: RCAR handshake Auth failed: KBS Client Protocol "
                             f"Version Mismatch: expect =0.4.0 while the request is {version}")

    def test_malformed_request(self):
        for body in ("", "{", "[]", "null", '"x"', '{"version":"0.4.0"}', "\xff", '{"tee":"sample"}',
                     '{"version":"0.4.0","tee":"sample"}',
                     '{"version":"0.4.0","tee":"none","extra-params":""}',
                     '{"version":"0.4.0","tee":"Sample","extra-params":""}',
                     '{"version":"0.4","tee":"sample","extra-params":""}',
                     '{"version":4,"tee":"sample","extra-params":""}',
                     '{"version":"0.4.0","version":"0.4.0","tee":"sample","extra-params":""}',
                     '{"version":"0.4.0","tee":"sample","extra-params":""} x'):
            answer = self.client().ask("POST", "/kbs/v0/auth", body.encode("latin-1"))
            self.assertEqual((answer.status, answer.error()), (401, "AttestationError"), body)
            self.assertTrue(answer.detail().startswith(
                "Attestation error: RCAR handshake Auth failed: "), body)

    def test_challenge(self):
        client = self.client()
        seen = set()
        for _ in range(20):
            answer = client.auth()
            self.assertEqual(answer.status, 200)
            self.assertEqual(answer.headers["Content-Type"], "application/json")
            self.assertEqual(set(answer.json()), {"nonce", "extra-params"})
            self.assertRegex(answer.json()["nonce"], r"^[A-Za-z0-9+/]{43}=$")
            self.assertRegex(client.cookie, r"^[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}$")
            seen |= {client.cookie, client.nonce}
        self.assertEqual(len(seen), 40)

    def test_extra_params_of_any_kind(self):
        for value in "", None, {}, [], 1:
            self.assertEqual(self.client().auth(**{"extra-params": value}).status, 200)

    # --- attest -------------------------------------------------------------------------------

    def test_no_cookie_or_another(self):
        client = self.client()
        client.auth()
        for cookie in (None, "", "kbs-session-id=", "kbs-session-id=" + "0" * 32,
                       "kbs-session-id=" + client.cookie.upper(), "kbs-session-id=" + client.cookie[1:],
                       "session=" + client.cookie, "xkbs-session-id=" + client.cookie):
            self.refused(client.attest(headers={"Cookie": cookie}))

    def test_cookie_among_others(self):
        client = self.client()
        client.auth()
        answer = client.attest(headers={"Cookie": f"a=b; kbs-session-id={client.cookie}; c=d"})
        self.assertEqual(answer.status, 200)

    def test_wrong_nonce(self):
        client = self.client()
        client.auth()
        other = self.client()
        other.auth()
        body = client.attestation()
        body["runtime-data"]["nonce"] = other.nonce
        body["tee-evidence"]["primary_evidence"] = client.evidence(nonce=other.nonce)
        self.refused(client.attest(body))
        body = client.attestation()
        body["runtime-data"]["nonce"] = client.nonce.rstrip("=")
        self.refused(client.attest(body))

    def test_evidence_for_another_key(self):
        client = self.client()
        client.auth()
        body = client.attestation()
        body["runtime-data"]["tee-pubkey"] = EcKey().jwk()
        self.refused(client.attest(body))

    def test_hash_without_additional_evidence(self):
        """Two members instead of three: the device's document, not the CPU's."""
        import base64, hashlib
        from jose import canonical
        client = self.client()
        client.auth()
        digest = hashlib.sha384(canonical({"nonce": client.nonce, "tee-pubkey": client.key.jwk()})).digest()
        body = client.attestation()
        body["tee-evidence"]["primary_evidence"]["report_data"] = base64.b64encode(digest).decode()
        self.refused(client.attest(body))

    def test_malformed_evidence(self):
        client = self.client()
        client.auth()
        good = client.evidence()
        for evidence in (None, "", [], {}, {"svn": 1, **{"report_data": good["report_data"]}},
                         {"svn": "1"}, {"report_data": good["report_data"]},
                         {"svn": "1", "report_data": ""},
                         {"svn": "1", "report_data": good["report_data"] + "="},
                         {"svn": "1", "report_data": good["report_data"][:-4]},
                         {"svn": "1", "report_data": good["report_data"] + "AAAA"}):
            self.refused(client.attest(client.attestation(**{
                "tee-evidence": {"primary_evidence": evidence, "additional_evidence": ""}})))
        self.assertEqual(client.attest().status, 200)  # a failure does not end the session

    def test_malformed_attestation(self):
        client = self.client()
        client.auth()
        good = client.attestation()
        for body in ("", "{}", "[]", "x" * 1000, json.dumps(good)[:-1], json.dumps(good) + "{}"):
            self.refused(client.ask("POST", "/kbs/v0/attest", body))
        for name in "runtime-data", "tee-evidence":
            self.refused(client.attest({k: v for k, v in good.items() if k != name}))

    def test_devices_and_init_data_are_not_waved_through(self):
        client = self.client()
        client.auth()
        devices = json.dumps({"sampledevice": {"svn": "2", "report_data": ""}})
        body = client.attestation(**{"tee-evidence": {
            "primary_evidence": client.evidence(additional=devices), "additional_evidence": devices}})
        self.refused(client.attest(body))
        self.refused(client.attest(client.attestation(**{
            "init-data": {"format": "toml", "body": "algorithm = \"sha256\"\n"}})))
        self.refused(client.attest(client.attestation(**{"init-data": "toml"})))

    def test_tee_of_the_request_decides(self):
        client = self.client()
        client.auth(tee="csv")
        self.refused(client.attest())
        last = [e for e in self.server.audit() if e["body"]["event"] == "attest"][-1]
        self.assertIn("no verifier for tee csv", last["body"]["reason"])

    def test_members_that_the_key_does_not_have_are_dropped(self):
        client = self.client()
        client.auth()
        body = client.attestation()
        body["runtime-data"]["tee-pubkey"] = {**client.key.jwk(), "use": "enc", "kid": "x"}
        self.assertEqual(client.attest(body).status, 200)  # hashed without them
        client = self.client()
        client.auth()
        extra = {**client.key.jwk(), "use": "enc"}
        body = client.attestation(**{"tee-evidence": {
            "primary_evidence": client.evidence(jwk=extra), "additional_evidence": ""}})
        body["runtime-data"]["tee-pubkey"] = extra
        self.refused(client.attest(body))  # hashed with them

    def test_token(self):
        client = self.client().handshake()
        header, payload, _ = client.token.split(".")
        header, payload = json.loads(unb64u(header)), json.loads(unb64u(payload))
        self.assertEqual((header["typ"], header["alg"]), ("JWT", "ES256"))
        self.assertTrue(header["kid"])
        self.assertNotIn("jwk", header)
        self.assertEqual(payload["exp"] - payload["iat"], 300)
        self.assertLess(abs(payload["iat"] - time.time()), 5)
        evidence = payload["submods"]["cpu0"]["ear.veraison.annotated-evidence"]
        self.assertEqual(evidence["runtime_data_claims"]["tee-pubkey"], client.key.jwk())
        self.assertEqual(evidence["sample"]["svn"], "1")
        self.assertNotIn(client.cookie, json.dumps(payload))

    def test_attesting_again_gives_the_old_token(self):
        client = self.client().handshake()
        token, cookie = client.token, client.cookie
        answer = client.attest({"anything": "at all"})
        self.assertEqual((answer.status, answer.json()["token"]), (200, token))
        self.assertIn(cookie, answer.headers["Set-Cookie"])

    def test_expiry_is_the_one_of_auth(self):
        client = self.client()
        first = client.auth().headers["Set-Cookie"]
        time.sleep(1.1)
        self.assertEqual(client.attest().headers["Set-Cookie"], first)


class Expiry(unittest.TestCase):
    def test_sessions_end(self):
        with Server("--allow-sample", "--session-timeout", "1") as server, Client(server) as client:
            server.policy(ALLOW)
            server.put("a/b/c", b"x")
            client.handshake()
            self.assertEqual(client.get("a/b/c").status, 200)
            time.sleep(1.2)
            self.assertEqual(client.get("a/b/c").error(), "TokenNotFound")
            self.assertEqual(client.attest().error(), "AttestationError")
            client.auth()
            time.sleep(1.2)
            self.assertEqual(client.attest().error(), "AttestationError")


class SampleOff(unittest.TestCase):
    def test_sample_is_off_unless_asked_for(self):
        with Server() as server, Client(server) as client:
            server.policy(ALLOW)
            self.assertEqual(client.auth().status, 200)
            self.assertEqual(client.attest().error(), "AttestationError")
            self.assertIn("--allow-sample", server.audit()[-1]["body"]["reason"])
