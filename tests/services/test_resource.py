# SPDX-License-Identifier: Apache-2.0
"""Resources: who gets them, who does not, and in which form."""
import json
import os
import unittest

from jose import P521, EcKey, RsaKey, b64u, unb64u
from kbs import Client
from server import ALLOW, Server

SECRET = b"latchkey passphrase \x00\x01\xff\n"


class Resource(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server("--allow-sample")
        cls.addClassCleanup(cls.server.__exit__)
        cls.server.put("default/disk/root", SECRET)

    def setUp(self):
        self.server.policy(ALLOW)

    def client(self, **kwargs):
        client = Client(self.server, **kwargs)
        self.addCleanup(client.connection.close)
        return client

    def refused(self, answer, error, detail, status=401):
        self.assertEqual((answer.status, answer.error(), answer.detail()), (status, error, detail))

    def last_reason(self):
        return self.server.audit()[-1]["body"]["reason"]

    # --- who does not -------------------------------------------------------------------------

    def test_no_session(self):
        client = self.client()
        for headers in ({}, {"Cookie": "kbs-session-id=" + "0" * 32}, {"Authorization": "Basic eDp5"}):
            self.refused(client.get("default/disk/root", headers), "TokenNotFound",
                         "Attestation Token not found")
        client.auth()  # not yet attested
        self.refused(client.get("default/disk/root"), "TokenNotFound", "Attestation Token not found")

    def test_denied_by_policy(self):
        client = self.client().handshake()
        for policy, why in (
            ({"version": 1, "rules": []}, "no rule is about this resource"),
            ({"version": 1, "rules": [{"resource": "default/*/*"}]}, "rule 1: tee is sample, the rule names none"),
            ({"version": 1, "rules": [{"resource": "default/*/*", "tee": "tdx"}]},
             "rule 1: tee is sample, the rule wants tdx"),
            ({"version": 1, "rules": [{"resource": "default/*", "tee": "sample"}]}, None),
            ({"version": 1, "rules": [{"resource": "default/disk/root", "tee": "sample", "phase": "initrd"}]},
             "rule 1: phase is not proved, the rule wants initrd"),
            ({"version": 1, "rules": [{"resource": "default/disk/root", "tee": "sample", "all": [
                {"claim": "sample.svn", "op": "eq", "value": "2"}]}]},
             'rule 1: claim sample.svn is "1", which fails eq'),
            ({"version": 1, "rules": [{"resource": "default/disk/root", "tee": "sample", "all": [
                {"claim": "sample.svn", "op": "ge", "value": 2}]}]},
             'rule 1: claim sample.svn is "1", which fails ge'),
            ({"version": 1, "rules": [{"resource": "default/disk/root", "tee": "sample", "all": [
                {"claim": "sample.launch", "op": "eq", "value": "1"}]}]},
             "rule 1: claim sample.launch is missing"),
            ("package policy\ndefault allow = true\n", "rule 1: tee is sample, the rule names none"),
        ):
            if why is None:  # a pattern of two segments is no pattern
                self.assertIn("policy-invalid", self.server.admin(
                    "policy", "set", input=json.dumps(policy).encode(), fails=1))
                continue
            self.server.policy(policy)
            answer = client.get("default/disk/root")
            self.refused(answer, "PolicyDeny", "Access denied by policy")
            self.assertEqual(self.last_reason(), why)

    def test_denied_whether_or_not_it_exists(self):
        self.server.policy({"version": 1, "rules": []})
        client = self.client().handshake()
        self.assertEqual(client.get("default/disk/root").body, client.get("default/disk/none").body)

    def test_absent_and_bad_names(self):
        client = self.client().handshake()
        for name in ("default/disk/none", "default/disk", "default/disk/root/x", "default//root", "",
                     "default/disk/.root", "default/disk/..", "default/disk/ro%6ft", "default/disk%2Froot",
                     "default/d*sk/root", "default/disk/" + "x" * 300):
            self.refused(client.get(name), "PluginInternalError", "Plugin internal error")

    def test_other_paths(self):
        client = self.client().handshake()
        for method, path, error, status in (
            ("GET", "/kbs/v0/auth", "PluginNotFound", 404), ("GET", "/kbs/v0/pkcs11/a/b/c", "PluginNotFound", 404),
            ("PUT", "/kbs/v0/attest", "PluginNotFound", 404), ("GET", "/kbs/v0/", "InvalidRequestPath", 404),
            ("POST", "/kbs/v0/resource/a/b/c", "AdminAuthInitialization", 401),
            ("DELETE", "/kbs/v0/resource/default/disk/root", "AdminAuthInitialization", 401),
            ("POST", "/kbs/v0/resource-policy", "AdminAuthAccess", 401),
            ("GET", "/kbs/v0/resource-policy", "AdminAuthAccess", 401),
            ("POST", "/kbs/v0/attestation-policy", "AdminAuthAccess", 401),
            ("GET", "/kbs/v0/reference-value/x", "AdminAuthAccess", 401)):
            answer = client.ask(method, path, "{}" if method != "GET" else None)
            self.assertEqual((answer.status, answer.error()), (status, error), path)
        self.assertEqual(client.ask("GET", "/kbs/v0/auth").detail(), "Plugin auth not found")
        self.assertEqual(client.open(client.get("default/disk/root")), SECRET)
        for path in "/", "/kbs", "/admin/v1/resource", "/kbs/v1/auth", "/healthz/x", "//healthz":
            self.assertEqual(client.ask("GET", path).status, 404, path)
        self.assertEqual(client.ask("GET", "/healthz").status, 200)

    def test_keys_that_nothing_can_be_encrypted_to(self):
        ec = EcKey().jwk()
        zero = b64u(bytes(32))
        for jwk in ({**ec, "crv": "P-384"}, {**ec, "alg": "ECDH-ES"}, {**ec, "alg": "RSA-OAEP-256"},
                    {**ec, "x": zero, "y": zero}, {**ec, "x": ec["x"][:-2]}, {**ec, "x": ec["x"] + "AA"},
                    {**ec, "x": "=" + ec["x"][1:]},
                    {"kty": "RSA", "alg": "RSA-OAEP-256", "n": b64u(b"\xff" * 64), "e": "AQAB"},
                    {"kty": "RSA", "alg": "RSA1_5", "n": b64u(b"\xff" * 256), "e": "AQAB"}):
            client = self.client()
            client.auth()
            body = client.attestation(**{"tee-evidence": {
                "primary_evidence": client.evidence(jwk=jwk), "additional_evidence": ""}})
            body["runtime-data"]["tee-pubkey"] = jwk
            self.assertEqual(client.attest(body).status, 200, jwk)  # shows late, as elsewhere
            self.refused(client.get("default/disk/root"), "JweError", "JWE failed")

    # --- who does -----------------------------------------------------------------------------

    def test_with_each_kind_of_key(self):
        with open("rsa.json") as f:
            rsa = RsaKey(json.load(f))
        for key in EcKey(), EcKey(), EcKey(P521), EcKey(P521), rsa:
            client = self.client(key=key).handshake()
            answer = client.get("default/disk/root")
            self.assertEqual(client.open(answer), SECRET)
            self.assertNotIn(b"=", answer.body)
            self.assertNotIn(SECRET[:20], answer.body)

    def test_form_of_the_jwe(self):
        client = self.client().handshake()
        jwe = client.get("default/disk/root").json()
        self.assertEqual(list(jwe), ["protected", "encrypted_key", "iv", "ciphertext", "tag"])
        header = unb64u(jwe["protected"]).decode()
        self.assertRegex(header, r'^\{"alg":"ECDH-ES\+A256KW","enc":"A256GCM","epk":\{"crv":"P-256",'
                                 r'"kty":"EC","x":"[\w-]{43}","y":"[\w-]{43}"\}\}$')
        again = client.get("default/disk/root").json()
        self.assertNotEqual(jwe["iv"], again["iv"])
        self.assertNotEqual(jwe["encrypted_key"], again["encrypted_key"])

    def test_claims_and_reference_sets(self):
        client = self.client().handshake()
        for clause in ({"claim": "sample.svn", "op": "eq", "value": "1"},
                       {"claim": "sample.svn", "op": "in", "value": ["0", "1"]},
                       {"claim": "sample.svn", "op": "in", "value": "@svns"},
                       {"claim": "sample.svn", "op": "ge", "value": 1},
                       {"claim": "sample.svn", "op": "prefix", "value": "1"},
                       {"claim": "sample.debug", "op": "absent"}):
            self.server.policy({"version": 1, "reference_sets": {"svns": ["3", "1"]}, "rules": [
                {"resource": "default/disk/*", "tee": "sample", "all": [clause]}]})
            self.assertEqual(client.get("default/disk/root").status, 200, clause)
            self.assertEqual(self.last_reason(), "rule 1")

    def test_a_large_and_a_small_one(self):
        for data in b"x", os.urandom(65536):
            self.server.put("default/disk/size", data)
            client = self.client().handshake()
            jwe = client.get("default/disk/size").json()
            self.assertEqual(len(unb64u(jwe["ciphertext"])), len(data))
            if len(data) < 100:
                self.assertEqual(client.open(client.get("default/disk/size")), data)

    def test_query_is_ignored(self):
        client = self.client().handshake()
        self.assertEqual(client.open(client.get("default/disk/root?version=1")), SECRET)

    # --- tokens -------------------------------------------------------------------------------

    def test_bearer_token(self):
        client = self.client().handshake()
        client.cookie = None
        bearer = {"Authorization": "Bearer " + client.token}
        self.assertEqual(client.open(client.get("default/disk/root", bearer)), SECRET)
        # the session's own token counts first, and another's cookie is no harm
        other = self.client().handshake()
        self.assertEqual(other.open(other.get("default/disk/root", bearer)), SECRET)

    def test_tokens_that_are_not_ours(self):
        client = self.client().handshake()
        client.cookie = None
        header, payload, signature = client.token.split(".")
        claims = json.loads(unb64u(payload))
        signature_bytes = bytearray(unb64u(signature))
        signature_bytes[5] ^= 1
        with Server("--allow-sample") as other, Client(other) as stranger:
            foreign = stranger.handshake().token
        key = EcKey()
        jwk = {**key.jwk(), "alg": "ES256"}

        def sign(header, payload):
            text = b64u(json.dumps(header).encode()) + "." + payload
            r, s = key.curve.sign(key.d, text.encode())
            return text + "." + b64u(r.to_bytes(32, "big") + s.to_bytes(32, "big"))

        kid = json.loads(unb64u(header))["kid"]
        for token in ("", "x", "a.b.c", client.token[:-1], client.token + "A", client.token + ".x",
                      header + "." + payload + "." + b64u(bytes(signature_bytes)),
                      header + "." + b64u(json.dumps({**claims, "exp": claims["exp"] + 1}).encode())
                      + "." + signature,
                      header + "." + payload + ".", foreign,
                      b64u(b'{"alg":"none","typ":"JWT"}') + "." + payload + ".",
                      b64u(json.dumps({"alg": "HS256", "kid": kid}).encode()) + "." + payload + "." + signature,
                      sign({"typ": "JWT", "alg": "ES256", "jwk": jwk}, payload),
                      sign({"typ": "JWT", "alg": "ES256", "jwk": jwk, "kid": kid}, payload)):
            answer = client.get("default/disk/root", {"Authorization": "Bearer " + token})
            self.assertIn((answer.status, answer.error()),
                          [(401, "TokenVerifierError")] + ([(401, "TokenNotFound")] if not token else []), token)
