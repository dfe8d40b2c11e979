# SPDX-License-Identifier: Apache-2.0
"""Speed of the opened volume: latchkey's choice of dm-crypt options against each way in which
cryptsetup can open the same volume, on the same disk, in one machine, in turns.

The disk is the kernel's null_blk over memory of the guest, answering after ten microseconds as a
fast one does: what is measured is the cipher and the way to it. Emulated, the machine's clock
counts instructions: however busy the host is, the same work takes the same time. One processor,
then, and no word on how many of them share the work; with LATCHKEY_KVM=1 there are two and real
time.
"""

import os
import re
import statistics
from pathlib import Path

from harness import cpio, dracut, tools, vm

from . import peers, rows

GOAL = 0.97
SECONDS = 1  # of each job
SIZE = 96 << 20  # what the jobs go over
HEADER = 16 << 20
PASSPHRASE = b"a passphrase for the bench"
OURS = "latchkey"
# name: what cryptsetup open is told; every way has the 4096-byte sectors of the volume itself.
WAYS = {
    "default": "",
    "no-queues": "--perf-no_read_workqueue --perf-no_write_workqueue",
    "same-cpu": "--perf-same_cpu_crypt",
    "submit": "--perf-submit_from_crypt_cpus",
}
JOBS = {
    "read-4k": "--rw=randread --bs=4k --iodepth=16",
    "write-4k": "--rw=randwrite --bs=4k --iodepth=16",
    "read-1m": "--rw=read --bs=1m --iodepth=4",
    "write-1m": "--rw=write --bs=1m --iodepth=4",
}
PROGRAMS = ("/usr/bin/fio", "/usr/sbin/cryptsetup", "/usr/sbin/dmsetup")
MODULES = ("dm_crypt", "cryptd", "crypto_simd", "aesni_intel", "ecb", "xts", "null_blk")
NULL_BLK = "gb=1 memory_backed=1 queue_mode=2 irqmode=2 completion_nsec=10000 submit_queues=1"
EMULATION = "tcg,thread=single"
CLOCK = ("-icount", "shift=1,sleep=off")
FDE = """\
[rootfs]
device = "/dev/nullb0"
name = "ours"
[rootfs.encrypt.exec]
command = "/bin/busybox"
args = ["cat", "/key"]
"""
INIT = """#!/bin/busybox sh
export PATH=/bin:/usr/bin:/usr/sbin DM_DISABLE_UDEV=1
/bin/busybox --install -s /bin
chmod 755 /
mount -t devtmpfs none /dev
mount -t proc none /proc
mount -t sysfs none /sys
mount -t tmpfs none /run
mount -t tmpfs none /tmp
echo 1 >/proc/sys/kernel/printk
while read -r module options; do insmod "/modules/$module" $options; done </modules/list
dd if=/header of=/dev/nullb0 bs=1M 2>/dev/null && rm /header

open_it() {
    if [ "$1" = latchkey ]; then
        latchkey boot root </dev/null || return 1
    else
        cryptsetup open --key-file /key $2 /dev/nullb0 ours || return 1
    fi
    echo "TABLE $1 $(dmsetup table ours)"
}

while read -r round way options; do
    open_it "$way" "$options" || { echo "CANNOT OPEN $way"; break; }
    while read -r job arguments; do
        line=$(fio --minimal --terse-version=3 --name=$job --filename=/dev/mapper/ours \\
            --size=SIZE --ioengine=libaio --direct=1 --time_based --runtime=SECONDS \\
            $arguments 2>/dev/null | tail -n 1)
        echo "RESULT $round $way $job $line"
    done </jobs
    dmsetup remove ours || { echo "CANNOT CLOSE $way"; break; }
done </plan
echo ALL DONE
poweroff -f
"""


def plan(rounds):
    """Each round begins with another way, so that none is always first."""
    ways = [(OURS, ""), *WAYS.items()]
    for n in range(rounds):
        for way, options in ways[n % len(ways):] + ways[:n % len(ways)]:
            yield f"{n} {way} {options}\n"


def modules(guest):
    """What to load, in order, as paths: each with everything below it first."""
    base = guest.tree / "usr/lib/modules" / guest.release
    needs = {}
    for line in (base / "modules.dep").read_text().splitlines():
        path, below = line.split(":", 1)
        needs[Path(path).stem.replace("-", "_")] = (path, below.split())
    order = []
    for name in MODULES:
        path, below = needs.get(name, (None, []))
        order += [*reversed(below), *([path] if path else [])]
    return [base / path for path in dict.fromkeys(order)]


def programs(guest, archive):
    """The peers' tree's own fio and cryptsetup with their libraries."""
    said = dracut.inside(guest.tree, ["/usr/bin/ldd", *PROGRAMS]).decode()
    for name in sorted({*PROGRAMS, *re.findall(r"(/\S+) \(0x", said)}):
        place = name if name.startswith("/usr/") else "/usr" + name
        archive.file(place, (guest.tree / place.lstrip("/")).read_bytes(), 0o755)
    for name in ("lib", "lib64"):
        archive.link(f"/{name}", f"usr/{name}")


def initramfs(guest, rounds, out):
    archive = cpio.Archive()
    programs(guest, archive)
    init = INIT.replace("SIZE", str(SIZE)).replace("SECONDS", str(SECONDS))
    archive.file("/init", init, 0o755)
    archive.file("/bin/busybox", guest.busybox.read_bytes(), 0o755)
    archive.file("/bin/latchkey", tools.release_program("latchkey").read_bytes(), 0o755)
    archive.file("/etc/latchkey/fde.conf", FDE, 0o600)
    archive.file("/key", PASSPHRASE, 0o600)
    archive.file("/plan", "".join(plan(rounds)))
    archive.file("/jobs", "".join(f"{job} {words}\n" for job, words in JOBS.items()))
    for path in modules(guest):
        archive.file(f"/modules/{path.name}", path.read_bytes())
    archive.file("/modules/list", "".join(
        f"{path.name} {NULL_BLK if 'null_blk' in path.name else ''}\n" for path in modules(guest)))
    archive.file("/header", volume(out.with_suffix(".header")).read_bytes())
    for folder in ("dev", "proc", "sys", "run", "tmp"):
        archive.file(f"/{folder}/.keep", "")
    out.write_bytes(archive.bytes())
    return out


def volume(path):
    """The header of a LUKS2 volume as latchkey formats them; the volume is as long as its disk."""
    with open(path, "wb") as file:
        file.truncate(HEADER + (1 << 20))
    tools.run(["cryptsetup", "luksFormat", "-q", "--type", "luks2", "--sector-size", "4096",
               "--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000", "--key-file", "-", path],
              stdin=PASSPHRASE)
    os.truncate(path, HEADER)
    return path


def results(outcome):
    """{way: {job: [KiB/s of each round]}}, and the live table that each way made."""
    found, tables = {}, {}
    for line in outcome.console.splitlines():
        if line.startswith("RESULT "):
            _, _, way, job, terse = line.split(" ", 4)
            fields = terse.split(";")
            speed = int(fields[6]) + int(fields[47])
            found.setdefault(way, {}).setdefault(job, []).append(speed)
        elif line.startswith("TABLE "):
            _, way, text = line.split(" ", 2)
            tables[way] = re.sub(r":64:logon:\S+", "(key)", text)
    if "ALL DONE" not in outcome.console or "CANNOT" in outcome.console or OURS not in found:
        raise tools.Trouble("fio: the machine did not finish:\n" + outcome.tail(20))
    return found, tables


def against_best(found, job):
    """(ratio, name of the best): round by round, against the way that is best over all rounds."""
    best = max(WAYS, key=lambda way: rows.middle(found[way][job]))
    pairs = zip(found[OURS][job], found[best][job])
    return rows.middle([ours / theirs for ours, theirs in pairs]), best


def measure(table, work, rounds):
    guest = peers.tree()
    real = vm.kvm_wanted()
    machine = vm.Machine(guest.kernel, initramfs(guest, rounds, work / "fio.initrd"),
                         "rdinit=/init", network=False, processors=2 if real else 1, memory=1024,
                         emulation=EMULATION, extra=[] if real else list(CLOCK))
    outcome = vm.boot(machine, work, 300 + rounds * len(JOBS) * (1 + len(WAYS)) * 60, "fio")
    found, tables = results(outcome)
    clock = "real time, two processors" if real else "a clock of instructions, one processor"
    table.section(f"Opened volume in a virtual machine, MiB/s (fio; {clock})")
    for way in (OURS, *WAYS):
        speeds = "  ".join(f"{job} {rows.middle(found[way][job]) / 1024:.0f}" for job in JOBS)
        table.add(f"{way}: {speeds}", "")
    table.add(f"latchkey's table: {tables[OURS].split('crypt ', 1)[-1]}", "")
    each = []
    for job in JOBS:
        share, best = against_best(found, job)
        each.append(share)
        table.at_least(f"latchkey / best of cryptsetup, {job} (best: {best})", share, GOAL,
                       rows.ratio)
    table.at_least("the same, all jobs (geometric mean)", statistics.geometric_mean(each), GOAL,
                   rows.ratio)
