# SPDX-License-Identifier: Apache-2.0
"""jwcrypto, another implementation of JOSE, for a test that runs under a Python without it.

Reads {"key": JWK, "jwe": JWE} and prints the plaintext in base64; the header is not written anew."""
import base64
import json
import sys

from jwcrypto import jwe, jwk

asked = json.load(sys.stdin)
token = jwe.JWE(algs=["ECDH-ES+A256KW", "RSA-OAEP-256", "A256GCM"])
token.deserialize(json.dumps(asked["jwe"]), jwk.JWK(**asked["key"]))
print(base64.b64encode(token.payload).decode())
