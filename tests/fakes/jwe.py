# SPDX-License-Identifier: Apache-2.0
"""Flattened JWE as key brokers make it, sealed to a TEE key; an implementation of its own, so
that the agent is not only tested against itself."""

import base64
import hashlib
import json
import secrets

import aes
import ec


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _compact(value):
    return json.dumps(value, separators=(",", ":")).encode()


def _ecdh(jwk, cek, crv=None):
    curve = ec.CURVES[jwk["crv"]]
    peer = tuple(int.from_bytes(unb64(jwk[m]), "big") for m in "xy")
    assert curve.holds(peer), "TEE key is not on its curve"
    assert len(unb64(jwk["x"])) == len(unb64(jwk["y"])) == curve.size
    d, pub = curve.generate()
    z = curve.mul(d, peer)[0].to_bytes(curve.size, "big")
    alg = b"ECDH-ES+A256KW"
    info = len(alg).to_bytes(4, "big") + alg + bytes(8) + (256).to_bytes(4, "big")
    kek = hashlib.sha256(b"\0\0\0\1" + z + info).digest()
    x, y = (b64(v.to_bytes(curve.size, "big")) for v in pub)
    header = {
        "alg": alg.decode(),
        "enc": "A256GCM",
        "epk": {"crv": crv or curve.name, "kty": "EC", "x": x, "y": y},
    }
    return header, aes.key_wrap(kek, cek)


def _mgf1(seed, n):
    out = b""
    while len(out) < n:
        out += hashlib.sha256(seed + (len(out) // 32).to_bytes(4, "big")).digest()
    return out[:n]


def _xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


def _oaep(jwk, cek):
    n, e = (int.from_bytes(unb64(jwk[m]), "big") for m in "ne")
    size = (n.bit_length() + 7) // 8
    db = hashlib.sha256(b"").digest() + bytes(size - len(cek) - 66) + b"\1" + cek
    seed = secrets.token_bytes(32)
    masked = _xor(db, _mgf1(seed, len(db)))
    em = b"\0" + _xor(seed, _mgf1(masked, 32)) + masked
    c = pow(int.from_bytes(em, "big"), e, n).to_bytes(size, "big")
    return {"alg": "RSA-OAEP-256", "enc": "A256GCM"}, c


def seal_legacy(jwk, plain):
    """As brokers of protocol 0.1.x do it, which is like no RFC."""
    cek, iv = secrets.token_bytes(32), secrets.token_bytes(12)
    n, e = (int.from_bytes(unb64(jwk[m]), "big") for m in "ne")
    size = (n.bit_length() + 7) // 8
    filler = bytes(1 + secrets.randbelow(255) for _ in range(size - len(cek) - 3))
    em = b"\0\2" + filler + b"\0" + cek
    ct, tag = aes.gcm_seal(cek, iv, b"", plain)
    return {
        "protected": _compact({"alg": "RSA1_5", "enc": "A256GCM"}).decode(),
        "encrypted_key": b64(pow(int.from_bytes(em, "big"), e, n).to_bytes(size, "big")),
        "iv": b64(iv),
        "ciphertext": b64(ct + tag),
        "tag": "",
    }


def seal(jwk, plain, alg=None, crv=None):
    """alg, crv: lie about them in the header."""
    cek, iv = secrets.token_bytes(32), secrets.token_bytes(12)
    header, wrapped = _oaep(jwk, cek) if jwk["kty"] == "RSA" else _ecdh(jwk, cek, crv)
    if alg:
        header["alg"] = alg
    protected = b64(_compact(header))
    ct, tag = aes.gcm_seal(cek, iv, protected.encode(), plain)
    return {
        "protected": protected,
        "encrypted_key": b64(wrapped),
        "iv": b64(iv),
        "ciphertext": b64(ct),
        "tag": b64(tag),
    }
