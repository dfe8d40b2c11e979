# SPDX-License-Identifier: Apache-2.0
"""The way a boot should go."""

import re

from harness import images, keyserver, vm
from harness.case import case

STAGES = ("configuration", "volumes", "proof", "keys", "root mapped")


def stage_lines(t):
    """Seconds at which each of the five stage lines was printed; all must be there, in order."""
    seconds = []
    for number, stage in enumerate(STAGES, 1):
        found = re.search(rf"^\[\s*([\d.]+)\].*\[{number}/5\] {stage}\b.*$", t.outcome.console,
                          re.MULTILINE)
        t.check(found, f"the console lacks the line [{number}/5] {stage}")
        seconds.append(float(found[1]))
    t.check(seconds == sorted(seconds), "the stage lines are out of order")
    return seconds


def report_of_success(t, as_a_whole="open", **expected):
    report = t.outcome.report
    t.check(report, "the real root has no /run/latchkey/report.json")
    t.check(report["outcome"] == as_a_whole, f"the report's outcome is {report['outcome']}")
    t.check([stage["name"] for stage in report["stages"]] == list(STAGES), "the report's stages")
    root = report["volumes"][0]
    for key, value in expected.items():
        t.check(root.get(key) == value, f"the report says {key} = {root.get(key)!r}")
    return report


@case("hand-over", cost=25)
def hand_over(t):
    """Attest by host name, fetch the key, open, verify, mount, switch: the thin root runs."""
    server = t.server()
    t.boot([images.url(server.port)])
    t.came_up()
    stage_lines(t)
    report_of_success(t, name="root", outcome="open", header_degraded=False)
    mount = t.outcome.mark("rootmount")
    t.check(mount.startswith("/dev/mapper/root / ") and " ro," in mount, f"mounted: {mount}")
    t.check(keyserver.NAME in t.world.names.asked, "the key server's name was never looked up")
    t.check('"root"' not in server.audit() and keyserver.RESOURCE in server.audit(),
            "the server's audit log does not name the resource")


@case("multi-user", cost=90)
def multi_user(t):
    """A Debian tree, built with its own dracut, reaches multi-user on its writable layer."""
    image, _ = t.world.multi_user
    t.outcome = vm.boot(
        vm.Machine(image.kernel, image.initrd, image.cmdline, [vm.Disk(image.disk, "root")],
                   resolv_conf=t.world.resolv_conf, memory=1024, processors=2), t.folder, 180)
    t.came_up()
    stage_lines(t)
    report_of_success(t, name="root", outcome="open")
    mount = t.outcome.mark("rootmount")
    t.check(" / overlay rw" in mount, f"mounted: {mount}")
    t.check(t.outcome.mark("failed-units") == "", "units failed in the real root")


@case("trixie", cost=100)
def trixie(t):
    """The same module under a newer dracut, systemd and kernel."""
    kernel, initrd = t.world.trixie
    server = t.server()
    t.boot([images.url(server.port)], initrd=initrd, kernel=kernel, memory=1024)
    t.came_up()
    stage_lines(t)
    report_of_success(t, name="root", outcome="open")
