# SPDX-License-Identifier: Apache-2.0
"""Kernel modules of the tests, for a kernel that has TSM reports: a Debian tree with that kernel, its
headers and the compiler that it was built with. Nothing in the tree was ever configured: packages
are unpacked, which is enough to compile and to take a kernel from."""

import hashlib
import os
import shutil

from . import dracut, guests, tools

CODENAME = "trixie"  # 6.12; this machine's own release has 6.1, without TSM reports
PACKAGES = ("?essential", "linux-headers-cloud-amd64", "linux-image-cloud-amd64", "make",
            "busybox-static")
WASTE = ("usr/share", "var/cache/apt", "var/lib/apt/lists")
RECIPE = 1  # raise when the steps below change what they make


def _bootstrap(home, lines):
    tools.run(["mmdebstrap", "--quiet", "--mode=root", "--variant=extract", "--format=directory",
               *[f"--include={package}" for package in PACKAGES],
               "--aptopt=APT::Install-Recommends \"false\"", CODENAME, home / "tree", "-"],
              stdin="\n".join(lines).encode() + b"\n", timeout=1200)


def _build(home, lines):
    partial = home.with_name(home.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    _bootstrap(partial, lines)
    tree = partial / "tree"
    (tree / "usr/bin/awk").symlink_to("mawk")  # what configuring the package would do
    (modules,) = (tree / "usr/lib/modules").iterdir()
    (partial / "release").write_text(modules.name + "\n")
    shutil.move(tree / "boot" / f"vmlinuz-{modules.name}", partial / "vmlinuz")
    shutil.copy2(tree / "usr/bin/busybox", partial / "busybox")
    tools.run(["depmod", "-b", tree, modules.name])
    for waste in WASTE:
        shutil.rmtree(tree / waste)
    os.rename(partial, home)


def get():
    """The tree as a guest, made now if it is not cached."""
    lines = guests.package_sources(CODENAME)
    recipe = "\n".join((str(RECIPE), CODENAME, *PACKAGES, *WASTE))
    fingerprint = hashlib.sha256(recipe.encode()).hexdigest()[:12]
    return guests.Guest(guests.kept("workshop", fingerprint, lambda home: _build(home, lines)))


def module(guest, source, out):
    """Build the module whose sources and Makefile are in the folder `source`; the file made."""
    shutil.copytree(source, out)
    dracut.inside(guest.tree, ["make", "-C", f"/usr/lib/modules/{guest.release}/build",
                               "M=/run/out", "CONFIG_DEBUG_INFO_BTF_MODULES=", "modules"], out=out)
    (built,) = out.glob("*.ko")
    return built
