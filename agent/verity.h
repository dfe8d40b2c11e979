/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Maps a device read-only under dm-verity from parameters of the measured configuration; no
 * superblock is read. One of the two users of libcryptsetup.
 *
 * Opening does not prove a root hash: the kernel only finds out at the first read, and in panic
 * mode that read would stop the machine without a word. So the hash tree's path to the first, a
 * middle and the last block is checked in user space before the mapping exists (agent/
 * verity_tree.h), and the same blocks are read through the mapping afterwards.
 */
#pragma once

#include "agent/blockdev.h"
#include "core/deadline.h"
#include "core/error.h"

struct lk_verity_params; /* agent/settings.h */

enum lk_verity_flags {
	LK_VERITY_PRIVATE = 1, /* an inner layer: other rules of udev leave it alone */
};

/* Map dev as /dev/mapper/NAME. hash: the device with the hash tree, NULL when it lies behind the
 * data. LK_TAMPERED: verity-corrupt, table-mismatch; LK_CONFIG: name-taken, or parameters that do
 * not fit the devices; LK_TIMEOUT: udev did not answer. On any failure the mapping does not
 * exist. */
enum lk_status lk_verity_open(const struct lk_blockdev *dev, const struct lk_blockdev *hash,
			      const char *name, const struct lk_verity_params *params,
			      unsigned flags, struct lk_deadline deadline, struct lk_error *err);
/* Same as lk_dm_close: also fine when nothing is open. */
enum lk_status lk_verity_close(const char *name, struct lk_deadline deadline, struct lk_error *err);
