/* SPDX-License-Identifier: Apache-2.0 */
/* Loop devices over memory, by /dev/loop-control (linux/loop.h). */
#include "agent/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME  "latchkey-layer"
#define TRIES 16 /* between asking for a free device and taking it, somebody else may */

static enum lk_status make_file(uint64_t size, int *ret, struct lk_error *err)
{
	LK_FD int fd = memfd_create(NAME, MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, (off_t)size) != 0)
		return lk_raise(err, LK_INTERNAL, "make a file in memory: %s", strerror(errno));
	*ret = lk_take_fd(fd);
	return LK_OK;
}

/* *ret_busy: somebody was faster. */
static enum lk_status attach(int control, int file, struct lk_blockdev *ret, bool *ret_busy,
			     struct lk_error *err)
{
	struct loop_config config = { .fd = (uint32_t)file };
	struct lk_blockdev dev = LK_BLOCKDEV_NONE;
	int number = ioctl(control, LOOP_CTL_GET_FREE);

	*ret_busy = false;
	if (number < 0)
		return lk_raise(err, LK_INTERNAL, "find a free loop device: %s", strerror(errno));
	snprintf(dev.path, sizeof(dev.path), "/dev/loop%d", number);
	dev.fd = open(dev.path, O_RDWR | O_CLOEXEC);
	if (dev.fd < 0)
		return lk_raise(err, LK_INTERNAL, "open %s: %s", dev.path, strerror(errno));
	config.info.lo_flags = LO_FLAGS_AUTOCLEAR;
	memcpy(config.info.lo_file_name, NAME, sizeof(NAME));
	if (ioctl(dev.fd, LOOP_CONFIGURE, &config) == 0) {
		*ret = dev;
		return LK_OK;
	}
	*ret_busy = errno == EBUSY;
	if (!*ret_busy)
		lk_raise(err, LK_INTERNAL, "attach memory to %s: %s", dev.path, strerror(errno));
	lk_blockdev_close(&dev);
	return *ret_busy ? LK_OK : err->status;
}

static enum lk_status identify(struct lk_blockdev *dev, uint64_t size, struct lk_error *err)
{
	struct stat s;

	if (fstat(dev->fd, &s) != 0 || !S_ISBLK(s.st_mode))
		return lk_raise(err, LK_INTERNAL, "%s is no block device", dev->path);
	dev->number = s.st_rdev;
	dev->size = size;
	return LK_OK;
}

enum lk_status lk_loop_memory(uint64_t size, struct lk_blockdev *ret, struct lk_error *err)
{
	struct lk_blockdev dev = LK_BLOCKDEV_NONE;
	LK_FD int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	LK_FD int file = -1;
	enum lk_status st;
	bool busy = true;

	if (control < 0)
		return lk_raise(err, LK_ABSENT,
				"the kernel has no loop devices: load 'loop' in the initramfs");
	st = make_file(size, &file, err);
	for (int i = 0; !st && busy && i < TRIES; i++)
		st = attach(control, file, &dev, &busy, err);
	if (!st && busy)
		st = lk_raise(err, LK_INTERNAL, "no loop device stays free");
	if (!st)
		st = identify(&dev, size, err);
	if (st) {
		lk_blockdev_close(&dev);
		return st;
	}
	*ret = dev;
	return LK_OK;
}
