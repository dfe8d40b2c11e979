# SPDX-License-Identifier: Apache-2.0
"""Paths, child processes and the host programs that the boot tests need.

Nothing here is found through a global: every caller passes what it means, and a
child that fails says what it printed.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

REPO = Path(__file__).resolve().parents[3]
BOOT = REPO / "tests" / "boot"
CACHE = Path(os.environ.get("LATCHKEY_CACHE", REPO / ".cache")) / "guests"
RELEASE = Path(os.environ.get("LATCHKEY_RELEASE", REPO / "build" / "release"))

# A program that must be on the host, and the Debian package that brings it.
PROGRAMS = {
    "qemu-system-x86_64": "qemu-system-x86",
    "mmdebstrap": "mmdebstrap",
    "cryptsetup": "cryptsetup-bin",
    "mkfs.ext4": "e2fsprogs",
    "mkfs.erofs": "erofs-utils",
    "mkfs.xfs": "xfsprogs",
    "sfdisk": "fdisk",
    "zstd": "zstd",
    "depmod": "kmod",
    "unshare": "util-linux",
    "dpkg-deb": "dpkg",
}


class Trouble(Exception):
    """The harness itself cannot go on; a test that fails raises AssertionError instead."""


def say(text):
    print(text, flush=True)


def find_program(name):
    """Look where root's tools live too, whatever PATH the caller has."""
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin:/usr/bin:/bin")


def missing_packages():
    return sorted({pkg for program, pkg in PROGRAMS.items() if not find_program(program)})


def install_tools():
    """Install what is missing; say the command when we are not root."""
    packages = missing_packages()
    if not packages:
        return
    command = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    if os.geteuid() != 0:
        raise Trouble("not installed: run as root: " + " ".join(command))
    say("installing " + " ".join(packages))
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    subprocess.run(["apt-get", "update", "-qq"], env=environment, check=False)
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise Trouble("apt-get install: " + done.stdout[-2000:])


def run(argv, *, stdin=None, cwd=None, env=None, timeout=600, log=None):
    """Run a program to its end; return stdout, or raise with what it said."""
    argv = [str(a) for a in argv]
    feed = {"input": stdin} if stdin is not None else {"stdin": subprocess.DEVNULL}
    done = subprocess.run(argv, **feed, cwd=cwd, env=env, timeout=timeout, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if log is not None:
        with open(log, "ab") as out:
            out.write(b"$ " + " ".join(argv).encode() + b"\n" + done.stdout + done.stderr)
    if done.returncode != 0:
        said = (done.stderr + done.stdout).decode(errors="replace").strip()[-3000:]
        command = " ".join(argv)
        if len(command) > 200:
            command = command[:90] + " … " + command[-90:]
        raise Trouble(f"{command}: exit {done.returncode}\n{said}")
    return done.stdout


def release_program(name):
    """A program of ours, as `./dev build` leaves it."""
    path = RELEASE / name
    if not path.exists():
        raise Trouble(f"{path} is not built: run ./dev build")
    return path


def need_root():
    if os.geteuid() != 0:
        raise Trouble("the boot tests want root: guest trees with owners, port 53 of a loopback address")


def note(text):
    print(text, file=sys.stderr, flush=True)
