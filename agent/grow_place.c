/* SPDX-License-Identifier: Apache-2.0 */
/* Where a partition lies on which disk, as the kernel shows it in /sys/dev/block. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "agent/grow.h"
#include "core/digits.h"

#define SECTOR 512 /* of the files here, whatever the disk's are */

/* One line of a small file; false when there is none. */
static bool read_line(int dir, const char *name, char *buf, size_t size)
{
	LK_FD int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, buf, size - 1);
	if (n <= 0)
		return false;
	buf[n] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return true;
}

static bool read_number(int dir, const char *name, uint64_t *ret)
{
	char text[32];
	const char *at = text;

	return read_line(dir, name, text, sizeof(text)) && lk_digits_read(&at, '\0', ret);
}

/* The folder of a partition lies in its disk's: .../block/vda/vda1. The kernel writes '!' where a
 * node's name has '/'. */
static bool read_disk(int dir, const char *link, struct lk_grow_place *place)
{
	char target[PATH_MAX], *at;
	ssize_t n;
	LK_FD int up = -1;

	n = readlinkat(dir, link, target, sizeof(target) - 1);
	if (n <= 0)
		return false;
	target[n] = '\0';
	up = openat(dir, link, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	at = strrchr(target, '/');
	if (up < 0 || !at)
		return false;
	*at = '\0';
	at = strrchr(target, '/');
	if (!at || snprintf(place->disk, sizeof(place->disk), "/dev/%s", at + 1) >=
			   (int)sizeof(place->disk))
		return false;
	for (at = place->disk; *at; at++)
		if (*at == '!')
			*at = '/';
	return read_line(up, "../dev", target, sizeof(target)) &&
	       lk_device_number_read(target, &place->disk_number);
}

enum lk_status lk_grow_find_place(const char *sys_dev_block, dev_t device,
				  struct lk_grow_place *ret, struct lk_error *err)
{
	struct lk_grow_place place = { 0 };
	uint64_t number, begin, size;
	char link[32];
	LK_FD int dir = open(sys_dev_block, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	LK_FD int entry = -1;

	snprintf(link, sizeof(link), "%u:%u", major(device), minor(device));
	if (dir >= 0)
		entry = openat(dir, link, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (entry < 0)
		return lk_raise(err, LK_INTERNAL, "%s/%s: %m", sys_dev_block, link);
	*ret = place;
	if (!read_number(entry, "partition", &number))
		return LK_OK;
	if (number < 1 || number > UINT32_MAX || !read_number(entry, "start", &begin) ||
	    !read_number(entry, "size", &size) || begin > INT64_MAX / SECTOR ||
	    size > INT64_MAX / SECTOR || !read_disk(dir, link, &place))
		return lk_raise(err, LK_INTERNAL, "%s/%s does not look like a partition",
				sys_dev_block, link);
	place.number = (uint32_t)number;
	place.begin = begin * SECTOR;
	place.size = size * SECTOR;
	*ret = place;
	return LK_OK;
}
