/* SPDX-License-Identifier: Apache-2.0 */
/* Streaming encryption of the root partition. */
#include "image/payload.h"

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/crypto.h"
#include "core/interrupt.h"
#include "core/progress.h"
#include "image/files.h"

#define CHUNK (1u << 20)

static enum lk_status read_plain(const struct lk_payload *p, uint64_t at, uint8_t *chunk, size_t n,
				 struct lk_error *err)
{
	size_t plain = 0;

	if (at < p->plain_len)
		plain = p->plain_len - at < n ? (size_t)(p->plain_len - at) : n;
	memset(chunk + plain, 0, n - plain);
	return plain ? lk_file_read_at(p->plain, chunk, plain, at, err) : LK_OK;
}

static enum lk_status stream(const struct lk_payload *p, struct lk_xts *xts, uint8_t *chunk,
			     struct lk_progress *progress, struct lk_error *err)
{
	enum lk_status st;
	uint64_t at;
	size_t n;

	for (at = 0; at < p->len; at += n) {
		n = p->len - at < CHUNK ? (size_t)(p->len - at) : CHUNK;
		st = lk_interrupt_check(err);
		if (!st)
			st = read_plain(p, at, chunk, n, err);
		if (!st)
			st = lk_xts_encrypt(xts, at / 512, p->sector_size, chunk, chunk, n, err);
		if (!st)
			st = lk_file_write_at(p->disk, chunk, n, p->offset + at, err);
		if (st)
			return st;
		lk_progress_at(progress, at + n, p->len);
	}
	return LK_OK;
}

enum lk_status lk_payload_write(const struct lk_payload *p, const struct lk_secret *volume_key,
				struct lk_progress *progress, struct lk_error *err)
{
	LK_CLEANUP(lk_xts_free_p) struct lk_xts *xts = NULL;
	LK_FREE uint8_t *chunk = NULL;
	enum lk_status st;

	if (p->len % p->sector_size != 0 || p->plain_len > p->len)
		return lk_raise(err, LK_INTERNAL, "the payload does not fill whole sectors");
	chunk = malloc(CHUNK);
	if (!chunk)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	st = lk_xts_new(volume_key, &xts, err);
	if (!st)
		st = stream(p, xts, chunk, progress, err);
	return st ? lk_context(err, "encrypt the root partition") : LK_OK;
}
