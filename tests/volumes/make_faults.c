/* SPDX-License-Identifier: Apache-2.0 */
/* What goes wrong while a volume is made: a clear error, nothing half open, and a second run works. */
#include <inttypes.h>
#include <linux/loop.h>
#include <poll.h>
#include <sys/wait.h>

#include "agent/blank.h"
#include "tests/volumes/make_kit.h"
#include "tests/volumes/make_parts.h"

TEST(a_device_in_use_is_left_alone)
{
	struct lk_volume v = throw_away();

	v.format = LK_FORMAT_ALWAYS;
	v.makefs = LK_FS_EXT4;
	CHECK_OK(open_throw_away(&v, "lasting"));
	check_status(make(&v, "large", LK_OCCASION_BOOT, RANDOM_1), LK_C_NAME_TAKEN);
	v.name = strdup("data9");
	CHECK(v.name);
	check_status(make(&v, "lasting", LK_OCCASION_BOOT, RANDOM_1), LK_C_DEVICE_BUSY);
	free(v.name);
	put_file("ext4", "untouched");
	check_file("ext4", "untouched");
	close_volume();
}

TEST(a_device_may_be_too_small)
{
	struct lk_volume v = lasting();

	check_status(make(&v, "small", LK_OCCASION_BOOT, RANDOM_1), LK_C_DEVICE_SIZE);
	CHECK_EQ(content_of("small"), LK_CONTENT_BLANK);
}

/* ---- a device whose backing file finds no room ---- */

#define FULL "/tmp/full"

static void give_room(const char *room, unsigned long flags)
{
	char options[32];

	snprintf(options, sizeof(options), "size=%s", room);
	(void)mkdir(FULL, 0700);
	CHECK_EQ(mount("tmpfs", FULL, "tmpfs", flags, options), 0);
}

/* A loop device of 56 MiB over a file without blocks; returns its descriptor. */
static int thin_device(char node[32])
{
	LK_FD int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	LK_FD int file = open(FULL "/file", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct loop_config config = { .fd = (uint32_t)file, .info.lo_flags = LO_FLAGS_AUTOCLEAR };
	const int number = ioctl(control, LOOP_CTL_GET_FREE);
	int fd;

	CHECK(number >= 0 && ftruncate(file, 56 * MIB) == 0);
	snprintf(node, 32, "/dev/loop%d", number);
	fd = open(node, O_RDWR | O_CLOEXEC);
	CHECK(fd >= 0);
	CHECK_EQ(ioctl(fd, LOOP_CONFIGURE, &config), 0);
	return fd;
}

/* Refused at each stage: by the first write, the integrity's own format, the wipe. */
TEST(a_full_device_is_told_and_may_grow)
{
	static const char *const rooms[] = { "4k", "1m", "24m" };
	struct lk_volume v = lasting();
	LK_FD int device = -1;
	char node[32];

	v.integrity = true;
	v.makefs = LK_FS_EXT4;
	give_room(rooms[0], 0);
	device = thin_device(node);
	for (size_t i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++) {
		give_room(rooms[i], MS_REMOUNT);
		check_status(make(&v, node, LK_OCCASION_BOOT, RANDOM_1), LK_C_DEVICE_FAILED);
	}
	CHECK_EQ(content_of(node), LK_CONTENT_LABEL);
	give_room("100m", MS_REMOUNT);
	CHECK_OK(make(&v, node, LK_OCCASION_BOOT, RANDOM_1));
	CHECK_OK(open_lasting(&v, node, RANDOM_1));
	put_file("ext4", "found room");
	CHECK_EQ(unreadable(), 0);
	close_volume();
	close(lk_take_fd(device));
	CHECK_EQ(unlink(FULL "/file"), 0);
	CHECK_EQ(umount(FULL), 0);
}

/* ---- a device that fails in places ---- */

/* /dev/mapper/broken: the disk "gone" with eight sectors that neither read nor write. */
static void break_at(uint64_t at)
{
	LK_BLOCKDEV dev = open_disk("gone");
	char below[96], behind[96];
	const uint64_t hole = at / 512, sectors = dev.size / 512;
	const struct lk_dm_line lines[] = {
		{ 0, hole, "linear", below },
		{ hole, 8, "error", "" },
		{ hole + 8, sectors - hole - 8, "linear", behind },
	};

	snprintf(below, sizeof(below), "%s 0", dev.path);
	snprintf(behind, sizeof(behind), "%s %" PRIu64, dev.path, hole + 8);
	CHECK_OK(lk_dm_create("broken", lines, 3, 0, soon(), &err));
}

static void mend(void)
{
	CHECK_OK(lk_dm_close("broken", soon(), &err));
}

/* A place that nobody looks at before it is written. */
static uint64_t unseen_place(void)
{
	LK_BLOCKDEV dev = open_disk("gone");
	struct lk_blank_part part;

	CHECK(lk_blank_part(dev.size, 100, &part));
	return part.offset + 8 * BLOCK;
}

TEST(a_write_that_fails_leaves_nothing_open)
{
	struct lk_volume v = lasting();

	v.integrity = true;
	blank("gone");
	break_at(unseen_place());
	check_status(make(&v, "/dev/mapper/broken", LK_OCCASION_BOOT, RANDOM_1),
		     LK_C_DEVICE_FAILED);
	CHECK_EQ(content_of("/dev/mapper/broken"), LK_CONTENT_LABEL);
	mend();
	CHECK_OK(make(&v, "gone", LK_OCCASION_BOOT, RANDOM_1));
	CHECK_OK(open_lasting(&v, "gone", RANDOM_1));
	CHECK_EQ(unreadable(), 0);
	close_volume();
}

TEST(what_cannot_be_read_is_not_blank)
{
	const struct lk_volume v = lasting();

	blank("gone");
	break_at(20 * MIB);
	check_status(make(&v, "/dev/mapper/broken", LK_OCCASION_BOOT, RANDOM_1),
		     LK_C_DEVICE_FAILED);
	mend();
	CHECK_EQ(content_of("gone"), LK_CONTENT_BLANK);
}

/* ---- a device that is pulled out ---- */

static void unplug(const char *node)
{
	char path[128];
	LK_FD int fd = -1;

	snprintf(path, sizeof(path), "/sys/block/%s/device/../remove", node + strlen("/dev/"));
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "1", 1) != 1)
		_exit(1);
	_exit(0);
}

TEST(a_device_may_vanish)
{
	struct lk_volume v = lasting();
	char node[64];
	LK_BLOCKDEV dev = open_disk("gone");
	struct lk_luks_prepared *p = NULL;
	pid_t child;
	int status;
	bool made;

	blank("gone");
	snprintf(node, sizeof(node), "%s", disk("gone"));
	v.integrity = true; /* is wiped: takes its time */
	child = fork();
	if (child == 0) {
		/* As soon as the mapping is there. */
		while (access("/dev/mapper/data0", F_OK) != 0)
			poll(NULL, 0, 20);
		unplug(node);
	}
	CHECK(make_on(&v, &dev, LK_OCCASION_BOOT, RANDOM_1, &p, &made) != LK_OK);
	CHECK_EQ(err.code, LK_C_DEVICE_FAILED);
	CHECK(waitpid(child, &status, 0) == child && status == 0);
}

int run_make_faults(void)
{
	void (*const run[])(void) = {
		kit_setup,
		a_device_in_use_is_left_alone,
		a_device_may_be_too_small,
		a_full_device_is_told_and_may_grow,
		a_write_that_fails_leaves_nothing_open,
		what_cannot_be_read_is_not_blank,
		a_device_may_vanish,
	};

	return check_main(run, sizeof(run) / sizeof(run[0]),
			  "kit_setup, a_device_in_use_is_left_alone, a_device_may_be_too_small, "
			  "a_full_device_is_told_and_may_grow, "
			  "a_write_that_fails_leaves_nothing_open, "
			  "what_cannot_be_read_is_not_blank, a_device_may_vanish");
}
