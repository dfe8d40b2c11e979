/* SPDX-License-Identifier: Apache-2.0 */
/* Makes LUKS2 header copies out of JSON text, valid down to the checksum, for tests and fuzzing
 * of what comes after the checksum. */
#pragma once

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/luks_header_internal.h"

#define LUKS_IMAGE_UUID "0aa3a3a5-8b5e-4a3f-9a35-2f6f6d2a1e11"

/* Give a copy the checksum that fits its bytes. */
__attribute__((unused)) static void luks_image_seal(uint8_t *copy, size_t len)
{
	struct lk_error err = { 0 };
	uint8_t sum[LK_HASH_MAX];

	if (lk_luks_checksum(copy, len, sum, &err))
		abort();
	memset(copy + LK_LUKS_AT_CSUM, 0, LK_LUKS_CSUM_LEN);
	memcpy(copy + LK_LUKS_AT_CSUM, sum, 32);
}

/* A copy of hdr_size bytes that belongs at offset (0, or hdr_size); text is cut if too long. */
__attribute__((unused)) static uint8_t *luks_image_copy(const char *text, size_t n, size_t hdr_size,
							uint64_t offset, uint64_t seqid)
{
	uint8_t *copy = calloc(1, hdr_size);

	if (!copy)
		abort();
	memcpy(copy, offset ? LK_LUKS_MAGIC_2 : LK_LUKS_MAGIC_1, LK_LUKS_MAGIC_LEN);
	copy[LK_LUKS_AT_VERSION + 1] = 2;
	lk_luks_put_be64(copy + LK_LUKS_AT_HDR_SIZE, hdr_size);
	lk_luks_put_be64(copy + LK_LUKS_AT_SEQID, seqid);
	lk_luks_put_be64(copy + LK_LUKS_AT_HDR_OFFSET, offset);
	memcpy(copy + LK_LUKS_AT_CSUM_ALG, "sha256", 6);
	memcpy(copy + LK_LUKS_AT_UUID, LUKS_IMAGE_UUID, strlen(LUKS_IMAGE_UUID));
	if (n > hdr_size - LK_LUKS_BINARY_SIZE)
		n = hdr_size - LK_LUKS_BINARY_SIZE;
	memcpy(copy + LK_LUKS_BINARY_SIZE, text, n);
	luks_image_seal(copy, hdr_size);
	return copy;
}
