# SPDX-License-Identifier: Apache-2.0
"""The release agent on a machine with a TPM: quoted, measured, judged by the key server."""

import base64
import json
import re

from harness import images, tools, tpm
from harness.case import case

CONF = "etc/latchkey/latchkey.conf"
TPM = ((CONF, r"(?m)^tee = .*$", 'tee = "tpm"'),
       (CONF, r"(?m)^register = .*$", 'register = "tpm:15"'))
# Leaves a script to the real root, which shows the register and its log.
SHOW = """
busybox=/usr/lib/guest/busybox
$busybox mkdir -p /run/guest
$busybox cat > /run/guest/after << 'END'
#!/bin/sh
echo "<1>GUEST pcr15 $(cat /sys/class/tpm/tpm0/pcr-sha256/15)" > /dev/kmsg
echo "<1>GUEST sha1pcr15 $(cat /sys/class/tpm/tpm0/pcr-sha1/15)" > /dev/kmsg
{ echo "<<<EVENTLOG"; base64 /run/latchkey/eventlog; echo "EVENTLOG>>>"; } > /dev/ttyS0
END
$busybox chmod 755 /run/guest/after
"""


def release(t, show=True):
    """The hand-over disk's initramfs, with the agent that is shipped."""
    def add(archive):
        archive.file("/usr/bin/latchkey", tools.release_program("latchkey").read_bytes(), 0o755)
        if show:
            t.probe(archive, "show", SHOW)
    return add


def rule(*clauses):
    return {"version": 1, "rules": [{"resource": "default/disk/*", "tee": "tpm",
                                     "all": list(clauses)}]}


def same(claim, value):
    return {"claim": claim, "op": "eq", "value": value}


def reasons(server):
    return [json.loads(line).get("body", {}).get("reason") for line in server.audit().splitlines()
            if line.startswith("{")]


@case("tpm-quote", cost=45)
def tpm_quote(t):
    """A root opened by a quote; what was measured leads to the register, the hand-over included."""
    machine = t.keep(tpm.Tpm(t.folder))
    ak = machine.ak()
    document = rule(same("tpm.ak", ak), same("tpm.pcr.16", "00" * 32),
                    same("events.root-hash", t.world.handover.root_hash))
    document["rules"][0]["phase"] = "initrd"
    server = t.server(document)
    t.boot([images.url(server.port)], changes=TPM, add=release(t), extra=machine.device())
    t.came_up()
    report = t.outcome.report
    t.check(report["tee"] == "tpm" and report["register"] == "tpm:15", "tee and register")
    t.check("insecure" not in t.outcome.console, "the test artefact ran")
    text = re.search(r"<<<EVENTLOG\n(.*?)EVENTLOG>>>", t.outcome.console, re.DOTALL)
    t.check(text, "no event log in the real root")
    log = tpm.events(base64.b64decode("".join(text[1].split())))
    told = [e["operation"] + " " + e["content"] for e in report["events"]]
    t.check([f"latchkey {line}" for line in told] == [e[2] for e in log],
            f"log and report differ: {log} {told}")
    t.check([line.split()[0] for line in told] ==
            ["configuration", "root-hash", "header", "identity", "unlock", "handoff"],
            f"the events: {told}")
    t.check(all(pcr == 15 for pcr, _, _ in log), "events of another register")
    t.check(t.outcome.mark("pcr15").lower() == tpm.replay(log).hex(), "PCR 15 is not what the log says")
    t.check(t.outcome.mark("sha1pcr15").strip("0") != "", "a bank was left at zeros")


@case("tpm-denied", cost=35)
def tpm_denied(t):
    """Other PCRs than the policy names: no key, and the server's log says which."""
    machine = t.keep(tpm.Tpm(t.folder))
    server = t.server(rule(same("tpm.ak", machine.ak()), same("tpm.pcr.0", "11" * 32)))
    t.boot([images.url(server.port)], changes=TPM, add=release(t, False), extra=machine.device())
    t.refused("kbs-denied")
    t.check(any(reason and "tpm.pcr.0" in reason for reason in reasons(server)),
            f"the audit log does not name the PCR: {reasons(server)}")


@case("tpm-other-key", cost=35)
def tpm_other_key(t):
    """Another TPM's quote is worth nothing: it gets no session, and the server's log has its key."""
    (t.folder / "known").mkdir()
    known = tpm.Tpm(t.folder / "known").ak()
    machine = t.keep(tpm.Tpm(t.folder))
    ak = machine.ak()
    server = t.server(rule(same("tpm.ak", known)))
    t.boot([images.url(server.port)], changes=TPM, add=release(t, False), extra=machine.device())
    t.refused("evidence-rejected")
    t.check(any(reason and ak in reason for reason in reasons(server)),
            f"the audit log does not name the key: {reasons(server)}")


@case("register-missing", cost=25)
def register_missing(t):
    """A register that is named and not there ends the boot before anybody is asked."""
    server = t.server()
    before = server.audit()
    t.boot([images.url(server.port)], changes=(TPM[1],))
    t.refused("TAMPERED register")
    t.check(server.audit() == before, "the server was asked for something")
