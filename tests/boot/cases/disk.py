# SPDX-License-Identifier: Apache-2.0
"""Disks that somebody worked on: what the host, who owns them, may try."""

from cases.unlock import report_of_success, stage_lines
from harness import disks, images, keyserver
from harness.case import case

FDE = "etc/latchkey/fde.conf"


def refused_before_asking(t, disk, code):
    """Boot a disk whose header breaks a rule: refused, and the key server never heard of it."""
    server = t.server()
    relay = t.keep(keyserver.Relay(server.port, lambda count: None))
    t.boot([images.url(relay.port)], disk=disk)
    t.refused(code)
    t.check(relay.connections == 0, "a key was asked for before the header was checked")


@case("null-cipher-segment", cost=20)
def null_cipher_segment(t):
    """The payload's cipher rewritten to none, checksums right."""
    disk = t.disk()

    def change(document):
        document["segments"]["0"]["encryption"] = "cipher_null-ecb"

    disks.edit_json(disk, change)
    refused_before_asking(t, disk, "header-cipher")


@case("null-cipher-keyslot", cost=20)
def null_cipher_keyslot(t):
    """The keyslot's cipher rewritten to none: any passphrase would open it."""
    disk = t.disk()

    def change(document):
        document["keyslots"]["0"]["area"]["encryption"] = "cipher_null-ecb"

    disks.edit_json(disk, change)
    refused_before_asking(t, disk, "header-cipher")


@case("duplicate-json", cost=20)
def duplicate_json(t):
    """The same member twice, so that two parsers would read two different headers."""
    disk = t.disk()
    header = disks.Header(disk)
    text = header.text()
    single = '"encryption":"aes-xts-plain64"'
    at = text.index(single, text.index('"segments"'))
    header.set_text(text[:at] + '"encryption":"cipher_null-ecb",' + text[at:]).write()
    refused_before_asking(t, disk, "header-json")


@case("damaged-primary", cost=25)
def damaged_primary(t):
    """The first header copy is damaged: opened from the second, reported, not repaired."""
    disk = t.disk()
    header = disks.Header(disk)
    header.copies[0][disks.BINARY + 100] ^= 1
    header.write()
    before = disks.fingerprint(disk)
    server = t.server()
    t.boot([images.url(server.port)], disk=disk, snapshot=False)
    t.came_up()
    t.check(t.outcome.has("degraded"), "the console does not say that the header is degraded")
    report_of_success(t, header_degraded=True)
    t.check(disks.fingerprint(disk) == before, "the boot wrote to the disk")


@case("header-swapped", cost=25)
def header_swapped(t):
    """The host swaps the header after the check: what was checked is what is opened."""
    server = t.server()
    disk = t.disk()
    hostile = disks.Header(disk)
    document = hostile.json
    document["segments"]["0"]["encryption"] = "cipher_null-ecb"
    hostile.set_json(document)
    relay = t.keep(keyserver.Relay(server.port, lambda count: hostile.write()))
    t.boot([images.url(relay.port)], disk=disk)
    t.check(relay.connections > 0, "the agent never came")
    t.check("cipher_null" in disks.Header(disk).text(), "the header was not swapped")
    t.came_up()


@case("flipped-byte", cost=30)
def flipped_byte(t):
    """One bit in the middle of the root's data: dm-verity stops the machine."""
    server = t.server()
    disk = t.disk()
    disks.flip(disk, disks.segment_offset(disk) + 600 * 1024)
    t.boot([images.url(server.port)], disk=disk)
    stage_lines(t)
    t.check(t.outcome.mark("finished") is None, "the altered root ran")
    t.check(t.outcome.has("is corrupted"), "the console does not blame dm-verity")
    t.check(t.outcome.end == "guest-reset", f"the machine ended by {t.outcome.end}")
    t.no_shell()


@case("flipped-first-block", cost=25)
def flipped_first_block(t):
    """One bit in the first block: found before anything is mounted."""
    server = t.server()
    disk = t.disk()
    disks.flip(disk, disks.segment_offset(disk) + 1100)
    t.boot([images.url(server.port)], disk=disk)
    t.refused("verity-corrupt")
    t.check(not t.outcome.has("[5/5]"), "the agent called the root verified")


@case("wrong-root-hash", cost=25)
def wrong_root_hash(t):
    """Another root hash than the disk's: the activation alone would succeed."""
    server = t.server()
    t.boot([images.url(server.port)],
           changes=((FDE, r'(?m)^(\s*root_hash\s*=\s*")([0-9a-f])',
                     lambda m: m[1] + ("1" if m[2] == "0" else "0")),))
    t.refused("verity-corrupt")
    t.check(not t.outcome.has("[5/5]"), "the agent called the root verified")
