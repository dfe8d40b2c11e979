# SPDX-License-Identifier: Apache-2.0
"""Volumes made on blank disks, tests/volumes/make_vm.c: a machine of its own, without udev, with the
programs that make file systems."""

import shutil

from harness import mini, tools, vm

MODULES = ("virtio_pci", "virtio_blk", "dm_crypt", "dm_integrity", "authenc", "hmac",
           "sha256_generic", "cryptd", "crypto_simd", "aesni_intel", "ecb", "xts", "ext4", "xfs",
           "vfat", "nls_cp437", "nls_ascii", "nls_utf8", "crc32c_generic", "libcrc32c", "loop")
MKFS = ("mkfs.ext4", "mkfs.xfs", "mkfs.vfat")
BLANK = (("small", 2), ("lasting", 56), ("gone", 56), ("large", 400))  # serial, MiB
# A disk is gone after the last.
PARTS = ("making", "commands", "faults")
SCRIPT = """
export PATH=/bin:/usr/sbin
for part in @PARTS@; do
	make_vm $part 2>/tmp/stderr
	echo "PART make $part ended with $?"
	grep -v '^latchkey: ' /tmp/stderr | sed 's/^/STDERR /'
done
echo ALL DONE
"""
DEADLINE = 600


def disks(work):
    """Blank ones, and one that holds a file system."""
    attached = []
    for serial, size in (*BLANK, ("foreign", 64)):
        with open(work / serial, "wb") as file:
            file.truncate(size << 20)
        attached.append(vm.Disk(work / serial, serial))
    tools.run(["mkfs.ext4", "-q", "-F", work / "foreign"])
    return attached


def boot(guest, work, parts=PARTS):
    """The outcome of the machine."""
    work.mkdir(parents=True)
    program = mini.dev_program("tests", "volumes", "make_vm")
    programs = [shutil.which(name, path="/usr/sbin:/sbin:/usr/bin") for name in MKFS]
    script = SCRIPT.replace("@PARTS@", " ".join(parts))
    initrd = mini.initramfs(guest, program, MODULES, script, work / "initrd", programs)
    machine = vm.Machine(guest.kernel, initrd, "rdinit=/init", disks(work), network=False)
    return vm.boot(machine, work, DEADLINE)
