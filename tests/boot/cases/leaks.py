# SPDX-License-Identifier: Apache-2.0
"""Where keys and tokens must not be found after a boot."""

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
    key_file = t.folder / "passphrase"
    key_file.write_bytes(passphrase)
    loose = t.folder / "volume.key"
    header = t.folder / "header.img"
    offset = disks.luks_offset(t.world.handover.disk)
    with open(t.world.handover.disk, "rb") as disk, open(header, "wb") as out:
        disk.seek(offset)
        out.write(disk.read(16 << 20))
    tools.run(["cryptsetup", "luksDump", "--dump-volume-key", "--batch-mode", "--disable-locks",
               "--key-file", key_file, "--volume-key-file", loose, header])
    return {"the passphrase": passphrase, "the volume key": loose.read_bytes()}


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


@case("no-leaks-in-memory", cost=40)
def no_leaks_in_memory(t):
    """The guest's memory after the hand-over holds neither passphrase nor token."""
    server = t.server()
    memory = t.folder / "memory"

    def save(machine):
        machine.command("stop")
        machine.command("pmemsave", val=0, size=768 << 20, filename=str(memory))
        machine.command("quit")

    t.boot([images.url(server.port)], cmdline="guest.hold",
           watch=((r"GUEST holding", save),))
    t.check(t.outcome.end == "host-quit", f"the machine ended by {t.outcome.end}")
    hidden = {"the passphrase": secrets(t)["the passphrase"]}
    found = leaks.find(memory, hidden)
    memory.unlink()
    t.check(not found, f"memory holds {found[:3]}")
