/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A writable device over a read-only one: dm-snapshot. What is written goes chunk by chunk to
 * another device, which starts empty at each boot. Sources: Documentation/admin-guide/
 * device-mapper/snapshot.rst and drivers/md/dm-snap-persistent.c of the kernel.
 *
 * The kernel's store is used in its persistent form with overflow told ("PO"), though nothing is
 * kept: only so does a full store refuse further writes and go on reading, where the transient form
 * would fail every read as well. Its first chunk is zeroed beforehand, so that no header that
 * somebody left there is taken, and a store that holds anything afterwards is refused.
 *
 * If the store is larger than the origin, the origin is made longer by zeros (NAME-base), so that
 * the file system can grow into the room there is. It then ends where the store would: such a
 * store cannot overflow.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/blockdev.h"
#include "core/deadline.h"
#include "core/error.h"

#define LK_SNAPSHOT_CHUNK 4096u /* bytes */

/* Bytes of a device that a store may use: all whole chunks, less one where the kernel would give up
 * a full store for good. Pure. */
uint64_t lk_snapshot_store(uint64_t size);
/* Chunks of data that a store on so many bytes takes: it begins with a header, and one chunk of
 * references stands before each 256 of data. Pure. */
uint64_t lk_snapshot_room(uint64_t size);

/* Which file system begins so (the device's first 2048 bytes or more)? "ext4" (also its elders),
 * "xfs", "erofs" or "unknown". Pure. */
#define LK_SNAPSHOT_HEAD 2048u
const char *lk_snapshot_filesystem(const uint8_t *head, size_t n);
/* Bytes of a sector as the xfs that begins so counts them; 0 when it is none. Its kernel refuses a device
 * whose own are larger, as those of a verified one are. Pure. */
unsigned lk_snapshot_xfs_sector(const uint8_t *head, size_t n);

struct lk_snapshot_use {
	bool overflowed;      /* writes fail */
	bool lost;	      /* reads fail as well */
	uint64_t used, total; /* 512-byte sectors of the store */
	uint64_t bookkeeping; /* of those used: header and references */
};
/* Read a line of status: "used/total bookkeeping", "Overflow" or "Invalid". Pure. LK_TAMPERED
 * (table-mismatch) for anything else. */
enum lk_status lk_snapshot_use_parse(const char *text, struct lk_snapshot_use *ret,
				     struct lk_error *err);

/* What an operator should know of it, in one phrase. Pure. */
#define LK_SNAPSHOT_TEXT 96
const char *lk_snapshot_describe(const struct lk_snapshot_use *use, char buf[LK_SNAPSHOT_TEXT]);

/* Map NAME as a writable origin whose changes go to store, which is emptied. LK_CONFIG: the origin
 * holds neither ext4 nor xfs (config-value), or name-taken; LK_ABSENT: no dm-snapshot in the
 * kernel; LK_TAMPERED: table-mismatch; LK_TIMEOUT. On any failure nothing is mapped. */
enum lk_status lk_snapshot_open(const struct lk_blockdev *origin, const struct lk_blockdev *store,
				const char *name, struct lk_deadline deadline,
				struct lk_error *err);
/* How full is it? LK_ABSENT when there is no such mapping or it is no snapshot. */
enum lk_status lk_snapshot_use(const char *name, struct lk_snapshot_use *ret, struct lk_error *err);
/* Also fine when nothing is open. */
enum lk_status lk_snapshot_close(const char *name, struct lk_deadline deadline,
				 struct lk_error *err);
