# SPDX-License-Identifier: Apache-2.0
"""Bytes: of the agent, and of what it and its peers add to an initramfs."""

import shutil

from harness import dracut, tools

from . import peers, rows

BINARY, BINARY_KBS, GROWTH_KBS = 1.6e6, 1.3e6, 0.7e6
KBS_ONLY = tools.REPO / "build" / "release-kbs" / "latchkey"

OMIT = dracut.BARE_OMIT.replace(" crypt ", " ")
# The peers stand on dracut's crypt, and that on its hooks for mounting a root.
OMIT_PEERS = OMIT.replace(" fs-lib rootfs-block", "")
# Kernel modules are no part of the comparison: every initramfs here has the same.
DRIVERS = ("dm_crypt dm_verity dm_integrity xts overlay authenc erofs squashfs ext4 virtio_pci "
           "virtio_mmio virtio_blk virtio_scsi virtio_rng sha256_ssse3 sha512_ssse3 aesni_intel "
           "crypto_simd cryptd crc32c_intel sha512_generic")
BASE = "systemd-initrd systemd-modules-load dm network"


def built(tree, release, out, omit, add):
    dracut.build(tree, release, out, ("--omit", omit, "--add", add, "--add-drivers", DRIVERS))
    return out.stat().st_size


def with_agent(world, program, out):
    """The initramfs of a site: this agent, one configuration with a pinned CA."""
    config = world.folder / "handover/base"
    real = (config / "latchkey.conf").read_text()
    chosen = world.debian / "etc/dracut.conf.d/agent.conf"
    kept = chosen.read_text()
    place = world.debian / "usr/bin/latchkey-measured"
    shutil.copy2(program, place)
    chosen.write_text('latchkey_agent="latchkey-measured"\n')
    (config / "latchkey.conf").write_text(real.replace('tee = "sample"', 'tee = "auto"'))
    try:
        world.initramfs(out, config, ("--omit", OMIT + " crypt", "--add-drivers", DRIVERS))
    finally:
        (config / "latchkey.conf").write_text(real)
        chosen.write_text(kept)
        place.unlink()
    return out.stat().st_size


def measure(table, world, work):
    release, tree = world.guest.release, world.debian
    agent = tools.release_program("latchkey")
    if not KBS_ONLY.exists():
        raise tools.Trouble(f"{KBS_ONLY} is not built: run ./dev bench size")
    table.section("Size (static, stripped)")
    table.below("agent, all providers", agent.stat().st_size, BINARY, rows.megabytes)
    table.below("agent, KBS only (-Dproviders=kbs)", KBS_ONLY.stat().st_size, BINARY_KBS,
                rows.megabytes)
    without = built(tree, release, work / "without.img", OMIT + " crypt", BASE)
    full = with_agent(world, agent, work / "agent.img")
    small = with_agent(world, KBS_ONLY, work / "agent-kbs.img")
    floor = built(tree, release, work / "floor.img", OMIT_PEERS, "crypt " + BASE)
    bare = built(peers.tree().tree, release, work / "bare.img",
                 f"{OMIT} crypt {peers.INSTALLED}", BASE)
    clevis = built(peers.tree().tree, release, work / "clevis.img", OMIT_PEERS, peers.MODULES)
    table.section("What an initramfs with network grows by (zstd, the same kernel modules in all)")
    table.add("the initramfs without", rows.megabytes(without))
    table.add("latchkey, all providers, one CA", rows.megabytes(full - without))
    table.below("latchkey, KBS only, one CA", small - without, GROWTH_KBS, rows.megabytes)
    table.add("systemd-cryptsetup, key file", rows.megabytes(floor - without))
    table.add("clevis + tang", rows.megabytes(clevis - bare))
