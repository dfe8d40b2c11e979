/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dm-verity hash tree of a file system, appended to the file without a superblock, over
 * libcryptsetup: SHA-256, 4096-byte blocks, random salt.
 */
#pragma once

#include <stdint.h>

#include "core/error.h"

#define LK_VERITY_BLOCK 4096u
#define LK_VERITY_HASH	32u

struct lk_verity_tree {
	uint64_t data_blocks;
	uint64_t hash_offset; /* bytes; where the tree starts */
	uint64_t end;	      /* bytes; the file's new size */
	uint8_t salt[LK_VERITY_HASH];
	uint8_t root_hash[LK_VERITY_HASH];
};

/* path: a file of a whole number of blocks. */
enum lk_status lk_verity_format(const char *path, struct lk_verity_tree *ret, struct lk_error *err);
