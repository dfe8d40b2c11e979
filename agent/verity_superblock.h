/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The superblock that veritysetup writes in front of a hash tree. Only read for a tree whose
 * configuration carries the root hash and nothing else (`superblock = true`: cryptpilot's images).
 *
 * The bytes come from the disk and prove nothing. What they may say is kept so small that the root
 * hash decides: format 1, SHA-256, blocks of 4096 bytes. Every block is then hashed behind a salt
 * of one length, so that another salt or another number of blocks fits no other contents.
 * Source: veritysetup(8), on-disk format of libcryptsetup's lib/verity/verity.c.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "agent/blockdev.h"
#include "core/error.h"

struct lk_verity_params; /* agent/settings.h */

#define LK_VERITY_SUPERBLOCK 512 /* bytes */
#define LK_VERITY_SALT_MAX   256

struct lk_verity_superblock {
	uint64_t data_blocks; /* of 4096 bytes; at least 1, and their bytes fit an int64_t */
	uint8_t salt[LK_VERITY_SALT_MAX];
	size_t salt_len;
	uint64_t hash_offset; /* of the tree, in bytes from the superblock's first */
};

/* Read a superblock of n bytes. Pure. LK_TAMPERED (verity-superblock) when it is none, or says
 * anything but the above. */
enum lk_status lk_verity_superblock_parse(const uint8_t *bytes, size_t n,
					  struct lk_verity_superblock *ret, struct lk_error *err);
/* Fill what params leaves to the superblock at the start of dev. */
enum lk_status lk_verity_superblock_read(const struct lk_blockdev *dev,
					 struct lk_verity_params *params, struct lk_error *err);
