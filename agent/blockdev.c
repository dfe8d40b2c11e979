/* SPDX-License-Identifier: Apache-2.0 */
/* Finds a block device by what a `device` key says. */

#include "agent/blockdev.h"

#include <blkid/blkid.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/blockdev_internal.h"
#include "core/log.h"

#define SECTOR 512

LK_DEFINE_CLEANUP(blkid_probe, blkid_free_probe)
LK_DEFINE_CLEANUP(DIR *, closedir)

void lk_blockdev_close(struct lk_blockdev *dev)
{
	if (dev->fd >= 0)
		close(dev->fd);
	dev->fd = -1;
}

static bool copy_value(blkid_probe probe, const char *name, char *buf, size_t size)
{
	const char *value;

	if (blkid_probe_lookup_value(probe, name, &value, NULL) != 0 || strlen(value) >= size)
		return false;
	memcpy(buf, value, strlen(value) + 1);
	return true;
}

bool lk_blockdev_read_luks_uuid(int fd, char *uuid, size_t size)
{
	static char luks[] = "crypto_LUKS";
	char *only[] = { luks, NULL };
	LK_CLEANUP(blkid_free_probe_p) blkid_probe probe = blkid_new_probe();
	char version[8];

	if (!probe || blkid_probe_set_device(probe, fd, 0, 0) != 0)
		return false;
	if (blkid_probe_enable_superblocks(probe, 1) != 0 ||
	    blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_UUID | BLKID_SUBLKS_VERSION) !=
		    0 ||
	    blkid_probe_filter_superblocks_type(probe, BLKID_FLTR_ONLYIN, only) != 0)
		return false;
	if (blkid_do_probe(probe) != 0 || !copy_value(probe, "VERSION", version, sizeof(version)))
		return false;
	return strcmp(version, "2") == 0 && copy_value(probe, "UUID", uuid, size);
}

static void copy_text(const char *from, char *to, size_t size)
{
	to[0] = '\0';
	if (from && strlen(from) < size)
		memcpy(to, from, strlen(from) + 1);
}

bool lk_blockdev_read_partition(int disk_fd, uint64_t begin, uint64_t length, char *uuid,
				size_t uuid_size, char *label, size_t label_size)
{
	LK_CLEANUP(blkid_free_probe_p) blkid_probe probe = blkid_new_probe();
	blkid_partlist list;

	if (!probe || blkid_probe_set_device(probe, disk_fd, 0, 0) != 0)
		return false;
	if (blkid_probe_enable_superblocks(probe, 0) != 0 ||
	    blkid_probe_enable_partitions(probe, 1) != 0)
		return false;
	list = blkid_probe_get_partitions(probe);
	if (!list)
		return false;
	for (int i = 0; i < blkid_partlist_numof_partitions(list); i++) {
		blkid_partition p = blkid_partlist_get_partition(list, i);

		if ((uint64_t)blkid_partition_get_start(p) * SECTOR != begin ||
		    (uint64_t)blkid_partition_get_size(p) * SECTOR != length)
			continue;
		copy_text(blkid_partition_get_uuid(p), uuid, uuid_size);
		copy_text(blkid_partition_get_name(p), label, label_size);
		return true;
	}
	return false;
}

static void describe(blkid_probe probe, char *what, size_t size)
{
	const char *type = NULL, *usage = NULL;

	if (blkid_probe_lookup_value(probe, "TYPE", &type, NULL) == 0) {
		(void)blkid_probe_lookup_value(probe, "USAGE", &usage, NULL);
		snprintf(what, size, "%s (%s)", type, usage ? usage : "signature");
	} else if (blkid_probe_lookup_value(probe, "PTTYPE", &type, NULL) == 0) {
		snprintf(what, size, "a %s partition table", type);
	} else {
		snprintf(what, size, "a signature without a name");
	}
}

enum lk_status lk_blockdev_signature(int fd, char *what, size_t size, struct lk_error *err)
{
	LK_CLEANUP(blkid_free_probe_p) blkid_probe probe = blkid_new_probe();
	int r;

	if (!probe || blkid_probe_set_device(probe, fd, 0, 0) != 0 ||
	    blkid_probe_enable_superblocks(probe, 1) != 0 ||
	    blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_TYPE | BLKID_SUBLKS_USAGE) != 0 ||
	    blkid_probe_enable_partitions(probe, 1) != 0)
		return lk_raise(err, LK_INTERNAL, "look for signatures: out of resources");
	/* 0: one was found, 1: nothing; -2: more than one, hence no single name. */
	r = blkid_do_safeprobe(probe);
	if (r == -1)
		return lk_raise(err, LK_INTERNAL, "look for signatures: %s", strerror(errno));
	what[0] = '\0';
	if (r == 0)
		describe(probe, what, size);
	else if (r == -2)
		snprintf(what, size, "more than one signature");
	return LK_OK;
}

/* Open /dev/NAME and make sure that it is the device meant; number 0 takes any. */
static bool open_node(const char *node, dev_t number, struct lk_blockdev *ret)
{
	struct lk_blockdev dev = LK_BLOCKDEV_NONE;
	struct stat s;
	LK_FD int fd = open(node, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0 || fstat(fd, &s) != 0)
		return false;
	if (!S_ISBLK(s.st_mode)) {
		errno = ENOTBLK;
		return false;
	}
	if ((number != 0 && s.st_rdev != number) || ioctl(fd, BLKGETSIZE64, &dev.size) != 0) {
		errno = ENODEV;
		return false;
	}
	snprintf(dev.path, sizeof(dev.path), "%.63s", node);
	dev.number = s.st_rdev;
	dev.fd = lk_take_fd(fd);
	*ret = dev;
	return true;
}

static bool open_named(const char *name, dev_t number, struct lk_blockdev *ret)
{
	char node[sizeof("/dev/") + 64];

	snprintf(node, sizeof(node), "/dev/%s", name);
	return open_node(node, number, ret);
}

static bool partition_matches(const struct lk_blockdev_entry *e,
			      const struct lk_blockdev_spec *spec)
{
	LK_BLOCKDEV disk = LK_BLOCKDEV_NONE;
	char uuid[64], label[128];

	if (!open_named(e->disk, 0, &disk) ||
	    !lk_blockdev_read_partition(disk.fd, e->begin, e->size, uuid, sizeof(uuid), label,
					sizeof(label)))
		return false;
	if (spec->kind == LK_BLOCKDEV_PARTUUID)
		return strcasecmp(uuid, spec->value) == 0;
	return strcmp(label, spec->value) == 0;
}

static bool matches(const struct lk_blockdev_entry *e, const struct lk_blockdev_spec *spec,
		    const struct lk_blockdev *dev)
{
	char uuid[64];

	if (spec->kind == LK_BLOCKDEV_LUKS_UUID)
		return lk_blockdev_read_luks_uuid(dev->fd, uuid, sizeof(uuid)) &&
		       strcasecmp(uuid, spec->value) == 0;
	return e->disk[0] && partition_matches(e, spec);
}

/* One look at all devices. *ret stays as it is when none matches. */
static enum lk_status scan(const struct lk_blockdev_spec *spec, struct lk_blockdev *ret,
			   struct lk_error *err)
{
	LK_CLEANUP(closedir_p) DIR *list = NULL;
	LK_BLOCKDEV found = LK_BLOCKDEV_NONE;
	struct lk_blockdev_entry e;
	enum lk_status st;

	st = lk_blockdev_list_open("/sys/class/block", &list, err);
	if (st)
		return st;
	while (lk_blockdev_list_next(list, &e)) {
		LK_BLOCKDEV dev = LK_BLOCKDEV_NONE;

		if (!open_named(e.name, e.number, &dev) || !matches(&e, spec, &dev))
			continue;
		if (found.fd >= 0)
			return lk_raise_code(err, LK_C_VOLUME_AMBIGUOUS, "both %s and %s match",
					     found.path, dev.path);
		found = dev;
		dev.fd = -1;
	}
	*ret = found;
	found.fd = -1;
	return LK_OK;
}

static enum lk_status look(const struct lk_blockdev_spec *spec, struct lk_blockdev *ret,
			   struct lk_error *err)
{
	if (spec->kind != LK_BLOCKDEV_NODE)
		return scan(spec, ret, err);
	if (!open_node(spec->value, 0, ret) && errno == ENOTBLK)
		return lk_raise_code(err, LK_C_CONFIG_VALUE, "%s is not a block device",
				     spec->value);
	return LK_OK;
}

enum lk_status lk_blockdev_find(const char *spec_text, struct lk_deadline deadline,
				struct lk_blockdev *ret, struct lk_error *err)
{
	struct lk_blockdev dev = LK_BLOCKDEV_NONE;
	struct lk_blockdev_spec spec;
	LK_FD int news = -1;
	enum lk_status st;

	st = lk_blockdev_spec_parse(spec_text, &spec, err);
	if (st)
		return st;
	/* Listen first, then look: what appears in between is not missed. */
	st = lk_blockdev_news_open(&news, err);
	if (st)
		return st;
	for (;;) {
		st = look(&spec, &dev, err);
		if (st)
			return lk_context(err, "look for device %s", spec_text);
		if (dev.fd >= 0)
			break;
		if (!lk_blockdev_news_wait(news, deadline))
			return lk_raise_code(err, LK_C_VOLUME_ABSENT, "device %s did not appear",
					     spec_text);
	}
	lk_debug("device %s is %s, %llu bytes", spec_text, dev.path, (unsigned long long)dev.size);
	*ret = dev;
	return LK_OK;
}

enum lk_status lk_blockdev_open(const char *node, struct lk_blockdev *ret, struct lk_error *err)
{
	if (!open_node(node, 0, ret))
		return lk_raise_code(err, LK_C_VOLUME_ABSENT, "open %s: %s", node, strerror(errno));
	return LK_OK;
}
