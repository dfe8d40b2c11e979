/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading bytes from outside, front to back: what is not there reads as nothing or zero and makes the
 * cursor bad for good, so that a whole structure is read first and judged once. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lk_cursor {
	const uint8_t *p; /* borrowed */
	size_t n;	  /* bytes left */
	bool bad;
};

/* The next n bytes; NULL once the cursor is bad. */
static inline const uint8_t *lk_cursor_take(struct lk_cursor *c, size_t n)
{
	const uint8_t *p = c->p;

	if (c->bad || n > c->n) {
		c->bad = true;
		return NULL;
	}
	c->p += n;
	c->n -= n;
	return p;
}

/* A number of n bytes, at most eight, the highest byte first. */
static inline uint64_t lk_cursor_be(struct lk_cursor *c, size_t n)
{
	const uint8_t *p = lk_cursor_take(c, n);
	uint64_t value = 0;

	while (p && n--)
		value = value << 8 | *p++;
	return value;
}

/* The same, the lowest byte first. */
static inline uint64_t lk_cursor_le(struct lk_cursor *c, size_t n)
{
	const uint8_t *p = lk_cursor_take(c, n);
	uint64_t value = 0;

	while (p && n--)
		value = value << 8 | p[n];
	return value;
}

/* A size of two bytes, highest first, at most max, and so many bytes: TPM2B of a TPM. */
static inline const uint8_t *lk_cursor_sized(struct lk_cursor *c, size_t max, size_t *ret_n)
{
	*ret_n = (size_t)lk_cursor_be(c, 2);
	if (*ret_n > max)
		c->bad = true;
	return lk_cursor_take(c, *ret_n);
}
