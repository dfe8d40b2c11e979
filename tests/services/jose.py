# SPDX-License-Identifier: Apache-2.0
"""The client's half of JOSE, in Python alone: an implementation of its own to test the server's with.

EC keys on P-256 and P-521, ECDH-ES+A256KW, RSA-OAEP-256, A256GCM (RFC 7516, 7518). Slow and not
constant in time; for tests only.
"""
import base64
import hashlib
import json
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "fakes"))
import aes  # noqa: E402
from ec import P256, P521  # noqa: E402


def b64u(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64u(text):
    if "=" in text:
        raise ValueError("padding, which no client of the protocol accepts")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def canonical(value):
    """RFC 8785 for the shapes of the protocol."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


class EcKey:
    alg = "ECDH-ES+A256KW"

    def __init__(self, curve=P256):
        self.curve = curve
        self.d, (self.x, self.y) = curve.generate()

    def jwk(self):
        size = self.curve.size
        return {"kty": "EC", "crv": self.curve.name, "alg": self.alg,
                "x": b64u(self.x.to_bytes(size, "big")), "y": b64u(self.y.to_bytes(size, "big"))}

    def unwrap(self, header, encrypted_key):
        epk = header["epk"]
        if list(epk) != ["crv", "kty", "x", "y"] or epk["crv"] != self.curve.name:
            raise ValueError("epk is not as clients rebuild it")
        point = tuple(int.from_bytes(unb64u(epk[c]), "big") for c in "xy")
        if not self.curve.holds(point):
            raise ValueError("epk is not on the curve")
        z = self.curve.mul(self.d, point)[0].to_bytes(self.curve.size, "big")
        alg = self.alg.encode()
        info = struct.pack(">I", len(alg)) + alg + bytes(8) + struct.pack(">I", 256)
        kek = hashlib.sha256(b"\0\0\0\1" + z + info).digest()
        return key_unwrap(kek, encrypted_key)


class RsaKey:
    """A throw-away key, so that nobody has to search for primes while the tests run."""
    alg = "RSA-OAEP-256"

    def __init__(self, jwk):
        self.n, self.e, self.d = (int.from_bytes(unb64u(jwk[c]), "big") for c in "ned")

    def jwk(self):
        return {"kty": "RSA", "alg": self.alg, "n": b64u(self.n.to_bytes(256, "big")), "e": "AQAB"}

    def unwrap(self, header, encrypted_key):
        em = pow(int.from_bytes(encrypted_key, "big"), self.d, self.n).to_bytes(256, "big")
        seed = xor(em[1:33], mgf1(em[33:], 32))
        db = xor(em[33:], mgf1(seed, 223))
        if em[0] or db[:32] != hashlib.sha256(b"").digest():
            raise ValueError("OAEP does not fit")
        return db[32:].lstrip(b"\0")[1:]


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


def mgf1(seed, n):
    out = b""
    for i in range((n + 31) // 32):
        out += hashlib.sha256(seed + struct.pack(">I", i)).digest()
    return out[:n]


# --- AES ------------------------------------------------------------------------------------------

INV_SBOX = [aes.SBOX.index(i) for i in range(256)]


def times(a, b):
    """In the field of AES."""
    out = 0
    while b:
        if b & 1:
            out ^= a
        a = (a << 1) ^ (0x11b if a & 0x80 else 0)
        b >>= 1
    return out


class Aes(aes.Aes):
    def decrypt(self, data):
        s = list(data)
        for r in range(self.rounds, 0, -1):
            s = xor(s, self.keys[r])
            if r < self.rounds:
                s = [self.unmix(s, c) for c in range(16)]
            s = [INV_SBOX[s[(i - 4 * (i % 4)) % 16]] for i in range(16)]
        return xor(s, self.keys[0])

    @staticmethod
    def unmix(s, c):
        column, out = c // 4 * 4, 0
        for i, factor in enumerate((14, 11, 13, 9)):
            out ^= times(s[column + (c + i) % 4], factor)
        return out


def key_unwrap(kek, wrapped):
    """RFC 3394."""
    cipher = Aes(kek)
    a, r = wrapped[:8], [wrapped[i:i + 8] for i in range(8, len(wrapped), 8)]
    for j in range(5, -1, -1):
        for i in range(len(r), 0, -1):
            block = cipher.decrypt(xor(a, struct.pack(">Q", len(r) * j + i)) + r[i - 1])
            a, r[i - 1] = block[:8], block[8:]
    if a != b"\xa6" * 8:
        raise ValueError("the wrapped key does not open")
    return b"".join(r)


def gcm_open(key, iv, aad, data, tag):
    plain, _ = aes.gcm_seal(key, iv, aad, data)  # a stream cipher: the way back is the way there
    if aes.gcm_seal(key, iv, aad, plain) != (data, tag):
        raise ValueError("the tag does not fit")
    return plain


def jwe_open(key, jwe):
    """As the protocol's real clients do it: the header is parsed, written anew and then authenticated."""
    header = json.loads(unb64u(jwe["protected"]))
    again = {"alg": header["alg"], "enc": header["enc"]}
    again.update(sorted((k, v) for k, v in header.items() if k not in again))
    aad = b64u(json.dumps(again, separators=(",", ":")).encode())
    if header["enc"] != "A256GCM" or header["alg"] != key.alg:
        raise ValueError("another algorithm")
    cek = key.unwrap(header, unb64u(jwe["encrypted_key"]))
    return gcm_open(cek, unb64u(jwe["iv"]), aad.encode(), unb64u(jwe["ciphertext"]), unb64u(jwe["tag"]))
