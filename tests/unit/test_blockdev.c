/* SPDX-License-Identifier: Apache-2.0 */
/* What a `device` key may say, what libblkid reads from images, and the wait that ends. Finding
 * real devices needs some: tests/boot. */

#include "agent/blockdev.h"

#include <fcntl.h>
#include <unistd.h>

#include "agent/blockdev_internal.h"
#include "tests/check.h"

static struct lk_error err;
static struct lk_blockdev_spec spec;

TEST(odd_specs_are_refused)
{
	static const char *const rows[] = {
		"",
		"vda",
		"LABEL=root",
		"UUID=",
		"UUID=root",
		"UUID=0aa3a3a5-8b5e-4a3f-9a35-2f6f6d2a1e1",
		"UUID=0aa3a3a5-8b5e-4a3f-9a35-2f6f6d2a1e111",
		"UUID=0aa3a3a58b5e4a3f9a352f6f6d2a1e11",
		"partuuid=0aa3a3a5-8b5e-4a3f-9a35-2f6f6d2a1e11",
		"PARTUUID=0aa3a3a5-8b5e-4a3f-9a35-2f6f6d2a1g11",
		"PARTUUID=12345678-1",
		"PARTLABEL=",
		"PARTLABEL=a\nb",
		"/dev",
		"/dev/",
		"/etc/passwd",
		"/dev/../etc/passwd",
		"/dev//vda",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (lk_blockdev_spec_parse(rows[i], &spec, &err) != LK_CONFIG)
			check_fail(__FILE__, __LINE__, "accepted: %s", rows[i]);
		CHECK_EQ(err.code, LK_C_CONFIG_VALUE);
	}
}

TEST(specs_are_read)
{
	CHECK_OK(lk_blockdev_spec_parse("PARTUUID=0AA3A3A5-8B5E-4A3F-9A35-2F6F6D2A1E11", &spec,
					&err));
	CHECK_EQ(spec.kind, LK_BLOCKDEV_PARTUUID);
	CHECK_STR(spec.value, "0aa3a3a5-8b5e-4a3f-9a35-2f6f6d2a1e11");
	CHECK_OK(lk_blockdev_spec_parse("PARTUUID=1234abCD-01", &spec, &err));
	CHECK_STR(spec.value, "1234abcd-01");
	CHECK_OK(lk_blockdev_spec_parse("UUID=0aa3a3a5-8b5e-4a3f-9a35-2f6f6d2a1e11", &spec, &err));
	CHECK_EQ(spec.kind, LK_BLOCKDEV_LUKS_UUID);
	CHECK_OK(lk_blockdev_spec_parse("PARTLABEL=Root Disk", &spec, &err));
	CHECK_EQ(spec.kind, LK_BLOCKDEV_PARTLABEL);
	CHECK_STR(spec.value, "Root Disk");
	CHECK_OK(lk_blockdev_spec_parse("/dev/disk/by-id/virtio-root", &spec, &err));
	CHECK_EQ(spec.kind, LK_BLOCKDEV_NODE);
	CHECK_STR(spec.value, "/dev/disk/by-id/virtio-root");
}

TEST(devices_that_cannot_hold_volumes_are_left_out)
{
	CHECK(!lk_blockdev_name_fits("ram0"));
	CHECK(!lk_blockdev_name_fits("zram0"));
	CHECK(!lk_blockdev_name_fits("sr0"));
	CHECK(!lk_blockdev_name_fits("fd0"));
	CHECK(!lk_blockdev_name_fits("dm-3"));
	CHECK(lk_blockdev_name_fits("vda"));
	CHECK(lk_blockdev_name_fits("nvme0n1p2"));
	CHECK(lk_blockdev_name_fits("sda1"));
	CHECK(lk_blockdev_name_fits("fdisk"));
	CHECK(lk_blockdev_name_fits("loop0"));
}

TEST(only_block_news_wakes)
{
	static const char kernel[] = "add@/devices/vda\0ACTION=add\0SUBSYSTEM=block\0MAJOR=254";
	static const char net[] = "add@/devices/eth0\0ACTION=add\0SUBSYSTEM=net";
	static const char longer[] = "add@/x\0SUBSYSTEM=blockade";

	CHECK(lk_blockdev_news_fits(kernel, sizeof(kernel)));
	CHECK(!lk_blockdev_news_fits(net, sizeof(net)));
	CHECK(!lk_blockdev_news_fits(longer, sizeof(longer)));
	CHECK(!lk_blockdev_news_fits("", 0));
}

TEST(an_absent_device_ends_with_the_deadline)
{
	struct lk_blockdev dev = LK_BLOCKDEV_NONE;
	int64_t before = lk_clock_ms();

	CHECK_EQ(lk_blockdev_find("PARTUUID=00000000-0000-4000-8000-00000000beef",
				  lk_deadline_in(200), &dev, &err),
		 LK_ABSENT);
	CHECK_EQ(err.code, LK_C_VOLUME_ABSENT);
	CHECK(lk_clock_ms() - before >= 200);
	CHECK_EQ(lk_blockdev_find("/dev/no-such-device", lk_deadline_in(0), &dev, &err), LK_ABSENT);
	CHECK_EQ(dev.fd, -1);
}

TEST(nodes_that_are_no_block_devices_are_refused)
{
	struct lk_blockdev dev = LK_BLOCKDEV_NONE;

	CHECK_EQ(lk_blockdev_find("/dev/null", lk_deadline_in(0), &dev, &err), LK_CONFIG);
	CHECK_EQ(lk_blockdev_open("/dev/null", &dev, &err), LK_ABSENT);
	CHECK_EQ(lk_blockdev_open("/dev/no-such-device", &dev, &err), LK_ABSENT);
}

static int image(const char *command)
{
	char path[] = "/tmp/test_blockdev.XXXXXX", line[512];
	int fd = mkstemp(path);

	CHECK(fd >= 0 && ftruncate(fd, 32 << 20) == 0);
	snprintf(line, sizeof(line), "img=%s; %s", path, command);
	CHECK_EQ(system(line), 0); /* NOLINT(cert-env33-c) */
	unlink(path);
	return fd;
}

TEST(luks_uuids_are_read)
{
	static const char uuid[] = "0aa3a3a5-8b5e-4a3f-9a35-2f6f6d2a1e11";
	static const char luks2[] =
		"echo key | cryptsetup luksFormat -q --pbkdf pbkdf2 --pbkdf-force-iterations 1000 "
		"--uuid 0aa3a3a5-8b5e-4a3f-9a35-2f6f6d2a1e11 $img -";
	static const char luks1[] = "echo key | cryptsetup luksFormat -q --type luks1 "
				    "--pbkdf-force-iterations 1000 $img -";
	static const char zeros[4096];
	char buf[64] = "";
	int fd = image(luks2);

	CHECK(lk_blockdev_read_luks_uuid(fd, buf, sizeof(buf)));
	CHECK_STR(buf, uuid);
	/* the secondary copy says it as well */
	CHECK_EQ(pwrite(fd, zeros, sizeof(zeros), 0), sizeof(zeros));
	buf[0] = '\0';
	CHECK(lk_blockdev_read_luks_uuid(fd, buf, sizeof(buf)));
	CHECK_STR(buf, uuid);
	close(fd);
	fd = image(luks1);
	CHECK(!lk_blockdev_read_luks_uuid(fd, buf, sizeof(buf)));
	close(fd);
	fd = image("true");
	CHECK(!lk_blockdev_read_luks_uuid(fd, buf, sizeof(buf)));
	close(fd);
}

TEST(partitions_are_read)
{
	const uint64_t mib = 1 << 20;
	char uuid[64], label[128];
	int fd = image(
		"printf 'label: gpt\\nstart=2048,size=2048,name=\"EFI\"\\nstart=4096,"
		"size=8192,uuid=0AA3A3A5-8B5E-4A3F-9A35-2F6F6D2A1E11,name=\"Root Disk\"\\n' | "
		"sfdisk -q $img");

	CHECK(lk_blockdev_read_partition(fd, 2 * mib, 4 * mib, uuid, sizeof(uuid), label,
					 sizeof(label)));
	CHECK_STR(uuid, "0aa3a3a5-8b5e-4a3f-9a35-2f6f6d2a1e11");
	CHECK_STR(label, "Root Disk");
	CHECK(!lk_blockdev_read_partition(fd, 2 * mib, 2 * mib, uuid, sizeof(uuid), label,
					  sizeof(label)));
	CHECK(!lk_blockdev_read_partition(fd, 6 * mib, 4 * mib, uuid, sizeof(uuid), label,
					  sizeof(label)));
	close(fd);
	fd = image("printf 'label: dos\\nlabel-id: 0x1234abcd\\nstart=2048,size=2048\\n' | "
		   "sfdisk -q $img");
	CHECK(lk_blockdev_read_partition(fd, mib, mib, uuid, sizeof(uuid), label, sizeof(label)));
	CHECK_STR(uuid, "1234abcd-01");
	CHECK_STR(label, "");
	close(fd);
}

TESTS(odd_specs_are_refused, specs_are_read, devices_that_cannot_hold_volumes_are_left_out,
      only_block_news_wakes, an_absent_device_ends_with_the_deadline,
      nodes_that_are_no_block_devices_are_refused, luks_uuids_are_read, partitions_are_read)
