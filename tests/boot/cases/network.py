# SPDX-License-Identifier: Apache-2.0
"""Key servers that refuse, come late or never, and networks that are not there."""

from cases.unlock import report_of_success, stage_lines
from harness import images, keyserver
from harness.case import case

AGENT = "etc/latchkey/latchkey.conf"


@case("denied", cost=25)
def denied(t):
    """The policy refuses: one line says so, no retry, no shell, power-off."""
    server = t.server(policy=keyserver.DENY)
    t.boot([images.url(server.port)])
    t.refused("kbs-denied")
    t.check("den" in server.audit().lower(), "the server's audit log does not show the denial")


@case("failure-reboots", cost=25)
def failure_reboots(t):
    """on_denied = "reboot" resets the machine."""
    server = t.server(policy=keyserver.DENY)
    t.boot([images.url(server.port)],
           changes=((AGENT, r"(?m)^on_denied.*$", 'on_denied = "reboot"'),))
    t.refused("kbs-denied", end="guest-reset")


@case("wrong-key", cost=25)
def wrong_key(t):
    """The service holds another key: the header's digest says so, and nothing is opened."""
    server = t.server()
    server.put(keyserver.RESOURCE, b"another key entirely, 32 bytes.!")
    t.boot([images.url(server.port)])
    t.refused("key-wrong")


@case("no-network", cost=30)
def no_network(t):
    """No network card at all: the one deadline ends it."""
    t.boot([images.url(1)], network=False,
           changes=((AGENT, r"(?m)^deadline.*$", 'deadline = "25s"'),))
    t.refused("no-network")


@case("server-late", cost=50)
def server_late(t):
    """Nobody listens for 20 seconds; the agent keeps trying and gets its key."""
    holder, port = keyserver.reserve_port()
    server = t.server(start=False)

    def come_up():
        holder.close()
        server.start(port)
        server.policy(keyserver.ALLOW)

    def wait_then_start(_):
        keyserver.later(20, come_up)

    # The 20 seconds begin when the agent has seen its disk, so that it meets the closed door.
    t.boot([images.url(port)], watch=((r"\[3/5\] proof", wait_then_start),))
    t.came_up()
    keys = stage_lines(t)
    t.check(keys[3] - keys[2] > 15, "the key came before the server was there")
    t.check(report_of_success(t)["attempts"] > 1, "the report counts one attempt only")


@case("dead-endpoint", cost=25)
def dead_endpoint(t):
    """The first of two endpoints never answers: the second serves, and little time is lost."""
    server = t.server()
    dead = images.url(443, "dead." + keyserver.NAME)
    t.boot([dead, images.url(server.port)])
    t.came_up()
    keys = stage_lines(t)
    report = report_of_success(t)
    t.check("2nd of 2" in report["volumes"][0]["endpoint"], "the report does not say which one")
    t.check(report["attempts"] == 1, "a dead endpoint cost a whole attempt")
    t.check(keys[3] - keys[2] < 12, f"the dead endpoint cost {keys[3] - keys[2]:.1f} s")


@case("silent-endpoint", cost=25)
def silent_endpoint(t):
    """The first endpoint takes connections and says nothing: the second one serves."""
    server = t.server()
    silent = t.keep(keyserver.Silent())
    t.boot([images.url(silent.port), images.url(server.port)])
    t.came_up()
    t.check(silent.first.is_set(), "the silent endpoint was never tried")


@case("clock-1970", cost=25)
def clock_1970(t):
    """A clock from 1970: dates do not count, the CA of the configuration does; it is reported."""
    server = t.server()
    t.boot([images.url(server.port)], rtc="1970-01-01T00:00:00")
    t.came_up()
    t.check(report_of_success(t)["clock"] == "untrusted", "the report does not doubt the clock")


@case("other-ca", cost=25)
def other_ca(t):
    """A server with another CA's certificate for the right name is refused."""
    stranger = t.fresh_server()
    stranger.put(keyserver.RESOURCE, t.world.handover_passphrase)
    t.boot([images.url(stranger.port)])
    t.refused("tls-untrusted")


KILL = """
busybox=/usr/lib/guest/busybox
while :; do
    for comm in /proc/[0-9]*/comm; do
        read -r name < $comm 2> /dev/null || continue
        [ "$name" = latchkey ] || continue
        pid=${comm#/proc/}
        pid=${pid%/comm}
        # The one whose parent is systemd is the opener.
        $busybox grep -q '^PPid:.1$' /proc/$pid/status || continue
        $busybox grep -q ' 01 ' /proc/net/tcp || continue
        echo '<1>GUEST killing' > /dev/kmsg
        kill -9 $pid
        exit 0
    done
    $busybox sleep 0.2
done
"""


@case("agent-killed", cost=25)
def agent_killed(t):
    """Killed while it waits for the key: the configured failure action, no shell."""
    silent = t.keep(keyserver.Silent())
    t.boot([images.url(silent.port)], add=lambda archive: t.probe(archive, "kill", KILL))
    t.check(t.outcome.mark("killing") is not None, "nothing was killed")
    t.refused("Failed to start")
