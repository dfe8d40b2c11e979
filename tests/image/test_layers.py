# SPDX-License-Identifier: Apache-2.0
"""Disks without encryption, and with a place for a writable layer, as sfdisk and veritysetup see
them."""
import json
import unittest

import bench
from bench import tool

ROOT_X86_64 = "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709"
ROOT_X86_64_VERITY = "2C7357ED-EBD2-46D9-AEC1-23D437EC2BF5"
LINUX_DATA = "0FC63DAF-8483-4772-8E79-3D69D8477DE4"
CONFIG = 1
OPEN = """\
[rootfs]
encrypted = false

[rootfs.verity]
on_corruption = "panic"
"""
DELTA = """
# the store of the writable layer
[delta]

[delta.encrypt.exec]
command = "/bin/true"
"""


def table(disk):
    return json.loads(tool("sfdisk", "--json", disk))["partitiontable"]["partitions"]


class Layers(unittest.TestCase):
    def setUp(self):
        self.b = bench.Bench()
        self.addCleanup(self.b.close)
        self.fde = self.b.site / "fde.conf"

    def part(self, number):
        """One partition as a file of its own."""
        part = self.b.manifest()["partitions"][number - 1]
        path = self.b.dir / f"part{number}"
        with open(self.b.out / "web.img", "rb") as source:
            source.seek(part["first_sector"] * 512)
            path.write_bytes(source.read((part["last_sector"] - part["first_sector"] + 1) * 512))
        return path

    def final(self):
        start = len(self.b.initrd.read_bytes())
        return self.b.out.joinpath("web.initrd").read_bytes()[start:].decode(errors="replace")

    def test_a_verified_root_has_its_tree_beside_it(self):
        self.fde.write_text(OPEN)
        said = self.b.run(self.b.argv("--verity-only"))
        self.assertIn("anybody can read this disk", said)
        self.assertEqual(self.b.left(), ["web.cmdline", "web.img", "web.initrd", "web.json",
                                         "web.vmlinuz"])
        root, tree = table(self.b.out / "web.img")
        self.assertEqual((root["type"], tree["type"]), (ROOT_X86_64, ROOT_X86_64_VERITY))
        doc = self.b.manifest()
        self.assertNotIn("luks", doc)
        verity = doc["verity"]
        self.assertEqual(verity["hash_partition"], tree["uuid"].lower())
        verify = ["veritysetup", "verify", "--no-superblock", "--salt", verity["salt"],
                  "--data-blocks", str(verity["data_blocks"]), self.part(1), self.part(2)]
        tool(*verify, verity["root_hash"])
        with self.assertRaises(Exception):
            tool(*verify, "00" * 32)
        final = self.final()
        self.assertIn(f'device = "PARTUUID={root["uuid"].lower()}"', final)
        self.assertIn(f'hash_device = "PARTUUID={tree["uuid"].lower()}"\n', final)
        self.assertIn("hash_offset = 0\n", final)
        self.assertNotIn("luks_uuid", final)

    def test_encryption_is_left_out_on_purpose_only(self):
        self.b.run(self.b.argv("--verity-only"), fails=CONFIG, says="is for encrypted = false")
        self.b.run(self.b.argv("--verity-only", "--escrow-to", self.b.jwk), fails=CONFIG,
                   says="a disk without a key")
        self.fde.write_text(OPEN)
        self.b.run(self.b.escrowed(), fails=CONFIG, says="give --verity-only")
        self.fde.write_text(OPEN.replace("[rootfs.verity]\n",
                                         '[rootfs.verity]\nhash_device = "/dev/vdb"\n'))
        self.b.run(self.b.argv("--verity-only"), fails=CONFIG, says="writes 'hash_device'")

    def test_a_blank_partition_for_the_layer(self):
        self.fde.write_text(self.fde.read_text() + DELTA)
        self.b.run(self.b.escrowed("--delta-size", "24M"))
        root, delta = table(self.b.out / "web.img")
        self.assertEqual((root["type"], delta["type"]), (ROOT_X86_64, LINUX_DATA))
        self.assertEqual(delta["size"], 24 * 2048)
        self.assertEqual(self.part(2).read_bytes().count(0), 24 << 20)
        final = self.final()
        self.assertIn(f'[delta]\ndevice = "PARTUUID={delta["uuid"].lower()}"\n', final)
        self.assertIn("# the store of the writable layer", final)

    def test_the_layer_must_be_configured(self):
        self.b.run(self.b.escrowed("--delta-size", "24M"), fails=CONFIG, says="needs [delta]")
        self.fde.write_text(self.fde.read_text() +
                            DELTA.replace("[delta]\n", '[delta]\ndevice = "/dev/vdb"\n'))
        self.b.run(self.b.escrowed("--delta-size", "24M"), fails=CONFIG, says="writes 'device'")
        for size in ("1M", "x", "-24M", "99999T"):
            self.b.run(self.b.escrowed("--delta-size", size), fails=CONFIG, says="--delta-size is")

    def test_a_snapshot_needs_ext4(self):
        text = self.fde.read_text()
        self.assertIn("[rootfs]\n", text)
        self.fde.write_text(text.replace(
            "[rootfs]\n", '[rootfs]\nrw_overlay_type = "dm-snapshot"\n'))
        self.b.run(self.b.escrowed("--fs", "erofs"), fails=CONFIG, says="needs --fs ext4")
        self.b.run(self.b.escrowed("--fs", "ext4"))


if __name__ == "__main__":
    unittest.main()
