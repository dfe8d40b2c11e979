# SPDX-License-Identifier: Apache-2.0
"""The client's half of JOSE, in Python alone: an implementation of its own to test the server's with.

EC keys on P-256 and P-521, ECDH-ES+A256KW, RSA-OAEP-256, A256GCM (RFC 7516, 7518). Slow and not
constant in time; for tests only.
"""
import base64
import hashlib
import json
import secrets
import struct


def b64u(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64u(text):
    if "=" in text:
        raise ValueError("padding, which no client of the protocol accepts")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def canonical(value):
    """RFC 8785 for the shapes of the protocol."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


# --- elliptic curves ------------------------------------------------------------------------------

P521_B = int("051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0b"
             "d3bb1bf073573df883d2c34f1ef451fd46b503f00", 16)
P521_GX = int("c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e77efe75928fe1dc12"
              "7a2ffa8de3348b3c1856a429bf97e7e31c2e5bd66", 16)
P521_GY = int("11839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e662c97ee72995ef42640c550b90"
              "13fad0761353c7086a272c24088be94769fd16650", 16)
P521_N = int("1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc01"
             "48f709a5d03bb5c9b8899c47aebb6fb71e91386409", 16)


class Curve:
    def __init__(self, name, p, b, g, n, size):
        self.name, self.p, self.b, self.g, self.n, self.size = name, p, b, g, n, size

    def on_curve(self, point):
        x, y = point
        return (y * y - (x * x * x - 3 * x + self.b)) % self.p == 0

    def add(self, a, b):
        if a is None:
            return b
        if b is None:
            return a
        if a[0] == b[0] and (a[1] + b[1]) % self.p == 0:
            return None
        if a == b:
            m = (3 * a[0] * a[0] - 3) * pow(2 * a[1], -1, self.p)
        else:
            m = (b[1] - a[1]) * pow(b[0] - a[0], -1, self.p)
        x = (m * m - a[0] - b[0]) % self.p
        return x, (m * (a[0] - x) - a[1]) % self.p

    def times(self, k, point):
        out = None
        while k:
            if k & 1:
                out = self.add(out, point)
            point = self.add(point, point)
            k >>= 1
        return out


P256 = Curve("P-256",
             0xffffffff00000001000000000000000000000000ffffffffffffffffffffffff,
             0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b,
             (0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296,
              0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5),
             0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551, 32)
P521 = Curve("P-521", (1 << 521) - 1, P521_B, (P521_GX, P521_GY), P521_N, 66)


class EcKey:
    alg = "ECDH-ES+A256KW"

    def __init__(self, curve=P256):
        self.curve = curve
        self.d = secrets.randbelow(curve.n - 1) + 1
        self.x, self.y = curve.times(self.d, curve.g)

    def jwk(self):
        size = self.curve.size
        return {"kty": "EC", "crv": self.curve.name, "alg": self.alg,
                "x": b64u(self.x.to_bytes(size, "big")), "y": b64u(self.y.to_bytes(size, "big"))}

    def unwrap(self, header, encrypted_key):
        epk = header["epk"]
        if list(epk) != ["crv", "kty", "x", "y"] or epk["crv"] != self.curve.name:
            raise ValueError("epk is not as clients rebuild it")
        point = tuple(int.from_bytes(unb64u(epk[c]), "big") for c in "xy")
        if not self.curve.on_curve(point):
            raise ValueError("epk is not on the curve")
        z = self.curve.times(self.d, point)[0].to_bytes(self.curve.size, "big")
        alg = self.alg.encode()
        info = struct.pack(">I", len(alg)) + alg + bytes(8) + struct.pack(">I", 256)
        kek = hashlib.sha256(b"\0\0\0\1" + z + info).digest()
        return aes_unwrap(kek, encrypted_key)


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

def gf_mul(a, b):
    out = 0
    while b:
        if b & 1:
            out ^= a
        a = (a << 1) ^ (0x11b if a & 0x80 else 0)
        b >>= 1
    return out


def make_sbox():
    box = []
    for value in range(256):
        inv = next((i for i in range(256) if gf_mul(value, i) == 1), 0)
        out = 0x63
        for shift in range(5):
            out ^= ((inv << shift) | (inv >> (8 - shift))) & 0xff
        box.append(out)
    return box


SBOX = make_sbox()
INV_SBOX = [SBOX.index(i) for i in range(256)]


class Aes256:
    def __init__(self, key):
        words = [list(key[i:i + 4]) for i in range(0, 32, 4)]
        rcon = 1
        for i in range(8, 60):
            word = list(words[-1])
            if i % 8 == 0:
                word = [SBOX[b] for b in word[1:] + word[:1]]
                word[0] ^= rcon
                rcon = gf_mul(rcon, 2)
            elif i % 8 == 4:
                word = [SBOX[b] for b in word]
            words.append([a ^ b for a, b in zip(words[-8], word)])
        self.round_keys = [sum(words[i:i + 4], []) for i in range(0, 60, 4)]

    def encrypt(self, block):
        s = xor(block, self.round_keys[0])
        for i in range(1, 15):
            s = [SBOX[s[(4 * (j // 4 + j % 4) + j % 4) % 16]] for j in range(16)]
            if i < 14:
                s = self.mix(s, (2, 3, 1, 1))
            s = xor(s, self.round_keys[i])
        return bytes(s)

    def decrypt(self, block):
        s = block
        for i in range(14, 0, -1):
            s = xor(s, self.round_keys[i])
            if i < 14:
                s = self.mix(s, (14, 11, 13, 9))
            s = [INV_SBOX[s[(4 * (j // 4 - j % 4) + j % 4) % 16]] for j in range(16)]
        return xor(s, self.round_keys[0])

    @staticmethod
    def mix(s, by):
        out = []
        for col in range(0, 16, 4):
            for row in range(4):
                value = 0
                for i in range(4):
                    value ^= gf_mul(s[col + i], by[(i - row) % 4])
                out.append(value)
        return out


def aes_unwrap(kek, wrapped):
    """RFC 3394."""
    aes = Aes256(kek)
    n = len(wrapped) // 8 - 1
    a, r = wrapped[:8], [wrapped[8 * i:8 * i + 8] for i in range(1, n + 1)]
    for j in range(5, -1, -1):
        for i in range(n, 0, -1):
            t = struct.pack(">Q", n * j + i)
            block = aes.decrypt(xor(a, t) + r[i - 1])
            a, r[i - 1] = block[:8], block[8:]
    if a != b"\xa6" * 8:
        raise ValueError("the wrapped key does not open")
    return b"".join(r)


def ghash(h, data):
    h = int.from_bytes(h, "big")
    y = 0
    for i in range(0, len(data), 16):
        y ^= int.from_bytes(data[i:i + 16].ljust(16, b"\0"), "big")
        z, v = 0, h
        for bit in range(127, -1, -1):
            if y >> bit & 1:
                z ^= v
            v = v >> 1 ^ (0xe1 << 120 if v & 1 else 0)
        y = z
    return y.to_bytes(16, "big")


def gcm_open(key, iv, aad, data, tag):
    aes = Aes256(key)
    pad = lambda b: b + bytes(-len(b) % 16)
    s = ghash(aes.encrypt(bytes(16)), pad(aad) + pad(data) + struct.pack(">QQ", 8 * len(aad), 8 * len(data)))
    if xor(s, aes.encrypt(iv + b"\0\0\0\1")) != tag:
        raise ValueError("the tag does not fit")
    stream = b"".join(aes.encrypt(iv + struct.pack(">I", 2 + i)) for i in range((len(data) + 15) // 16))
    return xor(data, stream)


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
