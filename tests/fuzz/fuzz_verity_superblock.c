/* SPDX-License-Identifier: Apache-2.0 */
/* Superblocks of hash trees on hostile bytes: what is accepted is exactly what it was written as. */
#include <stdlib.h>
#include <string.h>

#include "agent/verity_superblock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void put(uint8_t *at, uint64_t v, unsigned n)
{
	for (; n > 0; n--, v >>= 8)
		*at++ = (uint8_t)v;
}

/* Everything but the UUID follows from what was read. */
static void write_again(const struct lk_verity_superblock *sb, const uint8_t *uuid, uint8_t *to)
{
	memset(to, 0, LK_VERITY_SUPERBLOCK);
	memcpy(to, "verity", 6);
	put(to + 8, 1, 4);
	put(to + 12, 1, 4);
	memcpy(to + 16, uuid, 16);
	memcpy(to + 32, "sha256", 6);
	put(to + 64, 4096, 4);
	put(to + 68, 4096, 4);
	put(to + 72, sb->data_blocks, 8);
	put(to + 80, sb->salt_len, 2);
	memcpy(to + 88, sb->salt, sb->salt_len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t again[LK_VERITY_SUPERBLOCK];
	struct lk_verity_superblock sb;
	struct lk_error err = { 0 };
	enum lk_status st = lk_verity_superblock_parse(data, size, &sb, &err);

	must(st == LK_OK || (st == LK_TAMPERED && err.code == LK_C_VERITY_SUPERBLOCK));
	if (st)
		return 0;
	must(size == LK_VERITY_SUPERBLOCK && sb.hash_offset == 4096);
	must(sb.data_blocks > 0 && sb.salt_len <= LK_VERITY_SALT_MAX);
	write_again(&sb, data + 16, again);
	must(memcmp(again, data, size) == 0);
	return 0;
}
