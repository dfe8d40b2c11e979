# SPDX-License-Identifier: Apache-2.0
"""Where keys and tokens must not be found after a boot."""

import secrets as random

from cases import data
from harness import disks, images, leaks, tools, vm
from harness.case import case

WATCH = """
busybox=/usr/lib/guest/busybox
$busybox mkdir -p /run/guest
while :; do
    $busybox cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ >> /run/guest/while-unlocking
    $busybox ls /proc/[0-9]*/exe >> /run/guest/seen
    $busybox sleep 0.3
done 2> /dev/null
"""


def secrets(t):
    """What the key service released, and the key of the volume."""
    passphrase = t.world.handover_passphrase
    disk = t.world.handover.disk
    return {"the passphrase": passphrase,
            "the volume key": volume_key(t, disk, disks.luks_offset(disk), passphrase)}


def volume_key(t, disk, offset, passphrase):
    key_file = t.folder / "passphrase"
    key_file.write_bytes(passphrase)
    loose = t.folder / "volume.key"
    header = t.folder / "header.img"
    with open(disk, "rb") as source, open(header, "wb") as out:
        source.seek(offset)
        out.write(source.read(16 << 20))
    tools.run(["cryptsetup", "luksDump", "--dump-volume-key", "--batch-mode", "--disable-locks",
               "--key-file", key_file, "--volume-key-file", loose, header])
    return loose.read_bytes()


@case("no-leaks", cost=35)
def no_leaks(t):
    """Console, journal, kernel log, /run, command lines and environments hold no secret."""
    server = t.server()
    dump = t.folder / "dump.img"
    with open(dump, "wb") as out:
        out.truncate(64 << 20)
    t.boot([images.url(server.port)], cmdline="guest.dump latchkey.debug",
           disks=[vm.Disk(dump, "dump", snapshot=False)],
           add=lambda archive: t.probe(archive, "watch", WATCH))
    t.came_up()
    t.check(t.outcome.mark("dumped") is not None, "the guest dumped nothing")
    listing = tools.run(["tar", "-tf", dump]).decode()
    for part in ("run/guest/while-unlocking", "run/guest/dmesg", "run/log/journal",
                 "run/latchkey/report.json"):
        t.check(part in listing, f"{part} is not in the dump: nothing was proved")
    hidden = secrets(t)
    for path in (dump, t.folder / "vm.console", server.log):
        found = leaks.find(path, hidden)
        t.check(not found, f"{path.name} holds {found[:3]}")


def save_memory(memory):
    def save(machine):
        machine.command("stop")
        machine.command("pmemsave", val=0, size=768 << 20, filename=str(memory))
        machine.command("quit")
    return save


@case("no-leaks-in-memory", cost=40)
def no_leaks_in_memory(t):
    """The guest's memory after the hand-over holds neither passphrase nor token."""
    server = t.server()
    memory = t.folder / "memory"

    t.boot([images.url(server.port)], cmdline="guest.hold",
           watch=((r"GUEST holding", save_memory(memory)),))
    t.check(t.outcome.end == "host-quit", f"the machine ended by {t.outcome.end}")
    hidden = {"the passphrase": secrets(t)["the passphrase"]}
    found = leaks.find(memory, hidden)
    memory.unlink()
    t.check(not found, f"memory holds {found[:3]}")


VOLUME = """\
volume = "data0"
dev = "/dev/disk/by-id/virtio-data0"
auto_open = true
phase = "initrd"
format = "blank"
makefs = "ext4"
integrity = true
key_entropy = "full"

[encrypt.kbs]
kbs_url = "{url}"
key_uri = "kbs:///default/disk/data0"
kbs_root_cert = "/etc/latchkey/ca.pem"
"""
# In the initramfs: leave the agent and its configuration to the real root, which closes the volume:
# what is open has its key in the kernel.
KEEP_AGENT = r"""
busybox=/usr/lib/guest/busybox
$busybox mkdir -p /run/guest
$busybox cp $busybox /usr/bin/latchkey /run/guest/
$busybox cp -a /etc/latchkey /run/guest/etc
$busybox cat > /run/guest/after << 'EOF'
#!/bin/sh
busybox=/run/guest/busybox
say() { echo "<1>GUEST $*" > /dev/kmsg; }
$busybox rm -f /run/udev/control # nobody answers there any more
say close "$(/run/guest/latchkey volume close data0 --config /run/guest/etc 2>&1)"
while $busybox grep -q cryptsetup /proc/keys; do $busybox sleep 0.2; done
say keys-gone
EOF
$busybox chmod 755 /run/guest/after
"""


@case("no-leaks-of-making", cost=60)
def no_leaks_of_making(t):
    """Memory after a volume was made, opened and closed holds neither its passphrase nor its key."""
    server = t.server()
    passphrase = random.token_bytes(48)
    server.put("default/disk/data0", passphrase)
    disk = data.blank(t.folder / "data.img", 40 << 20)
    memory = t.folder / "memory"

    def add(archive):
        archive.file("/etc/latchkey/volumes.d/data0.conf",
                     VOLUME.format(url=images.url(server.port)), 0o600)
        archive.file("/etc/latchkey/volumes.d/swap0.conf",
                     data.SWAP.replace("auto_open = true", "auto_open = false"), 0o600)
        t.probe(archive, "keep", KEEP_AGENT)

    t.boot([images.url(server.port)], initrd=data.base(t), add=add, cmdline="guest.hold", deadline=240,
           disks=[vm.Disk(disk, "data0", snapshot=False)],
           watch=((r"GUEST holding", save_memory(memory)),))
    t.check(t.outcome.end == "host-quit", f"the machine ended by {t.outcome.end}")
    report = t.outcome.report
    t.check([v["outcome"] for v in report["volumes"]] == ["open", "open"], "a volume is not open")
    t.check("format" in [e["operation"] for e in report["events"]], "nothing was made")
    t.check(t.outcome.mark("close") == "data0: closed", f"close: {t.outcome.mark('close')}")
    key = volume_key(t, disk, 0, passphrase)
    t.check(len(key) == 96, f"the volume key has {len(key)} bytes")
    hidden = {"the passphrase": passphrase,
              **{f"part {n} of the volume key": key[32 * n:32 * n + 32] for n in range(3)}}
    t.check(leaks.find(memory, {"the kernel's log": b"GUEST keys-gone"}, tokens=False),
            "the dump does not even hold the kernel's log")
    found = leaks.find(memory, hidden)
    memory.unlink()
    t.check(not found, f"memory holds {found[:3]}")
