# SPDX-License-Identifier: Apache-2.0
"""AES, GCM and key wrap in plain Python, encryption only; for tests."""


def _xtime(a):
    return ((a << 1) ^ 0x1B) & 0xFF if a & 0x80 else a << 1


def _make_sbox():
    sbox, p, q = [0] * 256, 1, 1
    while True:
        p ^= _xtime(p)
        q ^= q << 1
        q ^= q << 2
        q ^= q << 4
        q &= 0xFF
        if q & 0x80:
            q ^= 0x09
        x = q
        for n in (1, 2, 3, 4):
            x ^= ((q << n) | (q >> (8 - n))) & 0xFF
        sbox[p] = x ^ 0x63
        if p == 1:
            break
    sbox[0] = 0x63
    return sbox


SBOX = _make_sbox()


class Aes:
    def __init__(self, key):
        words = [list(key[i : i + 4]) for i in range(0, len(key), 4)]
        n, rcon = len(words), 1
        self.rounds = n + 6
        while len(words) < 4 * (self.rounds + 1):
            w = words[-1]
            if len(words) % n == 0:
                w = [SBOX[b] for b in w[1:] + w[:1]]
                w[0] ^= rcon
                rcon = _xtime(rcon)
            elif n > 6 and len(words) % n == 4:
                w = [SBOX[b] for b in w]
            words.append([a ^ b for a, b in zip(words[-n], w)])
        self.keys = [sum(words[4 * i : 4 * i + 4], []) for i in range(self.rounds + 1)]

    def block(self, data):
        s = [a ^ b for a, b in zip(data, self.keys[0])]
        for r in range(1, self.rounds + 1):
            s = [SBOX[s[(i + 4 * (i % 4)) % 16]] for i in range(16)]
            if r < self.rounds:
                s = [v for c in range(4) for v in self._mix(s[4 * c : 4 * c + 4])]
            s = [a ^ b for a, b in zip(s, self.keys[r])]
        return bytes(s)

    @staticmethod
    def _mix(c):
        t = c[0] ^ c[1] ^ c[2] ^ c[3]
        return [c[i] ^ t ^ _xtime(c[i] ^ c[(i + 1) % 4]) for i in range(4)]


def _ghash(h, data):
    y = 0
    for i in range(0, len(data), 16):
        y ^= int.from_bytes(data[i : i + 16], "big")
        z, v = 0, h
        for bit in range(127, -1, -1):
            if y >> bit & 1:
                z ^= v
            v = (v >> 1) ^ (0xE1 << 120 if v & 1 else 0)
        y = z
    return y


def gcm_seal(key, iv, aad, plain):
    """(ciphertext, tag); iv of 12 bytes."""
    aes = Aes(key)
    h = int.from_bytes(aes.block(bytes(16)), "big")
    stream = b"".join(
        aes.block(iv + (i + 2).to_bytes(4, "big")) for i in range((len(plain) + 15) // 16)
    )
    ct = bytes(a ^ b for a, b in zip(plain, stream))
    pad = lambda b: b + bytes(-len(b) % 16)
    lengths = (len(aad) * 8).to_bytes(8, "big") + (len(ct) * 8).to_bytes(8, "big")
    tag = _ghash(h, pad(aad) + pad(ct) + lengths)
    tag ^= int.from_bytes(aes.block(iv + (1).to_bytes(4, "big")), "big")
    return ct, tag.to_bytes(16, "big")


def key_wrap(kek, key):
    """RFC 3394."""
    aes = Aes(kek)
    a, r = b"\xa6" * 8, [key[i : i + 8] for i in range(0, len(key), 8)]
    for j in range(6):
        for i in range(len(r)):
            b = aes.block(a + r[i])
            a = (int.from_bytes(b[:8], "big") ^ (len(r) * j + i + 1)).to_bytes(8, "big")
            r[i] = b[8:]
    return a + b"".join(r)
