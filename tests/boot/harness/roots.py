# SPDX-License-Identifier: Apache-2.0
"""Root trees as the cases want them: the cached guest plus markers and, if built, latchkey."""

import shutil
from pathlib import Path

from . import guests, tools

PARTS = tools.BOOT / "guest"


def _put(source, target, mode):
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(mode)


def debian(guest, target):
    """The Debian tree: runs to multi-user, prints the markers, powers off."""
    tree = guests.copy_tree(guest.tree, target)
    _put(PARTS / "marker", tree / "usr/lib/guest/marker", 0o755)
    _put(PARTS / "after", tree / "usr/lib/guest/after", 0o755)
    units = tree / "etc/systemd/system"
    _put(PARTS / "marker.service", units / "marker.service", 0o644)
    wants = units / "multi-user.target.wants"
    wants.mkdir(exist_ok=True)
    (wants / "marker.service").symlink_to("../marker.service")
    _put(PARTS / "10-guest.network", tree / "etc/systemd/network/10-guest.network", 0o644)
    _put(PARTS / "guest.conf", tree / "etc/dracut.conf.d/guest.conf", 0o644)
    return tree


def tiny(guest, target):
    """The two-megabyte tree: its init prints the markers and powers off."""
    tree = guests.copy_tree(guest.tiny, target)
    _put(PARTS / "marker-init", tree / "usr/bin/init", 0o755)
    _put(PARTS / "after", tree / "usr/lib/guest/after", 0o755)
    return tree


def ext4(tree, image, megabytes):
    """A plain file system image of a tree."""
    image = Path(image)
    tools.run(["mkfs.ext4", "-q", "-F", "-b", "4096", "-d", tree, image, f"{megabytes}M"])
    return image


def install_latchkey(tree, program, chosen=False):
    """What a distribution's package would put there: agent, units, dracut module. `chosen`: the
    program that dracut takes, if it is not the one called latchkey."""
    if chosen:
        conf = tree / "etc/dracut.conf.d/agent.conf"
        conf.write_text(f'latchkey_agent="{Path(program).name}"\n')
    (tree / "etc/latchkey").mkdir(mode=0o700, exist_ok=True)
    _put(program, tree / "usr/bin" / Path(program).name, 0o755)
    module = tree / "usr/lib/dracut/modules.d/85latchkey"
    for part in sorted((tools.REPO / "dracut-module/85latchkey").iterdir()):
        _put(part, module / part.name, 0o755 if part.suffix == ".sh" else 0o644)
    for unit in ("latchkey-root.service", "latchkey-overlay.service", "latchkey-volumes.service",
                 "latchkey-grow.service", "latchkey-grow@.service"):
        _put(tools.REPO / "units" / unit, tree / "usr/lib/systemd/system" / unit, 0o644)
    generator = tree / "usr/lib/systemd/system-generators/latchkey-generator"
    generator.unlink(missing_ok=True)
    generator.symlink_to("/usr/bin/latchkey")


def install_both(tree):
    """The release agent, and the test artefact that these guests without a TEE must use."""
    install_latchkey(tree, tools.release_program("latchkey"))
    install_latchkey(tree, tools.release_program("latchkey-insecure-sample"), chosen=True)


STUB_ANSWERS = ("files=config,0600,/etc/latchkey/fde.conf config,0644,/etc/stub\n"
                "network=no\ntimeout=120\naction=poweroff-force\n")


def stub(guest, target, answers):
    """A Debian tree whose latchkey is a stand-in that answers as it is told."""
    tree = debian(guest, target)
    install_latchkey(tree, PARTS / "stub-agent")
    (tree / "usr/bin/stub-agent").rename(tree / "usr/bin/latchkey")
    _put(PARTS / "guest.conf", tree / "etc/latchkey/fde.conf", 0o600)
    (tree / "etc/stub").write_text(answers)
    return tree
