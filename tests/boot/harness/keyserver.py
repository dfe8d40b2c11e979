# SPDX-License-Identifier: Apache-2.0
"""latchkeyd for a test, and what may stand between it and a guest."""

import json
import os
import select
import shutil
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

from . import tools

NAME = "keys.latchkey.test"
RESOURCE = "default/disk/root"

ALLOW = {"version": 1, "rules": [{"resource": "default/disk/*", "tee": "sample", "all": []}]}
DENY = {"version": 1, "rules": [
    {"resource": "default/disk/*", "tee": "sample",
     "all": [{"claim": "sample.svn", "op": "eq", "value": "no such value"}]}]}


def reserve_port():
    """A port on which nobody listens and which nobody else gets while the socket lives."""
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("127.0.0.1", 0))
    return holder, holder.getsockname()[1]


class KeyServer:
    """One latchkeyd on its own state folder and an ephemeral port of 127.0.0.1."""

    def __init__(self, folder, sample=True):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.sample = sample
        self.state = self.folder / "state"
        self.socket = self.folder / "admin.sock"
        self.log = self.folder / "latchkeyd.log"
        self.process = None
        self.port = 0

    def init(self):
        tools.run([tools.release_program("latchkeyd"), "init", "--state", self.state,
                   "--hostname", NAME, "--hostname", "localhost"], log=self.log)
        return self

    def adopt(self, other):
        """Take over a stopped server's state: keys, resources, policy."""
        shutil.copytree(other.state, self.state, symlinks=True)
        return self

    @property
    def ca(self):
        return self.state / "tls" / "ca.pem"

    def start(self, port=0):
        reader, writer = os.pipe()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [tools.release_program("latchkeyd"), "serve", "--state", self.state,
                 "--listen", f"127.0.0.1:{port}", "--socket", self.socket,
                 *(["--allow-sample"] if self.sample else []), "--ready-fd", str(writer)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=(writer,))
        os.close(writer)
        ready, _, _ = select.select([reader], [], [], 20)
        line = os.read(reader, 200).decode() if ready else ""
        os.close(reader)
        if not line.startswith("READY "):
            self.stop()
            raise tools.Trouble("latchkeyd does not start:\n" + self.log.read_text()[-2000:])
        self.port = int(line.split()[1].rsplit(":", 1)[1])
        return self

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None

    def admin(self, *words, stdin=None):
        return tools.run([tools.release_program("latchkeyd"), *words, "--socket", self.socket],
                         stdin=stdin, log=None)

    def policy(self, document):
        self.admin("policy", "set", stdin=json.dumps(document).encode())
        return self

    def put(self, name, secret):
        self.admin("resource", "put", name, stdin=secret)

    def get(self, name):
        return self.admin("resource", "get", name)

    def audit(self):
        return self.admin("audit", "list", "--json").decode()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.stop()


class Relay:
    """Passes connections on to a server, after telling somebody that one has come."""

    def __init__(self, port, on_connection):
        self.port_behind = port
        self.on_connection = on_connection
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            self.on_connection(self.connections)
            try:
                server = socket.create_connection(("127.0.0.1", self.port_behind), 10)
            except OSError:
                client.close()
                continue
            for one, other in ((client, server), (server, client)):
                threading.Thread(target=_pump, args=(one, other), daemon=True).start()

    def close(self):
        self.listener.close()


def _pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    for end in (source, sink):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


class Silent:
    """Accepts connections and never says a word."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.held = []
        self.first = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                self.held.append(self.listener.accept()[0])
                self.first.set()
            except OSError:
                return

    def close(self):
        self.listener.close()
        for connection in self.held:
            connection.close()


def later(seconds, action):
    """Run `action` after some seconds, unless the process ends before."""
    timer = threading.Timer(seconds, action)
    timer.daemon = True
    timer.start()
    return timer


def wait_for(condition, seconds, what):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not happen within {seconds} s")
        time.sleep(0.05)
