# SPDX-License-Identifier: Apache-2.0
"""A blank disk that the first boot formats: what a cut leaves is blank, being made, or whole."""

import re

from growth import MIB, MODULES, machine
from harness import mini, powercut, tools, vm

SIZE = 64 * MIB
DEADLINE = 240
ORDER = ("blank", "label", "luks")


def _initrd(t):
    script = "export PATH=/bin:/usr/sbin\nformat_vm boot 2>&1"
    return mini.initramfs(t.guest, mini.dev_program("tests", "powercut", "format_vm"), MODULES,
                          script, t.folder / "initrd", [tools.find_program("mkfs.ext4")])


def _look(t, image):
    """The state that the agent finds; it must know how to go on."""
    program = mini.dev_program("tests", "powercut", "format_vm")
    said = tools.run([program, "look", image]).decode()
    found = re.search(r"^STATE (\w+)$", said, re.M)
    t.check(found and found[1] in ORDER, f"the agent said {said}")
    return found[1]


def _walk(t, log):
    """{state: [cuts]}; the states follow one another and never come back."""
    states, reached = {state: [] for state in ORDER}, 0
    for n in log.walk(t.folder / "cut.img"):
        state = _look(t, t.folder / "cut.img")
        t.check(ORDER.index(state) >= reached, f"cut {n}: {state} again")
        reached = ORDER.index(state)
        states[state].append(n)
    return states


def cut_while_formatting(t):
    """Power cuts at every write of a first boot's formatting, then the next boot."""
    disk = t.folder / "disk.img"
    with open(disk, "wb") as file:
        file.truncate(SIZE)
    attached, archive = vm.Disk(disk, "data"), _initrd(t)
    log = powercut.record(machine(t, archive, [attached]), attached, t.folder, DEADLINE)
    t.taps(log.outcome, 2)
    t.check("STATE 0, made" in log.outcome.console, "the blank disk was not formatted")
    states = _walk(t, log)
    for state in ORDER:
        t.check(states[state], f"no cut left the disk {state}")
    labels = states["label"]
    booted = (0, labels[0], labels[len(labels) // 2], labels[-1], states["luks"][0], len(log))
    for n in sorted(set(booted)):
        image = log.prefix(n, t.folder / "boot.img")
        outcome = vm.boot(machine(t, archive, [vm.Disk(image, "data", False)]), t.folder,
                          DEADLINE, f"boot-{n}")
        t.taps(outcome, 2)
        wanted = "opened" if n >= states["luks"][0] else "made"
        t.check(f", {wanted}" in outcome.console, f"cut {n}: the volume was not {wanted}")
        t.check(_look(t, image) == "luks", f"cut {n}: not whole after the next boot")
    counts = ", ".join(f"{len(states[state])} {state}" for state in ORDER)
    return f"{len(log.cuts())} cuts ({counts}), {len(set(booted))} boots"


CASES = [cut_while_formatting]
