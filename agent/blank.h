/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When is a device blank, so that a volume may be made on it? When libblkid knows no signature on it
 * (file systems, RAID, LVM, encryption, swap, partition tables) and these parts read as zeros:
 * the first 32 MiB, the last 2 MiB, and 256 blocks of 4 KiB at even distances in between; all of it
 * if it is smaller. What lies between the blocks is not looked at: on a terabyte that would take
 * a quarter of an hour.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

#define LK_BLANK_FIRST	(32u * 1024 * 1024)
#define LK_BLANK_LAST	(2u * 1024 * 1024)
#define LK_BLANK_BLOCK	4096u
#define LK_BLANK_BLOCKS 256u

struct lk_blank_part {
	uint64_t offset, length; /* bytes */
};
/* The i-th part to look at on a device of this size; false past the end. By rising offset, none
 * overlaps another. Pure. */
bool lk_blank_part(uint64_t size, unsigned i, struct lk_blank_part *ret);

/* What was found; "" on a blank device. */
struct lk_blank_found {
	char what[96]; /* "ext4 (filesystem)", "data at byte 1048576" */
};
/* Look at an open device or file. LK_INTERNAL when it cannot be read. */
enum lk_status lk_blank_look(int fd, uint64_t size, struct lk_blank_found *ret,
			     struct lk_error *err);
