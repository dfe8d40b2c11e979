/* SPDX-License-Identifier: Apache-2.0 */
/* Lays out a dm-verity hash tree and checks single blocks against the root hash. */

#include "agent/verity_tree.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_block_size(uint64_t size)
{
	return size >= 512 && size <= LK_VERITY_BLOCK_MAX && (size & (size - 1)) == 0;
}

/* Room for one digest: its size, rounded up to a power of two. */
static size_t digest_room(enum lk_hash hash)
{
	size_t room = 1;

	while (room < lk_hash_size(hash))
		room *= 2;
	return room;
}

/* Hash blocks on a level: level 0 covers the data. */
static uint64_t level_blocks(const struct lk_verity_tree *t, unsigned level)
{
	const unsigned bits = t->digest_bits * (level + 1);

	return bits < 64 ? ((t->data_blocks - 1) >> bits) + 1 : 1;
}

/* The highest level lies first, at hash_offset. */
static void place_levels(struct lk_verity_tree *t, uint64_t hash_offset)
{
	uint64_t at = hash_offset;

	while (t->n_levels < LK_VERITY_LEVELS_MAX && t->digest_bits * t->n_levels < 64 &&
	       (t->data_blocks - 1) >> (t->digest_bits * t->n_levels))
		t->n_levels++;
	for (unsigned level = t->n_levels; level-- > 0;) {
		t->level_offset[level] = at;
		at += level_blocks(t, level) * t->hash_block_size;
	}
	t->end = at;
}

enum lk_status lk_verity_tree_init(enum lk_hash hash, uint64_t data_block_size,
				   uint64_t hash_block_size, uint64_t data_blocks,
				   uint64_t hash_offset, uint64_t data_size, uint64_t hash_size,
				   struct lk_verity_tree *ret, struct lk_error *err)
{
	struct lk_verity_tree t = { .hash = hash, .data_blocks = data_blocks };
	const uint64_t room = hash_size ? hash_size : data_size;

	if (!is_block_size(data_block_size) || !is_block_size(hash_block_size))
		return lk_raise_code(err, LK_C_CONFIG_VALUE,
				     "verity block sizes are powers of two from 512 to %u",
				     LK_VERITY_BLOCK_MAX);
	if (data_blocks == 0 || data_blocks > data_size / data_block_size)
		return lk_raise_code(err, LK_C_CONFIG_VALUE,
				     "data_blocks is %" PRIu64 ", the device holds %" PRIu64,
				     data_blocks, data_size / data_block_size);
	if (hash_offset % hash_block_size != 0 || hash_offset > room ||
	    (!hash_size && hash_offset < data_blocks * data_block_size))
		return lk_raise_code(err, LK_C_CONFIG_VALUE,
				     "hash_offset lies outside the device, inside the data or "
				     "between hash blocks");
	t.data_block_size = (uint32_t)data_block_size;
	t.hash_block_size = (uint32_t)hash_block_size;
	for (size_t n = hash_block_size / digest_room(hash); n > 1; n /= 2)
		t.digest_bits++;
	place_levels(&t, hash_offset);
	if (t.end > room)
		return lk_raise_code(err, LK_C_CONFIG_VALUE,
				     "the hash tree ends beyond the device");
	*ret = t;
	return LK_OK;
}

static enum lk_status read_block(int fd, uint8_t *buf, size_t n, uint64_t offset,
				 struct lk_error *err)
{
	for (size_t done = 0; done < n;) {
		ssize_t got = pread(fd, buf + done, n - done, (off_t)(offset + done));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return lk_raise_code(err, LK_C_VERITY_CORRUPT,
					     "byte %" PRIu64 " cannot be read: %s", offset + done,
					     got < 0 ? strerror(errno) : "end of device");
		done += (size_t)got;
	}
	return LK_OK;
}

static enum lk_status hash_block(enum lk_hash hash, const uint8_t *salt, size_t salt_len,
				 const uint8_t *block, size_t n, uint8_t out[LK_HASH_MAX],
				 struct lk_error *err)
{
	LK_CLEANUP(lk_hasher_free_p) struct lk_hasher *h = NULL;
	enum lk_status st;

	st = lk_hasher_new(hash, &h, err);
	if (!st && salt_len > 0)
		st = lk_hasher_add(h, salt, salt_len, err);
	if (!st)
		st = lk_hasher_add(h, block, n, err);
	return st ? st : lk_hasher_end(h, out, err);
}

/* Climb one level: the hash block above must hold `digest`, which becomes that block's own. */
static enum lk_status climb(const struct lk_verity_tree *t, int fd, unsigned level, uint64_t index,
			    const uint8_t *salt, size_t salt_len, uint8_t *buf,
			    uint8_t digest[LK_HASH_MAX], struct lk_error *err)
{
	const uint64_t at = t->level_offset[level] + (index >> t->digest_bits) * t->hash_block_size;
	const uint64_t entry = index & ((UINT64_C(1) << t->digest_bits) - 1);
	enum lk_status st;

	st = read_block(fd, buf, t->hash_block_size, at, err);
	if (st)
		return st;
	if (memcmp(buf + entry * digest_room(t->hash), digest, lk_hash_size(t->hash)) != 0)
		return lk_raise_code(err, LK_C_VERITY_CORRUPT,
				     "what lies below byte %" PRIu64
				     " of the hash tree was altered",
				     at);
	return hash_block(t->hash, salt, salt_len, buf, t->hash_block_size, digest, err);
}

enum lk_status lk_verity_tree_check(const struct lk_verity_tree *tree, int data_fd, int hash_fd,
				    uint64_t block, const uint8_t *root_hash, const uint8_t *salt,
				    size_t salt_len, struct lk_error *err)
{
	LK_FREE uint8_t *buf = malloc(LK_VERITY_BLOCK_MAX);
	uint8_t digest[LK_HASH_MAX];
	uint64_t index = block;
	enum lk_status st;

	if (!buf)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	st = read_block(data_fd, buf, tree->data_block_size, block * tree->data_block_size, err);
	if (st)
		return st;
	st = hash_block(tree->hash, salt, salt_len, buf, tree->data_block_size, digest, err);
	for (unsigned level = 0; !st && level < tree->n_levels; level++) {
		st = climb(tree, hash_fd, level, index, salt, salt_len, buf, digest, err);
		index >>= tree->digest_bits;
	}
	if (st)
		return st;
	if (memcmp(digest, root_hash, lk_hash_size(tree->hash)) != 0)
		return lk_raise_code(err, LK_C_VERITY_CORRUPT,
				     "the hash tree does not end in the root hash");
	return LK_OK;
}
