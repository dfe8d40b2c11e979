# SPDX-License-Identifier: Apache-2.0
"""The admin socket and the sub-commands that use it."""
import hashlib
import http.client
import json
import os
import socket
import stat
import unittest

from jose import canonical
from kbs import Client
from server import ALLOW, Server


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=30)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Admin(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server("--allow-sample")
        cls.addClassCleanup(cls.server.__exit__)

    def ask(self, method, path, body=None):
        connection = UnixConnection(self.server.socket)
        self.addCleanup(connection.close)
        connection.request(method, path, body=body)
        response = connection.getresponse()
        return response.status, response.read()

    def test_socket_is_for_its_owner(self):
        self.assertEqual(stat.S_IMODE(os.stat(self.server.socket).st_mode), 0o600)

    def test_other_users_are_refused(self):
        """Even with the socket's mode opened: the peer's credentials count."""
        os.chmod(self.server.dir, 0o755)
        os.chmod(self.server.socket, 0o666)
        self.addCleanup(os.chmod, self.server.socket, 0o600)
        pid = os.fork()
        if pid == 0:
            try:
                os.setgid(65534)
                os.setuid(65534)
                connection = UnixConnection(self.server.socket)
                connection.request("GET", "/admin/v1/resource")
                answer = connection.getresponse()
                error = json.loads(answer.read())["error"]
                os._exit(0 if (answer.status, error) == (403, "admin-refused") else 1)
            finally:
                os._exit(2)
        self.assertEqual(os.waitpid(pid, 0)[1], 0)

    def test_put_get_list_delete(self):
        name, data = "team/disk/one", b"two\nlines \x00 and no newline at the end"
        self.assertIn(b"version", self.server.put(name, data))
        self.assertEqual(self.server.admin("resource", "get", name), data)
        self.assertIn(name.encode(), self.server.admin("resource", "list"))
        row = [r for r in json.loads(self.server.admin("resource", "list", "--json"))["resources"]
               if r["name"] == name]
        self.assertEqual(row[0]["size"], len(data))
        self.server.put(name, b"newer")
        self.assertEqual(self.server.admin("resource", "get", name), b"newer")
        self.server.admin("resource", "delete", name)
        self.assertIn("resource-absent", self.server.admin("resource", "get", name, fails=2))
        self.assertIn("resource-absent", self.server.admin("resource", "delete", name, fails=2))

    def test_put_from_a_file(self):
        path = os.path.join(self.server.dir, "key")
        with open(path, "wb") as f:
            f.write(b"from a file")
        self.server.admin("resource", "put", "team/disk/file", "--file", path)
        self.assertEqual(self.server.admin("resource", "get", "team/disk/file"), b"from a file")

    def test_bad_puts(self):
        for name in "a", "a/b", "a/b/c/d", "a//c", "/a/b/c", "a/b/.c", "a/b/c d", "a/b/ü", "a/*/c", "":
            self.assertIn("resource-name", self.server.admin("resource", "put", name, input=b"x", fails=1))
            path = "/admin/v1/resource/" + name.replace(" ", "%20").replace("ü", "%c3%bc")
            self.assertEqual(self.ask("PUT", path, b"x")[0], 400)
        self.server.admin("resource", "put", "a/b/c", input=b"", fails=1)
        self.server.admin("resource", "put", "a/b/c", input=b"x" * 65537, fails=1)
        self.assertEqual(self.ask("PUT", "/admin/v1/resource/a/b/c", b"")[0], 400)
        with socket.socket(socket.AF_UNIX) as raw:  # refused before it is sent
            raw.connect(self.server.socket)
            raw.sendall(b"PUT /admin/v1/resource/a/b/c HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\n\r\n")
            self.assertTrue(raw.recv(1000).startswith(b"HTTP/1.1 413 "))
        self.assertNotIn(b"a/b/c", self.server.admin("resource", "list"))

    def test_versions_never_come_back(self):
        versions = []
        for _ in range(3):
            self.server.put("team/disk/v", b"x")
            rows = json.loads(self.server.admin("resource", "list", "--json"))["resources"]
            versions += [r["version"] for r in rows if r["name"] == "team/disk/v"]
            self.server.admin("resource", "delete", "team/disk/v")
        self.assertEqual(versions, sorted(set(versions)))
        self.assertEqual(len(versions), 3)

    def test_no_secret_where_it_does_not_belong(self):
        canary = b"canary-" + os.urandom(8).hex().encode()
        self.server.policy(ALLOW)
        self.server.put("team/disk/canary", canary)
        with Client(self.server) as client:
            client.handshake()
            self.assertEqual(client.open(client.get("team/disk/canary")), canary)
            self.assertEqual(self.server.admin("resource", "get", "team/disk/canary"), canary)
            for needle in canary, canary.hex().encode(), client.token.encode(), client.cookie.encode():
                for folder, _, files in os.walk(self.server.dir):
                    for name in files:
                        if name == "admin.sock":
                            continue
                        with open(os.path.join(folder, name), "rb") as f:
                            self.assertNotIn(needle, f.read(), name)
                self.assertNotIn(needle, self.server.admin("audit", "list", "--json"))
                for name in "cmdline", "environ":
                    with open(f"/proc/{self.server.process.pid}/{name}", "rb") as f:
                        self.assertNotIn(needle, f.read())

    def test_no_secret_left_in_memory(self):
        """Once a resource is stored or handed out, the server's memory holds it only sealed."""
        canary = b"canary-" + os.urandom(12).hex().encode()
        self.server.policy(ALLOW)
        self.server.put("team/disk/memory", canary)
        self.assertEqual(self.server.admin("resource", "get", "team/disk/memory"), canary)
        with Client(self.server) as client:
            client.handshake()
            self.assertEqual(client.open(client.get("team/disk/memory")), canary)
        marker = b"team/disk/memory"  # what is no secret is found, so the search works
        found = self.search_memory(canary, marker)
        self.assertEqual(found[canary], 0)
        self.assertGreater(found[marker], 0)

    def search_memory(self, *needles):
        found = dict.fromkeys(needles, 0)
        pid = self.server.process.pid
        with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
            for line in maps:
                span, mode = line.split()[:2]
                start, end = (int(x, 16) for x in span.split("-"))
                if mode[0] != "r" or end - start > 1 << 30 or "[v" in line:
                    continue
                try:
                    memory.seek(start)
                    data = memory.read(end - start)
                except OSError:
                    continue
                for needle in needles:
                    found[needle] += data.count(needle)
        return found

    def test_unknown_routes(self):
        for method, path in (("GET", "/"), ("POST", "/admin/v1/policy"), ("GET", "/kbs/v0/auth"),
                             ("GET", "/admin/v1/nothing")):
            self.assertEqual(self.ask(method, path)[0], 404)

    # --- policy -------------------------------------------------------------------------------

    def test_policy_round_trip(self):
        policy = {"version": 1, "comment": "a test", "rules": [{"resource": "a/b/*", "tee": "tdx"}]}
        self.server.policy(policy)
        self.assertEqual(json.loads(self.server.admin("policy", "show")), policy)

    def test_bad_policies_change_nothing(self):
        self.server.policy(ALLOW)
        for policy in ("{}", '{"version":2,"rules":[]}', '{"version":1}', '{"version":1,"rules":{}}',
                       '{"version":1,"rules":[],"default":"allow"}', '{"version":1,"rules":[{}]}',
                       '{"version":1,"rules":[{"resource":"a/b/c","all":[{"claim":"x","op":"eq"}]}]}',
                       '{"version":1,"rules":[{"resource":"a/b/c","all":[{"claim":"x","op":"in","value":"@y"}]}]}',
                       '{"version":1,"rules":[{"resource":"a/b/c","all":[{"claim":"x","op":"like","value":"y"}]}]}',
                       '{"version":1,"rules":[{"resource":"a/b/c","phase":"always"}]}',
                       '{"version":1,"rules":[],"rules":[]}', "{"):
            self.assertIn("policy-invalid",
                          self.server.admin("policy", "set", input=policy.encode(), fails=1), policy)
        self.assertEqual(json.loads(self.server.admin("policy", "show")), ALLOW)

    def test_rego(self):
        for text, rules in (("package policy\n\ndefault allow = true\n", 1),
                            ("# all\npackage policy\nimport rego.v1\ndefault allow := true", 1),
                            ("package policy default allow = false", 0)):
            self.server.policy(text)
            self.assertEqual(len(json.loads(self.server.admin("policy", "show"))["rules"]), rules)
        for text in ("package policy\ndefault allow = true\nallow { false }", "package policy",
                     "package other\ndefault allow = true", "default allow = true",
                     "package policy\ndefault allow = false\nallow if { input.x }", "hello"):
            self.assertIn("policy-rego", self.server.admin("policy", "set", input=text.encode(), fails=1))

    # --- audit --------------------------------------------------------------------------------

    def test_audit_chain(self):
        self.server.put("team/disk/audit", b"x")
        entries = self.server.audit()
        self.assertEqual([e["seq"] for e in entries], list(range(1, len(entries) + 1)))
        digest = bytes(32).hex()
        for entry in entries:
            self.assertEqual(entry["prev"], digest)
            digest = hashlib.sha256(canonical(entry)).hexdigest()
        self.assertEqual(entries[0]["body"]["event"], "init")
        self.assertEqual(entries[-1]["body"], {"event": "admin-put", "outcome": "done", "peer": "uid 0",
                                               "resource": "team/disk/audit",
                                               "version": entries[-1]["body"]["version"]})
        self.assertIn(digest.encode(), self.server.admin("audit", "verify"))
        after = self.server.admin("audit", "list", "--json", "--after", str(len(entries) - 1))
        self.assertEqual(len(after.splitlines()), 1)


class Usage(unittest.TestCase):
    def test_wrong_usage(self):
        with Server(init=False, start=False) as server:
            for args in ((), ("x",), ("init", "x"), ("serve", "x"), ("serve", "--session-timeout", "0"),
                         ("serve", "--session-timeout", "1x"), ("serve", "--ready-fd", "-1"),
                         ("resource",), ("resource", "put"), ("resource", "list", "x"), ("resource", "x"),
                         ("policy",), ("policy", "x"), ("audit",), ("audit", "verify", "--after", "1"),
                         ("audit", "list", "--after", "x"), ("resource", "list", "--wrong")):
                server.run(*args, fails=1)
            self.assertIn(b"latchkeyd", server.run("version"))
            self.assertIn(b"resource", server.run("--help"))

    def test_no_server(self):
        with Server(start=False) as server:
            self.assertIn("server-absent", server.admin("resource", "list", fails=2))
