/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lets volumes take what room their disk has gained: the partition before the volume is opened,
 * the file system after it was mounted. dm-crypt between them takes the partition's size by itself.
 *
 * Growth is never needed to open a volume. Whatever is refused here leaves the disk as it is.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "agent/blockdev.h"
#include "core/deadline.h"
#include "core/error.h"

/* Grow the partition that dev is, on the disk and in the kernel, under an exclusive lock on the
 * whole disk, and bring dev->size up to date. Nothing is written unless the partition is the last
 * of a GUID partition table in order (core/gpt_table.h) and has at least a MiB to gain. A device
 * that is no partition is left as it is: LK_OK.
 * *ret_grown: did the size change? Errors: as lk_gpt_plan_growth; LK_TIMEOUT when the disk stays
 * locked. */
enum lk_status lk_grow_partition(struct lk_blockdev *dev, struct lk_deadline deadline,
				 bool *ret_grown, struct lk_error *err);

/* Where a partition lies, by the kernel. */
struct lk_grow_place {
	char disk[64]; /* node of the whole disk */
	dev_t disk_number;
	uint32_t number;      /* of the partition, from 1; 0: the device is no partition */
	uint64_t begin, size; /* bytes */
};
enum lk_status lk_grow_find_place(const char *sys_dev_block, dev_t device,
				  struct lk_grow_place *ret, struct lk_error *err);
/* The part of lk_grow_partition that writes the table: fd is the whole disk, open for writing, or
 * a plain file. *ret_last: the partition's last sector. */
enum lk_status lk_grow_table(int fd, uint32_t sector, uint64_t size,
			     const struct lk_grow_place *place, uint64_t *ret_last,
			     struct lk_error *err);

/* Grow the mounted file system at path to its device's size: ext4 and xfs. *ret_grown: did it?
 * LK_CONFIG when it is another kind. Done already: LK_OK. */
enum lk_status lk_grow_filesystem(const char *path, bool *ret_grown, struct lk_error *err);
