# SPDX-License-Identifier: Apache-2.0
"""Trees in archives, trees of ordinary users, and trees that bring their own dracut."""
import io
import json
import os
import shutil
import signal
import subprocess
import tarfile
import unittest

import bench
import jose
import xts
from bench import tool

USER = 54321  # of nobody; owns what an ordinary user would


class Content(unittest.TestCase):
    """Builds and then looks into the file system that came out."""

    def setUp(self):
        self.b = bench.Bench()
        self.addCleanup(self.b.close)

    def file_system(self):
        """The decrypted content, as a file."""
        b = self.b
        jwe = json.loads((b.out / "web.escrow.jwe").read_text())
        (b.dir / "pass").write_bytes(jose.jwe_open(b.operator, jwe))
        part = b.partition()
        (b.dir / "vk").unlink(missing_ok=True)
        tool("cryptsetup", "luksDump", "--dump-volume-key", "--batch-mode", "--key-file",
             b.dir / "pass", "--volume-key-file", b.dir / "vk", part)
        plain = b.dir / "plain"
        plain.write_bytes(xts.decrypt((b.dir / "vk").read_bytes(), part.read_bytes()[16 << 20:]))
        return plain

    def owner(self, name):
        """(user, group) of a file in an ext4 root, by debugfs."""
        words = tool("debugfs", "-R", f"stat {name}", self.file_system()).decode().split()
        return int(words[words.index("User:") + 1]), int(words[words.index("Group:") + 1])

    def archive(self, mode="w:gz"):
        """The tree as tar, with a device that only root could make."""
        path = self.b.dir / "root.tar"
        with tarfile.open(path, mode) as tar:
            tar.add(self.b.tree, ".")
            device = tarfile.TarInfo("./dev/console")
            device.type, device.devmajor, device.devminor = tarfile.CHRTYPE, 5, 1
            tar.addfile(device)
            owned = tarfile.TarInfo("./etc/owned")
            owned.uid, owned.gid, owned.size = 33, 44, 2
            tar.addfile(owned, io.BytesIO(b"x\n"))
        os.chmod(path, 0o644)
        return path


@unittest.skipUnless(os.geteuid() == 0, "needs root to make files of others")
class Archives(Content):
    def test_an_archive_is_a_tree(self):
        self.b.run(self.b.escrowed("--fs", "ext4", tree=self.archive()))
        self.assertEqual(self.owner("/etc/owned"), (33, 44))
        listing = tool("debugfs", "-R", "ls -p /dev", self.b.dir / "plain").decode()
        self.assertNotIn("console", listing)


@unittest.skipUnless(os.geteuid() == 0, "needs root to become somebody else")
class OrdinaryUsers(Content):
    """The same build by a user without any privilege."""

    def setUp(self):
        super().setUp()
        os.chown(self.b.out, USER, USER)
        for path in (self.b.jwk, self.b.kernel, self.b.initrd):
            os.chmod(path, 0o644)
        for path in self.b.site.rglob("*"):
            os.chown(path, USER, USER)
        os.chown(self.b.site, USER, USER)

    def run_as_user(self, argv, ranges="", fails=None, says=None):
        """In a mount namespace of its own, in which the user exists and has these ids."""
        files = self.b.dir / "etc"
        files.mkdir()
        (files / "subid").write_text(ranges)
        passwd = open("/etc/passwd", encoding="utf-8").read()
        (files / "passwd").write_text(passwd + f"lki:x:{USER}:{USER}::/:/bin/sh\n")
        script = ('mount --bind "$0/subid" /etc/subuid && mount --bind "$0/subid" /etc/subgid && '
                  'mount --bind "$0/passwd" /etc/passwd && '
                  'exec setpriv --reuid="$1" --regid="$1" --clear-groups "${@:2}"')
        return self.b.run(["unshare", "--mount", "bash", "-c", script, str(files), str(USER), *argv],
                          fails=fails, says=says)

    def test_subordinate_ids_keep_owners(self):
        text = self.run_as_user(self.b.escrowed("--fs", "ext4", tree=self.archive()),
                                ranges=f"{USER}:1000000:65536\n")
        self.assertNotIn("subordinate", text)
        self.assertEqual(self.owner("/etc/owned"), (33, 44))
        self.assertEqual(self.owner("/usr/lib/data"), (0, 0))
        for path in self.b.out.iterdir():
            self.assertEqual(path.stat().st_uid, USER)

    def test_without_them_all_is_roots_and_it_says_so(self):
        shutil.rmtree(self.b.tree)
        bench.small_tree(self.b.tree)
        for path in [self.b.tree, *self.b.tree.rglob("*")]:
            os.chown(path, USER, USER, follow_symlinks=False)
        text = self.run_as_user(self.b.escrowed("--fs", "ext4"))
        self.assertIn("subordinate", text)
        self.assertEqual(self.owner("/etc/secretless"), (0, 0))

    def test_an_archive_of_many_owners_is_refused_without_them(self):
        self.run_as_user(self.b.escrowed(tree=self.archive()), fails=1, says="subordinate")

    def test_a_folder_of_others_is_refused_without_them(self):
        os.chmod(self.b.tree, 0o755)
        self.run_as_user(self.b.escrowed(), fails=1, says="subordinate")


# what stands where dracut would, and writes down what it sees
DRACUT = """#!/bin/sh
for last; do :; done
{
	echo "arguments $*"
	echo "config $(busybox cat /etc/latchkey/fde.conf | busybox tr '\\n' ' ')"
	echo "secret $(busybox ls /etc/latchkey)"
	echo "sys $(busybox ls -A /sys | busybox wc -l)"
	echo "dev $(busybox ls /dev | busybox tr '\\n' ' ')"
	echo "net $(busybox ls /proc/sys/net/ipv4/conf | busybox tr '\\n' ' ')"
	echo "processes $(busybox ls -d /proc/[0-9]* | busybox wc -l)"
	echo "pid $$"
	echo "environment $(busybox env | busybox tr '\\n' ' ')"
	echo "capabilities $(busybox grep CapEff /proc/self/status)"
	busybox touch /usr/intruder 2>&1
	busybox touch /etc/latchkey/intruder 2>&1
	busybox mount -t tmpfs x /tmp 2>&1
	busybox mknod /tmp/disk b 8 0 2>&1
	echo "descriptors $(busybox ls -l /proc/$$/fd | busybox sed 's/.*-> //' | busybox tr '\\n' ' ')"
	echo x > /tmp/a && echo x > /var/tmp/b && echo "temp writable"
} > "$last"
LINES
exit STATUS
"""


class OwnDracut(Content):
    """What the tree's dracut gets to see; that the real one works is shown by the boot tests."""

    def setUp(self):
        super().setUp()
        module = self.b.tree / "usr/lib/dracut/modules.d/85latchkey"
        module.mkdir(parents=True)
        (self.b.tree / "etc/latchkey").mkdir()
        (self.b.tree / "etc/latchkey/old.conf").write_text("to be hidden")
        self.dracut()

    def dracut(self, lines="", status=0):
        path = self.b.tree / "usr/bin/dracut"
        path.write_text(DRACUT.replace("LINES", lines).replace("STATUS", str(status)))
        path.chmod(0o755)

    def build(self, *more, **kwargs):
        return self.b.run(self.b.escrowed(*more, initrd=False), **kwargs)

    def seen(self):
        lines = (self.b.out / "web.initrd").read_text().splitlines()
        return {line.split(" ")[0]: line for line in lines}, lines

    def test_it_sees_the_tree_and_the_final_configuration_and_nothing_else(self):
        self.build()
        seen, lines = self.seen()
        self.assertIn(f"--kver {bench.RELEASE} --no-hostonly", seen["arguments"])
        self.assertIn("--add latchkey", seen["arguments"])
        self.assertIn(self.b.manifest()["verity"]["root_hash"], seen["config"])
        self.assertNotIn("old.conf", seen["secret"])
        self.assertEqual(seen["sys"], "sys 0")
        self.assertEqual(seen["dev"].strip(),
                         "dev fd full null random stderr stdin stdout urandom zero")
        self.assertEqual(seen["net"].split()[1:], ["all", "default", "lo"])
        self.assertEqual(seen["pid"], "pid 1")
        self.assertNotIn("LK_LEAK", seen["environment"])
        self.assertIn("LC_ALL=C", seen["environment"])
        for target in seen["descriptors"].split()[3:]:  # behind "total 0": the shell's own
            self.assertRegex(target, r"^(/dev/null|/usr/bin/dracut|/run/latchkey-image/initrd|"
                                     r"/.*/log|pipe:.*)$")
        self.assertIn("temp writable", lines)
        for refused in ("/usr/intruder: Read-only", "/etc/latchkey/intruder: Read-only",
                        "mount: ", "mknod: "):
            self.assertTrue(any(refused in line for line in lines), refused)

    def test_the_tree_stays_as_it_was(self):
        before = sorted(str(p) for p in self.b.tree.rglob("*"))
        self.build()
        self.assertEqual(sorted(str(p) for p in self.b.tree.rglob("*")), before)
        self.assertEqual((self.b.tree / "etc/latchkey/old.conf").read_text(), "to be hidden")

    def test_it_fails(self):
        self.dracut("echo 'what went wrong'", 3)
        text = self.build(fails=1, says="status 3")
        self.assertIn("  | what went wrong\n", text)

    def test_a_signal_ends_it_too(self):
        self.dracut("echo started; busybox sleep 600")
        process = subprocess.Popen(self.b.escrowed(initrd=False), stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE)
        self.addCleanup(process.kill)
        while not any(b"started" in log.read_bytes() for log in self.b.out.glob(".*/log")):
            self.assertIsNone(process.poll())
        process.send_signal(signal.SIGTERM)
        text = process.communicate(timeout=30)[1].decode()
        self.assertEqual(process.returncode, 3)
        self.assertIn("interrupted", text)
        self.assertEqual(self.b.left(), [])

    def test_it_leaves_the_module_out_and_succeeds(self):
        lost = "dracut: dracut module 'latchkey' depends on 'network', which can't be installed"
        self.dracut(f'echo "{lost}"; for i in 1 2 3; do echo "later words"; done')
        text = self.build(fails=1, says="left something out")
        self.assertTrue(text.index("what was left out:") < text.rindex(lost))

    def test_it_makes_nothing(self):
        self.dracut('busybox rm "$last"')
        self.build(fails=1, says="no initramfs")

    def test_modules_of_another_kernel(self):
        modules = self.b.tree / "usr/lib/modules"
        (modules / bench.RELEASE).rename(modules / "6.1.0-other")
        self.build(fails=1, says="modules are of 6.1.0-other")
        (modules / bench.RELEASE).mkdir()
        self.build(fails=1, says="--kver")
        self.build("--kver", "6.1.0-none", fails=1, says="6.1.0-none")
        self.build("--kver", bench.RELEASE)

    def test_what_is_missing_is_named(self):
        for path, says in (("etc/latchkey", "/etc/latchkey"),
                           ("usr/lib/dracut/modules.d/85latchkey", "not installed in the tree"),
                           ("usr/bin/dracut", "no dracut")):
            path = self.b.tree / path
            shutil.rmtree(path) if path.is_dir() else path.unlink()
            self.build(fails=1, says=says)

    @unittest.skipUnless(os.geteuid() == 0, "needs root to become somebody else")
    def test_an_ordinary_user_runs_it_too(self):
        for path in [self.b.out, self.b.site, *self.b.site.rglob("*"), self.b.tree,
                     *self.b.tree.rglob("*")]:
            os.chown(path, USER, USER, follow_symlinks=False)
        self.b.run(["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups",
                    *self.b.escrowed(initrd=False)])
        seen, _ = self.seen()
        self.assertEqual(seen["pid"], "pid 1")
        self.assertEqual(seen["sys"], "sys 0")
