/* SPDX-License-Identifier: Apache-2.0 */
/* Recovery keys: making one, and reading one that was typed. */
#include "agent/recovery_key.h"

#include <string.h>

#include "core/crypto.h"

#define BYTES  32u
#define DIGITS (2 * BYTES)
#define GROUP  8u

static const char modhex[] = "cbdefghijklnrtuv";

/* The text of 64 digits, each its number in modhex. */
static void spell(const uint8_t digits[DIGITS], uint8_t text[LK_RECOVERY_KEY_LEN])
{
	size_t n = 0;

	for (unsigned i = 0; i < DIGITS; i++) {
		if (i > 0 && i % GROUP == 0)
			text[n++] = '-';
		text[n++] = (uint8_t)modhex[digits[i]];
	}
}

enum lk_status lk_recovery_key_new(struct lk_secret *ret, struct lk_error *err)
{
	LK_SECRET random = { 0 };
	LK_SECRET text = { 0 };
	LK_SECRET digits = { 0 };
	enum lk_status st;

	st = lk_random_secret(&random, BYTES, err);
	if (!st)
		st = lk_secret_alloc(&digits, DIGITS, err);
	if (!st)
		st = lk_secret_alloc(&text, LK_RECOVERY_KEY_LEN, err);
	if (st)
		return st;
	for (unsigned i = 0; i < BYTES; i++) {
		digits.data[2 * i] = random.data[i] >> 4;
		digits.data[2 * i + 1] = random.data[i] & 15;
	}
	spell(digits.data, text.data);
	text.len = LK_RECOVERY_KEY_LEN;
	*ret = lk_secret_take(&text);
	return LK_OK;
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void trim(struct lk_secret *s)
{
	size_t begin = 0;

	while (s->len > 0 && is_blank(s->data[s->len - 1]))
		s->data[--s->len] = 0;
	while (begin < s->len && is_blank(s->data[begin]))
		begin++;
	memmove(s->data, s->data + begin, s->len - begin);
	lk_wipe(s->data + s->len - begin, begin);
	s->len -= begin;
}

/* The number of a digit, in either case; -1 for what is none. */
static int digit(uint8_t c)
{
	for (int i = 0; i < 16; i++)
		if ((c | 0x20) == modhex[i])
			return i;
	return -1;
}

/* 64 digits, dashes anywhere or nowhere between them. */
static bool read_digits(const struct lk_secret *s, uint8_t digits[DIGITS])
{
	unsigned n = 0;

	for (size_t i = 0; i < s->len; i++) {
		int d = digit(s->data[i]);

		if (s->data[i] == '-')
			continue;
		if (d < 0 || n == DIGITS)
			return false;
		digits[n++] = (uint8_t)d;
	}
	return n == DIGITS;
}

void lk_recovery_key_normalise(struct lk_secret *typed)
{
	uint8_t digits[DIGITS];

	trim(typed);
	if (typed->cap >= LK_RECOVERY_KEY_LEN && read_digits(typed, digits)) {
		lk_wipe(typed->data, typed->len);
		spell(digits, typed->data);
		typed->len = LK_RECOVERY_KEY_LEN;
	}
	lk_wipe(digits, sizeof(digits));
}
