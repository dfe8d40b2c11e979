# SPDX-License-Identifier: Apache-2.0
"""latchkeyd: exchanges per second of one core, by the processor time that the server itself used.

The client is Python and may be as slow as it likes: only the server's time is looked at.
"""

import os
import sys
import time
from pathlib import Path

from harness import tools

from . import rows

os.environ["LATCHKEYD"] = str(tools.RELEASE / "latchkeyd")
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "services"))

import kbs  # noqa: E402
import server  # noqa: E402

RESOURCE = "default/disk/root"
EXCHANGES = 200  # of each kind in a round


def used(process):
    """Seconds of processor time of a running process, all of its threads together."""
    told = [Path(task, "schedstat").read_text().split()[0]
            for task in Path(f"/proc/{process.pid}/task").iterdir()]
    return sum(map(int, told)) / 1e9


def connect(keyserver, key):
    """TCP and TLS, and one request that costs the server nothing."""
    with kbs.Client(keyserver, key) as client:
        assert client.ask("GET", "/healthz").status == 200


def exchange(client):
    """What one machine asks for when it boots: a challenge, a token, a key."""
    client.handshake()
    answer = client.get(RESOURCE)
    assert answer.status == 200, answer.body


def fresh(keyserver, key):
    with kbs.Client(keyserver, key) as client:
        exchange(client)


def kept(keyserver, key):
    with kbs.Client(keyserver, key) as client:
        for _ in range(EXCHANGES):
            exchange(client)


def many(action):
    def run(keyserver, key):
        for _ in range(EXCHANGES):
            action(keyserver, key)
    return run


def measure(table, rounds):
    """Interleaved rounds of each kind; the middle one counts."""
    kinds = {"TLS connections alone": many(connect),
             "attest + resource, connection kept": kept,
             "attest + resource, a connection for each": many(fresh)}
    found = {name: ([], []) for name in kinds}
    with server.Server("--allow-sample") as keyserver:
        keyserver.policy(server.ALLOW)
        keyserver.put(RESOURCE, os.urandom(32))
        key = kbs.EcKey()
        with kbs.Client(keyserver, key) as client:  # does it work at all?
            client.handshake()
            assert len(client.open(client.get(RESOURCE))) == 32
        for n in range(rounds):
            for name, run in kinds.items():
                before, started = used(keyserver.process), time.monotonic()
                run(keyserver, key)
                found[name][0].append(EXCHANGES / (used(keyserver.process) - before))
                found[name][1].append(EXCHANGES / (time.monotonic() - started))
            tools.say(f"# server, round {n + 1} of {rounds}")
    table.section("latchkeyd: exchanges per second of one core (wall clock in brackets)")
    for name, (cpu, wall) in found.items():
        table.add(name, f"{rows.middle(cpu):.0f}", f"({rows.middle(wall):.0f} with this client)")
