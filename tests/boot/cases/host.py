# SPDX-License-Identifier: Apache-2.0
"""Input that the host may push into an initramfs."""

import base64

from harness import images
from harness.case import case

TMPFILES = "f+ /run/injected 0644 root root - yes\n"
UNIT = ("[Unit]\nDefaultDependencies=no\n[Service]\nType=oneshot\n"
        "ExecStart=/bin/sh -c 'echo yes > /run/injected-unit'\n")
DROPIN = "[Service]\nExecStartPre=/bin/sh -c 'echo yes > /run/injected-dropin'\n"

LOOK = """
i=0
while [ $i -lt 20 ]; do
    [ -e /run/injected ] && { echo '<1>GUEST saw-injection' > /dev/kmsg; exit 0; }
    /usr/lib/guest/busybox sleep 0.5
    i=$((i + 1))
done
"""


def credentials():
    """QEMU arguments: credentials for systemd in SMBIOS strings, as a host would pass them."""
    given = {"tmpfiles.extra": TMPFILES, "systemd.extra-unit.injected.service": UNIT,
             "systemd.unit-dropin.latchkey-root.service": DROPIN}
    arguments = []
    for name, text in given.items():
        value = base64.b64encode(text.encode()).decode()
        arguments += ["-smbios", f"type=11,value=io.systemd.credential.binary:{name}={value}"]
    return arguments


@case("smbios", cost=25)
def smbios(t):
    """Units and files pushed in through SMBIOS have no effect."""
    server = t.server()
    t.boot([images.url(server.port)], extra=credentials(),
           add=lambda archive: t.probe(archive, "look", LOOK))
    t.came_up()
    t.check(t.outcome.mark("saw-injection") is None, "the host's file was made")
    t.check(t.outcome.mark("injected") == "none", f"found {t.outcome.mark('injected')}")


@case("smbios-control", cost=25)
def smbios_control(t):
    """Without its word on the command line the push works, and the agent refuses to go on."""
    server = t.server()
    t.boot([images.url(server.port)], extra=credentials(),
           drop=("systemd.import_credentials=no",),
           changes=(("etc/latchkey/latchkey.conf", r"(?m)^failure_delay.*$",
                     'failure_delay = "25s"'),),
           add=lambda archive: t.probe(archive, "look", LOOK))
    t.refused("systemd.import_credentials=no")
    t.check(t.outcome.mark("saw-injection") is not None,
            "the control shows no injection: the case 'smbios' proves nothing here")
