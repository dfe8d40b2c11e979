# SPDX-License-Identifier: Apache-2.0
"""The guests: a small Debian tree with its own dracut, a kernel, and a two-megabyte root.

They are made from nothing out of the machine's own package sources and kept under
.cache/guests/, one folder per recipe. Whoever changes the recipe gets a new folder.
"""

import fcntl
import hashlib
import os
import shlex
import shutil
from pathlib import Path

from . import tools

PACKAGES = (
    "systemd-sysv", "udev", "kmod", "dmsetup", "dracut-core", "dracut-network", "zstd", "cpio",
    "iproute2", "dbus", "e2fsprogs", "procps", "cryptsetup-bin",
)
DOWNLOADS = ("busybox-static",)
KERNEL = "linux-image-cloud-amd64"
LEFT_OUT = ("/usr/share/man/*", "/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/i18n/*",
            "/usr/share/info/*")
RECIPE = 3  # raise when the steps below change what they make

# Units that cost seconds under emulation and prove nothing here.
QUIETED = (
    "getty.target", "apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer",
    "e2scrub_all.timer", "e2scrub_reap.service", "fstrim.timer", "systemd-pstore.service",
    "systemd-update-utmp.service", "systemd-update-utmp-runlevel.service", "systemd-logind.service",
    "systemd-random-seed.service", "systemd-machine-id-commit.service", "systemd-rfkill.socket",
    "systemd-initctl.socket", "ldconfig.service", "systemd-networkd.service",
    "systemd-networkd.socket", "systemd-networkd-wait-online.service",
)


class Guest:
    """Where the pieces of a cached guest lie. Nobody writes below `home`."""

    def __init__(self, home):
        self.home = Path(home)
        self.tree = self.home / "tree"
        self.tiny = self.home / "tiny"
        self.kernel = self.home / "vmlinuz"
        self.busybox = self.home / "busybox"

    @property
    def release(self):
        return (self.home / "release").read_text().strip()


def host_release():
    """This machine's own release, by its code name."""
    for line in Path("/etc/os-release").read_text().splitlines():
        if line.startswith("VERSION_CODENAME="):
            return line.split("=", 1)[1].strip('"')
    raise tools.Trouble("/etc/os-release names no release")


def package_sources(wanted):
    """sources.list lines: the Debian archives that apt itself uses here, for a release."""
    codename = host_release()
    listing = tools.run(["apt-get", "indextargets", "--format",
                         "$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(ORIGIN)|$(CODENAME)",
                         "Created-By: Packages"]).decode()
    lines = []
    for row in listing.splitlines():
        uri, release, component, origin, name = row.split("|")
        if origin == "Debian" and name.startswith(codename):
            lines.append(f"deb {uri} {release.replace(codename, wanted, 1)} {component}")
    if not lines:
        raise tools.Trouble("apt knows no Debian archive of this release: run apt-get update")
    return sorted(set(lines))


def _fingerprint(codename, extra):
    recipe = "\n".join((str(RECIPE), codename, KERNEL, *PACKAGES, *extra, *DOWNLOADS, *LEFT_OUT, *QUIETED))
    return hashlib.sha256(recipe.encode()).hexdigest()[:12]


def _bootstrap(home, codename, lines, extra):
    """mmdebstrap makes the tree; its hook lets the same apt fetch what is not installed."""
    debs = home / "debs"
    debs.mkdir()
    fetch = (
        "cd " + shlex.quote(str(debs)) + " && export APT_CONFIG=\"$MMDEBSTRAP_APT_CONFIG\" && "
        f"kernel=$(apt-cache depends {KERNEL} | sed -n 's/^ *Depends: *\\(linux-image-[^ ]*\\)$/\\1/p' | head -n1) && "
        f"apt-get -qq -o APT::Sandbox::User=root download \"$kernel\" {' '.join(DOWNLOADS)}"
    )
    argv = ["mmdebstrap", "--quiet", "--mode=root", "--variant=essential", "--format=directory",
            "--include=" + ",".join((*PACKAGES, *extra)), "--aptopt=APT::Install-Recommends \"false\"",
            *[f"--dpkgopt=path-exclude={path}" for path in LEFT_OUT],
            "--customize-hook=" + fetch, codename, str(home / "tree"), "-"]
    tools.run(argv, stdin="\n".join(lines).encode() + b"\n", timeout=1200)
    return debs


def _bootstrap_somehow(home, codename, lines, extra):
    """An index may name packages that its pool has not got yet, or no more: try once again, and
    then the release alone, as it was published, without what was added since."""
    release = [line for line in lines if line.split()[2] == codename]
    for attempt in (lines, lines, release):
        if home.exists():
            shutil.rmtree(home)
        home.mkdir(parents=True)
        try:
            return _bootstrap(home, codename, attempt, extra)
        except tools.Trouble as trouble:
            last = trouble
            tools.note(f"guest trees ({codename}): {str(trouble)[-400:]}")
    raise last


def _unpack(debs, home):
    """Kernel, its modules and busybox out of packages that were never installed."""
    for deb in sorted(debs.glob("*.deb")):
        apart = home / "apart"
        tools.run(["dpkg-deb", "-x", deb, apart])
        for image in apart.glob("boot/vmlinuz-*"):
            release = image.name.removeprefix("vmlinuz-")
            shutil.move(image, home / "vmlinuz")
            (home / "release").write_text(release + "\n")
            modules = home / "tree" / "usr" / "lib" / "modules"
            modules.mkdir(exist_ok=True)
            (unpacked,) = apart.glob(f"**/lib/modules/{release}")
            shutil.move(unpacked, modules / release)
            tools.run(["depmod", "-b", home / "tree", release])
        for box in (apart / "bin" / "busybox", apart / "usr" / "bin" / "busybox"):
            if box.exists():
                shutil.move(box, home / "busybox")
        shutil.rmtree(apart)
    shutil.rmtree(debs)
    for name in ("vmlinuz", "busybox"):
        if not (home / name).exists():
            raise tools.Trouble(f"no {name} among the downloaded packages")


def _settle(tree):
    """Make the Debian tree boot fast and the same way each time."""
    (tree / "etc" / "machine-id").write_text("6c6b626f6f747465737400000000c0de\n")
    (tree / "etc" / "fstab").write_text("")
    (tree / "etc" / "hostname").write_text("guest\n")
    units = tree / "etc" / "systemd" / "system"
    for unit in QUIETED:
        link = units / unit
        link.unlink(missing_ok=True)
        link.symlink_to("/dev/null")
    for waste in ("var/cache/apt", "var/lib/apt/lists"):
        shutil.rmtree(tree / waste, ignore_errors=True)
        (tree / waste).mkdir(parents=True)


def _make_tiny(tiny, busybox):
    """The smallest root that systemd will switch to; its init comes from guest/."""
    for name in ("usr/bin", "usr/lib", "etc", "dev", "proc", "sys", "run", "tmp", "var", "sysroot"):
        (tiny / name).mkdir(parents=True)
    for name, target in (("bin", "usr/bin"), ("sbin", "usr/bin"), ("lib", "usr/lib"),
                         ("usr/sbin", "bin")):
        (tiny / name).symlink_to(target)
    shutil.copy2(busybox, tiny / "usr" / "bin" / "busybox")
    for applet in ("sh", "cat", "cut", "dd", "dmesg", "find", "grep", "head", "ls", "mount", "od",
                   "poweroff", "sed", "sleep", "stat", "sync", "tail", "tar", "touch", "tr", "wc"):
        (tiny / "usr" / "bin" / applet).symlink_to("busybox")
    (tiny / "usr" / "lib" / "os-release").write_text("ID=tiny\nNAME=tiny\n")
    (tiny / "etc" / "os-release").symlink_to("../usr/lib/os-release")
    (tiny / "etc" / "hostname").write_text("tiny\n")


def _build(home, codename, lines, extra):
    partial = home.with_name(home.name + ".partial")
    _unpack(_bootstrap_somehow(partial, codename, lines, extra), partial)
    _settle(partial / "tree")
    _make_tiny(partial / "tiny", partial / "busybox")
    os.rename(partial, home)


def kept(name, fingerprint, make):
    """The folder of something that takes long to make, by its recipe's fingerprint: made now, by
    make(folder), if it is not cached. Those of former recipes go."""
    home = tools.CACHE / f"{name}-{fingerprint}"
    tools.CACHE.mkdir(parents=True, exist_ok=True)
    with open(tools.CACHE / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not home.exists():
            tools.say(f"making the guest trees ({name}), about a minute")
            make(home)
            for stale in tools.CACHE.glob(name + "-*"):
                if stale != home:
                    shutil.rmtree(stale)
    return home


def get(codename=None, extra=()):
    """The guest of a Debian release (default: this machine's), made now if it is not cached. One
    with `extra` packages is a tree of its own, named after the first of them."""
    codename = codename or host_release()
    lines = package_sources(codename)
    name = f"{extra[0]}-{codename}" if extra else codename
    return Guest(kept(name, _fingerprint(codename, extra),
                      lambda home: _build(home, codename, lines, extra)))


def copy_tree(source, target):
    """A private copy, owners and links kept, that a test may change."""
    tools.run(["cp", "-a", "--reflink=auto", source, target])
    return Path(target)
