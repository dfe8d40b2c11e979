# SPDX-License-Identifier: Apache-2.0
"""Runs a guest tree's own dracut, inside the tree.

A mount namespace keeps /proc, /sys, /dev and /tmp of the chroot away from the host, and
everything is gone when the command ends. dracut leaves out what it cannot have and still
reports success, so its log is read as well.
"""

import re
from pathlib import Path

from . import tools

LOST = re.compile(r"which can't be installed|cannot be found|^dracut-install: ERROR|FAILED:")

INSIDE = """
set -e
tree=$1; shift
mount -t proc proc "$tree/proc"
mount -t sysfs -o ro sysfs "$tree/sys"
mount --rbind /dev "$tree/dev"
mount -t tmpfs tmpfs "$tree/tmp"
mount -t tmpfs tmpfs "$tree/run"
mkdir "$tree/run/out"
[ -z "$OUT" ] || mount --bind "$OUT" "$tree/run/out"
exec chroot "$tree" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C "$@"
"""

COMMON = ("--force", "--no-hostonly", "--no-hostonly-cmdline", "--nolvmconf", "--nomdadmconf",
          "--reproducible", "--no-early-microcode", "--zstd", "--tmpdir", "/tmp")

# What a virtual machine with a virtio disk never needs; each one costs build and boot time.
LEAN_OMIT = (
    "kernel-modules-extra i18n console-setup terminfo drm plymouth lvm mdraid dmraid multipath "
    "btrfs nvdimm qemu qemu-net virtfs virtiofs network-manager usrmount crypt crypt-loop "
    "crypt-gpg resume nbd nfs iscsi cifs fcoe fcoe-uefi znet rescue rngd memstrack busybox"
)

# For a hand-over boot: our module brings the drivers, systemd mounts, nobody runs dracut's hooks.
BARE_OMIT = LEAN_OMIT + " dracut-systemd kernel-modules fs-lib rootfs-block"


def inside(tree, argv, out=None, log=None, check=True):
    """Run a command in the tree; /run/out is the host folder `out`."""
    environment = {"OUT": str(out) if out else "", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", INSIDE, "inside",
               str(tree), *argv]
    try:
        return tools.run(command, env=environment, log=log)
    except tools.Trouble as trouble:
        # What dracut lacks for modules that nobody asked for fills pages.
        said = "\n".join(line for line in str(trouble).splitlines() if "will not be" not in line)
        if check:
            raise tools.Trouble(said) from None
        return said.encode()


def build(tree, release, out, arguments=(), log=None):
    """Make an initramfs at `out` with the tree's dracut; return what dracut said."""
    out = Path(out)
    log = log or out.with_suffix(".dracut.log")
    Path(log).write_bytes(b"")
    inside(tree, ["dracut", *COMMON, "--kver", release, *arguments, f"/run/out/{out.name}"],
           out=out.parent, log=log)
    said = Path(log).read_text(errors="replace")
    lost = [line for line in said.splitlines() if LOST.search(line) and not line.startswith("$")]
    if lost:
        raise tools.Trouble("dracut left something out:\n" + "\n".join(lost[:5]))
    return said
