# SPDX-License-Identifier: Apache-2.0
"""What a case gets, and how cases become known."""

import collections
import shutil
import threading
import time
from pathlib import Path

from . import cpio, disks, dracut, guests, images, keyserver, names, roots, tools, vm

CASES = []
PROBE = """\
[Unit]
DefaultDependencies=no
Conflicts=initrd-switch-root.target shutdown.target

[Service]
Type=exec
ExecStart=/usr/lib/guest/busybox sh /usr/lib/guest/{name}
"""


class Skip(Exception):
    """The case cannot run here; the text says why."""


def case(name, cost=20):
    """Register a function as a case. `cost` in seconds orders the schedule, long ones first."""
    def register(function):
        CASES.append((name, cost, function))
        return function
    return register


class World:
    """What the cases share, each piece made when first asked for, and never changed after."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.names = names.NameServer({keyserver.NAME: names.HOST,
                                       "dead." + keyserver.NAME: names.NOWHERE})
        self.resolv_conf = self.names.resolv_conf(self.folder)
        self._made = {}
        self._open = []
        self._locks = collections.defaultdict(threading.RLock)
        self._tree_lock = threading.Lock()
        self._preparing = threading.local()

    def _once(self, name, make):
        """Make a piece, or wait for whoever makes it; cases do not answer for that time."""
        outermost = not getattr(self._preparing, "now", False)
        self._preparing.now = True
        started = time.monotonic()
        try:
            with self._locks[name]:
                if name not in self._made:
                    self._made[name] = make()
                    tools.say(f"# {name}: {time.monotonic() - started:.1f} s")
                return self._made[name]
        finally:
            if outermost:
                self._preparing.now = False
                self._preparing.spent = self.prepared() + time.monotonic() - started

    def once(self, name, make):
        """A piece that the cases of one file share."""
        return self._once(name, make)

    def prepared(self):
        """Seconds that this thread has spent on what the cases share."""
        return getattr(self._preparing, "spent", 0.0)

    @property
    def guest(self):
        return self._once("guest trees", guests.get)

    @property
    def debian(self):
        """The Debian tree with the test artefact of the agent installed."""
        return self._once("debian tree", self._make_debian)

    def _make_debian(self):
        tree = roots.debian(self.guest, self.folder / "debian")
        roots.install_both(tree)
        return tree

    def debian_copy(self, target):
        """A private copy of that tree, without the configuration of whoever makes an initramfs."""
        with self._tree_lock:
            return guests.copy_tree(self.debian, target)

    @property
    def origin(self):
        """The key server that the hand-over disk was enrolled with; stopped again."""
        return self._handover()[1]

    @property
    def handover_passphrase(self):
        """What the key server releases for the hand-over disk."""
        return self._handover()[2]

    @property
    def handover(self):
        """The disk of nearly all cases: a two-megabyte root, verity inside LUKS2."""
        return self._handover()[0]

    def _handover(self):
        return self._once("hand-over disk", self._make_handover)

    def _make_handover(self):
        home = self.folder / "handover"
        home.mkdir()
        server = keyserver.KeyServer(home / "server").init().start()
        server.policy(keyserver.ALLOW)
        urls = (images.url(server.port),)
        config = images.Settings(urls).write(home / "config", server.ca)
        # With who asks for a recovery key in it; the configuration is replaced in each boot.
        settings = images.Settings(urls, final=True, fallback="recovery-key")
        base = self.initramfs(home / "base.img", settings.write(home / "base", server.ca))
        tiny = roots.tiny(self.guest, home / "tiny")
        image = images.build(home / "root.img", tiny, self.guest.kernel, config, server, base)
        passphrase = server.get(keyserver.RESOURCE)
        server.stop()
        return image, server, passphrase

    @property
    def stub(self):
        """(initramfs with a stand-in for the agent, plain root disk), dracut's own hooks included."""
        return self._once("stand-in initramfs", self._make_stub)

    def _make_stub(self):
        home = self.folder / "stub"
        home.mkdir()
        tree = roots.stub(self.guest, home / "debian", roots.STUB_ANSWERS)
        dracut.build(tree, self.guest.release, home / "stub.img",
                     ("--add", "latchkey", "--omit", dracut.LEAN_OMIT))
        shutil.rmtree(tree)
        disk = roots.ext4(roots.tiny(self.guest, home / "tiny"), home / "root.img", 16)
        return home / "stub.img", disk

    @property
    def multi_user(self):
        """(disk of the whole Debian tree, its key server, which runs until the end)."""
        return self._once("Debian disk", self._make_multi_user)

    def _make_multi_user(self):
        home = self.folder / "multi"
        home.mkdir()
        server = keyserver.KeyServer(home / "server").init().start().policy(keyserver.ALLOW)
        settings = images.Settings((images.url(server.port),), overlay="ram")
        config = settings.write(home / "config", server.ca)
        self._open.append(server.stop)
        return images.build(home / "debian.img", self.debian, self.guest.kernel, config,
                            server), server

    @property
    def trixie(self):
        """(a newer Debian's kernel, an initramfs by its own dracut) for the hand-over disk."""
        return self._once("trixie initramfs", self._make_trixie)

    def _make_trixie(self):
        home = self.folder / "trixie-initramfs"
        home.mkdir()
        guest = guests.get("trixie")
        tree = roots.debian(guest, home / "debian")
        roots.install_both(tree)
        for name, content in self.handover.configuration().items():
            (tree / name).write_bytes(content)
            (tree / name).chmod(0o600)
        dracut.build(tree, guest.release, home / "trixie.img",
                     ("--add", "latchkey", "--omit", dracut.BARE_OMIT))
        shutil.rmtree(tree)
        return guest.kernel, home / "trixie.img"

    def initramfs(self, out, config, arguments=("--omit", dracut.BARE_OMIT), folder="etc/latchkey"):
        """An initramfs by the Debian tree's dracut, made with a configuration in place."""
        place = self.debian / folder
        with self._tree_lock:
            shutil.rmtree(place, ignore_errors=True)
            shutil.copytree(config, place)
            place.chmod(0o700)
            dracut.build(self.debian, self.guest.release, out, ("--add", "latchkey", *arguments))
            shutil.rmtree(place)
            place.mkdir(mode=0o700)
        return Path(out)


    def close(self):
        """Stop what runs; remove what is large and can be made again."""
        for thing in self._open:
            thing()
        for name in ("debian tree",):
            if name in self._made:
                shutil.rmtree(self._made[name], ignore_errors=True)
        self.names.close()


class Test:
    """One run of one case: its folder, its servers, its boots."""

    def __init__(self, world, name):
        self.world = world
        self.folder = world.folder / name
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self._open = []
        self.outcome = None

    def close(self):
        for thing in reversed(self._open):
            thing()
        self._open.clear()

    # --- servers

    def server(self, policy=keyserver.ALLOW, port=0, start=True):
        """A key server that knows the hand-over disk's key."""
        server = keyserver.KeyServer(self.folder / f"server{len(self._open)}")
        server.adopt(self.world.origin)
        self._open.append(server.stop)
        if start:
            server.start(port)
            server.policy(policy)
        return server

    def fresh_server(self):
        """A key server with a CA of its own and no resource yet."""
        server = keyserver.KeyServer(self.folder / f"server{len(self._open)}").init()
        self._open.append(server.stop)
        return server.start().policy(keyserver.ALLOW)

    def keep(self, thing):
        """Close it when the case ends."""
        self._open.append(thing.close)
        return thing

    # --- boots

    def disk(self):
        """A private copy of the hand-over disk."""
        return disks.copy(self.world.handover.disk, self.folder / "root.img")

    def boot(self, urls, disk=None, changes=(), add=None, cmdline="", deadline=150, watch=(),
             name="vm", drop=(), **machine):
        """Boot the hand-over disk with these endpoints; other things changed as named."""
        image = self.world.handover
        archive = images.reconfigure(image.configuration(), urls, changes)
        if add:
            add(archive)
        # The archive holds the whole configuration, so that any initramfs with the agent will do.
        initrd = cpio.append(machine.pop("initrd", image.initrd), archive,
                             self.folder / f"{name}.initrd")
        words = [w for w in image.cmdline.split() if w not in drop]
        where = vm.Disk(disk or image.disk, "root", machine.pop("snapshot", True))
        extra_disks = machine.pop("disks", [])
        self.outcome = vm.boot(
            vm.Machine(machine.pop("kernel", image.kernel), initrd, " ".join((*words, cmdline)), [where, *extra_disks],
                       resolv_conf=machine.pop("resolv_conf", self.world.resolv_conf), **machine),
            self.folder, deadline, name, watch)
        initrd.unlink()
        return self.outcome

    def probe(self, archive, name, script):
        """Run a shell script of ours in the initramfs, from early on, beside everything else."""
        archive.file("/usr/lib/guest/busybox", self.world.guest.busybox.read_bytes(), 0o755)
        archive.file(f"/usr/lib/guest/{name}", script, 0o755)
        archive.file(f"/etc/systemd/system/guest-{name}.service", PROBE.format(name=name))
        archive.link(f"/etc/systemd/system/sysinit.target.wants/guest-{name}.service",
                     f"../guest-{name}.service")

    # --- claims

    def check(self, condition, claim):
        if not condition:
            raise AssertionError(claim)

    def came_up(self, outcome=None):
        outcome = outcome or self.outcome
        self.check(outcome.mark("realroot") is not None, "the real root did not come up")
        self.check(outcome.mark("finished") is not None, "the real root did not finish")
        self.check(outcome.end == "guest-shutdown", f"the machine ended by {outcome.end}")

    def refused(self, code, outcome=None, end="guest-shutdown"):
        """Nothing came up; one line says why, by its stable code; no shell; ended as configured."""
        outcome = outcome or self.outcome
        self.check(outcome.mark("realroot") is None, "a real root came up")
        self.check(outcome.has(code), f"the console does not say '{code}'")
        self.check(outcome.end == end, f"the machine ended by {outcome.end}, not {end}")
        self.no_shell(outcome)

    def no_shell(self, outcome=None):
        text = (outcome or self.outcome).console
        for sign in ("Entering emergency mode", "sulogin", "Press Enter for maintenance",
                     "Emergency Shell", ":/#", "sh-5."):
            self.check(sign not in text, f"the console shows a shell: {sign!r}")
