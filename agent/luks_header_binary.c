/* SPDX-License-Identifier: Apache-2.0 */
/* The binary part of a LUKS2 header copy: shape, place and checksum. */

#include <string.h>

#include "agent/luks_header_internal.h"

uint64_t lk_luks_be64(const uint8_t *p)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < 8; i++)
		v = v << 8 | p[i];
	return v;
}

void lk_luks_put_be64(uint8_t *p, uint64_t v)
{
	for (unsigned i = 8; i-- > 0; v >>= 8)
		p[i] = (uint8_t)v;
}

static bool is_header_size(uint64_t size)
{
	return size >= LK_LUKS_HDR_SIZE_MIN && size <= LK_LUKS_HDR_SIZE_MAX &&
	       (size & (size - 1)) == 0;
}

uint64_t lk_luks_copy_size(const uint8_t binary[LK_LUKS_BINARY_SIZE], uint64_t offset)
{
	const char *magic = offset == 0 ? LK_LUKS_MAGIC_1 : LK_LUKS_MAGIC_2;
	uint64_t size = lk_luks_be64(binary + LK_LUKS_AT_HDR_SIZE);

	if (memcmp(binary + LK_LUKS_AT_MAGIC, magic, LK_LUKS_MAGIC_LEN) != 0)
		return 0;
	if (binary[LK_LUKS_AT_VERSION] != 0 || binary[LK_LUKS_AT_VERSION + 1] != 2)
		return 0;
	if (!is_header_size(size) || lk_luks_be64(binary + LK_LUKS_AT_HDR_OFFSET) != offset)
		return 0;
	return offset == 0 || offset == size ? size : 0;
}

enum lk_status lk_luks_checksum(const uint8_t *copy, size_t len, uint8_t ret[LK_HASH_MAX],
				struct lk_error *err)
{
	static const uint8_t zeros[LK_LUKS_CSUM_LEN];
	LK_CLEANUP(lk_hasher_free_p) struct lk_hasher *h = NULL;
	const uint8_t *rest = copy + LK_LUKS_AT_CSUM + LK_LUKS_CSUM_LEN;
	enum lk_status st;

	st = lk_hasher_new(LK_SHA256, &h, err);
	if (st)
		return st;
	st = lk_hasher_add(h, copy, LK_LUKS_AT_CSUM, err);
	if (st)
		return st;
	st = lk_hasher_add(h, zeros, sizeof(zeros), err);
	if (st)
		return st;
	st = lk_hasher_add(h, rest, len - (size_t)(rest - copy), err);
	if (st)
		return st;
	return lk_hasher_end(h, ret, err);
}

static enum lk_status checksum_fits(const uint8_t *copy, size_t len, bool *ret,
				    struct lk_error *err)
{
	static const char alg[LK_LUKS_CSUM_ALG_LEN] = LK_LUKS_CSUM_ALG;
	uint8_t want[LK_LUKS_CSUM_LEN] = { 0 }, sum[LK_HASH_MAX];
	enum lk_status st;

	*ret = false;
	if (memcmp(copy + LK_LUKS_AT_CSUM_ALG, alg, sizeof(alg)) != 0)
		return LK_OK;
	st = lk_luks_checksum(copy, len, sum, err);
	if (st)
		return st;
	memcpy(want, sum, lk_hash_size(LK_SHA256));
	*ret = memcmp(copy + LK_LUKS_AT_CSUM, want, sizeof(want)) == 0;
	return LK_OK;
}

enum lk_status lk_luks_copy_check(const uint8_t *copy, size_t len, uint64_t offset, bool *ret,
				  struct lk_error *err)
{
	*ret = false;
	if (!copy || len < LK_LUKS_HDR_SIZE_MIN || lk_luks_copy_size(copy, offset) != len)
		return LK_OK;
	return checksum_fits(copy, len, ret, err);
}
