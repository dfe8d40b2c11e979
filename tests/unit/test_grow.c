/* SPDX-License-Identifier: Apache-2.0 */
/* agent/grow*.c on files: the table is written, the kernel's list of partitions is read. Real disks
 * and file systems are in tests/volumes. */
#include "agent/grow.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "core/gpt.h"
#include "tests/check.h"
#include "tests/headers/config_dir.h"

#define MIB (1u << 20)

static struct lk_error err;

/* A disk of 8 MiB in a file: two partitions, the second from 2 to 4 MiB. */
static int make_disk(const char *path)
{
	static uint8_t head[LK_GPT_HEAD * LK_GPT_SECTOR], tail[LK_GPT_TAIL * LK_GPT_SECTOR];
	const struct lk_gpt_partition p[2] = {
		{ .type = lk_gpt_root_x86_64, .first = 2048, .last = 4095, .name = "one" },
		{ .type = lk_gpt_root_x86_64, .first = 4096, .last = 8191, .name = "two" },
	};
	const struct lk_gpt gpt = { .n_sectors = 16384, .partitions = p, .n_partitions = 2 };
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	CHECK(fd >= 0);
	CHECK_OK(lk_gpt_build(&gpt, head, tail, &err));
	CHECK_EQ(ftruncate(fd, 8 * MIB), 0);
	CHECK_EQ(pwrite(fd, head, sizeof(head), 0), sizeof(head));
	CHECK_EQ(pwrite(fd, tail, sizeof(tail), 8 * MIB - sizeof(tail)), sizeof(tail));
	return fd;
}

static const struct lk_grow_place second = { .number = 2, .begin = 2 * MIB, .size = 2 * MIB };

TEST(a_file_grows_and_grows_again)
{
	uint64_t last = 0;
	struct lk_grow_place first = second;
	LK_FD int fd = -1;

	config_dir_new();
	fd = make_disk(config_path("disk"));
	CHECK_OK(lk_grow_table(fd, 512, 8 * MIB, &second, &last, &err));
	CHECK_EQ(last, 7 * MIB / 512 - 1);
	CHECK_EQ(ftruncate(fd, 20 * MIB), 0);
	CHECK_OK(lk_grow_table(fd, 512, 20 * MIB, &second, &last, &err));
	CHECK_EQ(last, 19 * MIB / 512 - 1);
	CHECK_OK(lk_grow_table(fd, 512, 20 * MIB, &second, &last, &err));
	first.number = 1;
	first.begin = MIB;
	CHECK_EQ(lk_grow_table(fd, 512, 20 * MIB, &first, &last, &err), LK_CONFIG);
	config_dir_remove();
}

TEST(what_cannot_be_written_or_read_is_an_error)
{
	uint64_t last = 0;
	LK_FD int fd = -1, weak = -1;

	config_dir_new();
	fd = make_disk(config_path("disk"));
	weak = open(config_path("disk"), O_RDONLY | O_CLOEXEC);
	CHECK_EQ(lk_grow_table(weak, 512, 8 * MIB, &second, &last, &err), LK_INTERNAL);
	CHECK_EQ(lk_grow_table(fd, 0, 8 * MIB, &second, &last, &err), LK_TAMPERED);
	/* the disk ends sooner than it says */
	CHECK_EQ(lk_grow_table(fd, 512, 80 * MIB, &second, &last, &err), LK_INTERNAL);
	config_dir_remove();
}

/* A folder as the kernel makes it, and its link. */
static void put_device(const char *link, const char *target, const char *partition)
{
	char name[128];

	config_put("sys/devices/block/cciss!c0d0/dev", "8:16\n", 0644);
	snprintf(name, sizeof(name), "sys/devices/block/%s/start", target);
	config_put(name, partition ? "2048\n" : "junk\n", 0644);
	snprintf(name, sizeof(name), "sys/devices/block/%s/size", target);
	config_put(name, "4096\n", 0644);
	if (partition) {
		snprintf(name, sizeof(name), "sys/devices/block/%s/partition", target);
		config_put(name, partition, 0644);
	}
	snprintf(name, sizeof(name), "../../devices/block/%s", target);
	CHECK_EQ(symlink(name, config_path(link)), 0);
}

TEST(the_kernel_says_where_a_partition_lies)
{
	static const char *const folders[] = {
		"sys",	       "sys/dev",	    "sys/dev/block",
		"sys/devices", "sys/devices/block", "sys/devices/block/cciss!c0d0",
	};
	struct lk_grow_place place;

	config_dir_new();
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		CHECK_EQ(mkdir(config_path(folders[i]), 0755), 0);
	put_device("sys/dev/block/8:18", "cciss!c0d0/cciss!c0d0p2", "2\n");
	put_device("sys/dev/block/8:16", "cciss!c0d0", NULL);
	put_device("sys/dev/block/8:19", "cciss!c0d0/cciss!c0d0p3", "none\n");
	CHECK_OK(lk_grow_find_place(config_path("sys/dev/block"), makedev(8, 18), &place, &err));
	CHECK_STR(place.disk, "/dev/cciss/c0d0");
	CHECK_EQ(place.disk_number, makedev(8, 16));
	CHECK_EQ(place.number, 2);
	CHECK_EQ(place.begin, MIB);
	CHECK_EQ(place.size, 2 * MIB);
	CHECK_OK(lk_grow_find_place(config_path("sys/dev/block"), makedev(8, 16), &place, &err));
	CHECK_EQ(place.number, 0);
	CHECK_OK(lk_grow_find_place(config_path("sys/dev/block"), makedev(8, 19), &place, &err));
	CHECK_EQ(place.number, 0);
	CHECK_EQ(lk_grow_find_place(config_path("sys/dev/block"), makedev(9, 1), &place, &err),
		 LK_INTERNAL);
	config_dir_remove();
}

TEST(other_file_systems_are_left_alone)
{
	bool grown = true;

	CHECK_EQ(lk_grow_filesystem("/proc", &grown, &err), LK_CONFIG);
	CHECK(!grown);
	CHECK_EQ(lk_grow_filesystem("/nowhere", &grown, &err), LK_INTERNAL);
}

TESTS(a_file_grows_and_grows_again, what_cannot_be_written_or_read_is_an_error,
      the_kernel_says_where_a_partition_lies, other_file_systems_are_left_alone)
