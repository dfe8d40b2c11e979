# SPDX-License-Identifier: Apache-2.0
"""Throw-away certificates with any dates, made in plain Python when a test starts."""

import base64
import hashlib
import ipaddress
import secrets
import time

import ec


def _tlv(tag, *parts):
    body = b"".join(parts)
    if len(body) < 128:
        return bytes([tag, len(body)]) + body
    n = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(n)]) + n + body


def _int(v):
    return _tlv(2, v.to_bytes(v.bit_length() // 8 + 1, "big"))


def _oid(text):
    a, b, *rest = map(int, text.split("."))
    out = bytes([a * 40 + b])
    for v in rest:
        chunk = [v & 0x7F]
        while v := v >> 7:
            chunk.append(0x80 | v & 0x7F)
        out += bytes(reversed(chunk))
    return _tlv(6, out)


def _time(t):
    return _tlv(0x18, time.strftime("%Y%m%d%H%M%SZ", time.gmtime(t)).encode())


def _name(cn):
    return _tlv(0x30, _tlv(0x31, _tlv(0x30, _oid("2.5.4.3"), _tlv(0x0C, cn.encode()))))


def _spki(pub):
    point = b"\x00\x04" + b"".join(v.to_bytes(32, "big") for v in pub)
    alg = _tlv(0x30, _oid("1.2.840.10045.2.1"), _oid(ec.P256.oid))
    return _tlv(0x30, alg, _tlv(3, point))


def _ext(oid, value, critical=False):
    return _tlv(0x30, _oid(oid), _tlv(1, b"\xff") if critical else b"", _tlv(4, value))


def _alt(name):
    try:
        return _tlv(0x87, ipaddress.ip_address(name).packed)
    except ValueError:
        return _tlv(0x82, name.encode())


def pem(kind, der):
    text = base64.encodebytes(der).decode().replace("\n", "")
    lines = [text[i : i + 64] for i in range(0, len(text), 64)]
    return "-----BEGIN %s-----\n%s\n-----END %s-----\n" % (kind, "\n".join(lines), kind)


class Entity:
    """A key pair with a certificate. issuer None: a CA of its own. weak: signed over SHA-1."""

    def __init__(self, cn, issuer=None, names=(), start=-3600, end=86400, weak=False):
        self.cn, (self.d, self.pub) = cn, ec.P256.generate()
        now = time.time()
        signer = issuer or self
        alg = _tlv(0x30, _oid("1.2.840.10045.4.1" if weak else "1.2.840.10045.4.3.2"))
        digest = hashlib.sha1 if weak else hashlib.sha256
        if issuer:
            exts = _ext("2.5.29.17", _tlv(0x30, *map(_alt, names)))
        else:
            exts = _ext("2.5.29.19", _tlv(0x30, _tlv(1, b"\xff")), True)
        tbs = _tlv(
            0x30,
            _tlv(0xA0, _int(2)),
            _int(secrets.randbits(120) | 1),
            alg,
            _name(signer.cn),
            _tlv(0x30, _time(now + start), _time(now + end)),
            _name(cn),
            _spki(self.pub),
            _tlv(0xA3, _tlv(0x30, exts)),
        )
        sig = _tlv(0x30, *map(_int, ec.P256.sign(signer.d, tbs, digest)))
        self.cert = pem("CERTIFICATE", _tlv(0x30, tbs, alg, _tlv(3, b"\0" + sig)))

    def key(self):
        der = _tlv(
            0x30, _int(1), _tlv(4, self.d.to_bytes(32, "big")), _tlv(0xA0, _oid(ec.P256.oid))
        )
        return pem("EC PRIVATE KEY", der)

    def pin(self):
        digest = hashlib.sha256(_spki(self.pub)).digest()
        return "sha256//" + base64.b64encode(digest).decode()
