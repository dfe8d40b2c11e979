# SPDX-License-Identifier: Apache-2.0
"""Volumes that the running system opens, all in one boot to multi-user."""

import json
import re
import secrets

from harness import cpio, images, keyserver, tools, vm
from harness.case import case

MIB = 1 << 20
EMPTY = 32 * MIB  # what offline encryption needs behind the data, to put the header in front
QUICK = ("--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000")

INJECT = """\
[Unit]
DefaultDependencies=no
After=latchkey-overlay.service sysroot.mount
Before=initrd-root-fs.target initrd-parse-etc.service
Conflicts=shutdown.target

[Service]
Type=oneshot
ExecStart=/usr/lib/guest/busybox sh /usr/lib/guest/inject
"""

STOPPED = "[Service]\nExecStopPost=/usr/lib/guest/stopped\n"

VOLUME = """\
volume = "{name}"
dev = "{device}"
auto_open = true
phase = "system"
grow = {grow}

[encrypt.kbs]
kbs_url = "{url}"
key_uri = "kbs:///{resource}"
kbs_root_cert = "/etc/latchkey/{ca}"
"""

FSTAB = """\
/dev/mapper/data0  /srv/data    ext4 defaults,_netdev,nofail 0 2
/dev/mapper/locked /srv/locked  ext4 defaults,_netdev,nofail 0 2
/dev/mapper/beside /srv/beside  ext4 defaults,nofail 0 2
/dev/mapper/swap0  none         swap sw 0 0
"""

FIRST = ("data0", "swap0", "v2", "v3", "v4", "v5", "v6", "v7")
SECOND = ("v8", "v9")
WHOLE = ("data0", "swap0", "locked")
GROWING = ["/srv/data", "/srv/locked"]
LOCKED = "default/locked/volume"


def encrypt(image, key):
    """Encrypt a file in place, header in front, without device-mapper."""
    with open(image, "ab") as file:
        file.truncate(image.stat().st_size + EMPTY)
    tools.run(["cryptsetup", "reencrypt", "-q", "--encrypt", "--reduce-device-size", str(EMPTY),
               "--disable-locks", "--key-file", "-", *QUICK, image], stdin=key)


def filled(t, name, key):
    """A LUKS2 image with a file system that holds one file; None: swap space."""
    image = t.folder / f"{name}.img"
    with open(image, "wb") as file:
        file.truncate(16 * MIB)
    if name == "swap0":
        tools.run(["mkswap", "-q", image])
    else:
        tree = t.folder / f"{name}.tree"
        tree.mkdir()
        (tree / "hello").write_text(f"this is {name}\n")
        tools.run(["mkfs.ext4", "-q", "-F", "-b", "4096", "-d", tree, image])
    encrypt(image, key)
    return image


def row_of_partitions(t, keys):
    """One GPT disk; each partition is an empty LUKS2 volume that bears its name."""
    path = t.folder / "row.img"
    lines = ["label: gpt"] + [f"start={1 + 18 * n}MiB, size=18MiB, name={name}"
                              for n, name in enumerate(keys)]
    with open(path, "wb") as disk:
        disk.truncate((18 * len(keys) + 2) * MIB)
    tools.run(["sfdisk", "-q", path], stdin="\n".join(lines).encode() + b"\n")
    part = t.folder / "part.img"
    for n, key in enumerate(keys.values()):
        part.unlink(missing_ok=True)
        with open(part, "wb") as file:
            file.truncate(18 * MIB)
        tools.run(["cryptsetup", "luksFormat", "-q", "--type", "luks2", "--disable-locks",
                   "--key-file", "-", *QUICK, part], stdin=key)
        tools.run(["dd", f"if={part}", f"of={path}", "bs=1M", f"seek={1 + 18 * n}",
                   "conv=notrunc,sparse", "status=none"])
    part.unlink()
    return path


def inject(t, world_ca, first, second):
    """What the real root gets: configuration, fstab, crypttab, markers, networkd."""
    archive = cpio.Archive()
    etc = "/inject/etc/latchkey/"
    settings = images.LATCHKEY_CONF.format(deadline="90s", on_unreachable="poweroff",
                                           on_denied="poweroff", tee="sample",
                                           register="none")
    # As in an image: the root's device and hash tree stand in the initramfs alone.
    fde = images.FDE_CONF.format(device="", overlay="ram", resource=keyserver.RESOURCE, fallback="none",
                                 endpoints='"https://keys.latchkey.test:1"')
    archive.file(etc + "latchkey.conf", settings, 0o600).file(etc + "fde.conf", fde, 0o600)
    archive.file(etc + "ca.pem", world_ca.read_bytes(), 0o600)
    archive.file(etc + "first.pem", first.ca.read_bytes(), 0o600)
    archive.file(etc + "second.pem", second.ca.read_bytes(), 0o600)
    for name in (*FIRST, *SECOND, "locked"):
        server, ca = (second, "second.pem") if name in SECOND else (first, "first.pem")
        device = f"/dev/disk/by-id/virtio-{name}" if name in WHOLE else f"PARTLABEL={name}"
        archive.file(f"{etc}volumes.d/{name}.conf", VOLUME.format(
            name=name, device=device, url=images.url(server.port), ca=ca,
            grow="true" if name in ("data0", "locked") else "false",
            resource=LOCKED if name == "locked" else f"default/disk/{name}"), 0o600)
    archive.file("/inject/etc/fstab", FSTAB)
    archive.file("/inject/etc/crypttab",
                 "beside /dev/disk/by-id/virtio-beside /etc/beside.key luks,nofail\n")
    units = "/inject/etc/systemd/system/"
    archive.file(units + "latchkey-volumes.service.d/test.conf", STOPPED)
    archive.link(units + "multi-user.target.wants/systemd-networkd.service",
                 "/usr/lib/systemd/system/systemd-networkd.service")
    for name in ("data", "locked", "beside", "v2"):
        archive.file(f"/inject/srv/{name}/.keep", "")
    guest = tools.BOOT / "guest"
    archive.file("/inject/usr/lib/guest/marker", (guest / "system-marker").read_bytes(), 0o755)
    archive.file("/inject/usr/lib/guest/stopped", (guest / "system-stopped").read_bytes(), 0o755)
    archive.file("/usr/lib/guest/inject", (guest / "system-inject").read_bytes())
    archive.file("/usr/lib/guest/busybox", t.world.guest.busybox.read_bytes(), 0o755)
    archive.file("/etc/systemd/system/guest-inject.service", INJECT)
    archive.link("/etc/systemd/system/initrd-root-fs.target.requires/guest-inject.service",
                 "../guest-inject.service")
    return archive


def events(server, kind):
    """How often the audit log has this event, by outcome."""
    found = [entry["body"] for entry in map(json.loads, server.audit().splitlines())]
    return [body for body in found if body["event"] == kind and body["outcome"] == "allowed"]


@case("system-volumes", cost=100)
def system_volumes(t):
    """Ten volumes after the initramfs, one attestation each service; fstab, swap, crypttab, end."""
    image, world_server = t.world.multi_user
    first, second = t.fresh_server(), t.fresh_server()
    keys = {name: secrets.token_bytes(32) for name in (*FIRST, *SECOND, "locked")}
    for name, key in keys.items():
        server = second if name in SECOND else first
        server.put(LOCKED if name == "locked" else f"default/disk/{name}", key)
    row = row_of_partitions(t, {n: k for n, k in keys.items() if n not in WHOLE})
    attached = [vm.Disk(image.disk, "root"), vm.Disk(row, "row")]
    for name in (*WHOLE, "beside"):
        attached.append(vm.Disk(filled(t, name, keys.get(name, b"beside")), name))
    archive = inject(t, world_server.ca, first, second)
    archive.file("/inject/etc/beside.key", "beside", 0o600)
    initrd = cpio.append(image.initrd, archive, t.folder / "system.initrd")
    seen = {}

    def refused(_):
        seen["counts"] = [len(events(s, kind)) for s in (first, second)
                          for kind in ("attest", "resource")]
        first.policy({"version": 1, "rules": [
            {"resource": "default/*/*", "tee": "sample", "all": []}]})

    t.outcome = vm.boot(
        vm.Machine(image.kernel, initrd, image.cmdline, attached, memory=1024, processors=2,
                   resolv_conf=t.world.resolv_conf), t.folder, 300,
        watch=((r"GUEST refused", refused),))
    initrd.unlink()
    t.came_up()
    opened(t, seen)
    fstab_and_crypttab(t)
    growth(t)
    shutdown(t)


def opened(t, seen):
    found = re.search(r"<<<SYSTEM\n(.*?)SYSTEM>>>", t.outcome.console, re.DOTALL)
    t.check(found, "latchkey status printed nothing")
    report = json.loads(found[1])
    t.check(report["phase"] == "initrd" and report["outcome"] == "open", "the first report")
    t.check(report["events"][-1]["operation"] == "handoff", "the initramfs phase was not ended")
    later = report["system"]
    t.check(later["phase"] == "system" and later["outcome"] == "partly", "the second report")
    t.check(later["events"][0]["operation"] == "phase", "the system's events do not say so")
    outcomes = {v["name"]: v["outcome"] for v in later["volumes"]}
    t.check(outcomes.pop("locked") == "DENIED", "the locked volume was not denied")
    t.check(outcomes == dict.fromkeys((*FIRST, *SECOND), "open"), f"volumes: {outcomes}")
    t.check(seen["counts"] == [1, len(FIRST), 1, len(SECOND)],
            f"attestations and resources at the servers: {seen['counts']}")
    status = t.outcome.mark("status")
    t.check("phase initrd: open" in status and "phase system: partly" in status, status)
    t.check(t.outcome.mark("failed") == "latchkey@locked.service",
            f"failed units: {t.outcome.mark('failed')}")
    t.check("kbs-denied" in t.outcome.mark("why"), "the unit does not say why")
    t.check(t.outcome.mark("reloaded") == "open", f"after a reload: {t.outcome.mark('reloaded')}")


def fstab_and_crypttab(t):
    data = t.outcome.mark("data")
    t.check(data.startswith("this is data0 /dev/mapper/data0 /srv/data ext4"), f"data0: {data}")
    t.check(t.outcome.mark("beside") == "this is beside active", "crypttab's volume")
    t.check(t.outcome.mark("generator") == "0", "the generator complained of good lines")
    t.check(t.outcome.mark("order") == "network.target", "not ordered behind the network")
    t.check(t.outcome.mark("swap") == "1", "there is no swap")
    warned = [rest for _, event, rest in t.outcome.marks if event == "warned"]
    t.check(len(warned) == 1 and "'v2'" in warned[0] and "_netdev" in warned[0],
            f"the generator's warnings: {warned}")
    t.check(t.outcome.mark("circles") == "0", "systemd found a circle of units")
    t.check(t.outcome.mark("order-now") == "", "a bad line makes a circle")


def growth(t):
    """The mappings are twice as large as the file systems were; one was mounted late."""
    t.check(t.outcome.mark("once") == "active", "latchkey-grow.service has not been")
    grown = [rest.split() for _, event, rest in t.outcome.marks if event == "grown"]
    t.check([found[2] for found in grown] == GROWING, f"file systems: {grown}")
    for result, tries, path, kib in grown:
        t.check(result == "success" and int(tries) < 30, f"behind the mount of {path}: {result}")
        t.check(int(kib) * 1024 > 24 * MIB, f"{path} has {kib} KiB")


def shutdown(t):
    left = t.outcome.mark("stopped-mappings")
    t.check(left is not None, "latchkey-volumes.service was not stopped")
    names = set(left.split())
    t.check("root" in names and not names & {*FIRST, *SECOND, "locked"}, f"left open: {left}")
    t.check(t.outcome.mark("stopped-mounts") == "0 0", "volumes were closed under a mount")
    t.check(not t.outcome.has("Failed to unmount"), "a file system stayed mounted")
