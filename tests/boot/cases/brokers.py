# SPDX-License-Identifier: Apache-2.0
"""Key brokers that are busy, forget, refuse or changed their secret, and the confidential data hub."""

import base64
import subprocess

from cases.unlock import report_of_success, stage_lines
from harness import disks, images, keyserver, names, tools
from harness.case import case

FDE = "etc/latchkey/fde.conf"
TABLE = r"(?ms)^\[rootfs\.encrypt\.kbs\].*?(?=^\[|\Z)"
FAKES = tools.REPO / "tests" / "fakes"


class Fake:
    """A broker or a hub of tests/fakes in a process of its own."""

    def __init__(self, program, *arguments):
        self.process = subprocess.Popen(["python3", "-B", FAKES / program, *arguments],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline().split()[1])

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


def broker(t, *modes):
    """A broker whose manners can be told, with a certificate of its own for the usual name."""
    fake = t.keep(Fake("hostile_kbs.py", "tls=good", f"dir={t.folder}", f"name={keyserver.NAME}",
                       *modes))
    fake.say("key " + base64.b64encode(t.world.handover_passphrase).decode())
    return fake


def boot_at(t, fake, **machine):
    ca = (t.folder / "ca.pem").read_bytes()
    t.boot([images.url(fake.port)], add=lambda archive: archive.file("/etc/latchkey/ca.pem", ca),
           **machine)


@case("busy-broker", cost=50)
def busy_broker(t):
    """Slow names, then 503, then 429 with Retry-After, then a session that is over at once."""
    slow = t.keep(names.NameServer({keyserver.NAME: names.HOST}, delay=1.5))
    fake = broker(t, "auth=503,429,ok", "resource=goneonce")
    boot_at(t, fake, resolv_conf=slow.resolv_conf(t.folder))
    t.came_up()
    keys = stage_lines(t)
    report = report_of_success(t, name="root", provider="kbs", endpoint=keyserver.NAME)
    t.check(report["attempts"] >= 3, f"the report counts {report['attempts']} attempts")
    t.check(keys[3] - keys[2] >= 10, "it came back before it was asked to")
    t.check(fake.say("count auth") == "4", "not greeted twice in vain and twice for a session")
    t.check(fake.say("count keys") == "2", "the second session has the first one's key")


@case("proxy-403", cost=25)
def proxy_403(t):
    """A proxy in front of the broker answers 403 in HTML: refused, not asked again."""
    fake = broker(t, "resource=html403")
    boot_at(t, fake)
    t.refused("kbs-denied")
    t.check(fake.say("count resource") == "1", "what was refused was asked for again")
    t.check("<html>" not in t.outcome.console, "the proxy's words are on the console")


def with_another_secret(t, new):
    """A copy of the disk whose keyslot has another secret."""
    disk = t.disk()
    first = disks.luks_offset(disk)
    end = next(at + size for _, _, _, at, size in disks.partitions(disk) if at == first)
    part, old, other = (t.folder / name for name in ("part", "old", "new"))
    with open(disk, "rb") as image, open(part, "wb") as out:
        image.seek(first)
        out.write(image.read(end - first))
    for path, content in ((old, t.world.handover_passphrase), (other, new)):
        path.write_bytes(content)
        path.chmod(0o600)
    tools.run(["cryptsetup", "luksChangeKey", "-q", "--pbkdf", "argon2id", "--pbkdf-memory",
               "32768", "--pbkdf-force-iterations", "4", "--pbkdf-parallel", "1", "--key-file",
               old, part, other])
    with open(disk, "r+b") as image:
        image.seek(first)
        image.write(part.read_bytes())
    for path in (part, old, other):
        path.unlink()
    return disk


@case("rotated-secret", cost=30)
def rotated_secret(t):
    """Keyslot and resource have another secret than at the boot before: nothing is remembered."""
    new = b"what comes after it, 32 bytes..!"
    server = t.server()
    server.put(keyserver.RESOURCE, new)
    t.boot([images.url(server.port)], disk=with_another_secret(t, new))
    t.came_up()
    report_of_success(t, name="root", provider="kbs")


# Systemd accepts, and each connection goes on to the hub, which runs outside of the machine.
SOCKET = """[Unit]
DefaultDependencies=no

[Socket]
ListenStream=/run/confidential-containers/cdh.sock
SocketMode=0600
Accept=yes
"""
SERVICE = f"""[Unit]
DefaultDependencies=no

[Service]
StandardInput=socket
StandardOutput=socket
StandardError=null
ExecStart=-/usr/lib/guest/busybox nc {names.HOST} %PORT%
"""


@case("hub-daemon", cost=30)
def hub_daemon(t):
    """cdh_type = "daemon": the root's key from a hub, which fails once before it has one."""
    hub = t.keep(Fake("hub.py", "tcp:0", "fail,noise",
                      base64.b64encode(t.world.handover_passphrase).decode()))

    def add(archive):
        archive.file("/usr/lib/guest/busybox", t.world.guest.busybox.read_bytes(), 0o755)
        archive.file("/etc/systemd/system/cdh.socket", SOCKET)
        archive.file("/etc/systemd/system/cdh@.service", SERVICE.replace("%PORT%", str(hub.port)))
        archive.link("/etc/systemd/system/sysinit.target.wants/cdh.socket", "../cdh.socket")

    t.boot(None, add=add, changes=((FDE, TABLE, f"""[rootfs.encrypt.kbs]
cdh_type = "daemon"
key_uri = "kbs:///{keyserver.RESOURCE}"
"""),))
    t.came_up()
    report = report_of_success(t, name="root", provider="kbs")
    t.check(report["attempts"] >= 2, "the hub's failure did not cost an attempt")
    for _ in range(2):
        asked = hub.process.stdout.readline().split()
        t.check(asked == ["asked", f"kbs:///{keyserver.RESOURCE}", "sound", "bounded"],
                f"the hub was asked {asked}")


PROGRAM = """#!/usr/lib/guest/busybox sh
busybox=/usr/lib/guest/busybox
echo "<1>GUEST hub $*" > /dev/kmsg
[ "$RUST_LOG" = off ] || exit 101
case $2 in /run/*.toml) ;; *) exit 101 ;; esac
$busybox grep -q '^-----BEGIN CERTIFICATE-----$' "$2" || exit 101
echo "2026-01-01T00:00:00Z  INFO confidential_data_hub: starting"
echo {key}
"""


@case("hub-program", cost=30)
def hub_program(t):
    """cdh_command: a hub that is run once, and logs on its standard output."""
    key = base64.b64encode(t.world.handover_passphrase).decode()

    def add(archive):
        archive.file("/usr/lib/guest/busybox", t.world.guest.busybox.read_bytes(), 0o755)
        archive.file("/usr/bin/confidential-data-hub", PROGRAM.format(key=key), 0o755)

    t.boot(None, add=add, changes=((FDE, TABLE, f"""[rootfs.encrypt.kbs]
cdh_command = "confidential-data-hub"
kbs_url = "{images.url(1)}"
kbs_root_cert = "/etc/latchkey/ca.pem"
key_uri = "kbs:///{keyserver.RESOURCE}"
"""),))
    t.came_up()
    report_of_success(t, name="root", provider="kbs", endpoint="/usr/bin/confidential-data-hub")
    words = t.outcome.mark("hub").split()
    t.check(words[2:] == ["get-resource", "--resource-uri", f"kbs:///{keyserver.RESOURCE}"],
            f"the hub was run with {words}")
    t.check(key not in t.outcome.console, "the key is on the console")
