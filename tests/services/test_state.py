# SPDX-License-Identifier: Apache-2.0
"""The state on disk: made once, closed to others, never losing what was acknowledged."""
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import threading
import time
import unittest

from kbs import Client
from server import ALLOW, PROGRAM, Server


class Init(unittest.TestCase):
    def test_what_is_made(self):
        with Server(start=False, init=False) as server:
            said = server.run("init", "--state", server.state, "--hostname", "kbs.example",
                              "--hostname", "192.0.2.7", "--hostname", "2001:db8::7").decode()
            self.assertIn("latchkeyd serve --state " + server.state, said)
            self.assertIn("latchkeyd resource put", said)
            modes = {name: oct(os.stat(os.path.join(server.state, name)).st_mode & 0o7777)
                     for name in (".", "tls", "root.key", "latchkeyd.db", "tls/ca.key", "tls/server.key")}
            self.assertEqual(modes, {".": "0o700", "tls": "0o700", "root.key": "0o600",
                                     "latchkeyd.db": "0o600", "tls/ca.key": "0o600",
                                     "tls/server.key": "0o600"})
            text = subprocess.run(["openssl", "x509", "-noout", "-text", "-in", server.state + "/tls/server.pem"],
                                  capture_output=True, check=True).stdout.decode()
            for part in ("DNS:kbs.example", "IP Address:192.0.2.7", "IP Address:2001:DB8:0:0:0:0:0:7",
                         "prime256v1", "TLS Web Server Authentication", "CA:FALSE"):
                self.assertIn(part, text)
            subprocess.run(["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname",
                            "kbs.example", "-CAfile", server.ca, server.state + "/tls/server.pem"],
                           check=True, capture_output=True)

    def test_never_overwrites(self):
        with Server(start=False) as server:
            with open(server.state + "/root.key", "rb") as f:
                before = f.read()
            self.assertIn("state-exists", server.run("init", "--state", server.state, fails=1))
            with open(server.state + "/root.key", "rb") as f:
                self.assertEqual(f.read(), before)
            other = os.path.join(server.dir, "other")
            os.mkdir(other)
            with open(other + "/mine", "w"):
                pass
            self.assertIn("state-exists", server.run("init", "--state", other, fails=1))
            self.assertEqual(os.listdir(other), ["mine"])

    def test_empty_folder_is_fine_and_bad_names_are_not(self):
        with Server(start=False, init=False) as server:
            os.mkdir(server.state)
            for name in "", "a b", "-x", "a..b", "*.example", "a/b":
                server.run("init", "--state", server.state, "--hostname", name, fails=1)
            self.assertEqual(os.listdir(server.state), [])
            server.run("init", "--state", server.state)

    def test_files_belong_to_the_folders_owner(self):
        with Server(start=False, init=False) as server:
            os.mkdir(server.state)
            os.chown(server.state, 65534, 65534)
            server.run("init", "--state", server.state)
            for folder, _, files in os.walk(server.state):
                for name in [".", *files]:
                    self.assertEqual(os.stat(os.path.join(folder, name)).st_uid, 65534, name)

    def test_failed_init_leaves_nothing(self):
        """A limit on file sizes breaks it in the middle."""
        with Server(start=False, init=False) as server:
            done = subprocess.run(["sh", "-c", 'ulimit -f 4; exec "$@"', "sh", PROGRAM, "init", "--state",
                                   server.state], capture_output=True, timeout=60)
            self.assertNotEqual(done.returncode, 0)
            if done.returncode > 0:
                self.assertFalse(os.path.exists(server.state))


class State(unittest.TestCase):
    def refused(self, server, text):
        self.assertIn(text, server.run("serve", "--state", server.state, "--listen", "127.0.0.1:0",
                                       "--socket", server.socket, fails=None if text is None else
                                       {"state-absent": 2}.get(text, 5 if text in (
                                           "root-key-wrong", "store-damaged") else 1)))

    def test_open_files_are_refused_by_name(self):
        with Server(start=False) as server:
            for name in ".", "tls", "root.key", "latchkeyd.db", "tls/server.key", "tls/ca.key":
                path = os.path.join(server.state, name)
                mode = os.stat(path).st_mode & 0o7777
                os.chmod(path, mode | 0o040)
                self.refused(server, f"{name} has mode 0{mode | 0o040:o}")
                os.chmod(path, mode)
            os.chown(server.state + "/root.key", 65534, 65534)
            self.refused(server, "root.key belongs to uid 65534")
            os.chown(server.state + "/root.key", 0, 0)
            os.rename(server.state + "/root.key", server.dir + "/elsewhere")
            os.symlink(server.dir + "/elsewhere", server.state + "/root.key")
            self.refused(server, "root.key is no plain file")
            os.unlink(server.state + "/root.key")
            self.refused(server, "state-absent")
            os.rename(server.dir + "/elsewhere", server.state + "/root.key")
            server.start()

    def test_nothing_there(self):
        with Server(start=False, init=False) as server:
            self.refused(server, "state-absent")

    def test_one_server_at_a_time(self):
        with Server() as server:
            self.refused(server, "state-busy")

    def test_another_root_key(self):
        with Server(start=False) as server:
            with open(server.state + "/root.key", "r+b") as f:
                f.write(os.urandom(32))
            self.refused(server, "root-key-wrong")
            with open(server.state + "/root.key", "r+b") as f:
                f.truncate(16)
            self.refused(server, "root-key-wrong")

    def test_certificate_and_key_of_two_servers(self):
        with Server(start=False) as server, Server(start=False) as other:
            shutil.copy(other.state + "/tls/server.key", server.state + "/tls/server.key")
            self.refused(server, "tls/server.key is not the key of tls/server.pem")

    def test_altered_rows(self):
        """A row renamed, rolled back or flipped does not open, whoever wrote it."""
        with Server("--allow-sample") as server:
            server.policy(ALLOW)
            server.put("a/b/one", b"first")
            server.put("a/b/two", b"second")
            server.stop()
            db = sqlite3.connect(server.state + "/latchkeyd.db")
            old = db.execute("SELECT version, sealed FROM resource WHERE name = 'a/b/one'").fetchone()
            db.execute("UPDATE resource SET sealed = (SELECT sealed FROM resource WHERE name = 'a/b/one') "
                       "WHERE name = 'a/b/two'")
            db.commit()
            db.close()
            server.start()
            self.assertEqual(server.admin("resource", "get", "a/b/one"), b"first")
            self.assertIn("store-damaged", server.admin("resource", "get", "a/b/two", fails=5))
            with Client(server) as client:
                self.assertEqual(client.handshake().get("a/b/two").error(), "PluginInternalError")
            server.put("a/b/one", b"newer")
            server.stop()
            db = sqlite3.connect(server.state + "/latchkeyd.db")
            db.execute("UPDATE resource SET sealed = ? WHERE name = 'a/b/one'", (old[1],))
            db.commit()
            db.close()
            server.start()
            self.assertIn("store-damaged", server.admin("resource", "get", "a/b/one", fails=5))

    def test_altered_audit(self):
        with Server() as server:
            for i in range(5):
                server.put("a/b/c", b"x")
            server.stop()
            db = sqlite3.connect(server.state + "/latchkeyd.db")
            db.execute("UPDATE audit SET body = replace(body, 'a/b/c', 'a/b/d') WHERE seq = 4")
            db.commit()
            server.start()
            self.assertIn("entry 5 does not follow from entry 4", server.admin("audit", "verify", fails=5))
            server.stop()
            db.execute("DELETE FROM audit WHERE seq = 4")
            db.commit()
            db.close()
            server.start()
            self.assertIn("entry 4 is missing", server.admin("audit", "verify", fails=5))

    def test_kill_loses_nothing_acknowledged(self):
        with Server("--allow-sample") as server:
            server.policy(ALLOW)
            for round in range(3):
                acknowledged = []

                def put():
                    try:
                        for i in range(1000):
                            name, data = f"round/{round}/{i}", os.urandom(16)
                            server.put(name, data)
                            acknowledged.append((name, data))
                    except AssertionError:
                        pass

                writer = threading.Thread(target=put)
                writer.start()
                while len(acknowledged) < 5:
                    pass
                server.kill()
                writer.join()
                server.start()
                for name, data in acknowledged:
                    self.assertEqual(server.admin("resource", "get", name), data)
                server.admin("audit", "verify")
            with Client(server) as client:
                client.handshake()
                self.assertEqual(client.open(client.get("round/0/0")), server.admin("resource", "get", "round/0/0"))

    def test_full_disk(self):
        """What cannot be written is not acknowledged, and what cannot be logged is not handed out."""
        with Server("--allow-sample") as server, Client(server) as client:
            server.policy(ALLOW)
            server.put("a/b/c", b"x")
            client.handshake()
            # as if the disk ended where the log of the database ends now
            size = os.stat(server.state + "/latchkeyd.db-wal").st_size
            resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
            for _ in range(3):
                server.admin("resource", "put", "a/b/big", input=os.urandom(60000), fails=7)
            self.assertEqual(client.get("a/b/c").error(), "PluginInternalError")
            self.assertEqual(server.admin("resource", "list").count(b"a/b/"), 1)
            for _ in range(50):  # the operator hears of it, in a second or two
                if "write the audit log" in server.log_text():
                    break
                time.sleep(0.1)
            self.assertIn("write the audit log", server.log_text())
            server.kill()
            server.start()
            self.assertEqual(server.admin("resource", "get", "a/b/c"), b"x")
            self.assertIn("resource-absent", server.admin("resource", "get", "a/b/big", fails=2))
            server.admin("audit", "verify")

    def test_ends_cleanly(self):
        with Server() as server:
            server.put("a/b/c", b"x")
            server.stop(signal.SIGTERM)
            self.assertFalse(os.path.exists(server.socket))
            self.assertEqual(sorted(os.listdir(server.state)), ["latchkeyd.db", "root.key", "tls"])
            server.start()
            self.assertEqual([e["body"]["event"] for e in server.audit()],
                             ["init", "start", "admin-put", "stop", "start"])

    def test_hardened(self):
        with Server() as server:
            with open(f"/proc/{server.process.pid}/status") as f:
                status = f.read()
            self.assertIn("NoNewPrivs:\t1", status)
            with open(f"/proc/{server.process.pid}/limits") as f:
                self.assertRegex(f.read(), r"Max core file size +0 +0 ")
            self.assertEqual(os.stat(f"/proc/{server.process.pid}/mem").st_uid, 0)

    def test_notifies_a_service_manager(self):
        import socket
        with Server(start=False) as server:
            path = os.path.join(server.dir, "notify")
            notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            notify.bind(path)
            notify.settimeout(20)
            os.environ["NOTIFY_SOCKET"] = path
            try:
                server.start()
            finally:
                del os.environ["NOTIFY_SOCKET"]
            self.assertEqual(notify.recv(100), b"READY=1")
            server.stop()
            self.assertEqual(notify.recv(100), b"STOPPING=1")
            notify.close()
