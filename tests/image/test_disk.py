# SPDX-License-Identifier: Apache-2.0
"""A disk as it should be, by the judgement of sfdisk, cryptsetup, veritysetup, fsck and OpenSSL."""
import base64
import json
import os
import pty
import re
import shutil
import subprocess
import unittest

import bench
import jose
import server
import xts
from bench import tool

LINE = ("root=/dev/mapper/root systemd.gpt_auto=0 rd.systemd.gpt_auto=0 "
        "systemd.import_credentials=no rd.shell=0 rd.emergency=poweroff rd.luks=0 rd.lvm=0 rd.md=0 "
        "rd.auto=0 init_on_free=1 console=ttyS0 quiet")
ROOT_X86_64 = "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709"


class Disk(unittest.TestCase):
    """One enrolled disk, looked at from all sides."""

    @classmethod
    def setUpClass(cls):
        cls.b = b = bench.Bench()
        cls.addClassCleanup(b.close)
        b.snapshots = []

        def keep(method, _body):  # the work folder, at the moment that the key leaves
            if method == "PUT":
                b.snapshots = [p.read_bytes() for p in b.out.rglob("*") if p.is_file()]

        with bench.FakeKeyServer(b.socket, watch=keep) as server:
            b.text = b.run(b.enrolled("--cmdline-extra", "console=ttyS0 quiet"))
        b.calls, b.key = server.calls, server.key
        b.doc = b.manifest()
        b.part = b.partition()
        (b.dir / "pass").write_bytes(b.key)
        (b.dir / "vk").unlink(missing_ok=True)
        tool("cryptsetup", "luksDump", "--dump-volume-key", "--batch-mode", "--key-file",
             b.dir / "pass", "--volume-key-file", b.dir / "vk", b.part)
        b.volume_key = (b.dir / "vk").read_bytes()
        offset, size = b.doc["luks"]["data_offset"], b.doc["luks"]["data_size"]
        b.cipher = b.part.read_bytes()[offset:offset + size]
        b.plain = b.dir / "plain"
        b.plain.write_bytes(xts.decrypt(b.volume_key, b.cipher))

    def test_every_file_is_there_and_nothing_else(self):
        self.assertEqual(self.b.left(), ["web.cmdline", "web.img", "web.initrd", "web.json",
                                         "web.vmlinuz"])

    def test_the_key_is_stored_once_and_read_back(self):
        path = "/admin/v1/resource/" + bench.RESOURCE
        self.assertEqual(self.b.calls, [("GET", path), ("PUT", path), ("GET", path)])
        self.assertEqual(len(self.b.key), 32)

    def test_sfdisk_accepts_the_partition_table(self):
        said = tool("sfdisk", "--verify", self.b.out / "web.img").decode()
        self.assertIn("No errors detected", said)
        table = json.loads(tool("sfdisk", "--json", self.b.out / "web.img"))["partitiontable"]
        self.assertEqual(table["label"], "gpt")
        self.assertEqual(table["id"].lower(), self.b.doc["disk"]["guid"])
        part, = table["partitions"]
        self.assertEqual(part["type"], ROOT_X86_64)
        self.assertEqual(part["uuid"].lower(), self.b.doc["partitions"][0]["uuid"])
        self.assertEqual(part["start"] % 2048, 0)
        self.assertEqual(part["start"], self.b.doc["partitions"][0]["first_sector"])

    def test_the_backup_table_alone_is_enough(self):
        copy = self.b.dir / "damaged"
        shutil.copy(self.b.out / "web.img", copy)
        with open(copy, "r+b") as f:
            f.seek(512)
            f.write(bytes(512))
        table = json.loads(tool("sfdisk", "--json", copy))["partitiontable"]
        self.assertEqual(table["partitions"][0]["type"], ROOT_X86_64)

    def test_cryptsetup_reads_the_header(self):
        doc = json.loads(tool("cryptsetup", "luksDump", "--dump-json-metadata", self.b.part))
        self.assertEqual(list(doc["keyslots"]), ["0"])
        slot = doc["keyslots"]["0"]
        self.assertEqual((slot["kdf"]["type"], slot["kdf"]["iterations"]), ("pbkdf2", 1000))
        self.assertEqual(slot["key_size"], 64)
        segment = doc["segments"]["0"]
        self.assertEqual((segment["encryption"], segment["sector_size"], segment["offset"],
                          segment["size"], segment["iv_tweak"]),
                         ("aes-xts-plain64", 4096, "16777216", "dynamic", "0"))
        (token,) = doc["tokens"].values()
        self.assertEqual({key: token[key] for key in token if key != "mac"},
                         {"type": "latchkey", "keyslots": ["0"], "generation": "1"})
        self.assertEqual(len(base64.b64decode(token["mac"], validate=True)), 32)
        self.assertNotIn("requirements", doc["config"])
        uuid = tool("cryptsetup", "luksUUID", self.b.part).decode().strip()
        self.assertEqual(uuid, self.b.doc["luks"]["uuid"])

    def test_only_the_key_opens_it(self):
        tool("cryptsetup", "open", "--test-passphrase", "--key-file", self.b.dir / "pass",
             self.b.part)
        (self.b.dir / "wrong").write_bytes(bytes(32))
        with self.assertRaises(AssertionError):
            tool("cryptsetup", "open", "--test-passphrase", "--key-file", self.b.dir / "wrong",
                 self.b.part)

    def test_cryptsetup_makes_the_same_bytes_with_the_same_key(self):
        other = self.b.dir / "other"
        shutil.copy(self.b.plain, other)
        os.truncate(other, other.stat().st_size + (32 << 20))
        tool("cryptsetup", "reencrypt", "--encrypt", "--type", "luks2", "--batch-mode",
             "--disable-locks", "--sector-size", "4096", "--pbkdf", "pbkdf2",
             "--pbkdf-force-iterations", "1000", "--reduce-device-size", "32M", "--key-file",
             self.b.dir / "pass", "--volume-key-file", self.b.dir / "vk", "--key-size", "512",
             other)
        theirs = other.read_bytes()[16 << 20:]
        self.assertEqual(theirs[:len(self.b.cipher)], self.b.cipher)

    def verify(self, root_hash):
        v = self.b.doc["verity"]
        tool("veritysetup", "verify", self.b.plain, self.b.plain, root_hash, "--no-superblock",
             "--salt", v["salt"], "--hash-offset", v["hash_offset"], "--data-blocks",
             v["data_blocks"], "--hash", "sha256", "--data-block-size", "4096",
             "--hash-block-size", "4096")

    def test_veritysetup_verifies_the_content(self):
        root_hash = self.b.doc["verity"]["root_hash"]
        self.verify(root_hash)
        with self.assertRaises(AssertionError):
            self.verify(("0" if root_hash[0] != "0" else "1") + root_hash[1:])

    def test_the_file_system_holds_the_tree(self):
        out = self.b.dir / "extracted"
        tool("fsck.erofs", f"--extract={out}", self.b.plain)
        for name in ("usr/lib/data", "usr/bin/busybox", "etc/secretless"):
            self.assertEqual((out / name).read_bytes(), (self.b.tree / name).read_bytes())
        if os.geteuid() == 0:
            info = (out / "etc/secretless").stat()
            self.assertEqual((info.st_uid, info.st_gid), (33, 44))

    def test_the_configuration_is_appended_where_the_kernel_finds_it(self):
        data = (self.b.out / "web.initrd").read_bytes()
        base = self.b.initrd.read_bytes()
        self.assertEqual(data[:28], base + bytes(2))
        listing = tool("cpio", "-itv", "--quiet", input=data[28:]).decode().split("\n")
        modes = {line.split()[-1]: line.split()[0] for line in listing if line}
        self.assertEqual(modes, {
            "etc": "drwxr-xr-x", "etc/latchkey": "drwxr-xr-x",
            "etc/latchkey/fde.conf": "-rw-------", "etc/latchkey/tls": "drwx------",
            "etc/latchkey/tls/ca.pem": "-rw-------"})
        self.assertNotIn(b"PRIVATE KEY OF THE OPERATOR", data)

    def test_the_final_configuration_names_this_disk(self):
        data = (self.b.out / "web.initrd").read_bytes()[28:]
        text = tool("cpio", "-i", "--quiet", "--to-stdout", "etc/latchkey/fde.conf",
                    input=data).decode()
        doc = self.b.doc
        for line in (f'device = "PARTUUID={doc["partitions"][0]["uuid"]}"',
                     f'luks_uuid = "{doc["luks"]["uuid"]}"',
                     f'root_hash = "{doc["verity"]["root_hash"]}"',
                     f'salt = "{doc["verity"]["salt"]}"',
                     f'data_blocks = {doc["verity"]["data_blocks"]}',
                     f'hash_offset = {doc["verity"]["hash_offset"]}',
                     'rw_overlay = "ram"   # stays', "# the operator's own words"):
            self.assertIn(line + "\n", text)

    def test_the_command_line_is_the_hardened_one(self):
        self.assertEqual((self.b.out / "web.cmdline").read_text(), LINE)
        self.assertEqual(self.b.doc["cmdline"], LINE)

    def test_the_manifest_has_the_right_sums(self):
        for name in ("kernel", "initrd"):
            path = self.b.out / self.b.doc[name]["file"]
            said = tool("sha256sum", path).decode().split()[0]
            self.assertEqual(self.b.doc[name]["sha256"], said)
        self.assertEqual(self.b.doc["kernel"]["release"], bench.RELEASE)
        self.assertEqual(self.b.doc["disk"]["size"], (self.b.out / "web.img").stat().st_size)

    def test_neither_key_was_ever_on_the_disk(self):
        self.assertGreater(len(self.b.snapshots), 4)
        self.assertGreater(max(map(len, self.b.snapshots)), 16 << 20)
        files = self.b.snapshots + [p.read_bytes() for p in self.b.out.iterdir()]
        for secret in (self.b.key, self.b.volume_key[:32], self.b.volume_key[32:]):
            for form in (secret, secret.hex().encode(), jose.b64u(secret).encode()):
                self.assertFalse(any(form in content for content in files))
            self.assertNotIn(secret.hex(), self.b.text)

    def test_plaintext_is_not_in_the_disk(self):
        self.assertNotIn(b"nothing to hide", (self.b.out / "web.img").read_bytes())
        self.assertIn(b"nothing to hide", self.b.plain.read_bytes())

    def test_nothing_is_said_without_a_terminal(self):
        self.assertEqual(len(self.b.text.splitlines()), 3)
        self.assertIsNone(re.search("\x1b|\\[1/", self.b.text))


class Terminal(unittest.TestCase):
    def said(self, *more):
        b = bench.Bench()
        self.addCleanup(b.close)
        ours, theirs = pty.openpty()
        process = subprocess.Popen(b.escrowed(*more), stdout=subprocess.DEVNULL, stderr=theirs)
        os.close(theirs)
        text = b""
        while True:
            try:
                text += os.read(ours, 4096)
            except OSError:  # the other end is closed
                break
        os.close(ours)
        self.assertEqual(process.wait(timeout=60), 0)
        return text.decode()

    def test_stages_and_a_bar_are_shown(self):
        text = self.said()
        stages = re.findall(r"\[(\d+)/(\d+)\] .*\d s\r?\n", text)
        self.assertEqual([int(n) for n, _ in stages], list(range(1, len(stages) + 1)))
        self.assertEqual({int(n) for _, n in stages}, {len(stages)})
        self.assertIn("#" * 30 + " 100 %", text)

    def test_not_if_it_is_not_wanted(self):
        self.assertEqual(self.said("--no-progress"), "")


class Escrow(unittest.TestCase):
    def setUp(self):
        self.b = bench.Bench()
        self.addCleanup(self.b.close)

    def opens(self, jwe):
        key = jose.jwe_open(self.b.operator, json.loads(jwe.read_text()))
        (self.b.dir / "pass").write_bytes(key)
        tool("cryptsetup", "open", "--test-passphrase", "--key-file", self.b.dir / "pass",
             self.b.partition())
        return key

    def test_the_operator_alone_can_open_the_jwe(self):
        self.b.run(self.b.escrowed())
        self.assertIn("web.escrow.jwe", self.b.left())
        self.assertEqual(self.b.manifest()["key"], {"escrowed_in": "web.escrow.jwe"})
        self.assertEqual(len(self.opens(self.b.out / "web.escrow.jwe")), 32)
        self.assertEqual((self.b.out / "web.escrow.jwe").stat().st_mode & 0o777, 0o600)

    def test_the_jwe_goes_where_it_is_wanted(self):
        self.b.run(self.b.escrowed("--escrow-out", self.b.dir / "key.jwe"))
        self.assertNotIn("web.escrow.jwe", self.b.left())
        self.opens(self.b.dir / "key.jwe")

    def test_two_builds_share_nothing(self):
        self.b.run(self.b.escrowed())
        first = self.b.manifest(), self.opens(self.b.out / "web.escrow.jwe")
        self.b.run(self.b.escrowed("--force"))
        second = self.b.manifest(), self.opens(self.b.out / "web.escrow.jwe")
        self.assertNotEqual(first[1], second[1])
        for what, name in (("disk", "guid"), ("luks", "uuid"), ("verity", "salt"),
                           ("filesystem", "uuid")):
            self.assertNotEqual(first[0][what][name], second[0][what][name])

    def test_ext4_holds_the_tree(self):
        self.b.run(self.b.escrowed("--fs", "ext4"))
        (self.b.dir / "pass").write_bytes(self.opens(self.b.out / "web.escrow.jwe"))
        part = self.b.partition()
        tool("cryptsetup", "luksDump", "--dump-volume-key", "--batch-mode", "--key-file",
             self.b.dir / "pass", "--volume-key-file", self.b.dir / "vk", part)
        doc = self.b.manifest()
        plain = self.b.dir / "plain"
        plain.write_bytes(xts.decrypt((self.b.dir / "vk").read_bytes(),
                                      part.read_bytes()[16 << 20:])[:doc["filesystem"]["size"]])
        tool("e2fsck", "-fn", plain)
        tool("debugfs", "-R", f"dump usr/lib/data {self.b.dir}/data", plain)
        self.assertEqual((self.b.dir / "data").read_bytes(),
                         (self.b.tree / "usr/lib/data").read_bytes())


class RealServer(unittest.TestCase):
    @unittest.skipUnless(os.path.exists(server.PROGRAM), "latchkeyd is not built")
    def test_latchkeyd_keeps_the_key(self):
        b = bench.Bench()
        self.addCleanup(b.close)
        with server.Server() as latchkeyd:
            b.run(b.argv("--enroll", "latchkeyd", "--socket", latchkeyd.socket, "--resource",
                         bench.RESOURCE))
            (b.dir / "pass").write_bytes(latchkeyd.admin("resource", "get", bench.RESOURCE))
            tool("cryptsetup", "open", "--test-passphrase", "--key-file", b.dir / "pass",
                 b.partition())
            before = b.left()
            text = b.enrolled(out="two.img")
            text[text.index("--socket") + 1] = latchkeyd.socket
            with self.assertRaisesRegex(AssertionError, "holds a key already"):
                b.run(text)
            self.assertEqual(b.left(), before)
