# SPDX-License-Identifier: Apache-2.0
"""Elliptic curves in plain Python, for tests only: nothing here is constant in time."""

import hashlib
import secrets


class Curve:
    """A short Weierstrass curve with a = -3 and cofactor one (FIPS 186-4)."""

    def __init__(self, name, p, b, n, gx, gy, oid):
        self.name, self.p, self.b, self.n, self.g, self.oid = name, p, b, n, (gx, gy), oid
        self.size = (p.bit_length() + 7) // 8

    def holds(self, pt):
        x, y = pt
        return 0 <= x < self.p and (y * y - (x * x * x - 3 * x + self.b)) % self.p == 0

    def _double(self, pt):
        x, y, z = pt
        if not y:
            return (0, 1, 0)
        p = self.p
        m = 3 * (x - z * z) * (x + z * z) % p
        s = 4 * x * y * y % p
        nx = (m * m - 2 * s) % p
        return nx, (m * (s - nx) - 8 * pow(y, 4, p)) % p, 2 * y * z % p

    def _add(self, a, b):
        if not a[2]:
            return b
        if not b[2]:
            return a
        p = self.p
        z1, z2 = a[2] * a[2] % p, b[2] * b[2] % p
        u1, u2 = a[0] * z2 % p, b[0] * z1 % p
        s1, s2 = a[1] * z2 * b[2] % p, b[1] * z1 * a[2] % p
        if u1 == u2:
            return self._double(a) if s1 == s2 else (0, 1, 0)
        h, r = (u2 - u1) % p, (s2 - s1) % p
        h2 = h * h % p
        h3, u = h * h2 % p, u1 * h2 % p
        x = (r * r - h3 - 2 * u) % p
        return x, (r * (u - x) - s1 * h3) % p, h * a[2] * b[2] % p

    def mul(self, k, pt):
        acc, base = (0, 1, 0), (pt[0], pt[1], 1)
        while k:
            if k & 1:
                acc = self._add(acc, base)
            base = self._double(base)
            k >>= 1
        inv = pow(acc[2], -1, self.p)
        return acc[0] * inv * inv % self.p, acc[1] * pow(inv, 3, self.p) % self.p

    def generate(self):
        d = 1 + secrets.randbelow(self.n - 1)
        return d, self.mul(d, self.g)

    def sign(self, d, data, digest=hashlib.sha256):
        """ECDSA: (r, s)."""
        z = int.from_bytes(digest(data).digest(), "big")
        while True:
            k, (x, _) = self.generate()
            r = x % self.n
            s = pow(k, -1, self.n) * (z + r * d) % self.n
            if r and s:
                return r, s


P256 = Curve(
    "P-256",
    0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF,
    0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
    0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
    "1.2.840.10045.3.1.7",
)
P521 = Curve(
    "P-521",
    2**521 - 1,
    0x51953EB9618E1C9A1F929A21A0B68540EEA2DA725B99B315F3B8B489918EF109E156193951EC7E937B1652C0BD3BB1BF073573DF883D2C34F1EF451FD46B503F00,
    0x1FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFA51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409,
    0xC6858E06B70404E9CD9E3ECB662395B4429C648139053FB521F828AF606B4D3DBAA14B5E77EFE75928FE1DC127A2FFA8DE3348B3C1856A429BF97E7E31C2E5BD66,
    0x11839296A789A3BC0045C8A5FB42C7D1BD998F54449579B446817AFBD17273E662C97EE72995EF42640C550B9013FAD0761353C7086A272C24088BE94769FD16650,
    "1.3.132.0.35",
)
CURVES = {c.name: c for c in (P256, P521)}
