# SPDX-License-Identifier: Apache-2.0
"""Time from the first route to the mapped root, in one kind of machine, in turns.

systemd-cryptsetup with the key in the initramfs asks nobody and verifies nothing: it is the floor,
not a rival. clevis asks a tang server. latchkey attests, fetches, opens and, on top, verifies the
root. Emulation punishes whoever starts many processes; the ratios say more than the seconds.

Emulated, the machine's clock counts instructions while there is work, and real time while it waits:
a host that has other things to do does not make the work longer.
"""

import re

from harness import cpio, disks, dracut, images, tools, vm

from . import peers, rows, size

CLEVIS, FLOOR, MEMORY = 0.25, 1.5, 8 << 20
UNITS = {"latchkey": "latchkey-root.service", "floor": "systemd-cryptsetup@root.service",
         "clevis": "systemd-cryptsetup@root.service clevis-luks-askpass.service"}
NETWORK = (tools.BOOT / "guest/10-guest.network")

# Event by event, what the kernel's routing table and the units say. The first unit maps the root.
WATCH = """
busybox=/usr/lib/guest/busybox
for ip in /usr/sbin/ip /usr/bin/ip /sbin/ip; do [ -x $ip ] && break; done
$ip monitor route | while read -r line; do
    case $line in default*) echo '<1>GUEST route' > /dev/kmsg ;; esac
done &
while [ ! -e /dev/mapper/root ]; do $busybox sleep 0.2; done
set -- UNITS
while :; do
    shown=$(systemctl show $1 -p ActiveState -p ExecMainStartTimestampMonotonic \
        -p ExecMainExitTimestampMonotonic | $busybox tr '\\n' ' ')
    case $shown in *ActiveState=active*) break ;; esac
    $busybox sleep 0.2
done
for unit in "$@"; do shown="$shown $(systemctl show $unit -p CPUUsageNSec)"; done
echo "<1>GUEST unit $shown" > /dev/kmsg
"""
MEASURED = """
[Service]
ExecStart=
ExecStart=/usr/lib/guest/busybox time -v /usr/bin/latchkey boot root
"""


def clock():
    """How a machine whose time is measured is emulated."""
    if vm.kvm_wanted():
        return {}
    return {"emulation": "tcg,thread=single", "extra": ["-icount", "shift=1"]}


class Boots:
    """The three ways to the same root."""

    def __init__(self, world, test, work):
        self.world, self.test, self.work = world, test, work
        self.server = test.server()
        self.disk = world.handover.disk
        self.uuid = disks.luks_uuid(self.disk, disks.luks_offset(self.disk))

    def make(self):
        omit = size.OMIT_PEERS
        self.floor_base, self.clevis_base = self.work / "floor-base.img", self.work / "clevis-base.img"
        release = self.world.guest.release
        size.built(self.world.debian, release, self.floor_base, omit, "crypt " + size.BASE)
        size.built(peers.tree().tree, release, self.clevis_base, omit, peers.MODULES)
        self.tang = self.test.keep(peers.Tang(self.work / "tang"))
        self.clevis_disk = self.tang.bind(self.disk, self.world.handover_passphrase,
                                          self.work / "clevis.disk")

    def watch(self, archive, name):
        self.test.probe(archive, "watch", WATCH.replace("UNITS", UNITS[name]))

    def latchkey(self, measured=False):
        def add(archive):
            self.watch(archive, "latchkey")
            if measured:
                archive.file("/etc/systemd/system/latchkey-root.service.d/measure.conf", MEASURED)
        return self.test.boot([images.url(self.server.port)], add=add, deadline=600, **clock())

    def other(self, name, archive, base, disk, words):
        self.watch(archive, name)
        initrd = cpio.append(base, archive, self.work / f"{name}.initrd")
        words = (f"root=/dev/mapper/root ro rd.luks.name={self.uuid}=root rd.shell=0 "
                 f"rd.emergency=poweroff {words}")
        return vm.boot(vm.Machine(self.world.guest.kernel, initrd, words, [vm.Disk(disk, "root")],
                                  resolv_conf=self.world.resolv_conf, **clock()), self.work, 600, name)

    def floor(self):
        archive = cpio.Archive().file("/etc/luks.key", self.world.handover_passphrase, 0o400)
        return self.other("floor", archive, self.floor_base, self.disk,
                          f"rd.luks.key={self.uuid}=/etc/luks.key")

    def clevis(self):
        archive = cpio.Archive().file("/etc/systemd/network/10-guest.network",
                                      NETWORK.read_bytes())
        return self.other("clevis", archive, self.clevis_base, self.clevis_disk,
                          "ip=dhcp rd.neednet=1")


def told(outcome, from_route):
    """(wall, CPU) in seconds, from the route or else from the unit's start, to the mapped root."""
    text = outcome.mark("unit")
    if not text:
        raise tools.Trouble("the machine showed no times:\n" + outcome.tail(20))
    shown = dict(word.split("=", 1) for word in text.split() if "=" in word)
    begin = int(shown["ExecMainStartTimestampMonotonic"]) / 1e6
    end = int(shown["ExecMainExitTimestampMonotonic"]) / 1e6
    if from_route:
        route = next((at for at, event, _ in outcome.marks if event == "route"), None)
        if route is None:
            raise tools.Trouble("the machine saw no route:\n" + outcome.tail(20))
        begin = max(begin, route)
    cpu = sum(int(n) for n in re.findall(r"CPUUsageNSec=(\d+)", text)) / 1e9
    return end - begin, cpu


def run(boots, rounds):
    ways = {"latchkey": boots.latchkey, "floor": boots.floor, "clevis": boots.clevis}
    found = {name: [] for name in ways}
    marks = []
    for n in range(rounds):
        marks.append(rows.yardstick())
        for name, boot in ways.items():
            found[name].append(told(boot(), name != "floor"))
        tools.say(f"# boot, round {n + 1} of {rounds}: " + ", ".join(
            f"{name} {found[name][-1][0]:.2f} s" for name in ways))
    return found, marks


def ratios(table, found, name, limit, bounded):
    """Round by round, so that a machine which slows down does so for both."""
    for what, which in (("wall", 0), ("CPU", 1)):
        each = [a[which] / b[which] for a, b in zip(found["latchkey"], found[name])]
        show = table.at_most if bounded(what) else None
        label = f"latchkey / {name}, {what}"
        if show:
            show(label, rows.middle(each), limit, rows.ratio)
        else:
            table.add(label, rows.ratio(rows.middle(each)))


def memory(table, boots):
    outcome = boots.latchkey(measured=True)
    found = re.search(r"Maximum resident set size \(kbytes\): (\d+)", outcome.console)
    if not found:
        raise tools.Trouble("the machine showed no memory:\n" + outcome.tail(20))
    table.below("agent's peak memory in the machine", int(found[1]) * 1024, MEMORY,
                rows.mebibytes)


def measure(table, world, test, work, rounds):
    boots = Boots(world, test, work)
    boots.make()
    found, marks = run(boots, rounds)
    table.section("In the same emulated machine, from the first route (floor: its start) to the "
                  "mapped root; CPU of the units")
    for name, label in (("latchkey", "latchkey (attests; verifies the root)"),
                        ("floor", "floor: systemd-cryptsetup, key file in the initramfs"),
                        ("clevis", "clevis + tang")):
        wall, cpu = (rows.middle([pair[i] for pair in found[name]]) for i in (0, 1))
        table.add(label, rows.seconds(wall), f"CPU {rows.seconds(cpu)}")
    ratios(table, found, "floor", FLOOR, lambda what: what == "wall")
    ratios(table, found, "clevis", CLEVIS, lambda what: True)
    memory(table, boots)
    table.add("yardstick (a fixed loop on the host)", f"{min(marks):.2f} to {max(marks):.2f} s")
