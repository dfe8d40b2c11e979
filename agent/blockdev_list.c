/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's list of block devices in /sys/class/block. */

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/blockdev_internal.h"
#include "core/digits.h"

#define SECTOR 512

enum lk_status lk_blockdev_list_open(const char *sys_class_block, DIR **ret, struct lk_error *err)
{
	DIR *list = opendir(sys_class_block);

	if (!list)
		return lk_raise(err, LK_INTERNAL, "%s: %s", sys_class_block, strerror(errno));
	*ret = list;
	return LK_OK;
}

/* One line of a file in the entry's folder; false if there is no such file. */
static bool read_attribute(DIR *list, const char *name, const char *attribute, char *buf,
			   size_t size)
{
	char path[NAME_MAX + 64];
	LK_FD int fd = -1;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/%s", name, attribute);
	fd = openat(dirfd(list), path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, buf, size - 1);
	if (n <= 0)
		return false;
	buf[n] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return true;
}

static bool read_number(DIR *list, const char *name, dev_t *ret)
{
	char text[32];

	return read_attribute(list, name, "dev", text, sizeof(text)) &&
	       lk_device_number_read(text, ret);
}

static bool read_sectors(DIR *list, const char *name, const char *attribute, uint64_t *ret)
{
	uint64_t sectors;
	char text[32];
	const char *at = text;

	if (!read_attribute(list, name, attribute, text, sizeof(text)) ||
	    !lk_digits_read(&at, '\0', &sectors) || sectors > UINT64_MAX / SECTOR)
		return false;
	*ret = sectors * SECTOR;
	return true;
}

/* A partition's folder lies in its disk's: .../block/vda/vda1. */
static bool read_disk(DIR *list, const char *name, char *disk, size_t size)
{
	char target[PATH_MAX];
	char *slash, *parent;
	ssize_t n;

	n = readlinkat(dirfd(list), name, target, sizeof(target) - 1);
	if (n <= 0)
		return false;
	target[n] = '\0';
	slash = strrchr(target, '/');
	if (!slash)
		return false;
	*slash = '\0';
	parent = strrchr(target, '/');
	return parent && (size_t)snprintf(disk, size, "%s", parent + 1) < size;
}

/* Only a partition has a start. */
static bool read_place(DIR *list, const char *name, struct lk_blockdev_entry *e)
{
	if (!read_sectors(list, name, "size", &e->size) || e->size == 0)
		return false;
	if (!read_sectors(list, name, "start", &e->begin))
		return true;
	return read_disk(list, name, e->disk, sizeof(e->disk));
}

static void node_spelling(char *name)
{
	for (; *name; name++) {
		if (*name == '!')
			*name = '/';
	}
}

bool lk_blockdev_list_next(DIR *list, struct lk_blockdev_entry *ret)
{
	const struct dirent *d;

	while ((d = readdir(list))) {
		struct lk_blockdev_entry e = { 0 };

		if (d->d_name[0] == '.' || strlen(d->d_name) >= sizeof(e.name) ||
		    !lk_blockdev_name_fits(d->d_name))
			continue;
		if (!read_number(list, d->d_name, &e.number) || !read_place(list, d->d_name, &e))
			continue;
		snprintf(e.name, sizeof(e.name), "%.63s", d->d_name);
		node_spelling(e.name);
		node_spelling(e.disk);
		*ret = e;
		return true;
	}
	return false;
}
