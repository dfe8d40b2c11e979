# SPDX-License-Identifier: Apache-2.0
"""Builds that must not be: each says why and leaves nothing behind."""
import json
import signal
import subprocess
import unittest

import bench
import jose

CONFIG, ABSENT, AGAIN, DENIED, TAMPERED = 1, 2, 3, 4, 5


class Refusals(unittest.TestCase):
    def setUp(self):
        self.b = bench.Bench()
        self.addCleanup(self.b.close)

    def refused(self, says, *more, fails=CONFIG):
        self.b.run(self.b.escrowed(*more), fails=fails, says=says)

    def test_wrong_usage(self):
        b = self.b
        for argv, says in (([bench.PROGRAM], "Usage"),
                           ([bench.PROGRAM, "nonsense"], "Usage"),
                           (b.argv(), "one of --enroll and --escrow-to"),
                           (b.escrowed("--enroll", "latchkeyd", "--resource", "a/b/c"), "one of"),
                           (b.argv("--enroll", "vault", "--resource", "a/b/c"), "latchkeyd"),
                           (b.argv("--enroll", "latchkeyd"), "--resource"),
                           (b.escrowed("--socket", "/x"), "--socket"),
                           (b.escrowed("--fs", "xfs"), "erofs and ext4"),
                           (b.escrowed("--fs", initrd=False), "--fs"),
                           (b.escrowed("--nonsense"), "--nonsense"),
                           (b.escrowed("stray"), "stray"),
                           (b.escrowed("--kver", "1", "--kver", "2"), "twice")):
            with self.subTest(says=says):
                b.run(argv, fails=CONFIG, says=says)

    def test_existing_outputs_stay(self):
        (self.b.out / "web.json").write_text("mine")
        with self.assertRaisesRegex(AssertionError, "--force replaces it"):
            self.b.run(self.b.escrowed())
        self.assertEqual(self.b.left(), ["web.json"])
        self.assertEqual((self.b.out / "web.json").read_text(), "mine")
        self.b.run(self.b.escrowed("--force"))
        self.assertEqual(len(self.b.left()), 6)

    def test_words_that_undo_the_hardening(self):
        self.refused("rd.shell=1", "--cmdline-extra", "console=ttyS0 rd.shell=1")
        self.refused("systemd.debug-shell", "--cmdline-extra", "systemd.debug-shell")

    def test_no_kernel(self):
        self.b.kernel.write_bytes(b"\x7fELF" + bytes(70000))
        self.refused("vmlinuz")

    def test_no_tree(self):
        (self.b.tree / "proc").rmdir()
        self.refused("/proc")
        (self.b.tree / "proc").mkdir()
        (self.b.tree / "etc/os-release").unlink()
        (self.b.tree / "usr/lib/os-release").unlink()
        self.refused("os-release")

    def test_a_tree_without_latchkey_needs_an_initramfs(self):
        self.b.run(self.b.escrowed(initrd=False), fails=CONFIG, says="no dracut")

    def test_an_archive_that_is_none(self):
        path = self.b.dir / "root.tar"
        path.write_bytes(b"no archive" * 1000)
        self.b.run(self.b.escrowed(tree=path), fails=CONFIG, says="tar")

    def test_values_that_the_build_writes(self):
        fde = self.b.site / "fde.conf"
        fde.write_text(bench.FDE.replace("[rootfs]\n", '[rootfs]\ndevice = "/dev/vda"\n', 1))
        self.refused("fde.conf:3")

    def test_a_configuration_that_the_agent_would_refuse(self):
        (self.b.site / "fde.conf").write_text(bench.FDE.replace("kbs_url =", "x = 1\nkbs_url ="))
        self.refused(f"{self.b.site}/fde.conf:6: [rootfs.encrypt.kbs] has no key 'x'")
        (self.b.site / "fde.conf").unlink()
        self.refused("fde")

    def test_a_missing_certificate(self):
        (self.b.site / "tls/ca.pem").unlink()
        self.refused("ca.pem")

    def test_escrow_keys_that_are_not_public_keys(self):
        self.b.jwk.write_text("{}")
        self.refused("operator.jwk")
        private = {**self.b.operator.jwk(), "d": jose.b64u(bytes(31) + b"\1")}
        self.b.jwk.write_text(json.dumps(private))
        self.refused("private")
        self.b.jwk.write_text("-----BEGIN PUBLIC KEY-----")
        self.refused("operator.jwk")

    def test_resources_have_three_segments(self):
        self.b.run(self.b.argv("--enroll", "latchkeyd", "--socket", "/x", "--resource", "a/b"),
                   fails=CONFIG, says="three segments")

    def test_no_room(self):
        argv = ["prlimit", f"--fsize={18 << 20}", *self.b.escrowed()]
        self.b.run(argv, fails=CONFIG, says="File too large",
                   preexec_fn=lambda: signal.signal(signal.SIGXFSZ, signal.SIG_IGN))


class KeyServer(unittest.TestCase):
    """The key leaves, or there is no disk."""

    def setUp(self):
        self.b = bench.Bench()
        self.addCleanup(self.b.close)

    def build(self, script, fails, says, *more):
        with bench.FakeKeyServer(self.b.socket, script) as server:
            self.b.run(self.b.enrolled(*more), fails=fails, says=says)
        return server

    def test_nobody_listens(self):
        self.b.run(self.b.enrolled(), fails=ABSENT, says="server-absent")

    def test_not_allowed(self):
        self.build({("GET", 0): (403, b"{}")}, DENIED, "admin-refused")

    def test_a_resource_in_use(self):
        server = self.build({("GET", 0): (200, b"somebody's key")}, CONFIG, "holds a key already")
        self.assertEqual(server.calls[-1][0], "GET")

    def test_it_cannot_store(self):
        self.build({("PUT", 0): (500, b"{}")}, TAMPERED, "500")

    def test_it_stores_something_else(self):
        self.build({("GET", 1): (200, bytes(32))}, TAMPERED, "read the key back")

    def test_it_loses_the_key(self):
        self.build({("GET", 1): (404, b"{}")}, TAMPERED, "404")

    def test_it_hangs_up(self):
        self.build({("PUT", 0): (0, b"")}, TAMPERED, "reply-invalid")

    def test_it_talks_without_end(self):
        self.build({("PUT", 0): (200, bytes(300000))}, TAMPERED, "http-limit")


class Interruptions(unittest.TestCase):
    """A build that ends early, at the last moment before its files appear."""

    def setUp(self):
        self.b = bench.Bench()
        self.addCleanup(self.b.close)

    def interrupt(self, number):
        seen = []

        def stop(method, _body):
            if method == "PUT":
                seen.append([p.name for p in self.b.out.iterdir()])
                process.send_signal(number)
                process.wait(timeout=30)

        with bench.FakeKeyServer(self.b.socket, watch=stop):
            process = subprocess.Popen(self.b.enrolled(), stdout=subprocess.DEVNULL,
                                       stderr=subprocess.PIPE)
            text = process.communicate(timeout=60)[1].decode()
        self.assertEqual(len(seen), 1)
        return process.returncode, seen[0], text

    def test_a_signal_takes_everything_back(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            code, seen, text = self.interrupt(number)
            self.assertEqual(code, AGAIN)
            self.assertIn("interrupted", text)
            self.assertEqual(len(seen), 1)
            self.assertEqual(self.b.left(), [])

    def test_a_killed_build_shows_no_file(self):
        code, _, _ = self.interrupt(signal.SIGKILL)
        self.assertEqual(code, -signal.SIGKILL)
        left, = self.b.left()
        self.assertTrue(left.startswith(".latchkey-image-"))
        self.assertEqual((self.b.out / left).stat().st_mode & 0o777, 0o700)
        self.b.run(self.b.escrowed())  # the next build clears it away
        self.assertEqual(len(self.b.left()), 6)
        self.assertIn("web.img", self.b.left())

    def test_a_living_builds_folder_stays(self):
        seen = []

        def build_another(method, _body):
            if method == "PUT":
                self.b.run(self.b.escrowed(out="other.img"))
                seen.extend(p.name for p in self.b.out.iterdir() if p.name.startswith("."))

        with bench.FakeKeyServer(self.b.socket, watch=build_another):
            self.b.run(self.b.enrolled())
        self.assertEqual(len(seen), 1)
        self.assertEqual(len(self.b.left()), 11)

    def test_an_output_that_appears_meanwhile_is_not_replaced(self):
        def get_in_the_way(method, _body):
            if method == "PUT":
                (self.b.out / "web.json").write_text("somebody else's")

        with bench.FakeKeyServer(self.b.socket, watch=get_in_the_way) as server:
            with self.assertRaisesRegex(AssertionError, "File exists"):
                self.b.run(self.b.enrolled())
        self.assertEqual(self.b.left(), ["web.json"])
        self.assertEqual((self.b.out / "web.json").read_text(), "somebody else's")
        self.assertEqual(server.stored, {})  # nor does a key stay that opens nothing
