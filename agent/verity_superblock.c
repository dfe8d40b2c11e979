/* SPDX-License-Identifier: Apache-2.0 */
/* The superblock in front of a hash tree. */
#include "agent/verity_superblock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/settings.h"
#include "core/secret.h"

#define BLOCK 4096

enum place {
	AT_SIGNATURE = 0,
	AT_VERSION = 8,
	AT_HASH_TYPE = 12,
	AT_ALGORITHM = 32,
	AT_DATA_BLOCK = 64,
	AT_HASH_BLOCK = 68,
	AT_DATA_BLOCKS = 72,
	AT_SALT_SIZE = 80,
	AT_SALT = 88,
	AT_REST = 344,
};
#define SIGNATURE_SIZE 8
#define ALGORITHM_SIZE 32

static uint64_t get(const uint8_t *bytes, size_t at, unsigned n)
{
	uint64_t v = 0;

	while (n > 0)
		v = v << 8 | bytes[at + --n];
	return v;
}

static enum lk_status refuse(struct lk_error *err, const char *what)
{
	return lk_raise_code(err, LK_C_VERITY_SUPERBLOCK, "the hash tree's superblock %s", what);
}

static enum lk_status check_kind(const uint8_t *bytes, struct lk_error *err)
{
	static const char signature[SIGNATURE_SIZE] = "verity\0";
	static const char algorithm[ALGORITHM_SIZE] = "sha256";

	if (memcmp(bytes + AT_SIGNATURE, signature, SIGNATURE_SIZE) != 0)
		return refuse(err, "is not there");
	if (get(bytes, AT_VERSION, 4) != 1 || get(bytes, AT_HASH_TYPE, 4) != 1)
		return refuse(err, "is not of version 1 and format 1");
	if (memcmp(bytes + AT_ALGORITHM, algorithm, ALGORITHM_SIZE) != 0)
		return refuse(err, "names another hash than sha256");
	if (get(bytes, AT_DATA_BLOCK, 4) != BLOCK || get(bytes, AT_HASH_BLOCK, 4) != BLOCK)
		return refuse(err, "has blocks of another size than 4096");
	return LK_OK;
}

enum lk_status lk_verity_superblock_parse(const uint8_t *bytes, size_t n,
					  struct lk_verity_superblock *ret, struct lk_error *err)
{
	struct lk_verity_superblock sb = { .hash_offset = BLOCK };
	enum lk_status st;

	if (n != LK_VERITY_SUPERBLOCK)
		return refuse(err, "is cut off");
	st = check_kind(bytes, err);
	if (st)
		return st;
	sb.data_blocks = get(bytes, AT_DATA_BLOCKS, 8);
	sb.salt_len = (size_t)get(bytes, AT_SALT_SIZE, 2);
	if (sb.data_blocks == 0 || sb.data_blocks > INT64_MAX / BLOCK)
		return refuse(err, "has no possible number of blocks");
	if (sb.salt_len > LK_VERITY_SALT_MAX ||
	    !lk_all_zero_ct(bytes + AT_SALT + sb.salt_len, LK_VERITY_SALT_MAX - sb.salt_len))
		return refuse(err, "has a salt that is too long, or more than one");
	if (!lk_all_zero_ct(bytes + AT_SALT_SIZE + 2, AT_SALT - AT_SALT_SIZE - 2) ||
	    !lk_all_zero_ct(bytes + AT_REST, LK_VERITY_SUPERBLOCK - AT_REST))
		return refuse(err, "holds what is not known");
	memcpy(sb.salt, bytes + AT_SALT, sb.salt_len);
	*ret = sb;
	return LK_OK;
}

enum lk_status lk_verity_superblock_read(const struct lk_blockdev *dev,
					 struct lk_verity_params *params, struct lk_error *err)
{
	uint8_t bytes[LK_VERITY_SUPERBLOCK];
	struct lk_verity_superblock sb;
	enum lk_status st;
	uint8_t *salt;
	ssize_t n;

	n = pread(dev->fd, bytes, sizeof(bytes), 0);
	if (n < 0)
		return lk_raise_code(err, LK_C_VERITY_SUPERBLOCK,
				     "read the hash tree's superblock on %s: %s", dev->path,
				     strerror(errno));
	st = lk_verity_superblock_parse(bytes, (size_t)n, &sb, err);
	if (st)
		return lk_context(err, "%s", dev->path);
	salt = malloc(sb.salt_len + 1);
	if (!salt)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	memcpy(salt, sb.salt, sb.salt_len);
	free(params->salt.data);
	params->salt = (struct lk_bytes){ salt, sb.salt_len };
	params->data_block_size = params->hash_block_size = BLOCK;
	params->data_blocks = (int64_t)sb.data_blocks;
	params->hash_offset = (int64_t)sb.hash_offset;
	return LK_OK;
}
