/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the device finder share: the kernel's list of block devices, and the wait for
 * news of it. */
#pragma once

#include <dirent.h>
#include <stdbool.h>

#include "agent/blockdev.h"

/* One device as /sys/class/block shows it. */
struct lk_blockdev_entry {
	char name[64]; /* the kernel's, '!' already turned into '/' */
	char disk[64]; /* of which it is a partition; empty for a whole disk */
	dev_t number;
	uint64_t begin; /* bytes from the start of the disk; 0 for a whole disk */
	uint64_t size;	/* bytes, never 0 */
};

/* Can a device of this kernel name hold a volume? Pure: RAM disks, floppies, optical drives and
 * device-mapper nodes cannot. */
bool lk_blockdev_name_fits(const char *name);
/* Pure: is `text` a partition or LUKS UUID in one of the shapes that tables carry (GPT
 * 8-4-4-4-12, MS-DOS 8-2)? */
bool lk_blockdev_uuid_fits(const char *text);

/* Walk the list: open, then next until false. Entries that cannot hold a volume are left out. */
enum lk_status lk_blockdev_list_open(const char *sys_class_block, DIR **ret, struct lk_error *err);
bool lk_blockdev_list_next(DIR *list, struct lk_blockdev_entry *ret);

/* What libblkid reads from an open device or file. Both are false when there is nothing such. */
bool lk_blockdev_read_luks_uuid(int fd, char *uuid, size_t size);
/* disk_fd: the whole disk; begin and length of the partition in bytes identify it, so that it
 * works on files. uuid and label are emptied when the table has none. */
bool lk_blockdev_read_partition(int disk_fd, uint64_t begin, uint64_t length, char *uuid,
				size_t uuid_size, char *label, size_t label_size);

/* The kernel's and udev's announcements. */
enum lk_status lk_blockdev_news_open(int *ret_fd, struct lk_error *err);
/* Wait for news of block devices; false when the deadline passed without. */
bool lk_blockdev_news_wait(int fd, struct lk_deadline deadline);
/* Pure: does this message concern a block device? */
bool lk_blockdev_news_fits(const char *message, size_t n);
