# SPDX-License-Identifier: Apache-2.0
"""JOSE between jose_tool (ours) and jwcrypto: each opens, verifies or refuses what the other made.

usage: test_jose.py JOSE_TOOL        prints TAP
"""

import functools
import json
import os
import subprocess
import sys
import tempfile

from jwcrypto import jwe, jwk, jws
from jwcrypto.common import base64url_decode, base64url_encode

TAMPERED = 5
# plain P-521 secrets start with a zero byte every second time, P-256 ones every 256th
ROUNDS = {"P-256": 12, "P-521": 12}
PLAINTEXTS = {
    "empty": b"",
    "one NUL": b"\0",
    "binary": bytes(range(256)) + b"\n",
    "large": os.urandom(200_000),
}

tool = ""
folder = ""
results = []


def case(name, passed, why=""):
    results.append(passed)
    print(f"{'ok' if passed else 'not ok'} {len(results)} - {name}")
    if not passed and why:
        print(f"# {why}")


def ours(command, key, data):
    path = os.path.join(folder, "key")
    with open(path, "w", encoding="ascii") as f:
        f.write(key)
    done = subprocess.run([tool, command, path], input=data, capture_output=True, check=False)
    return done.returncode, done.stdout, done.stderr.decode("ascii", "replace").strip()


@functools.cache
def rsa_key(size):
    return jwk.JWK.generate(kty="RSA", size=size)  # takes too long to make one for each case


def new_key(kind):
    if kind.startswith("RSA"):
        return rsa_key(int(kind[3:]))
    return jwk.JWK.generate(kty="EC", crv=kind)


def algorithm(kind):
    return "RSA-OAEP-256" if kind.startswith("RSA") else "ECDH-ES+A256KW"


def flattened(plaintext, key, header):
    """As the key broker sends it: everything in the protected header, five members."""
    token = jwe.JWE(plaintext, json.dumps(header))
    token.add_recipient(key)
    names = ("protected", "encrypted_key", "iv", "ciphertext", "tag")
    return json.dumps(dict(zip(names, token.serialize(compact=True).split("."))))


def theirs_to_ours(name, kind, plaintext):
    key = new_key(kind)
    text = flattened(plaintext, key, {"alg": algorithm(kind), "enc": "A256GCM"})
    status, out, why = ours("open", key.export_private(), text.encode())
    case(f"opened by us: {name}", status == 0 and out == plaintext, why)


def ours_to_theirs(name, kind, plaintext):
    key = new_key(kind)
    status, out, why = ours("seal", key.export_public(), plaintext)
    got = None
    if status == 0:
        token = jwe.JWE()
        token.deserialize(out.decode("ascii"), key)
        got = token.payload
    case(f"opened by them: {name}", got == plaintext, why)


def refused(name, kind, header, change=None):
    key = new_key(kind)
    text = flattened(b"secret", key, header)
    if change:
        text = change(text)
    status, out, why = ours("open", key.export_private(), text.encode())
    case(f"refused: {name}", status == TAMPERED and out == b"", f"status {status}: {why}")


def with_white_space(text):
    """The same header in other words: it is no longer what was authenticated."""
    doc = json.loads(text)
    header = json.loads(base64url_decode(doc["protected"]))
    doc["protected"] = base64url_encode(json.dumps(header, indent=1))
    return json.dumps(doc)


def refusals():
    good = {"alg": "ECDH-ES+A256KW", "enc": "A256GCM"}
    refused("direct agreement", "P-256", {**good, "alg": "ECDH-ES"})
    refused("A128KW", "P-256", {**good, "alg": "ECDH-ES+A128KW"})
    refused("A128GCM", "P-256", {**good, "enc": "A128GCM"})
    refused("CBC with HMAC", "P-256", {**good, "enc": "A256CBC-HS512"})
    refused("P-384", "P-384", good)
    refused("party information", "P-256", {**good, "apu": "QQ", "apv": "Qg"})
    refused("compressed", "P-256", {**good, "zip": "DEF"})
    refused("RSA-OAEP with SHA-1", "RSA2048", {**good, "alg": "RSA-OAEP"})
    refused("header written anew", "P-256", good, with_white_space)


def signatures():
    key = jwk.JWK.generate(kty="EC", crv="P-256")
    payload = b'{"iss":"latchkey","exp":4102444800}'
    status, out, why = ours("sign", key.export_private(), payload)
    got = None
    if status == 0:
        token = jws.JWS()
        token.deserialize(out.decode("ascii"), key, alg="ES256")
        got = token.payload
    case("verified by them", got == payload, why)

    token = jws.JWS(payload)
    token.add_signature(key, protected=json.dumps({"alg": "ES256", "kid": "k1"}))
    text = token.serialize(compact=True).encode()
    status, out, why = ours("verify", key.export_public(), text)
    case("verified by us", status == 0 and out == payload, why)

    other = jwk.JWK.generate(kty="EC", crv="P-256")
    status, out, why = ours("verify", other.export_public(), text)
    case("refused: signed by another", status == TAMPERED and out == b"", why)


def thumbprints():
    for kind in ("P-256", "P-384", "P-521", "RSA2048", "RSA3072"):
        key = new_key(kind)
        status, out, why = ours("thumbprint", key.export_public(), b"")
        case(f"thumbprint: {kind}", status == 0 and out.decode() == key.thumbprint(), why)


def main():
    global tool, folder
    tool = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("P-256", "P-521", "RSA2048", "RSA3072"):
            for name, plaintext in PLAINTEXTS.items():
                if kind.startswith("RSA") and name not in ("empty", "binary"):
                    continue
                theirs_to_ours(f"{kind}, {name}", kind, plaintext)
                if plaintext:  # jwcrypto takes an empty one for a failure
                    ours_to_theirs(f"{kind}, {name}", kind, plaintext)
        for kind, rounds in ROUNDS.items():
            for i in range(rounds):
                theirs_to_ours(f"{kind}, round {i + 1}", kind, b"again")
        refusals()
        signatures()
        thumbprints()
    print(f"1..{len(results)}")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
