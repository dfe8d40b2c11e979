# SPDX-License-Identifier: Apache-2.0
"""The header's MAC, and the recovery key that an operator types."""

from cases.unlock import report_of_success
from harness import disks, images, tools
from harness.case import case

FDE = "etc/latchkey/fde.conf"
KEY = "cbdefghi-jklnrtuv-cbdefghi-jklnrtuv-cbdefghi-jklnrtuv-cbdefghi-jklnrtuv"
FALLBACK = ((FDE, r'(?m)^fallback\s*=.*$', 'fallback = "recovery-key"'),)


def with_recovery_keyslot(t):
    """A copy of the disk with a second keyslot, as `latchkey volume recovery-key` makes it."""
    disk = t.disk()
    first = disks.luks_offset(disk)
    end = next(at + size for _, _, _, at, size in disks.partitions(disk) if at == first)
    part, old, new = (t.folder / name for name in ("part", "old", "new"))
    with open(disk, "rb") as image, open(part, "wb") as out:
        image.seek(first)
        out.write(image.read(end - first))
    for path, content in ((old, t.world.handover_passphrase), (new, KEY.encode())):
        path.write_bytes(content)
        path.chmod(0o600)
    tools.run(["cryptsetup", "luksAddKey", "-q", "--pbkdf", "argon2id", "--pbkdf-memory", "32768",
               "--pbkdf-force-iterations", "4", "--pbkdf-parallel", "1", "--key-file", old, part,
               new])
    with open(disk, "r+b") as image:
        image.seek(first)
        image.write(part.read_bytes())
    for path in (part, old, new):
        path.unlink()
    return disk


def without_server(t):
    """Endpoints of a key server that is gone."""
    server = t.server()
    port = server.port
    server.stop()
    return [images.url(port)]


@case("recovery-key", cost=60)
def recovery_key(t):
    """No key server: the recovery key is asked for at the console, typed, and opens the root."""
    wrong = KEY.replace("c", "d", 1)
    t.boot(without_server(t), disk=with_recovery_keyslot(t), keyboard=True,
           changes=(*FALLBACK, ("etc/latchkey/latchkey.conf", r'deadline = "90s"',
                                'deadline = "60s"')),
           watch=((r"\n.*Recovery key of volume root:", lambda vm: vm.type(wrong + "\n")),
                  (r"That key does not fit", lambda vm: vm.type(KEY.replace("-", "") + "\n"))))
    t.came_up()
    report = report_of_success(t, provider="recovery-key", header_mac="ok")
    events = [event["operation"] for event in report["events"]]
    t.check("recovery" in events and events.index("recovery") < events.index("unlock"),
            f"the events are {events}")
    t.check(KEY not in t.outcome.console, "the key is on the console")


@case("recovery-key-unwanted", cost=60)
def recovery_key_unwanted(t):
    """The same disk, without fallback in the configuration: nobody is asked."""
    t.boot(without_server(t), disk=with_recovery_keyslot(t), keyboard=True,
           changes=(("etc/latchkey/latchkey.conf", r'deadline = "90s"', 'deadline = "30s"'),))
    t.check(not t.outcome.has("Recovery key"), "a recovery key was asked for")
    t.refused("unreachable")


@case("header-mac-wrong", cost=25)
def header_mac_wrong(t):
    """One bit of the header's MAC: the key is right, and nothing is mapped."""
    server = t.server()
    disk = t.disk()

    def change(document):
        token = document["tokens"]["0"]
        token["mac"] = ("B" if token["mac"][0] == "A" else "A") + token["mac"][1:]

    disks.edit_json(disk, change)
    t.boot([images.url(server.port)], disk=disk)
    t.refused("header-mac")
    t.check(not t.outcome.has("[5/5]"), "the root was mapped")


@case("header-mac-absent", cost=25)
def header_mac_absent(t):
    """The token gone: refused where header_mac = "required", and only there."""
    server = t.server()
    disk = t.disk()

    def change(document):
        document["tokens"] = {}

    disks.edit_json(disk, change)
    t.boot([images.url(server.port)], disk=disk,
           changes=((FDE, r'(?m)^encrypted\s*=.*$',
                     'encrypted = true\nheader_mac = "required"'),))
    t.refused("header-mac-absent")
