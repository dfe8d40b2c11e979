# SPDX-License-Identifier: Apache-2.0
"""What latchkeyd encrypts, opened by jwcrypto with fixed keys of every kind that clients bring."""
import base64
import json
import os
import subprocess
import unittest

from kbs import Client
from server import ALLOW, Server

# throw-away keys, as documents of the protocol's test vectors
KEY_P256 = {"kty": "EC",
            "crv": "P-256",
            "alg": "ECDH-ES+A256KW",
            "x": "uJbUHgJdSbH9iZPGp0ihHFHgHCFk5ZzugQmZngW_65I",
            "y": "NTeU_5QWdxnGi_B7OrEz2cRDQh5obniMZbT-A633_oo",
            "d": "-Jw24yJZgGryjRDN2yFThpHbfKUB8H-Zaq-v2gQq3iI"}
KEY_P521 = {"kty": "EC",
            "crv": "P-521",
            "alg": "ECDH-ES+A256KW",
            "x": "APLunmaaKsiG0xc66yJGEQ3zPQSa2PQl0v3yVDxqaeXW5PuMT4YpZmbarCjwg1zpeqy5EhhuEStnAm1-fD_wCAAv",
            "y": "AWm9Tw1dtQ9qONFBvYZu5PJ2QgXetx1jWDKnpQGZS0TfN8BDtp_Tv7lpwQBaLRbe02sq3UeFjlIBqe-wToCLHAYw",
            "d": "AAA4oq_uj_HauP5mXLP5xbg5ElWIXfdlKTvMdBeohIIqYeLjDD6xBpuGRC_IcLlO-kE90gBkdPkBhlz-MZMT_HpL"}


class Upstream:
    """A TEE key as the client of these tests takes it, with its private part for jwcrypto."""

    def __init__(self, private):
        self.private = private

    def jwk(self):
        order = ("kty", "crv", "alg", "x", "y", "n", "e")
        return {name: self.private[name] for name in order if name in self.private}


class Jwcrypto(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server("--allow-sample")
        cls.addClassCleanup(cls.server.__exit__)
        cls.server.policy(ALLOW)

    def opened(self, private, secret):
        self.server.put("default/disk/root", secret)
        with Client(self.server, Upstream(private)) as client:
            answer = client.handshake().get("default/disk/root")
        self.assertEqual(answer.status, 200)
        done = subprocess.run(["/usr/bin/python3", "-B", "upstream_jose.py"],
                              input=json.dumps({"key": private, "jwe": answer.json()}),
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(base64.b64decode(done.stdout), secret)

    def test_p256(self):
        self.opened(KEY_P256, b"latchkey passphrase \0\x01\xff")

    def test_p521(self):
        # every second shared secret starts with a zero byte
        for _ in range(6):
            self.opened(KEY_P521, os.urandom(33))

    def test_rsa(self):
        with open("rsa.json") as f:
            self.opened(json.load(f), bytes(range(256)) * 4)
