# SPDX-License-Identifier: Apache-2.0
"""Looks for secrets in what a guest left behind."""

import base64
import mmap
import re

# A JSON web token: three base64url parts, the first two beginning like '{"'.
TOKEN = re.compile(rb"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{20,}")


def spellings(secret):
    """The ways in which bytes show up in text and binary files."""
    yield "raw", secret
    yield "hex", secret.hex().encode()
    yield "upper-case hex", secret.hex().upper().encode()
    for shift in range(3):  # base64 of the secret inside something longer
        whole = base64.b64encode(b"\0" * shift + secret + b"\0\0")
        body = whole[shift * 4 // 3 + 2:-6]
        yield "base64", body
        yield "base64url", body.translate(bytes.maketrans(b"+/", b"-_"))


def find(path, secrets, tokens=True):
    """[(what, offset, surroundings)] of every secret in a file. `secrets`: {what: bytes}."""
    found = []
    with open(path, "rb") as source:
        if path.stat().st_size == 0:
            return found
        with mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ) as data:
            for what, secret in secrets.items():
                for spelling, needle in spellings(secret):
                    at = data.find(needle)
                    if at >= 0:
                        near = data[max(0, at - 60):at + 80]
                        found.append((f"{what} ({spelling})", at, near))
            if tokens and (match := TOKEN.search(data)):
                found.append(("a token", match.start(), data[match.start():match.start() + 60]))
    return found
