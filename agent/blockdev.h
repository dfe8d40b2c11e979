/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds the one block device that a `device` key names and waits for it to appear. The only user
 * of libblkid, and only of its low-level probing: no cache file, no udev.
 *
 * A key names a device by the partition table (PARTUUID=, PARTLABEL=), by the UUID in a LUKS2
 * header (UUID=), or by its node (/dev/...). Everything but the node is what the disk says of
 * itself, so two candidates are an error and never a choice.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/cleanup.h"
#include "core/deadline.h"
#include "core/error.h"

enum lk_blockdev_kind {
	LK_BLOCKDEV_PARTUUID,
	LK_BLOCKDEV_PARTLABEL,
	LK_BLOCKDEV_LUKS_UUID,
	LK_BLOCKDEV_NODE,
};

#define LK_BLOCKDEV_VALUE 256

struct lk_blockdev_spec {
	enum lk_blockdev_kind kind;
	char value[LK_BLOCKDEV_VALUE]; /* UUIDs in lower case; nodes as written */
};

/* Read a `device` key. Pure. LK_CONFIG (config-value) with what would be accepted. */
enum lk_status lk_blockdev_spec_parse(const char *text, struct lk_blockdev_spec *ret,
				      struct lk_error *err);

struct lk_blockdev {   /* `= LK_BLOCKDEV_NONE` is nothing */
	char path[64]; /* the kernel's name under /dev, for messages */
	int fd;	       /* O_RDONLY | O_CLOEXEC; identifies the device whatever becomes of path */
	dev_t number;
	uint64_t size; /* bytes */
};
#define LK_BLOCKDEV_NONE                                                                           \
	{                                                                                          \
		.fd = -1                                                                           \
	}

/* Find the device that spec names, waiting for the kernel to announce it until the deadline.
 * RAM disks, floppies, optical drives, unattached loop devices and empty devices never match;
 * device-mapper nodes match only when named by node. LK_ABSENT (volume-absent) when the
 * deadline ends the wait, LK_TAMPERED (volume-ambiguous) when two devices match. */
enum lk_status lk_blockdev_find(const char *spec, struct lk_deadline deadline,
				struct lk_blockdev *ret, struct lk_error *err);
/* The same for a node that must be there now, such as "/dev/mapper/root-crypt". */
enum lk_status lk_blockdev_open(const char *node, struct lk_blockdev *ret, struct lk_error *err);
/* What libblkid knows on an open device or file ("ext4 (filesystem)", "a gpt partition table"), cut
 * at size; "" if nothing. LK_INTERNAL when it cannot be read. */
enum lk_status lk_blockdev_signature(int fd, char *what, size_t size, struct lk_error *err);
void lk_blockdev_close(struct lk_blockdev *dev); /* fine twice */
#define LK_BLOCKDEV LK_CLEANUP(lk_blockdev_close) struct lk_blockdev
