# SPDX-License-Identifier: Apache-2.0
"""Verified roots, with and without a key, and writable layers of each kind and place."""

import secrets

from cases.system import events
from cases.unlock import report_of_success, stage_lines
from harness import disks, gpt, images, roots, tools, vm
from harness.case import case

PASSPHRASE = "what the layer opens with"
# Says what a boot before this one left, and leaves something itself.
AFTER = """\
#!/bin/sh
say() { echo "<1>GUEST $*" > /dev/kmsg; }
say before "$(cat /var/written 2> /dev/null || echo nothing)"
{ echo "by boot" > /var/written && sync && say wrote; } || say write-failed
say blocks "$(stat -f -c %b /)"
say layer "$(ls /run/latchkey/overlay 2> /dev/null | tr '\\n' ' ')"
say layermount "$(grep ' /run/latchkey/overlay ' /proc/mounts)"
"""
FDE = """\
[rootfs]
name = "root"
encrypted = false
{layer}
[rootfs.verity]
{verity}"""
# Read when the initramfs is made; each disk appends its own.
PLACEHOLDER = """\
root_hash = "{zeros}"
data_blocks = 1
hash_offset = 0
hash_device = "PARTLABEL=root-verity"
"""
DELTA = """
[delta]
{delta}
[delta.encrypt.exec]
command = "/usr/bin/echo"
args = ["-n", "{passphrase}"]
"""
# Made anew at each boot, under a random key.
OTP = """
[delta]
device = "PARTLABEL=delta"

[delta.encrypt.otp]
"""
AGENT = """\
[agent]
deadline = "90s"
on_unreachable = "poweroff"
on_denied = "poweroff"
failure_delay = "1s"
"""


def configuration(folder, layer, delta="", final=False):
    folder.mkdir(parents=True)
    verity = PLACEHOLDER.format(zeros="0" * 64) if final else ""
    text = FDE.format(layer=layer, verity=verity)
    if final:
        text = text.replace("[rootfs]\n", '[rootfs]\ndevice = "PARTLABEL=root"\n')
    if delta == OTP:  # latchkey-image names the device
        text += delta if final else delta.replace('device = "PARTLABEL=delta"\n', "")
    elif delta:
        text += DELTA.format(delta=delta, passphrase=PASSPHRASE)
    (folder / "fde.conf").write_text(text)
    (folder / "latchkey.conf").write_text(AGENT)
    for item in folder.iterdir():
        item.chmod(0o600)
    return folder


def tree(t, name, mark="one"):
    """A small root; trees with different marks have different root hashes."""
    made = roots.tiny(t.world.guest, t.folder / name)
    own = made / "usr/lib/guest/after"
    own.write_text(AFTER + own.read_text().split("\n", 1)[1])
    (made / "etc/mark").write_text(mark + "\n")
    return made


def base(t, name, layer, delta=""):
    """An initramfs that knows what this kind of layer needs."""
    def make():
        folder = t.world.folder / name
        return t.world.initramfs(t.world.folder / f"{name}.base",
                                 configuration(folder, layer, delta, final=True))
    return t.world.once(name, make)


def build(t, name, layer, delta="", mark="one", extra=(), initrd=None):
    return images.build(t.folder / f"{name}.img", tree(t, name, mark), t.world.guest.kernel,
                        configuration(t.folder / f"{name}.conf", layer, delta), None, initrd,
                        extra)


def boot(t, image, name, more=(), snapshot=True, disk=None):
    t.outcome = vm.boot(
        vm.Machine(image.kernel, image.initrd, image.cmdline,
                   [vm.Disk(disk or image.disk, "root", snapshot), *more], network=False),
        t.folder, 150, name)
    return t.outcome


def up(t, before, **report):
    """The root came up, is writable, and had this in it."""
    t.came_up()
    stage_lines(t)
    t.check(t.outcome.mark("before") == before, f"it held {t.outcome.mark('before')!r}")
    t.check(t.outcome.mark("wrote") is not None, "the root cannot be written to")
    return report_of_success(t, **report)


@case("verity-only", cost=45)
def verity_only(t):
    """A root without a key, its tree on a partition; a snapshot in memory makes it writable."""
    layer = 'rw_overlay = "ram"\nrw_overlay_type = "dm-snapshot"\n'
    image = build(t, "root", layer, extra=("--fs", "ext4"), initrd=base(t, "snapshot-ram", layer))
    before = disks.fingerprint(image.disk)
    for number in (1, 2):
        boot(t, image, f"boot{number}", snapshot=False)
        up(t, "nothing", outcome="open", writable="ram", writable_type="dm-snapshot", trust=None)
        mount = t.outcome.mark("rootmount")
        t.check(mount.startswith("/dev/mapper/root / ext4 rw"), f"mounted: {mount}")
        t.check({"root", "root-verity", "root-base"} <= set(t.outcome.mark("mappings").split()),
                "the layers are not what they should be")
    t.check(disks.fingerprint(image.disk) == before, "the boots wrote to the disk")
    _, _, _, first, _ = disks.partitions(image.disk)[1]
    disks.flip(image.disk, first + 11)
    boot(t, image, "flipped")
    t.refused("verity-corrupt")


def encrypted_store(path):
    """A LUKS2 volume with an empty ext4, as the first boot would have made it."""
    with open(path, "wb") as file:
        file.truncate(24 << 20)
    tools.run(["mkfs.ext4", "-q", "-F", path])
    with open(path, "ab") as file:
        file.truncate((24 + 32) << 20)
    tools.run(["cryptsetup", "reencrypt", "-q", "--encrypt", "--reduce-device-size", "32M",
               "--key-file", "-", "--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000", path],
              stdin=PASSPHRASE.encode())
    return path


@case("layer-persists", cost=55)
def layer_persists(t):
    """What one boot writes the next one finds, on a disk that became larger too; a root with another
    hash starts a layer of its own."""
    layer = 'rw_overlay = "disk-persist"\naccept_unauthenticated_delta = true\n'
    delta = 'device = "/dev/vdb"\ngrow = true\n'
    initrd = base(t, "overlay-persist", layer, delta)
    image = build(t, "root", layer, delta, initrd=initrd)
    other = build(t, "other", layer, delta, mark="two", initrd=initrd)
    store = vm.Disk(encrypted_store(t.folder / "store.img"), "store", snapshot=False)
    expected = {"writable": "disk-persist", "writable_type": "overlayfs",
                "trust": "verified base + unverified delta"}

    def one(which, name, before, found):
        boot(t, which, name, [store])
        report = up(t, before, **expected)
        t.check(report.get("layer") == found, f"the report says layer = {report.get('layer')!r}")

    one(image, "first", "nothing", "new")
    mount = t.outcome.mark("rootmount")
    t.check(" / overlay rw" in mount, f"mounted: {mount}")
    for option in ("nosuid", "nodev", "/dev/mapper/delta"):
        t.check(option in t.outcome.mark("layermount"), f"the layer's mount lacks {option}")
    blocks = int(t.outcome.mark("blocks"))
    gpt.enlarge(store.path, 2 * store.path.stat().st_size)
    one(image, "second", "by boot", "kept")
    t.check(int(t.outcome.mark("blocks")) > 2 * blocks, "the layer did not grow with its disk")
    one(other, "other", "nothing", "new")
    t.check(t.outcome.has("made for another root hash"), "the console does not say why it is empty")
    t.check(t.outcome.has("that of the root before it stays"), "nor what becomes of the other")


# --- over a root that the key service opens: the hand-over disk, with a layer

FDE_PATH = "etc/latchkey/fde.conf"
STORE = """
[delta]
device = "/dev/disk/by-id/virtio-store"
"""
AUTHENTICATED = STORE + """\
integrity = true
format = "blank"
key_entropy = "full"
[delta.encrypt.kbs]
kbs_url = "{url}"
key_uri = "kbs:///default/disk/delta"
kbs_root_cert = "/etc/latchkey/ca.pem"
"""
RANDOM = STORE + "[delta.encrypt.otp]\n"
# In the initramfs: leave what the real root is to run.
PREPARE = """
/usr/lib/guest/busybox mkdir -p /run/guest
/usr/lib/guest/busybox cat > /run/guest/after << 'EOF'
""" + AFTER + """
EOF
/usr/lib/guest/busybox chmod 755 /run/guest/after
"""


def encrypted_base(t):
    """An initramfs with all that layers on disk take."""
    def make():
        folder = t.world.folder / "layers-encrypted"
        images.Settings((images.url(1),), overlay="disk-persist", final=True).write(
            folder, t.world.origin.ca)
        fde = folder / "fde.conf"
        place = f'root_hash = "{"0" * 64}"\ndata_blocks = 1\nhash_offset = 4096\n'
        fde.write_text(fde.read_text() + "[rootfs.verity]\n" + place
                       + AUTHENTICATED.format(url=images.url(1)))
        return t.world.initramfs(t.world.folder / "layers-encrypted.base", folder)
    return t.world.once("layers-encrypted", make)


def boot_encrypted(t, server, name, place, delta, store):
    """The hand-over disk with a layer at this place, its [delta] as given."""
    t.boot([images.url(server.port)], initrd=encrypted_base(t), name=name,
           changes=((FDE_PATH, r"(?m)^rw_overlay\s*=.*$", f'rw_overlay = "{place}"'),
                    (FDE_PATH, r"\Z", delta.format(url=images.url(server.port)))),
           add=lambda archive: t.probe(archive, "prepare", PREPARE),
           disks=[vm.Disk(store, "store", snapshot=False)])


def blank_store(t):
    path = t.folder / "store.img"
    with open(path, "wb") as file:
        file.truncate(48 << 20)
    return path


@case("layer-authenticated", cost=60)
def layer_authenticated(t):
    """Root and layer opened in one session; the layer, made at the first boot with dm-integrity, keeps
    what the first boot wrote."""
    server = t.server()
    server.put("default/disk/delta", secrets.token_bytes(32))
    store = blank_store(t)
    for name, before, found in (("first", "nothing", "new"), ("second", "by boot", "kept")):
        boot_encrypted(t, server, name, "disk-persist", AUTHENTICATED, store)
        report = up(t, before, outcome="open", writable="disk-persist",
                    writable_type="overlayfs", trust="verified base + authenticated delta")
        t.check(report.get("layer") == found, f"the report says layer = {report.get('layer')!r}")
        delta = next(v for v in report["volumes"] if v["name"] == "delta")
        t.check(delta["outcome"] == "open" and delta["header_mac"] == "ok", f"the delta: {delta}")
        made = [e["content"] for e in report["events"] if e["operation"] == "format"]
        t.check(made == (["delta"] if found == "new" else []), f"made at this boot: {made}")
        t.check({"root", "root-crypt", "delta", "delta_dif"} <= set(t.outcome.mark("mappings").split()),
                f"the mappings are {t.outcome.mark('mappings')}")
    counts = [len(events(server, kind)) for kind in ("attest", "resource")]
    t.check(counts == [2, 4], f"attestations and resources of two boots: {counts}")


@case("layer-on-disk", cost=45)
def layer_on_disk(t):
    """Over an encrypted root, an overlay on a blank disk starts empty at each boot."""
    server, store = t.server(), blank_store(t)
    for name in ("first", "second"):
        boot_encrypted(t, server, name, "disk", RANDOM, store)
        report = up(t, "nothing", outcome="open", writable="disk", writable_type="overlayfs",
                    trust="verified base + unverified delta")
        t.check("layer" not in report, "the report says that the layer lasts")
        t.check("/dev/mapper/delta" in t.outcome.mark("layermount"), "the layer is not on the disk")


@case("snapshot-on-disk", cost=45)
def snapshot_on_disk(t):
    """A snapshot with its store on the disk: empty at each boot, larger than its root."""
    layer = 'rw_overlay = "disk"\nrw_overlay_type = "dm-snapshot"\n'
    image = build(t, "root", layer, OTP, extra=("--fs", "ext4", "--delta-size", "48M"),
                  initrd=base(t, "snapshot-disk", layer, OTP))
    _, _, _, _, root_size = disks.partitions(image.disk)[0]
    for number in (1, 2):
        boot(t, image, f"boot{number}", snapshot=False)
        up(t, "nothing", writable="disk", writable_type="dm-snapshot",
           trust="verified base + unverified delta")
        mount = t.outcome.mark("rootmount")
        t.check(mount.startswith("/dev/mapper/root / ext4 rw"), f"mounted: {mount}")
        t.check(int(t.outcome.mark("blocks")) * 4096 > root_size + (16 << 20),
                "the root did not grow into its store")
