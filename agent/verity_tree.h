/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks a dm-verity hash tree in user space: from a data block up to the root hash. Source:
 * Documentation/admin-guide/device-mapper/verity.rst of the kernel, hash format 1 (the salt goes
 * in front, digests are spread to a power of two).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/crypto.h"
#include "core/error.h"

#define LK_VERITY_LEVELS_MAX 32
#define LK_VERITY_BLOCK_MAX  65536u

struct lk_verity_tree {
	enum lk_hash hash;
	uint32_t data_block_size, hash_block_size;
	uint64_t data_blocks;
	unsigned digest_bits; /* log2 of digests in a hash block */
	unsigned n_levels;
	uint64_t level_offset[LK_VERITY_LEVELS_MAX]; /* bytes on its device, lowest level first */
	uint64_t end;				     /* first byte after the tree */
};

/* Lay the tree out. hash_size: bytes of the tree's own device, 0 when it lies behind the data on
 * theirs. Pure. LK_CONFIG (config-value) when sizes are not powers of two from 512 to
 * LK_VERITY_BLOCK_MAX, when data and tree overlap, or when one ends beyond its device. */
enum lk_status lk_verity_tree_init(enum lk_hash hash, uint64_t data_block_size,
				   uint64_t hash_block_size, uint64_t data_blocks,
				   uint64_t hash_offset, uint64_t data_size, uint64_t hash_size,
				   struct lk_verity_tree *ret, struct lk_error *err);

/* Does data block `block` hash up to the root? Reads data_fd and hash_fd, which may be one.
 * LK_TAMPERED (verity-corrupt) if not, and also when a block cannot be read. */
enum lk_status lk_verity_tree_check(const struct lk_verity_tree *tree, int data_fd, int hash_fd,
				    uint64_t block, const uint8_t *root_hash, const uint8_t *salt,
				    size_t salt_len, struct lk_error *err);
