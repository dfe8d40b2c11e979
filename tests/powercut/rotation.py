# SPDX-License-Identifier: Apache-2.0
"""A volume whose key is rotated: at every cut the header is accepted, and a key that the provider
has or had opens it."""

import re

from growth import MIB, MODULES, machine
from harness import disks, mini, powercut, tools, vm

OLD = "00112233445566778899aabbccddeeff" * 2
DEADLINE = 240


def _program():
    return mini.dev_program("tests", "powercut", "rotate_vm")


def _run(*arguments):
    return tools.run([_program(), *arguments]).decode()


def _opens(t, image, key):
    said = _run("look", image, key)
    found = re.search(r"^STATE (\w+)$", said, re.M)
    t.check(found, f"the header is not accepted: {said}")
    return found[1] == "opens"


def _initrd(t, word, key):
    return mini.initramfs(t.guest, _program(), MODULES, f"rotate_vm {word} /dev/vda {key} 2>&1",
                          t.folder / f"{word}.initrd")


def _finish(t, image, opens):
    """Run it again on a copy, with a provider that has the key that opens: only a new one does
    afterwards."""
    copy = disks.copy(image, t.folder / "again.img")
    said = _run("finish", copy, opens)
    t.check("STATE opens" in said, f"again: {said}")
    published = re.findall(r"^PUBLISHED (\w+)$", said, re.M)
    if published:
        t.check(not _opens(t, copy, opens), "the old key still opens the volume")


def cut_while_rotating(t):
    """Power cuts at every write of a key's rotation, then the next boot."""
    disk = t.folder / "disk.img"
    with open(disk, "wb") as file:
        file.truncate(32 * MIB)
    _run("make", disk, OLD)
    attached = vm.Disk(disk, "data")
    log = powercut.record(machine(t, _initrd(t, "rotate", OLD), [attached]), attached, t.folder,
                          DEADLINE)
    t.taps(log.outcome, 2)
    new = re.search(r"^PUBLISHED (\w+)$", log.outcome.console, re.M)[1]
    seen = {}
    for n in log.walk(t.folder / "cut.img"):
        pair = _opens(t, t.folder / "cut.img", OLD), _opens(t, t.folder / "cut.img", new)
        t.check(any(pair), f"cut {n}: no key opens the volume")
        if pair[1] and not pair[0]:
            t.check((True, True) in seen, "the old key went before the new one was there")
        seen.setdefault(pair, []).append(n)
        _finish(t, t.folder / "cut.img", new if pair[1] else OLD)
    t.check(set(seen) == {(True, False), (True, True), (False, True)}, f"seen: {set(seen)}")
    for pair, cuts in seen.items():
        for n in sorted({cuts[0], cuts[-1]}):
            image = log.prefix(n, t.folder / "boot.img")
            archive = _initrd(t, "open", OLD if pair[0] else new)
            t.taps(vm.boot(machine(t, archive, [vm.Disk(image, "data", False)]), t.folder,
                           DEADLINE, f"boot-{n}"), 2)
    return f"{len(log.cuts())} cuts, " + ", ".join(str(len(cuts)) for cuts in seen.values())


CASES = [cut_while_rotating]
