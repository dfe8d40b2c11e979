#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turns a good LUKS2 disk into a hostile one, in place: what a host that owns the disk could do.

    hostile.py --list                       each case with the error code it must meet ("-": accepted)
    hostile.py --rules                      each rule of ours, and the cases that try to break it
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

    def seal(self, at, copy_bytes):
        """Write a changed copy with the checksum that fits it."""
        copy_bytes[448:512] = bytes(64)
        copy_bytes[448:480] = hashlib.sha256(bytes(copy_bytes)).digest()
        self.write(at, bytes(copy_bytes))

    def first_slot(self, doc):
        return doc["keyslots"][min(doc["keyslots"], key=int)]


CASES = {}

# What a header must keep to (agent/luks_header.h); each has at least one case that does not.
RULES = {
    "copies": "of two valid copies the newer; never repaired, never passed over",
    "binary": "LUKS2, hdr_size and hdr_offset that fit, SHA-256 as checksum, no reserved bytes used",
    "json": "a closed list of members, each once, bounded in depth and length, nothing behind it",
    "keyslots": "at most max_keyslots, of type luks2, aes-xts-plain64, 512-bit volume key",
    "areas": "keyslot areas of one size, apart, between the header copies and the payload",
    "kdf": "pbkdf2 with sha256 or sha512, or argon2id, within costs",
    "splitter": "luks1, 4000 stripes, sha256",
    "segment": "exactly one, crypt, aes-xts-plain64, no tweak, dynamic size, integrity as configured",
    "digest": "exactly one, pbkdf2 with sha256, over exactly the keyslots and the segment",
    "config": "sizes that fit, no requirements, no flags",
    "token": "at most one, ours, which names what is there and configures nothing",
    "formats": "no other format",
    "identity": "the UUID that is configured, the key of the digest",
}


def case(code, rule):
    def note(function):
        if rule not in RULES:
            raise SystemExit(f"no rule {rule}")
        CASES[function.__name__.replace("_", "-")] = (code, function, rule)
        return function
    return note


def changed(code, rule):
    """A case that changes the JSON document and writes it into both copies."""
    def note(function):
        def run(volume):
            doc = copy.deepcopy(volume.json)
            function(volume, doc)
            volume.put_both(doc)
        run.__name__ = function.__name__
        return case(code, rule)(run)
    return note


def rewritten(code, rule):
    """A case that returns the JSON text, made from the good one, for both copies."""
    def note(function):
        def run(volume):
            text = json.dumps(volume.json, separators=(",", ":"))
            volume.put_both(function(volume, text).encode("utf-8", "surrogateescape"))
        run.__name__ = function.__name__
        return case(code, rule)(run)
    return note


# ciphers

@changed("header-cipher", "segment")
def null_segment(volume, doc):
    doc["segments"]["0"]["encryption"] = "cipher_null-ecb"


@changed("header-cipher", "keyslots")
def null_keyslot(volume, doc):
    volume.first_slot(doc)["area"]["encryption"] = "cipher_null-ecb"


@changed("header-cipher", "segment")
def weak_segment(volume, doc):
    doc["segments"]["0"]["encryption"] = "aes-cbc-plain"


@changed("header-cipher", "keyslots")
def short_key(volume, doc):
    volume.first_slot(doc)["key_size"] = 32


# places and sizes

@changed("header-area", "areas")
def redirected_area(volume, doc):
    volume.first_slot(doc)["area"]["offset"] = doc["segments"]["0"]["offset"]


@changed("header-area", "areas")
def area_over_header(volume, doc):
    volume.first_slot(doc)["area"]["offset"] = str(volume.size)


@changed("header-area", "areas")
def overlong_area(volume, doc):
    volume.first_slot(doc)["area"]["size"] = str(2**63)


@changed("header-area", "segment")
def segment_over_keyslots(volume, doc):
    doc["segments"]["0"]["offset"] = str(2 * volume.size)


@changed("header-area", "segment")
def segment_fixed_size(volume, doc):
    doc["segments"]["0"]["size"] = "4096"


@changed("header-area", "config")
def json_size_lies(volume, doc):
    doc["config"]["json_size"] = str(2 * volume.size - BINARY)


@changed("header-area", "config")
def keyslots_size_lies(volume, doc):
    doc["config"]["keyslots_size"] = str(int(doc["config"]["keyslots_size"]) + 4096)


@case("header-area", "binary")
def header_size_lies(volume):
    volume.put_both(volume.json, size=2 * volume.size)


# costs

@changed("header-kdf", "kdf")
def argon2_64gib(volume, doc):
    slot = volume.first_slot(doc)
    slot["kdf"] = {"type": "argon2id", "time": 4, "memory": 64 * 1024 * 1024, "cpus": 4,
                   "salt": slot["kdf"]["salt"]}


@changed("header-kdf", "kdf")
def argon2_endless(volume, doc):
    slot = volume.first_slot(doc)
    slot["kdf"] = {"type": "argon2id", "time": 4294967295, "memory": 65536, "cpus": 4,
                   "salt": slot["kdf"]["salt"]}


@changed("header-kdf", "kdf")
def pbkdf2_endless(volume, doc):
    slot = volume.first_slot(doc)
    slot["kdf"] = {"type": "pbkdf2", "hash": "sha256", "iterations": 4294967295,
                   "salt": slot["kdf"]["salt"]}


@changed("header-kdf", "digest")
def digest_endless(volume, doc):
    doc["digests"]["0"]["iterations"] = 4294967295


# members

@changed("header-json", "config")
def reencrypt_requirement(volume, doc):
    doc["config"]["requirements"] = {"mandatory": ["online-reencrypt-v2"]}


@changed("header-json", "config")
def persistent_flags(volume, doc):
    doc["config"]["flags"] = ["allow-discards", "no-read-workqueue"]


@changed("header-json", "json")
def unknown_member(volume, doc):
    doc["segments"]["0"]["colour"] = "blue"


@changed("header-json", "json")
def unknown_section(volume, doc):
    doc["colour"] = {}


@changed("header-json", "token")
def extra_token(volume, doc):
    doc["tokens"]["0"] = {"type": "clevis", "keyslots": [], "jwe": {"protected": "x"}}


@changed("header-json", "token")
def two_tokens(volume, doc):
    doc["tokens"]["0"] = {"type": "latchkey", "keyslots": []}
    doc["tokens"]["1"] = {"type": "latchkey", "keyslots": []}


@changed("header-json", "token")
def token_configures(volume, doc):
    doc["tokens"]["0"] = {"type": "latchkey", "keyslots": [], "kbs_url": "http://192.0.2.1"}


@changed("header-json", "segment")
def two_segments(volume, doc):
    doc["segments"]["1"] = dict(doc["segments"]["0"], encryption="cipher_null-ecb")


@changed("header-cipher", "segment")
def integrity_added(volume, doc):
    doc["segments"]["0"]["integrity"] = {"type": "hmac(sha256)", "journal_encryption": "none",
                                         "journal_integrity": "none"}


@changed("header-json", "digest")
def unbound_keyslot(volume, doc):
    doc["digests"]["0"]["keyslots"] = []


@changed("header-json", "keyslots")
def many_keyslots(volume, doc):
    first = volume.first_slot(doc)
    for i in range(3):
        slot = copy.deepcopy(first)
        slot["area"]["offset"] = str(2 * volume.size + i * 258048)
        doc["keyslots"][str(i)] = slot
    doc["digests"]["0"]["keyslots"] = ["0", "1", "2"]


@case("header-json", "json")
def duplicate_member(volume):
    text = json.dumps(volume.json, separators=(",", ":"))
    evil = dict(volume.json["segments"]["0"], encryption="cipher_null-ecb")
    segments = '"segments":' + json.dumps({"0": evil}, separators=(",", ":")) + ","
    volume.put_both(("{" + segments + text[1:]).encode())


@case("header-json", "json")
def duplicate_cipher(volume):
    text = json.dumps(volume.json["segments"]["0"], separators=(",", ":"))
    whole = json.dumps(volume.json, separators=(",", ":"))
    evil = text[:-1] + ',"encryption":"cipher_null-ecb"}'
    volume.put_both(whole.replace(text, evil).encode())


@case("header-json", "json")
def deep_nesting(volume):
    volume.put_both(b'{"keyslots":' + b"[" * 5000 + b"]" * 5000 + b"}")


@case("header-json", "json")
def megabyte_of_nesting(volume):
    volume.put_both(b"[" * (1 << 20), size=4 << 20)


@case("header-json", "json")
def trailing_bytes(volume):
    text = json.dumps(volume.json, separators=(",", ":")).encode()
    volume.put_both(text + b"\0" + text.replace(b"aes-xts-plain64", b"cipher_null-ecb"))


@case("header-json", "json")
def not_json(volume):
    volume.put_both(b"{'keyslots': {}}")


# copies

@case("header-cipher", "copies")
def newer_secondary(volume):
    doc = copy.deepcopy(volume.json)
    doc["segments"]["0"]["encryption"] = "cipher_null-ecb"
    volume.put(True, doc, seqid_up=1)


@case("header-cipher", "copies")
def secondary_alone(volume):
    doc = copy.deepcopy(volume.json)
    doc["segments"]["0"]["encryption"] = "cipher_null-ecb"
    volume.write(0, bytes(BINARY))
    volume.put(True, doc)


@case("-", "copies")
def older_secondary(volume):
    doc = copy.deepcopy(volume.json)
    doc["segments"]["0"]["encryption"] = "cipher_null-ecb"
    volume.put(True, doc, seqid_up=-1)


@case("header-invalid", "formats")
def luks1(volume):
    for second in (False, True):
        volume.binary[second][6:8] = b"\0\1"
    volume.put_both(volume.json)


@case("header-invalid", "binary")
def other_checksum(volume):
    for second in (False, True):
        volume.binary[second][72:104] = b"sha1".ljust(32, b"\0")
    volume.put_both(volume.json)


@case("-", "copies")
def damaged_primary(volume):
    byte = volume.read(BINARY + 10, 1)[0]
    volume.write(BINARY + 10, bytes([byte ^ 1]))


@case("-", "copies")
def zeroed_primary(volume):
    volume.write(0, bytes(volume.size))


@case("-", "copies")
def damaged_secondary(volume):
    volume.write(volume.size, bytes(volume.size))


@case("header-invalid", "copies")
def damaged_both(volume):
    damaged_primary(volume)
    damaged_secondary(volume)


# identity

@case("-", "identity")
def other_uuid(volume):
    """Only a configuration that names the UUID can tell: header-changed."""
    for second in (False, True):
        volume.binary[second][168:208] = b"00000000-0000-4000-8000-00000000beef".ljust(40, b"\0")
    volume.put_both(volume.json)


@changed("-", "identity")
def other_digest(volume, doc):
    """Within the rules, but the genuine key does not fit: key-wrong."""
    doc["digests"]["0"]["digest"] = "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="


# what else a host might try, rule by rule

@changed("header-json", "keyslots")
def no_keyslot(volume, doc):
    doc["keyslots"] = {}
    doc["digests"]["0"]["keyslots"] = []


@changed("header-json", "keyslots")
def reencrypt_keyslot(volume, doc):
    volume.first_slot(doc)["type"] = "reencrypt"


@changed("header-json", "keyslots")
def keyslot_priority(volume, doc):
    volume.first_slot(doc)["priority"] = 2


@changed("header-cipher", "keyslots")
def keyslot_of_other_cipher(volume, doc):
    volume.first_slot(doc)["area"]["encryption"] = "serpent-xts-plain64"


@changed("header-cipher", "keyslots")
def area_key_of_no_bits(volume, doc):
    volume.first_slot(doc)["area"]["key_size"] = 0


@changed("header-area", "areas")
def shared_area(volume, doc):
    doc["keyslots"]["1"] = copy.deepcopy(volume.first_slot(doc))
    doc["digests"]["0"]["keyslots"].append("1")


@changed("header-area", "areas")
def area_of_one_block(volume, doc):
    volume.first_slot(doc)["area"]["size"] = "4096"


@changed("header-area", "areas")
def area_that_wraps(volume, doc):
    volume.first_slot(doc)["area"]["offset"] = str(2**63 - 4096)


@changed("header-area", "areas")
def area_between_blocks(volume, doc):
    area = volume.first_slot(doc)["area"]
    area["offset"] = str(int(area["offset"]) + 512)


@changed("header-json", "areas")
def detached_area(volume, doc):
    volume.first_slot(doc)["area"]["type"] = "datashift"


@changed("header-kdf", "kdf")
def pbkdf2_with_sha1(volume, doc):
    volume.first_slot(doc)["kdf"]["hash"] = "sha1"


@changed("header-kdf", "kdf")
def pbkdf2_of_one_round(volume, doc):
    volume.first_slot(doc)["kdf"]["iterations"] = 1


@changed("header-kdf", "kdf")
def argon2i(volume, doc):
    slot = volume.first_slot(doc)
    slot["kdf"] = {"type": "argon2i", "time": 4, "memory": 65536, "cpus": 4,
                   "salt": slot["kdf"]["salt"]}


@changed("header-kdf", "kdf")
def argon2_many_lanes(volume, doc):
    slot = volume.first_slot(doc)
    slot["kdf"] = {"type": "argon2id", "time": 4, "memory": 65536, "cpus": 4294967295,
                   "salt": slot["kdf"]["salt"]}


@changed("header-kdf", "kdf")
def argon2_much_work(volume, doc):
    """Each cost within its bound, not so their product."""
    slot = volume.first_slot(doc)
    slot["kdf"] = {"type": "argon2id", "time": 256, "memory": 262144, "cpus": 4,
                   "salt": slot["kdf"]["salt"]}


@changed("header-json", "kdf")
def short_salt(volume, doc):
    volume.first_slot(doc)["kdf"]["salt"] = "AAAA"


@changed("header-json", "splitter")
def one_stripe(volume, doc):
    volume.first_slot(doc)["af"]["stripes"] = 1


@changed("header-json", "splitter")
def splitter_with_sha1(volume, doc):
    volume.first_slot(doc)["af"]["hash"] = "sha1"


@changed("header-json", "splitter")
def other_splitter(volume, doc):
    volume.first_slot(doc)["af"]["type"] = "none"


@changed("header-json", "segment")
def no_segment(volume, doc):
    doc["segments"] = {}
    doc["digests"]["0"]["segments"] = []


@changed("header-json", "segment")
def linear_segment(volume, doc):
    doc["segments"]["0"]["type"] = "linear"


@changed("header-json", "segment")
def other_segment_id(volume, doc):
    doc["segments"] = {"1": doc["segments"]["0"]}
    doc["digests"]["0"]["segments"] = ["1"]


@changed("header-json", "segment")
def segment_flags(volume, doc):
    doc["segments"]["0"]["flags"] = ["backup-final"]


@changed("header-cipher", "segment")
def tweaked_segment(volume, doc):
    doc["segments"]["0"]["iv_tweak"] = "8"


@changed("header-cipher", "segment")
def cipher_by_the_kernels_name(volume, doc):
    doc["segments"]["0"]["encryption"] = "capi:cipher_null-ecb"


@changed("header-cipher", "segment")
def authenticated_cipher(volume, doc):
    doc["segments"]["0"]["encryption"] = "aes-gcm-random"


@changed("header-area", "segment")
def odd_sectors(volume, doc):
    doc["segments"]["0"]["sector_size"] = 1000


@changed("header-area", "segment")
def segment_beyond_the_disk(volume, doc):
    doc["segments"]["0"]["offset"] = str(2**62)


@changed("header-area", "segment")
def segment_between_blocks(volume, doc):
    segment = doc["segments"]["0"]
    segment["offset"] = str(int(segment["offset"]) + 512)


@changed("header-cipher", "segment")
def integrity_without_a_cipher(volume, doc):
    doc["segments"]["0"]["encryption"] = "cipher_null-ecb"
    doc["segments"]["0"]["integrity"] = {"type": "hmac(sha256)", "journal_encryption": "none",
                                         "journal_integrity": "none"}


@changed("header-json", "digest")
def no_digest(volume, doc):
    doc["digests"] = {}


@changed("header-json", "digest")
def two_digests(volume, doc):
    doc["digests"]["1"] = copy.deepcopy(doc["digests"]["0"])


@changed("header-json", "digest")
def digest_of_another_keyslot(volume, doc):
    doc["digests"]["0"]["keyslots"] = ["7"]


@changed("header-json", "digest")
def digest_of_half_the_keyslots(volume, doc):
    slot = copy.deepcopy(volume.first_slot(doc))
    slot["area"]["offset"] = str(int(slot["area"]["offset"]) + int(slot["area"]["size"]))
    doc["keyslots"]["1"] = slot


@changed("header-kdf", "digest")
def digest_with_sha1(volume, doc):
    doc["digests"]["0"]["hash"] = "sha1"


@changed("header-kdf", "digest")
def digest_of_other_type(volume, doc):
    doc["digests"]["0"]["type"] = "argon2id"


@changed("header-json", "digest")
def short_digest(volume, doc):
    doc["digests"]["0"]["digest"] = "AAAA"


@changed("header-json", "config")
def unknown_config(volume, doc):
    doc["config"]["colour"] = "blue"


@changed("header-json", "token")
def token_of_a_keyring(volume, doc):
    doc["tokens"]["0"] = {"type": "luks2-keyring", "keyslots": ["0"], "key_description": "x"}


@changed("header-json", "token")
def token_of_an_absent_keyslot(volume, doc):
    doc["tokens"]["0"] = {"type": "latchkey", "keyslots": ["9"]}


@changed("header-json", "token")
def token_with_half_a_mac(volume, doc):
    doc["tokens"]["0"] = {"type": "latchkey", "keyslots": ["0"], "generation": "1"}


@changed("header-json", "token")
def token_of_no_generation(volume, doc):
    doc["tokens"]["0"] = {"type": "latchkey", "keyslots": ["0"], "generation": "0",
                          "mac": "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="}


@rewritten("header-json", "json")
def escaped_duplicate(volume, text):
    """The same member twice, once spelt with an escape."""
    return text.replace('"encryption":"aes-xts-plain64","sector_size"',
                        '"encryption":"aes-xts-plain64","encr\\u0079ption":"cipher_null-ecb",'
                        '"sector_size"')


@rewritten("header-json", "json")
def comment(volume, text):
    """Some parsers skip comments."""
    return text.replace('"segments":{', '/* "segments":{} , */"segments":{')


@rewritten("header-cipher", "json")
def number_as_float(volume, text):
    return text.replace('"key_size":64', '"key_size":6.4e1', 1)


@rewritten("header-json", "json")
def number_beyond_all(volume, text):
    return text.replace('"key_size":64', '"key_size":18446744073709551680', 1)


@rewritten("header-json", "json")
def nul_in_a_string(volume, text):
    return text.replace("aes-xts-plain64", "aes-xts-plain64\\u0000", 1)


@rewritten("header-json", "json")
def broken_utf8(volume, text):
    return text.replace("aes-xts-plain64", "aes-xts-plain64\udcff", 1)


@rewritten("header-json", "json")
def second_document(volume, text):
    return text + text


@rewritten("header-json", "json")
def a_list(volume, text):
    return "[" + text + "]"


@case("header-json", "json")
def endless_text(volume):
    """No terminator before the area's end."""
    text = json.dumps(volume.json, separators=(",", ":")).encode()
    volume.put_both(text.ljust(volume.size - BINARY, b" "))


@case("header-invalid", "binary")
def header_offset_lies(volume):
    for second in (False, True):
        volume.put(second, volume.json)
        at = volume.size if second else 0
        head = bytearray(volume.read(at, volume.size))
        head[256:264] = struct.pack(">Q", 4096)
        volume.seal(at, head)


@case("header-invalid", "binary")
def odd_header_size(volume):
    for at in (0, volume.size):
        head = bytearray(volume.read(at, volume.size))
        head[8:16] = struct.pack(">Q", volume.size + 4096)
        volume.seal(at, head)


@case("header-invalid", "binary")
def reserved_bytes(volume):
    for at in (0, volume.size):
        head = bytearray(volume.read(at, volume.size))
        head[1000] = 1
        volume.seal(at, head)


@case("header-invalid", "binary")
def no_uuid(volume):
    for second in (False, True):
        volume.binary[second][168:208] = bytes(40)
    volume.put_both(volume.json)


@case("header-invalid", "binary")
def swapped_magic(volume):
    volume.binary.reverse()
    volume.put_both(volume.json)


@case("header-cipher", "copies")
def newest_of_all(volume):
    """The highest number there is, so that no rule of ours could pass it over."""
    doc = copy.deepcopy(volume.json)
    doc["segments"]["0"]["encryption"] = "cipher_null-ecb"
    volume.binary[True][16:24] = b"\xff" * 8
    volume.put(True, doc)


@case("header-cipher", "copies")
def secondary_elsewhere(volume):
    """The primary gone, and a second copy where larger headers have it."""
    doc = copy.deepcopy(volume.json)
    doc["segments"]["0"]["encryption"] = "cipher_null-ecb"
    doc["config"]["json_size"] = str(4 * volume.size - BINARY)
    volume.write(0, bytes(volume.size))
    volume.write(volume.size, bytes(volume.size))
    volume.put(True, doc, size=4 * volume.size)


def other_format(name, magic, at=0):
    def run(volume):
        volume.write(0, bytes(2 * volume.size))
        volume.write(at, magic)
    run.__name__ = name
    case("header-invalid", "formats")(run)


other_format("bitlk", b"\xeb\x58\x90-FVE-FS-")
other_format("fvault2", b"CS", 88)
other_format("tcrypt", bytes(range(64)))
other_format("plain", b"")


def apply(path, name, offset=0):
    """Change the volume that begins at `offset` of the image in place."""
    with open(path, "r+b") as file:
        CASES[name][1](Volume(file, offset))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--rules", action="store_true")
    parser.add_argument("--offset", type=int, default=0)
    parser.add_argument("case", nargs="?", choices=sorted(CASES))
    parser.add_argument("image", nargs="?")
    options = parser.parse_args()
    for rule in RULES:
        if not any(rule == of for _, _, of in CASES.values()):
            raise SystemExit(f"no case tries to break the rule '{rule}'")
    if options.list:
        for name, (code, _, _) in CASES.items():
            print(name, code)
        return 0
    if options.rules:
        for rule, text in RULES.items():
            print(f"{rule}: {text}")
            print("    " + " ".join(n for n, (_, _, r) in CASES.items() if r == rule))
        return 0
    if not options.image:
        parser.error("a case and an image")
    apply(options.image, options.case, options.offset)
    return 0


if __name__ == "__main__":
    sys.exit(main())
