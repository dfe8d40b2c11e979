/* SPDX-License-Identifier: Apache-2.0 */
/* Growing bodies as their bytes arrive, never by what a header promises. */
#include "keyserver/http_body.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define ALL_BODIES_MAX (64u * 1024 * 1024)
#define FIRST_PIECE    4096u

static atomic_size_t in_memory;

static bool take_share(struct lk_http_body *b, size_t n)
{
	if (atomic_fetch_add(&in_memory, n) + n > ALL_BODIES_MAX) {
		atomic_fetch_sub(&in_memory, n);
		return false;
	}
	b->share += n;
	return true;
}

static bool grow(struct lk_http_body *b, size_t need)
{
	size_t cap = b->cap ? b->cap : FIRST_PIECE;
	char *bigger;

	while (cap < need)
		cap *= 2;
	if (cap > b->max)
		cap = b->max;
	if (!take_share(b, cap - b->cap))
		return false;
	bigger = realloc(b->plain, cap);
	if (!bigger)
		return false;
	b->plain = bigger;
	b->cap = cap;
	return true;
}

/* A secret never moves: its room is taken at once. */
static bool append_locked(struct lk_http_body *b, const void *data, size_t n)
{
	struct lk_error ignored = { 0 };

	if (!b->secret.data && lk_secret_alloc(&b->secret, b->max, &ignored))
		return false;
	return lk_secret_append(&b->secret, data, n, &ignored) == LK_OK;
}

bool lk_http_body_append(struct lk_http_body *b, const void *data, size_t n)
{
	if (n > b->max - b->len)
		return false;
	if (b->locked) {
		if (!append_locked(b, data, n))
			return false;
	} else {
		if (b->len + n > b->cap && !grow(b, b->len + n))
			return false;
		memcpy(b->plain + b->len, data, n);
	}
	b->len += n;
	return true;
}

const char *lk_http_body_data(const struct lk_http_body *b)
{
	const char *data = b->locked ? (const char *)b->secret.data : b->plain;

	return data ? data : "";
}

void lk_http_body_clear(struct lk_http_body *b)
{
	atomic_fetch_sub(&in_memory, b->share);
	lk_secret_wipe(&b->secret);
	free(b->plain);
	*b = (struct lk_http_body){ 0 };
}
