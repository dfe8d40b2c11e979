# SPDX-License-Identifier: Apache-2.0
"""Transport: TLS versions, sizes, and clients that take their time."""
import json
import os
import socket
import ssl
import threading
import time
import unittest

from kbs import REQUEST, Client
from server import ALLOW, Server


class Limits(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server("--allow-sample")
        cls.addClassCleanup(cls.server.__exit__)
        cls.server.policy(ALLOW)
        cls.server.put("a/b/c", b"x")

    def connect(self, **changes):
        context = ssl.create_default_context(cafile=self.server.ca)
        for name, value in changes.items():
            setattr(context, name, value)
        raw = socket.create_connection((self.server.host, self.server.port), timeout=20)
        self.addCleanup(raw.close)
        return context.wrap_socket(raw, server_hostname="localhost")

    def raw(self, data):
        with self.connect() as tls:
            answer = b""
            try:
                tls.sendall(data)
                while True:
                    part = tls.recv(65536)
                    if not part:
                        break
                    answer += part
                    if b"\r\n\r\n" in answer and b"Connection: close" not in answer:
                        break
            except (ConnectionError, ssl.SSLError):
                pass
            return answer

    def still_serves(self):
        with Client(self.server) as client:
            self.assertEqual(client.open(client.handshake().get("a/b/c")), b"x")

    # --- TLS ----------------------------------------------------------------------------------

    def processor_time(self):
        with open(f"/proc/{self.server.process.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def test_half_a_handshake_is_waited_for_without_work(self):
        with socket.create_connection((self.server.host, self.server.port)) as raw:
            raw.sendall(b"\x16\x03\x01\x02\x00\x01")
            time.sleep(0.2)
            before = self.processor_time()
            time.sleep(3)
            self.assertLess(self.processor_time() - before, 0.1)
            self.still_serves()

    def test_tls_versions(self):
        self.assertEqual(self.connect().version(), "TLSv1.3")
        self.assertEqual(self.connect(maximum_version=ssl.TLSVersion.TLSv1_2).version(), "TLSv1.2")
        context = ssl.create_default_context(cafile=self.server.ca)
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
        with socket.create_connection((self.server.host, self.server.port)) as raw:
            with self.assertRaises((ssl.SSLError, ConnectionError)):
                context.wrap_socket(raw, server_hostname="localhost")

    def test_another_ca_does_not_fit(self):
        with Server(start=False) as other:
            with self.assertRaises(ssl.SSLCertVerificationError):
                context = ssl.create_default_context(cafile=other.ca)
                with socket.create_connection((self.server.host, self.server.port)) as raw:
                    context.wrap_socket(raw, server_hostname="localhost")

    def test_no_plain_http(self):
        with socket.create_connection((self.server.host, self.server.port), timeout=20) as raw:
            raw.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            try:
                self.assertNotIn(b"200", raw.recv(1000))
            except ConnectionError:
                pass

    # --- sizes --------------------------------------------------------------------------------

    def test_oversized_body_announced(self):
        answer = self.raw(b"POST /kbs/v0/auth HTTP/1.1\r\nHost: x\r\nContent-Length: 2097153\r\n\r\n")
        self.assertTrue(answer.startswith(b"HTTP/1.1 413 "), answer)
        answer = self.raw(b"POST /kbs/v0/auth HTTP/1.1\r\nHost: x\r\nContent-Length: "
                          b"99999999999999999999999999\r\n\r\n")
        self.assertRegex(answer, rb"^HTTP/1.1 4\d\d ")

    def test_oversized_body_in_pieces(self):
        piece = b"10000\r\n" + b" " * 65536 + b"\r\n"
        with self.connect() as tls:
            tls.sendall(b"POST /kbs/v0/auth HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
            with self.assertRaises((ConnectionError, ssl.SSLError)):
                for _ in range(200):
                    tls.sendall(piece)
        self.still_serves()

    def test_largest_body(self):
        body = json.dumps(REQUEST).encode()
        with Client(self.server) as client:
            self.assertEqual(client.ask("POST", "/kbs/v0/auth", body + b" " * (2 * 1024 * 1024 - len(body))).status, 200)

    def test_oversized_headers(self):
        answer = self.raw(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 100000 + b"\r\n\r\n")
        self.assertFalse(answer.startswith(b"HTTP/1.1 200"))
        answer = self.raw(b"GET /" + b"x" * 100000 + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertFalse(answer.startswith(b"HTTP/1.1 200"))
        self.still_serves()

    def test_body_where_none_belongs(self):
        answer = self.raw(b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx")
        self.assertTrue(answer.startswith(b"HTTP/1.1 413 "), answer)

    def test_deep_json(self):
        with Client(self.server) as client:
            for body in ("[" * 100000, '{"a":' * 100000):
                self.assertEqual(client.ask("POST", "/kbs/v0/auth", body).error(), "AttestationError")

    def test_random_bytes(self):
        for _ in range(20):
            self.raw(os.urandom(200) + b"\r\n\r\n")
        self.still_serves()

    # --- many, and slow -----------------------------------------------------------------------

    def test_idle_connections_do_not_block(self):
        idle = [socket.create_connection((self.server.host, self.server.port)) for _ in range(200)]
        try:
            for raw in idle[::2]:
                raw.sendall(b"\x16\x03\x01")
            self.still_serves()
        finally:
            for raw in idle:
                raw.close()

    def test_half_a_request_does_not_block(self):
        with self.connect() as tls:
            tls.sendall(b"POST /kbs/v0/auth HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
            self.still_serves()

    def test_trickling_is_not_endless(self):
        """One byte now and then keeps no connection: not in the handshake, the headers, the body."""
        with Server("--allow-sample", "--request-timeout", "2") as server:
            self.server, before = server, self.server
            try:
                started = time.monotonic()
                raw = socket.create_connection((server.host, server.port), timeout=20)
                headers, body = self.connect(), self.connect()
                headers.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: ")
                body.sendall(b"POST /kbs/v0/auth HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
                with Client(server) as busy:
                    waiting = {"handshake": raw, "headers": headers, "body": body}
                    while waiting and time.monotonic() - started < 15:
                        for name, sock in list(waiting.items()):
                            try:
                                sock.sendall(b"\x16" if name == "handshake" else b" ")
                                sock.sendall(b"")
                                sock.settimeout(0.05)
                                if sock.recv(1) == b"":
                                    raise ConnectionError
                            except (TimeoutError, ssl.SSLWantReadError):
                                pass
                            except (ConnectionError, ssl.SSLError, OSError):
                                del waiting[name]
                        self.assertEqual(busy.ask("GET", "/healthz").status, 200)
                        time.sleep(0.2)
                self.assertEqual(list(waiting), [])
                self.assertGreater(time.monotonic() - started, 1.5)
                raw.close()
            finally:
                self.server = before

    def test_many_handshakes_at_once(self):
        failed = []

        def work():
            try:
                for _ in range(3):
                    with Client(self.server) as client:
                        client.handshake()
                        assert client.open(client.get("a/b/c")) == b"x"
            except Exception as e:  # noqa: what it was is printed below
                failed.append(e)

        threads = [threading.Thread(target=work) for _ in range(8)]
        before = len(self.server.audit())
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(failed, [])
        self.assertEqual(len(self.server.audit()) - before, 48)
        self.server.admin("audit", "verify")

    def test_a_flood_of_sessions_does_not_lock_out_the_attested(self):
        with Client(self.server) as attested, Client(self.server) as flood:
            attested.handshake()
            for _ in range(300):
                flood.auth()
            self.assertEqual(attested.open(attested.get("a/b/c")), b"x")

    def test_a_flood_of_failures_does_not_fill_the_log(self):
        before = len(self.server.audit())
        with Client(self.server) as client:
            for _ in range(600):
                client.attest({}, headers={"Cookie": None})
        added = len(self.server.audit()) - before
        self.assertGreater(added, 50)
        self.assertLess(added, 400)
