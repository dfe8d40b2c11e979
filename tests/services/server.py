# SPDX-License-Identifier: Apache-2.0
"""A real latchkeyd under test: its state in a folder of its own, its sub-commands, its ending."""
import json
import os
import shutil
import signal
import subprocess
import tempfile

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
PROGRAM = os.environ.get("LATCHKEYD") or os.path.join(
    os.environ.get("LATCHKEY_DEV") or os.path.join(ROOT, "build", "dev"), "latchkeyd")

ALLOW = {"version": 1, "rules": [{"resource": "*/*/*", "tee": "sample"}]}


class Server:
    def __init__(self, *options, init=True, start=True):
        self.dir = tempfile.mkdtemp(prefix="lkd-")
        self.state = os.path.join(self.dir, "state")
        self.socket = os.path.join(self.dir, "admin.sock")
        self.log = os.path.join(self.dir, "log")
        self.ca = os.path.join(self.state, "tls", "ca.pem")
        self.options = list(options)
        self.process = None
        if init:
            self.run("init", "--state", self.state, "--hostname", "localhost", "--hostname", "127.0.0.1")
        if start:
            self.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.stop()
        finally:
            shutil.rmtree(self.dir, ignore_errors=True)

    def start(self, *more):
        read, write = os.pipe()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [PROGRAM, "serve", "--state", self.state, "--listen", "127.0.0.1:0", "--socket",
                 self.socket, "--ready-fd", str(write), *self.options, *more],
                preexec_fn=lambda: signal.signal(signal.SIGXFSZ, signal.SIG_IGN),
                pass_fds=[write], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log)
        os.close(write)
        with os.fdopen(read) as ready:
            line = ready.readline()
        if not line.startswith("READY "):
            self.process.wait()
            raise AssertionError("latchkeyd did not start: " + self.log_text())
        self.host, self.port = line.split()[1].rsplit(":", 1)
        self.port = int(self.port)

    def stop(self, how=signal.SIGTERM):
        """Ends the server; its exit status, and that it printed nothing on stdout, are checked."""
        if not self.process:
            return
        self.process.send_signal(how)
        out, _ = self.process.communicate(timeout=20)
        code, self.process = self.process.returncode, None
        if how == signal.SIGTERM and (code != 0 or out):
            raise AssertionError(f"latchkeyd ended with {code}, printed {out!r}: {self.log_text()}")

    def kill(self):
        self.stop(signal.SIGKILL)

    def log_text(self):
        with open(self.log, errors="replace") as log:
            return log.read()

    def run(self, *args, input=None, fails=None):
        """Runs a sub-command; returns its stdout, or its stderr if it is to fail with this status."""
        done = subprocess.run([PROGRAM, *args], input=input, capture_output=True, timeout=60)
        if done.returncode != (fails or 0):
            raise AssertionError(f"{args} ended with {done.returncode}: {done.stderr.decode()}")
        return done.stderr.decode() if fails else done.stdout

    def admin(self, *args, **kwargs):
        return self.run(*args, "--socket", self.socket, **kwargs)

    def put(self, name, data):
        return self.admin("resource", "put", name, input=data)

    def policy(self, policy):
        text = policy if isinstance(policy, str) else json.dumps(policy)
        return self.admin("policy", "set", input=text.encode())

    def audit(self):
        return [json.loads(line) for line in self.admin("audit", "list", "--json").splitlines()]
