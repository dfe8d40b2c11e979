# SPDX-License-Identifier: Apache-2.0
"""The calls of a dedicated instance that gives a secret only to who proves what runs there: every
member of the proof is checked, and the secret leaves under the key in it (RFC 8017, OAEP)."""
import base64
import hashlib
import json
import secrets

CHALLENGES = {}  # nonce: token, each good for one proof


def b64(text, padded):
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    again = base64.urlsafe_b64encode(data).decode()
    assert text == (again if padded else again.rstrip("=")), "base64"
    return data


def only(obj, *names):
    assert sorted(obj) == sorted(names), sorted(obj)
    return obj


def mgf1(seed, n):
    out = b""
    for i in range(-(-n // 32)):
        out += hashlib.sha256(seed + i.to_bytes(4, "big")).digest()
    return out[:n]


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


def oaep(n, e, data):
    size = (n.bit_length() + 7) // 8
    block = hashlib.sha256(b"").digest() + bytes(size - len(data) - 66) + b"\x01" + data
    seed = secrets.token_bytes(32)
    masked = xor(block, mgf1(seed, len(block)))
    whole = b"\0" + xor(seed, mgf1(masked, 32)) + masked
    return pow(int.from_bytes(whole, "big"), e, n).to_bytes(size, "big")


def recipient_key(text):
    """The key of a Recipient whose proof holds."""
    r = only(json.loads(text), "type", "KeyEncryptionAlgorithm", "attestationDocument")
    assert r["type"] == "Trustee" and r["KeyEncryptionAlgorithm"] == "RSAES_OAEP_SHA_256"
    doc = only(json.loads(b64(r["attestationDocument"], True)), "tee", "evidence", "runtime_data",
               "runtime_data_hash_algorithm")
    assert doc["tee"] == "sample" and doc["runtime_data_hash_algorithm"] == "sha384"
    data = only(only(doc["runtime_data"], "structured")["structured"], "challenge_token", "nonce",
                "tee-pubkey")
    assert CHALLENGES.pop(data["nonce"], None) == data["challenge_token"], "challenge"
    canonical = json.dumps(data, sort_keys=True, separators=(",", ":")).encode()
    evidence = only(json.loads(b64(doc["evidence"], False)), "svn", "report_data")
    bound = base64.b64decode(evidence["report_data"], validate=True)
    assert bound == hashlib.sha384(canonical).digest(), "report data"
    key = only(data["tee-pubkey"], "alg", "k-exp", "k-mod")
    assert key["alg"] == "RSA" and key["k-exp"] == "AQAB"
    n = b64(key["k-mod"], False)
    assert len(n) == 256 and n[0] >= 0x80
    return int.from_bytes(n, "big")


def instance(handler, p, hooks):
    need = hooks["need"]
    need("RegionId" not in p and "SignatureType" not in p and p["Format"] == "JSON",
         "InvalidParameter", "the gateway's parameters")
    need(handler.path == "/", "InvalidParameter", "parameters in the address")
    if p["Action"] == "GetChallenge":
        nonce, token = secrets.token_hex(16), secrets.token_urlsafe(48)
        CHALLENGES[nonce] = token
        hooks["count"]("GetChallenge")
        return reply({"Nonce": nonce, "ChallengeToken": token})
    need(p["Action"] == "GetSecretValue" and "Recipient" in p, "InvalidAction.NotFound", "action")
    need(p.get("FetchExtendedConfig") == "true", "InvalidParameter", "FetchExtendedConfig")
    try:
        n = recipient_key(p["Recipient"])
    except (AssertionError, ValueError, KeyError, TypeError) as e:
        need(False, "Forbidden.NoPermission", f"proof: {e!r}", 403)
    _, _, text = hooks["find_secret"](p.get("SecretName"), p.get("VersionStage"),
                                      p.get("VersionId"))
    hooks["count"]("attested")
    other = hooks["modes"]["instance"] == "other-key"  # sealed for somebody else
    return reply({"SecretName": p["SecretName"], "CiphertextForRecipient": base64.b64encode(
        oaep(n - (2 if other else 0), 65537, text.encode())).decode()})


def reply(body):
    return 200, "application/json", json.dumps(body | {"RequestId": "request-8"}).encode()
