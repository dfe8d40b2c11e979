/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Growth against a real kernel: runs inside a virtual machine, started by tests/powercut/run.
 *
 *	growth_vm disks		everything, on the disks below
 *	growth_vm one		one growth of the disk "one", from table to file system
 *	growth_vm again		what must hold at the boot after that, wherever it was cut
 *
 * and outside of it, on the file of a disk:
 *
 *	growth_vm table FILE SECTOR	grow the second partition in the table alone
 *
 * Disks: vda "one" has LUKS2 with an ext4 file system in partition 2, and became larger; vdb has
 * 4096-byte sectors and an xfs file system in partition 2; on vdc another partition lies behind; vdd
 * has a damaged table; vde is LUKS2 without a table.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "agent/dm.h"
#include "agent/grow.h"
#include "agent/luks.h"
#include "core/crypto.h"
#include "core/json.h"
#include "tests/check.h"

#define PASSPHRASE "correct horse"
#define MIB	   (1024 * 1024)
#define BEGIN	   (2 * MIB) /* of every partition 2 */
#define ID(n)	   "PARTUUID=00000000-0000-4000-8000-00000000000" n
#define MARK	   "/mnt/mark"

static struct lk_error err;

static struct lk_deadline soon(void)
{
	return lk_deadline_in(20000);
}

static struct lk_blockdev find(const char *spec)
{
	struct lk_blockdev dev = LK_BLOCKDEV_NONE;

	CHECK_OK(lk_blockdev_find(spec, soon(), &dev, &err));
	return dev;
}

static uint64_t disk_size(const char *node)
{
	LK_FD int fd = open(node, O_RDONLY | O_CLOEXEC);
	uint64_t size = 0;

	CHECK(fd >= 0 && ioctl(fd, BLKGETSIZE64, &size) == 0);
	return size;
}

/* Where a partition from BEGIN ends that takes the whole disk. */
static uint64_t whole(const char *node)
{
	return disk_size(node) - MIB - BEGIN;
}

static void open_luks(const struct lk_blockdev *dev, const char *name)
{
	const struct lk_luks_rules rules = lk_luks_rules_here();
	LK_CLEANUP(lk_luks_prepared_free_p) struct lk_luks_prepared *p = NULL;
	struct lk_volume_key key = { .form = LK_KEY_PASSPHRASE };
	LK_DM_LIVE live = { 0 };

	CHECK_OK(lk_luks_prepare(dev, &rules, &p, &err));
	CHECK_OK(lk_secret_from(&key.bytes, PASSPHRASE, strlen(PASSPHRASE), &err));
	CHECK_OK(lk_luks_open(p, dev, name, &key, 0, soon(), &err));
	lk_secret_wipe(&key.bytes);
	CHECK_OK(lk_dm_table(name, &live, &err));
	CHECK_EQ(live.length, (dev->size - lk_luks_prepared_header(p)->segment_offset) / 512);
}

static void mount_at(const char *node, const char *type)
{
	if (mount(node, "/mnt", type, 0, NULL) != 0)
		check_fail(__FILE__, __LINE__, "mount %s: %s", node, strerror(errno));
}

static uint64_t blocks_of(const char *path)
{
	struct statfs s;

	CHECK_EQ(statfs(path, &s), 0);
	return (uint64_t)s.f_blocks * (uint64_t)s.f_bsize;
}

/* The file system takes the device, but for what it keeps for itself. */
static void check_filesystem(uint64_t device)
{
	bool grown = false;

	CHECK_OK(lk_grow_filesystem("/mnt", &grown, &err));
	CHECK(blocks_of("/mnt") > device - device / 4 && blocks_of("/mnt") <= device);
	CHECK_OK(lk_grow_filesystem("/mnt", &grown, &err));
	CHECK(!grown);
}

TEST(setup)
{
	lk_json_setup();
	CHECK_OK(lk_crypto_setup(&err));
}

/* --- one volume, from the table to the file system --- */

TEST(the_partition_grows_while_it_is_open)
{
	LK_BLOCKDEV dev = find(ID("2"));
	const uint64_t before = dev.size;
	bool grown = false;

	CHECK_OK(lk_grow_partition(&dev, soon(), &grown, &err));
	CHECK(grown && dev.size > before);
	CHECK_EQ(dev.size, whole("/dev/vda"));
	CHECK_EQ(disk_size("/dev/vda2"), dev.size);
	CHECK_OK(lk_grow_partition(&dev, soon(), &grown, &err));
	CHECK(!grown);
	lk_blockdev_close(&dev);
	dev = find(ID("2")); /* the table and the kernel agree */
	CHECK_EQ(dev.size, whole("/dev/vda"));
}

TEST(crypt_and_file_system_follow)
{
	LK_BLOCKDEV dev = find(ID("2"));
	uint64_t before;

	open_luks(&dev, "one");
	mount_at("/dev/mapper/one", "ext4");
	before = blocks_of("/mnt");
	check_filesystem(disk_size("/dev/mapper/one"));
	CHECK(blocks_of("/mnt") > before);
	CHECK_EQ(access(MARK, R_OK), 0);
	CHECK_EQ(umount("/mnt"), 0);
	CHECK_OK(lk_luks_close("one", NULL, soon(), &err));
}

/* The next boot: what an earlier one began is finished, or was never begun. */
TEST(the_next_boot_finishes)
{
	LK_BLOCKDEV dev = find(ID("2"));
	bool grown;

	CHECK_OK(lk_grow_partition(&dev, soon(), &grown, &err));
	CHECK_EQ(dev.size, whole("/dev/vda"));
	open_luks(&dev, "one");
	mount_at("/dev/mapper/one", "ext4");
	check_filesystem(disk_size("/dev/mapper/one"));
	CHECK_EQ(access(MARK, R_OK), 0);
	CHECK_EQ(umount("/mnt"), 0);
	CHECK_OK(lk_luks_close("one", NULL, soon(), &err));
}

/* --- the others --- */

TEST(a_locked_disk_is_waited_for)
{
	LK_BLOCKDEV dev = find(ID("4"));
	LK_FD int other = open("/dev/vdb", O_RDONLY | O_CLOEXEC);
	const uint64_t before = dev.size;
	bool grown = true;

	CHECK(other >= 0 && flock(other, LOCK_SH) == 0);
	CHECK_EQ(lk_grow_partition(&dev, lk_deadline_in(300), &grown, &err), LK_TIMEOUT);
	CHECK(!grown);
	CHECK_EQ(disk_size("/dev/vdb2"), before);
}

TEST(large_sectors_and_xfs)
{
	LK_BLOCKDEV dev = find(ID("4"));
	bool grown = false;
	uint64_t before;

	CHECK_OK(lk_grow_partition(&dev, soon(), &grown, &err));
	CHECK(grown);
	CHECK_EQ(dev.size, whole("/dev/vdb"));
	mount_at("/dev/vdb2", "xfs");
	before = blocks_of("/mnt");
	check_filesystem(dev.size);
	CHECK(blocks_of("/mnt") > before);
	/* the partition is mounted, and the table is as it should be */
	CHECK_OK(lk_grow_partition(&dev, soon(), &grown, &err));
	CHECK(!grown);
	CHECK_EQ(umount("/mnt"), 0);
}

static void check_left_alone(const char *node, enum lk_code code)
{
	LK_BLOCKDEV dev = LK_BLOCKDEV_NONE;
	uint64_t before;
	bool grown = true;

	CHECK_OK(lk_blockdev_open(node, &dev, &err));
	before = dev.size;
	CHECK(lk_grow_partition(&dev, soon(), &grown, &err) != LK_OK);
	CHECK_EQ(err.code, code);
	CHECK(!grown);
	CHECK_EQ(dev.size, before);
	CHECK_EQ(disk_size(node), before);
}

TEST(others_are_left_alone)
{
	check_left_alone("/dev/vdc2", LK_C_PARTITION_PLACE);
	check_left_alone("/dev/vdd2", LK_C_PARTITION_TABLE);
}

TEST(a_disk_without_a_table_has_its_size)
{
	LK_BLOCKDEV dev = find("/dev/vde");
	bool grown = true;

	CHECK_OK(lk_grow_partition(&dev, soon(), &grown, &err));
	CHECK(!grown);
	open_luks(&dev, "whole");
	CHECK_OK(lk_luks_close("whole", NULL, soon(), &err));
}

static int run_disks(void)
{
	void (*const run[])(void) = { setup,
				      the_partition_grows_while_it_is_open,
				      crypt_and_file_system_follow,
				      a_locked_disk_is_waited_for,
				      large_sectors_and_xfs,
				      others_are_left_alone,
				      a_disk_without_a_table_has_its_size };

	return check_main(run, sizeof(run) / sizeof(run[0]),
			  "setup, the_partition_grows_while_it_is_open, "
			  "crypt_and_file_system_follow, a_locked_disk_is_waited_for, "
			  "large_sectors_and_xfs, others_are_left_alone, "
			  "a_disk_without_a_table_has_its_size");
}

static int run_one(void)
{
	void (*const run[])(void) = { setup, the_partition_grows_while_it_is_open,
				      crypt_and_file_system_follow };

	return check_main(run, sizeof(run) / sizeof(run[0]),
			  "setup, the_partition_grows_while_it_is_open, "
			  "crypt_and_file_system_follow");
}

static int run_again(void)
{
	void (*const run[])(void) = { setup, the_next_boot_finishes };

	return check_main(run, sizeof(run) / sizeof(run[0]), "setup, the_next_boot_finishes");
}

static int run_table(const char *path, uint32_t sector)
{
	const struct lk_grow_place place = { .number = 2, .begin = BEGIN };
	LK_FD int fd = open(path, O_RDWR | O_CLOEXEC);
	uint64_t last = 0;
	char line[512];
	struct stat s;

	if (fd < 0 || fstat(fd, &s) != 0)
		return EXIT_FAILURE;
	if (lk_grow_table(fd, sector, (uint64_t)s.st_size, &place, &last, &err)) {
		printf("%s\n", lk_error_format(&err, line, sizeof(line)));
		return EXIT_FAILURE;
	}
	printf("%llu\n", (unsigned long long)(last + 1) * sector);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 4 && strcmp(argv[1], "table") == 0)
		return run_table(argv[2], (uint32_t)strtoul(argv[3], NULL, 10));
	if (argc == 2 && strcmp(argv[1], "disks") == 0)
		return run_disks();
	if (argc == 2 && strcmp(argv[1], "one") == 0)
		return run_one();
	if (argc == 2 && strcmp(argv[1], "again") == 0)
		return run_again();
	return EXIT_FAILURE;
}
