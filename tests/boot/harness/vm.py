# SPDX-License-Identifier: Apache-2.0
"""One virtual machine: its command line, its console, its end.

QEMU's exit status says nothing about the guest, so three things are kept: what the
serial console showed, which SHUTDOWN event the monitor reported, and how long it took.
"""

import json
import os
import re
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from . import tools

# cx16 off: under emulation the newer kernels crash in cmpxchg16b with it.
CPU = "qemu64,-cx16,+aes,+ssse3,+sse4.1,+sse4.2,+popcnt,+rdrand,+pclmulqdq"
QUIET = ("console=ttyS0", "panic=-1", "printk.time=1", "quiet", "net.ifnames=0")
# On a busy machine the emulated timer is late, and the kernel would panic for it (no_timer_check).
# Emulated code is translated per address: with the same addresses in every process it is done
# once, and wiping freed pages (init_on_free=1) does not crawl through thousands of stale copies.
STEADY = ("norandmaps", "nokaslr", "no_timer_check")
ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|[@-Z\\-_])")
MARK = re.compile(r"\[\s*(\d+\.\d+)\] GUEST (\S+)[ \t]*(.*)")


def kvm_wanted():
    return os.environ.get("LATCHKEY_KVM") == "1"


@dataclass
class Disk:
    """A raw image; `snapshot` keeps the guest's writes away from the file. `log` takes every write
    and flush (harness/powercut.py)."""
    path: Path
    serial: str
    snapshot: bool = True
    readonly: bool = False
    sector: int = 512
    log: Path = None
    log_sector: int = 512

    def arguments(self, node):
        device = f"virtio-blk-pci,drive={node},serial={self.serial}"
        if self.sector != 512:
            device += f",logical_block_size={self.sector},physical_block_size={self.sector}"
        if self.log:
            return ["-blockdev", f"driver=file,node-name={node}disk,filename={self.path}",
                    "-blockdev", f"driver=file,node-name={node}log,filename={self.log}",
                    "-blockdev", f"driver=blklogwrites,node-name={node},file={node}disk,"
                                 f"log={node}log,log-sector-size={self.log_sector}",
                    "-device", device]
        options = f"if=none,id={node},file={self.path},format=raw"
        options += ",snapshot=on" if self.snapshot else ""
        options += ",readonly=on" if self.readonly else ""
        return ["-drive", options, "-device", device]


@dataclass
class Machine:
    """What to boot. `extra` goes to QEMU as it is."""
    kernel: Path
    initrd: Path
    cmdline: str = ""
    disks: list = field(default_factory=list)
    network: bool = True
    netdev: str = ""  # more options of the user network
    resolv_conf: str = None
    memory: int = 768
    processors: int = 1
    rtc: str = None
    emulation: str = "tcg,thread=multi"
    keyboard: bool = False  # Running.type reaches the console
    extra: list = field(default_factory=list)

    def _serial(self, console):
        if not self.keyboard:
            return ["-serial", f"file:{console}"]
        return ["-chardev", f"socket,id=serial,path={console}.sock,server=on,wait=off,"
                f"logfile={console},logappend=on", "-serial", "chardev:serial"]

    def arguments(self, console, monitor_fd):
        accel, cpu = ("kvm", "host") if kvm_wanted() else (self.emulation, CPU)
        argv = ["qemu-system-x86_64", "-machine", "q35", "-accel", accel, "-cpu", cpu,
                "-smp", str(self.processors), "-m", str(self.memory),
                "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
                *self._serial(console), "-device", "virtio-rng-pci",
                "-chardev", f"socket,id=mon,fd={monitor_fd}", "-mon", "chardev=mon,mode=control",
                "-kernel", str(self.kernel), "-initrd", str(self.initrd),
                "-append", " ".join((*QUIET, *(() if kvm_wanted() else STEADY), self.cmdline))]
        if self.network:
            argv += ["-netdev", "user,id=n0" + self.netdev, "-device", "virtio-net-pci,netdev=n0,romfile="]
        for n, disk in enumerate(self.disks):
            argv += disk.arguments(f"d{n}")
        if self.rtc:
            argv += ["-rtc", f"base={self.rtc}"]
        return argv + list(self.extra)


@dataclass
class Outcome:
    """How a machine ended. `end` is guest-shutdown, guest-reset, host-quit, timeout or died."""
    end: str
    wall: float
    cpu: float
    console: str
    errors: str

    @property
    def marks(self):
        """[(kernel seconds, event, rest)] of the markers that guests print."""
        return [(float(m[1]), m[2], m[3].strip()) for m in MARK.finditer(self.console)]

    def mark(self, event):
        """The rest of the first such marker, or None."""
        return next((rest for _, name, rest in self.marks if name == event), None)

    @property
    def report(self):
        """The agent's report as the real root printed it, or None."""
        found = re.search(r"<<<REPORT\n(.*?)REPORT>>>", self.console, re.DOTALL)
        return json.loads(found[1]) if found else None

    def has(self, text):
        return text in self.console

    def tail(self, lines=40):
        return "\n".join(self.console.splitlines()[-lines:])


class Running:
    """A started machine. Use it as a context manager, so that it ends whatever happens."""

    def __init__(self, machine, folder, name="vm"):
        self.folder = Path(folder)
        self.console_path = self.folder / f"{name}.console"
        self.errors_path = self.folder / f"{name}.stderr"
        self.console_path.write_bytes(b"")
        self._watchers = []
        self._events = []
        self._received = b""
        self._seen = 0
        self._status = None
        self._ended = None
        self.started = time.monotonic()
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        self.monitor = ours
        argv = machine.arguments(self.console_path, theirs.fileno())
        if machine.resolv_conf:
            # The monitor's descriptor and the process id both survive the exec.
            real = os.path.realpath("/etc/resolv.conf")
            argv = ["unshare", "--mount", "--propagation", "private", "sh", "-c",
                    'mount --bind "$1" "$2" && shift 2 && exec "$@"', "qemu",
                    machine.resolv_conf, real, *argv]
        with open(self.errors_path, "wb") as errors:
            self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=errors,
                                            stderr=errors, pass_fds=(theirs.fileno(),))
        theirs.close()
        self.command("qmp_capabilities")

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.kill()
        self.monitor.close()

    def command(self, name, **arguments):
        message = {"execute": name}
        if arguments:
            message["arguments"] = arguments
        try:
            self.monitor.sendall(json.dumps(message).encode() + b"\n")
        except OSError:
            pass  # the machine has just ended; the outcome will say how

    def type(self, text):
        """What somebody at the console types; the machine needs keyboard=True."""
        with socket.socket(socket.AF_UNIX) as serial:
            serial.connect(f"{self.console_path}.sock")
            serial.sendall(text.encode())
            time.sleep(0.5)  # QEMU drops what it has not read when the connection ends

    def on(self, pattern, action):
        """Call `action(self)` once, when the console shows the pattern."""
        self._watchers.append((re.compile(pattern), action))

    def console(self):
        text = self.console_path.read_bytes().decode(errors="replace").replace("\r", "")
        return ESCAPES.sub("", text)

    def _read_monitor(self):
        try:
            while chunk := self.monitor.recv(65536):
                self._received += chunk
        except OSError:
            pass
        *lines, self._received = self._received.split(b"\n")
        for line in lines:
            message = json.loads(line)
            if "event" in message or "return" in message or "error" in message:
                self._events.append(message)

    def wait_return(self, timeout):
        """Wait for the answer to the last command that has not been answered yet."""
        before = len([m for m in self._events if "event" not in m])
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            self._read_monitor()
            answers = [m for m in self._events if "event" not in m]
            if len(answers) > before:
                return answers[-1]
            time.sleep(0.02)
        raise tools.Trouble("the machine's monitor does not answer")

    def _watch(self):
        if not self._watchers:
            return
        size = self.console_path.stat().st_size
        if size == self._seen:
            return
        self._seen = size
        text = self.console()
        waiting, self._watchers = self._watchers, []
        for pattern, action in waiting:
            if pattern.search(text):
                action(self)
            else:
                self._watchers.append((pattern, action))

    def _tell(self, follow, told):
        if not follow:
            return 0
        lines = self.console().split("\n")[:-1]
        for line in lines[told:]:
            follow(line)
        return len(lines)

    def _poll(self):
        if self._status is None:
            pid, status, usage = os.wait4(self.process.pid, os.WNOHANG)
            if pid:
                self._status, self._usage = status, usage
                self.process.returncode = os.waitstatus_to_exitcode(status)
                self._ended = time.monotonic()
        return self._status is not None

    def kill(self):
        if not self._poll():
            os.kill(self.process.pid, signal.SIGKILL)
            while not self._poll():
                time.sleep(0.01)

    def _end_reason(self):
        if self.timed_out:
            return "timeout"
        for message in self._events:
            if message.get("event") == "SHUTDOWN":
                reason = message["data"]["reason"]
                return "host-quit" if reason.startswith("host") else reason
        return "died"

    def wait(self, deadline, follow=None):
        """Run to the end, at most `deadline` seconds, and say how it went. `follow` gets each
        console line when it is complete."""
        self.timed_out = False
        told = 0
        while not self._poll():
            if time.monotonic() - self.started > deadline:
                self.timed_out = True
                self.kill()
                break
            self._read_monitor()
            self._watch()
            told = self._tell(follow, told)
            time.sleep(0.05)
        self._tell(follow, told)
        self._read_monitor()
        return Outcome(self._end_reason(), self._ended - self.started,
                       self._usage.ru_utime + self._usage.ru_stime, self.console(),
                       self.errors_path.read_text(errors="replace"))


def boot(machine, folder, deadline=150, name="vm", watch=(), follow=None):
    """Start, wait, return the outcome. `watch` holds (pattern, action) pairs."""
    with Running(machine, folder, name) as running:
        for pattern, action in watch:
            running.on(pattern, action)
        return running.wait(deadline, follow)
