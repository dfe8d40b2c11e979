/* SPDX-License-Identifier: Apache-2.0 */
/* Grows the partition that a volume lies on. */
#include "agent/grow.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/blkpg.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/gpt_table.h"
#include "core/log.h"

/* udev holds its lock while it looks at a disk: tens of milliseconds. */
#define LOCK_PAUSE_MS 20
#define LOCK_MS	      10000
#define ROUNDS	      3 /* what an earlier boot left unfinished, growth, and the proof */

static enum lk_status read_disk(void *arg, uint64_t offset, void *buf, size_t len,
				struct lk_error *err)
{
	const int fd = *(const int *)arg;
	ssize_t n = pread(fd, buf, len, (off_t)offset);

	if (n < 0)
		return lk_raise(err, LK_INTERNAL, "read the partition table: %m");
	if ((size_t)n != len)
		return lk_raise(err, LK_INTERNAL, "read the partition table: the disk ends");
	return LK_OK;
}

/* One write after the other, each on the disk before the next begins. */
static enum lk_status write_plan(int fd, const struct lk_gpt_plan *plan, struct lk_error *err)
{
	unsigned i;

	for (i = 0; i < plan->n_writes; i++) {
		const struct lk_gpt_write *w = &plan->writes[i];

		errno = EIO;
		if (pwrite(fd, w->data, w->len, (off_t)w->offset) != (ssize_t)w->len ||
		    fsync(fd) != 0)
			return lk_raise(err, LK_INTERNAL, "write the partition table: %m");
	}
	return LK_OK;
}

enum lk_status lk_grow_table(int fd, uint32_t sector, uint64_t size,
			     const struct lk_grow_place *place, uint64_t *ret_last,
			     struct lk_error *err)
{
	const struct lk_gpt_disk disk = { sector, sector ? size / sector : 0, read_disk, &fd };
	unsigned round;

	for (round = 0; round < ROUNDS; round++) {
		LK_GPT_PLAN plan = { 0 };
		enum lk_status st;

		st = lk_gpt_plan_growth(&disk, place->number, sector ? place->begin / sector : 0,
					&plan, err);
		if (st)
			return st;
		*ret_last = plan.last;
		if (!plan.needed)
			return LK_OK;
		st = write_plan(fd, &plan, err);
		if (st)
			return st;
	}
	return lk_raise(err, LK_INTERNAL, "the partition table does not keep what is written");
}

static enum lk_status lock_disk(int fd, struct lk_deadline deadline, struct lk_error *err)
{
	const struct lk_deadline end = lk_deadline_within(deadline, LOCK_MS);

	while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return lk_raise(err, LK_INTERNAL, "lock the disk: %m");
		if (lk_deadline_passed(end))
			return lk_raise(err, LK_TIMEOUT, "somebody else keeps the disk locked");
		lk_clock_sleep(LOCK_PAUSE_MS);
	}
	return LK_OK;
}

/* The whole disk for writing, and locked: https://systemd.io/BLOCK_DEVICE_LOCKING. */
static enum lk_status open_disk(const struct lk_grow_place *place, struct lk_deadline deadline,
				int *ret_fd, struct lk_error *err)
{
	LK_FD int fd = open(place->disk, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	enum lk_status st;
	struct stat s;

	if (fd < 0)
		return lk_raise(err, LK_INTERNAL, "open %s: %m", place->disk);
	if (fstat(fd, &s) != 0 || !S_ISBLK(s.st_mode) || s.st_rdev != place->disk_number)
		return lk_raise(err, LK_INTERNAL, "%s is another device now", place->disk);
	st = lock_disk(fd, deadline, err);
	if (st)
		return st;
	*ret_fd = lk_take_fd(fd);
	return LK_OK;
}

/* Tell the kernel; it refuses what does not fit the disk or overlaps. */
static enum lk_status resize_in_kernel(int fd, const struct lk_grow_place *place, uint64_t size,
				       struct lk_error *err)
{
	struct blkpg_partition p = { .start = (long long)place->begin,
				     .length = (long long)size,
				     .pno = (int)place->number };
	struct blkpg_ioctl_arg arg = { .op = BLKPG_RESIZE_PARTITION,
				       .datalen = sizeof(p),
				       .data = &p };

	if (ioctl(fd, BLKPG, &arg) != 0)
		return lk_raise(err, LK_INTERNAL, "resize partition %u of %s: %m", place->number,
				place->disk);
	return LK_OK;
}

static enum lk_status grow_on(int fd, const struct lk_grow_place *place, struct lk_error *err)
{
	uint64_t size, last = 0, wanted;
	enum lk_status st;
	int sector;

	if (ioctl(fd, BLKSSZGET, &sector) != 0 || ioctl(fd, BLKGETSIZE64, &size) != 0 || sector < 1)
		return lk_raise(err, LK_INTERNAL, "ask for the size of %s: %m", place->disk);
	st = lk_grow_table(fd, (uint32_t)sector, size, place, &last, err);
	if (st)
		return st;
	wanted = (last + 1) * (uint64_t)sector - place->begin;
	if (wanted <= place->size)
		return LK_OK;
	return resize_in_kernel(fd, place, wanted, err);
}

enum lk_status lk_grow_partition(struct lk_blockdev *dev, struct lk_deadline deadline,
				 bool *ret_grown, struct lk_error *err)
{
	struct lk_grow_place place;
	enum lk_status st;
	uint64_t size;
	LK_FD int fd = -1;

	*ret_grown = false;
	st = lk_grow_find_place("/sys/dev/block", dev->number, &place, err);
	if (!st && place.number)
		st = open_disk(&place, deadline, &fd, err);
	if (!st && place.number)
		st = grow_on(fd, &place, err);
	if (st)
		return lk_context(err, "grow %s", dev->path);
	if (ioctl(dev->fd, BLKGETSIZE64, &size) != 0)
		return lk_raise(err, LK_INTERNAL, "ask for the size of %s: %m", dev->path);
	*ret_grown = size != dev->size;
	dev->size = size;
	return LK_OK;
}
