#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turns a good LUKS2 disk into a hostile one, in place: what a host that owns the disk could do.

    hostile.py --list                       each case with the error code it must meet ("-": accepted)
    hostile.py CASE IMAGE [--offset BYTES]  the volume may begin inside a larger image

Checksums are made to fit, so that only rules can tell; but for the cases that say "damaged".
"""

import argparse
import copy
import hashlib
import json
import struct
import sys

BINARY = 4096
MAGIC = {False: b"LUKS\xba\xbe", True: b"SKUL\xba\xbe"}


class Volume:
    """Both header copies of a LUKS2 volume; binary parts are bytearrays, texts are bytes."""

    def __init__(self, file, offset):
        self.file = file
        self.offset = offset
        head = self.read(0, BINARY)
        if head[:6] != MAGIC[False] or head[6:8] != b"\0\2":
            raise SystemExit("no LUKS2 header there")
        self.size = struct.unpack(">Q", head[8:16])[0]
        self.binary = [bytearray(self.read(at, BINARY)) for at in (0, self.size)]
        text = self.read(BINARY, self.size - BINARY).split(b"\0", 1)[0]
        self.json = json.loads(text)

    def read(self, at, n):
        self.file.seek(self.offset + at)
        return self.file.read(n)

    def write(self, at, data):
        self.file.seek(self.offset + at)
        self.file.write(data)

    def put(self, second, text, size=None, seqid_up=0, sealed=True):
        """Write one copy with this JSON text (bytes or an object)."""
        size = size or self.size
        if not isinstance(text, bytes):
            text = json.dumps(text, separators=(",", ":")).encode()
        head = bytearray(self.binary[second])
        seqid = struct.unpack(">Q", head[16:24])[0] + seqid_up
        head[8:24] = struct.pack(">QQ", size, seqid)
        head[256:264] = struct.pack(">Q", size if second else 0)
        head[448:512] = bytes(64)
        body = text.ljust(size - BINARY, b"\0")
        if len(body) != size - BINARY:
            raise SystemExit("the text does not fit the header")
        if sealed:
            head[448:480] = hashlib.sha256(bytes(head) + body).digest()
        self.write(size if second else 0, bytes(head) + body)

    def put_both(self, text, **how):
        self.put(False, text, **how)
        self.put(True, text, **how)

    def first_slot(self, doc):
        return doc["keyslots"][min(doc["keyslots"], key=int)]


CASES = {}


def case(code):
    def note(function):
        CASES[function.__name__.replace("_", "-")] = (code, function)
        return function
    return note


def changed(code):
    """A case that changes the JSON document and writes it into both copies."""
    def note(function):
        def run(volume):
            doc = copy.deepcopy(volume.json)
            function(volume, doc)
            volume.put_both(doc)
        run.__name__ = function.__name__
        return case(code)(run)
    return note


# ciphers

@changed("header-cipher")
def null_segment(volume, doc):
    doc["segments"]["0"]["encryption"] = "cipher_null-ecb"


@changed("header-cipher")
def null_keyslot(volume, doc):
    volume.first_slot(doc)["area"]["encryption"] = "cipher_null-ecb"


@changed("header-cipher")
def weak_segment(volume, doc):
    doc["segments"]["0"]["encryption"] = "aes-cbc-plain"


@changed("header-cipher")
def short_key(volume, doc):
    volume.first_slot(doc)["key_size"] = 32


# places and sizes

@changed("header-area")
def redirected_area(volume, doc):
    volume.first_slot(doc)["area"]["offset"] = doc["segments"]["0"]["offset"]


@changed("header-area")
def area_over_header(volume, doc):
    volume.first_slot(doc)["area"]["offset"] = str(volume.size)


@changed("header-area")
def overlong_area(volume, doc):
    volume.first_slot(doc)["area"]["size"] = str(2**63)


@changed("header-area")
def segment_over_keyslots(volume, doc):
    doc["segments"]["0"]["offset"] = str(2 * volume.size)


@changed("header-area")
def segment_fixed_size(volume, doc):
    doc["segments"]["0"]["size"] = "4096"


@changed("header-area")
def json_size_lies(volume, doc):
    doc["config"]["json_size"] = str(2 * volume.size - BINARY)


@changed("header-area")
def keyslots_size_lies(volume, doc):
    doc["config"]["keyslots_size"] = str(int(doc["config"]["keyslots_size"]) + 4096)


@case("header-area")
def header_size_lies(volume):
    volume.put_both(volume.json, size=2 * volume.size)


# costs

@changed("header-kdf")
def argon2_64gib(volume, doc):
    slot = volume.first_slot(doc)
    slot["kdf"] = {"type": "argon2id", "time": 4, "memory": 64 * 1024 * 1024, "cpus": 4,
                   "salt": slot["kdf"]["salt"]}


@changed("header-kdf")
def argon2_endless(volume, doc):
    slot = volume.first_slot(doc)
    slot["kdf"] = {"type": "argon2id", "time": 4294967295, "memory": 65536, "cpus": 4,
                   "salt": slot["kdf"]["salt"]}


@changed("header-kdf")
def pbkdf2_endless(volume, doc):
    slot = volume.first_slot(doc)
    slot["kdf"] = {"type": "pbkdf2", "hash": "sha256", "iterations": 4294967295,
                   "salt": slot["kdf"]["salt"]}


@changed("header-kdf")
def digest_endless(volume, doc):
    doc["digests"]["0"]["iterations"] = 4294967295


# members

@changed("header-json")
def reencrypt_requirement(volume, doc):
    doc["config"]["requirements"] = {"mandatory": ["online-reencrypt-v2"]}


@changed("header-json")
def persistent_flags(volume, doc):
    doc["config"]["flags"] = ["allow-discards", "no-read-workqueue"]


@changed("header-json")
def unknown_member(volume, doc):
    doc["segments"]["0"]["colour"] = "blue"


@changed("header-json")
def unknown_section(volume, doc):
    doc["colour"] = {}


@changed("header-json")
def extra_token(volume, doc):
    doc["tokens"]["0"] = {"type": "clevis", "keyslots": [], "jwe": {"protected": "x"}}


@changed("header-json")
def two_tokens(volume, doc):
    doc["tokens"]["0"] = {"type": "latchkey", "keyslots": []}
    doc["tokens"]["1"] = {"type": "latchkey", "keyslots": []}


@changed("header-json")
def token_configures(volume, doc):
    doc["tokens"]["0"] = {"type": "latchkey", "keyslots": [], "kbs_url": "http://192.0.2.1"}


@changed("header-json")
def two_segments(volume, doc):
    doc["segments"]["1"] = dict(doc["segments"]["0"], encryption="cipher_null-ecb")


@changed("header-cipher")
def integrity_added(volume, doc):
    doc["segments"]["0"]["integrity"] = {"type": "hmac(sha256)", "journal_encryption": "none",
                                         "journal_integrity": "none"}


@changed("header-json")
def unbound_keyslot(volume, doc):
    doc["digests"]["0"]["keyslots"] = []


@changed("header-json")
def many_keyslots(volume, doc):
    first = volume.first_slot(doc)
    for i in range(3):
        slot = copy.deepcopy(first)
        slot["area"]["offset"] = str(2 * volume.size + i * 258048)
        doc["keyslots"][str(i)] = slot
    doc["digests"]["0"]["keyslots"] = ["0", "1", "2"]


@case("header-json")
def duplicate_member(volume):
    text = json.dumps(volume.json, separators=(",", ":"))
    evil = dict(volume.json["segments"]["0"], encryption="cipher_null-ecb")
    segments = '"segments":' + json.dumps({"0": evil}, separators=(",", ":")) + ","
    volume.put_both(("{" + segments + text[1:]).encode())


@case("header-json")
def duplicate_cipher(volume):
    text = json.dumps(volume.json["segments"]["0"], separators=(",", ":"))
    whole = json.dumps(volume.json, separators=(",", ":"))
    evil = text[:-1] + ',"encryption":"cipher_null-ecb"}'
    volume.put_both(whole.replace(text, evil).encode())


@case("header-json")
def deep_nesting(volume):
    volume.put_both(b'{"keyslots":' + b"[" * 5000 + b"]" * 5000 + b"}")


@case("header-json")
def megabyte_of_nesting(volume):
    volume.put_both(b"[" * (1 << 20), size=4 << 20)


@case("header-json")
def trailing_bytes(volume):
    text = json.dumps(volume.json, separators=(",", ":")).encode()
    volume.put_both(text + b"\0" + text.replace(b"aes-xts-plain64", b"cipher_null-ecb"))


@case("header-json")
def not_json(volume):
    volume.put_both(b"{'keyslots': {}}")


# copies

@case("header-cipher")
def newer_secondary(volume):
    doc = copy.deepcopy(volume.json)
    doc["segments"]["0"]["encryption"] = "cipher_null-ecb"
    volume.put(True, doc, seqid_up=1)


@case("header-cipher")
def secondary_alone(volume):
    doc = copy.deepcopy(volume.json)
    doc["segments"]["0"]["encryption"] = "cipher_null-ecb"
    volume.write(0, bytes(BINARY))
    volume.put(True, doc)


@case("-")
def older_secondary(volume):
    doc = copy.deepcopy(volume.json)
    doc["segments"]["0"]["encryption"] = "cipher_null-ecb"
    volume.put(True, doc, seqid_up=-1)


@case("header-invalid")
def luks1(volume):
    for second in (False, True):
        volume.binary[second][6:8] = b"\0\1"
    volume.put_both(volume.json)


@case("header-invalid")
def other_checksum(volume):
    for second in (False, True):
        volume.binary[second][72:104] = b"sha1".ljust(32, b"\0")
    volume.put_both(volume.json)


@case("-")
def damaged_primary(volume):
    byte = volume.read(BINARY + 10, 1)[0]
    volume.write(BINARY + 10, bytes([byte ^ 1]))


@case("-")
def zeroed_primary(volume):
    volume.write(0, bytes(volume.size))


@case("-")
def damaged_secondary(volume):
    volume.write(volume.size, bytes(volume.size))


@case("header-invalid")
def damaged_both(volume):
    damaged_primary(volume)
    damaged_secondary(volume)


# identity

@case("-")
def other_uuid(volume):
    """Only a configuration that names the UUID can tell: header-changed."""
    for second in (False, True):
        volume.binary[second][168:208] = b"00000000-0000-4000-8000-00000000beef".ljust(40, b"\0")
    volume.put_both(volume.json)


@changed("-")
def other_digest(volume, doc):
    """Within the rules, but the genuine key does not fit: key-wrong."""
    doc["digests"]["0"]["digest"] = "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="


def apply(path, name, offset=0):
    """Change the volume that begins at `offset` of the image in place."""
    with open(path, "r+b") as file:
        CASES[name][1](Volume(file, offset))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--offset", type=int, default=0)
    parser.add_argument("case", nargs="?", choices=sorted(CASES))
    parser.add_argument("image", nargs="?")
    options = parser.parse_args()
    if options.list:
        for name, (code, _) in CASES.items():
            print(name, code)
        return 0
    if not options.image:
        parser.error("a case and an image")
    apply(options.image, options.case, options.offset)
    return 0


if __name__ == "__main__":
    sys.exit(main())
