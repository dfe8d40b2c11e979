# SPDX-License-Identifier: Apache-2.0
"""The agent on this machine: `key fetch --check`, the whole protocol without device-mapper."""

import re
import resource
import subprocess
import sys

from harness import images, tools

from . import rows

CPU, MEMORY, TRIPS = 0.050, 8 << 20, 3
TIMES = 9


def configured(world, text, folder):
    """Give a site's fde.conf what the image tool would fill in."""
    final = world.handover.configuration()["etc/latchkey/fde.conf"].decode()
    final = re.sub(r"(?m)^kbs_url.*$", re.search(r"(?m)^kbs_url.*$", text)[0], final)
    return final.replace("/etc/latchkey/", f"{folder}/")


def run(command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise tools.Trouble("key fetch: " + done.stdout.strip()[-300:])
    return done.stdout


def processor_time(command):
    used = []
    for _ in range(TIMES):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        run(command)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return rows.middle(used)


class Counting:
    """A broker that keeps the protocol to the letter and counts what it is asked."""

    def __init__(self):
        self.process = subprocess.Popen(
            [sys.executable, "-B", tools.REPO / "tests/fakes/hostile_kbs.py"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline().split()[1])

    def count(self, what):
        self.process.stdin.write(f"count {what}\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def round_trips(test, fde, command):
    """(connections, requests) of one unlock, as the server counts them."""
    broker = test.keep(Counting())
    text = re.sub(r"(?m)^kbs_url.*$",
                  f'kbs_url = "http://127.0.0.1:{broker.port}"\nallow_plaintext_http = true',
                  fde.read_text())
    fde.write_text(re.sub(r"(?m)^kbs_root_cert.*$", "", text))
    run(command)
    return broker.count("connections"), sum(map(broker.count, ("auth", "attest", "resource")))


def measure(table, world, test, work):
    server = test.server()
    config = images.Settings(urls=(images.url(server.port, "localhost"),)).write(
        work / "host-config", server.ca)
    fde = config / "fde.conf"
    fde.write_text(configured(world, fde.read_text(), config))
    command = [tools.release_program("latchkey-insecure-sample"), "key", "fetch", "--volume",
               "root", "--check", "--config", config]
    table.section("The agent on this machine, from its start to the key (EC TEE key)")
    table.below("CPU, its own and its fetcher's", processor_time(command), CPU, rows.milliseconds)
    said = run([world.guest.busybox, "time", "-v", *command])
    peak = re.search(r"Maximum resident set size \(kbytes\): (\d+)", said)
    table.below("peak memory", int(peak[1]) * 1024, MEMORY, rows.mebibytes)
    connections, requests = round_trips(test, fde, command)
    table.at_most("requests for the first key", requests, TRIPS, rows.count)
    table.at_most("connections for them", connections, 1, rows.count)
