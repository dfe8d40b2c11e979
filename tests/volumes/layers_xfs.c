/* SPDX-License-Identifier: Apache-2.0 */
/* A root of xfs under dm-snapshot, against a real kernel: a part of layers_vm. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "agent/grow.h"
#include "agent/settings.h"
#include "agent/snapshot.h"
#include "tests/volumes/layers_kit.h"
#include "tests/volumes/layers_parts.h"

#define ROOT "/tmp/xfs"
#define NODE "/dev/mapper/root"
#define PART (64u * 1024)

static const struct lk_verity_params *params;

static struct lk_blockdev open_over(const struct lk_blockdev *store)
{
	LK_BLOCKDEV dev = disk("xfs");
	struct lk_blockdev origin = LK_BLOCKDEV_NONE;

	CHECK_OK(
		lk_verity_open(&dev, NULL, "root-verity", params, LK_VERITY_PRIVATE, soon(), &err));
	CHECK_OK(lk_blockdev_open("/dev/mapper/root-verity", &origin, &err));
	CHECK_OK(lk_snapshot_open(&origin, store, "root", soon(), &err));
	return origin;
}

static void close_all(struct lk_blockdev *origin)
{
	CHECK_OK(lk_snapshot_close("root", soon(), &err));
	lk_blockdev_close(origin);
	CHECK_OK(lk_verity_close("root-verity", soon(), &err));
	CHECK(!mapped("root") && !mapped("root-base") && !mapped("root-verity"));
}

static void mount_root(unsigned long flags, const char *options)
{
	CHECK(mkdir(ROOT, 0755) == 0 || errno == EEXIST);
	if (mount(NODE, ROOT, "xfs", flags, options) != 0)
		check_fail(__FILE__, __LINE__, "mount: %s", strerror(errno));
}

/* 0, or why it failed. */
static int write_file(const char *path, const char *text)
{
	LK_FD int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) || fsync(fd) != 0)
		return errno;
	return 0;
}

static bool holds(const char *path, const char *text)
{
	LK_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	char found[64] = "";

	return fd >= 0 && read(fd, found, sizeof(found) - 1) >= 0 && strcmp(found, text) == 0;
}

/* Write a file until that fails; why. */
static int fill(const char *path)
{
	static const char part[PART] = "x";
	LK_FD int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	CHECK(fd >= 0);
	while (write(fd, part, sizeof(part)) == (ssize_t)sizeof(part) && fsync(fd) == 0)
		;
	return errno;
}

/* Larger than its root: the file system grows to where the store ends, and is full before it. */
TEST(an_xfs_root_grows_into_its_store_and_never_overflows)
{
	LK_BLOCKDEV store = disk("room");
	struct lk_blockdev origin = open_over(&store);
	struct lk_snapshot_use use;
	struct statvfs before, after;
	bool grown = false;

	CHECK(mapped("root-base"));
	mount_root(0, "");
	CHECK_EQ(write_file(ROOT "/written", "over verity"), 0);
	CHECK_EQ(statvfs(ROOT, &before), 0);
	CHECK_OK(lk_grow_filesystem(ROOT, &grown, &err));
	CHECK_EQ(statvfs(ROOT, &after), 0);
	CHECK(grown && after.f_blocks > before.f_blocks);
	CHECK_EQ(fill(ROOT "/filling"), ENOSPC);
	CHECK_OK(lk_snapshot_use("root", &use, &err));
	CHECK(!use.overflowed);
	CHECK_EQ(umount(ROOT), 0);
	mount_root(MS_RDONLY, "");
	CHECK(holds(ROOT "/written", "over verity"));
	CHECK_EQ(umount(ROOT), 0);
	close_all(&origin);
}

TEST(the_next_boot_starts_with_the_root_alone)
{
	LK_BLOCKDEV store = disk("room");
	struct lk_blockdev origin = open_over(&store);

	mount_root(0, "");
	CHECK(access(ROOT "/written", F_OK) != 0 && access(ROOT "/filling", F_OK) != 0);
	CHECK_EQ(umount(ROOT), 0);
	close_all(&origin);
}

/* Smaller than its root: writes fail from some moment on, reads do not; and what was written before is
 * all there. */
TEST(a_full_store_fails_the_writes_of_xfs_and_loses_nothing)
{
	LK_BLOCKDEV store = disk("large");
	struct lk_blockdev origin = open_over(&store);
	struct lk_snapshot_use use;

	mount_root(0, "");
	CHECK_EQ(write_file(ROOT "/written", "in time"), 0);
	CHECK_EQ(umount(ROOT), 0);
	mount_root(0, "");
	CHECK_EQ(fill(ROOT "/filling"), EIO);
	CHECK_OK(lk_snapshot_use("root", &use, &err));
	CHECK(use.overflowed && !use.lost);
	CHECK_EQ(write_file(ROOT "/more", "too late"), EIO);
	CHECK(holds(ROOT "/written", "in time"));
	CHECK_EQ(umount(ROOT), 0);
	mount_root(MS_RDONLY, "norecovery");
	CHECK(holds(ROOT "/written", "in time"));
	CHECK_EQ(umount(ROOT), 0);
	close_all(&origin);
}

/* The kernel would not mount it, and says that its function is not implemented. */
TEST(smaller_sectors_than_the_devices_are_refused)
{
	LK_BLOCKDEV origin = disk("sectors");
	LK_BLOCKDEV store = disk("large");

	CHECK_EQ(lk_snapshot_open(&origin, &store, "root", soon(), &err), LK_CONFIG);
	CHECK_HAS(err.frames[0].text, "mkfs.xfs -s size=4096");
	CHECK(!mapped("root"));
}

int run_xfs(const struct lk_verity_params *root)
{
	void (*const run[])(void) = {
		an_xfs_root_grows_into_its_store_and_never_overflows,
		the_next_boot_starts_with_the_root_alone,
		a_full_store_fails_the_writes_of_xfs_and_loses_nothing,
		smaller_sectors_than_the_devices_are_refused,
	};

	params = root;
	return check_main(run, sizeof(run) / sizeof(run[0]),
			  "an_xfs_root_grows_into_its_store_and_never_overflows, "
			  "the_next_boot_starts_with_the_root_alone, "
			  "a_full_store_fails_the_writes_of_xfs_and_loses_nothing, "
			  "smaller_sectors_than_the_devices_are_refused");
}
