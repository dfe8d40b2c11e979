/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a device-mapper table line word by word and compares it with what was intended. */

#include "agent/dm_table.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Words are parted by single spaces; each is looked at in place and never copied, since a raw key
 * would be one of them. */
struct words {
	const char *at;
	const char *text;
	size_t len;
};

static bool next_word(struct words *w)
{
	w->at += strspn(w->at, " ");
	w->text = w->at;
	w->len = strcspn(w->at, " ");
	w->at += w->len;
	return w->len > 0;
}

static bool word_is(const struct words *w, const char *want)
{
	return w->len == strlen(want) && memcmp(w->text, want, w->len) == 0;
}

static bool word_u64(const struct words *w, uint64_t *ret)
{
	uint64_t v = 0;

	if (w->len == 0 || w->len > 20)
		return false;
	for (size_t i = 0; i < w->len; i++) {
		unsigned digit = (unsigned)(w->text[i] - '0');

		if (digit > 9 || v > (UINT64_MAX - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	*ret = v;
	return true;
}

static enum lk_status mismatch(struct lk_error *err, const char *what)
{
	return lk_raise_code(err, LK_C_TABLE_MISMATCH, "the mapping's %s is not what was intended",
			     what);
}

static enum lk_status want_word(struct words *w, const char *want, const char *what,
				struct lk_error *err)
{
	return next_word(w) && word_is(w, want) ? LK_OK : mismatch(err, what);
}

static enum lk_status want_u64(struct words *w, uint64_t want, const char *what,
			       struct lk_error *err)
{
	uint64_t v;

	return next_word(w) && word_u64(w, &v) && v == want ? LK_OK : mismatch(err, what);
}

static enum lk_status want_device(struct words *w, unsigned major, unsigned minor, const char *what,
				  struct lk_error *err)
{
	char number[32];

	snprintf(number, sizeof(number), "%u:%u", major, minor);
	return want_word(w, number, what, err);
}

static enum lk_status want_hex(struct words *w, const uint8_t *want, size_t n, const char *what,
			       struct lk_error *err)
{
	static const char digits[] = "0123456789abcdef";

	if (!next_word(w))
		return mismatch(err, what);
	if (n == 0)
		return word_is(w, "-") ? LK_OK : mismatch(err, what);
	if (w->len != 2 * n)
		return mismatch(err, what);
	for (size_t i = 0; i < n; i++) {
		if (w->text[2 * i] != digits[want[i] >> 4] ||
		    w->text[2 * i + 1] != digits[want[i] & 15])
			return mismatch(err, what);
	}
	return LK_OK;
}

#define EITHER 2

/* An option that may come once. */
struct option {
	const char *text; /* whole; "name:" when a number follows */
	int wanted;	  /* false, true or EITHER */
	bool number;
	bool seen;
};

static bool is_option(const struct words *w, const struct option *o)
{
	const size_t n = strlen(o->text);
	struct words value = *w;
	uint64_t ignored;

	if (!o->number)
		return word_is(w, o->text);
	if (w->len <= n || memcmp(w->text, o->text, n) != 0)
		return false;
	value.text += n;
	value.len -= n;
	return word_u64(&value, &ignored);
}

/* "N opt opt ..." or nothing at all; the count must be right and the line must end after it. */
static enum lk_status want_options(struct words *w, struct option *options, size_t n,
				   struct lk_error *err)
{
	uint64_t count = 0;
	size_t i;

	if (next_word(w) && (!word_u64(w, &count) || count > n))
		return mismatch(err, "list of options");
	for (; count > 0; count--) {
		if (!next_word(w))
			return mismatch(err, "list of options");
		for (i = 0; i < n && !is_option(w, &options[i]); i++)
			;
		if (i == n || options[i].seen)
			return mismatch(err, "list of options");
		options[i].seen = true;
	}
	if (next_word(w))
		return mismatch(err, "list of options");
	for (i = 0; i < n; i++) {
		if (options[i].wanted != EITHER && options[i].seen != options[i].wanted)
			return mismatch(err, "list of options");
	}
	return LK_OK;
}

static enum lk_status want_frame(const char *type, uint64_t want_length, uint64_t start,
				 uint64_t length, const char *target, struct lk_error *err)
{
	if (strcmp(target, type) != 0)
		return mismatch(err, "type");
	if (start != 0 || length != want_length)
		return mismatch(err, "length");
	return LK_OK;
}

static bool is_cipher(const struct words *w, bool integrity)
{
	if (integrity)
		return word_is(w, "capi:authenc(hmac(sha256),xts(aes))-plain64");
	return word_is(w, "aes-xts-plain64") || word_is(w, "capi:xts(aes)-plain64");
}

/* ":64:logon:description": the key itself is nowhere in the line. */
static enum lk_status want_logon_key(struct words *w, uint32_t size, struct lk_error *err)
{
	char prefix[32];
	int n = snprintf(prefix, sizeof(prefix), ":%" PRIu32 ":logon:", size);

	if (!next_word(w) || w->len <= (size_t)n || memcmp(w->text, prefix, (size_t)n) != 0)
		return mismatch(err, "key");
	return LK_OK;
}

enum lk_status lk_dm_crypt_check(const struct lk_dm_crypt *want, uint64_t start, uint64_t length,
				 const char *target, const char *params, struct lk_error *err)
{
	struct words w = { .at = params };
	char sector_size[32];
	struct option options[] = {
		{ .text = "allow_discards", .wanted = want->discards },
		{ .text = "no_read_workqueue", .wanted = want->bypass },
		{ .text = "no_write_workqueue", .wanted = want->bypass },
		{ .text = "integrity:32:aead", .wanted = want->integrity },
		{ .text = sector_size, .wanted = want->sector_size != 512 },
	};
	enum lk_status st;

	snprintf(sector_size, sizeof(sector_size), "sector_size:%" PRIu32, want->sector_size);
	st = want_frame("crypt", want->length, start, length, target, err);
	if (st)
		return st;
	if (!next_word(&w) || !is_cipher(&w, want->integrity))
		return mismatch(err, "cipher");
	st = want_logon_key(&w, want->key_size, err);
	if (!st)
		st = want_u64(&w, 0, "IV offset", err);
	if (!st)
		st = want_device(&w, want->major, want->minor, "device", err);
	if (!st)
		st = want_u64(&w, want->offset, "offset", err);
	if (!st)
		st = want_options(&w, options, sizeof(options) / sizeof(options[0]), err);
	return st;
}

void lk_dm_crypt_options(const char *params, char *buf, size_t size)
{
	struct words w = { .at = params };
	size_t i;

	/* cipher, key, IV offset, device, offset, number of options */
	for (i = 0; i < 6 && next_word(&w); i++)
		;
	snprintf(buf, size, "%s", i == 6 ? w.at + strspn(w.at, " ") : "");
}

enum lk_status lk_dm_integrity_check(const struct lk_dm_integrity *want, uint64_t start,
				     uint64_t length, const char *target, const char *params,
				     struct lk_error *err)
{
	struct words w = { .at = params };
	char block_size[32];
	struct option options[] = {
		{ .text = block_size, .wanted = want->sector_size != 512 },
		{ .text = "journal_sectors:", .wanted = true, .number = true },
		{ .text = "interleave_sectors:", .wanted = true, .number = true },
		{ .text = "buffer_sectors:", .wanted = true, .number = true },
		{ .text = "journal_watermark:", .wanted = want->journal, .number = true },
		{ .text = "commit_time:", .wanted = want->journal, .number = true },
		{ .text = "fix_padding", .wanted = EITHER },
		{ .text = "fix_hmac", .wanted = EITHER },
	};
	enum lk_status st;

	snprintf(block_size, sizeof(block_size), "block_size:%" PRIu32, want->sector_size);
	if (length == 0 || length > want->max_length)
		return mismatch(err, "length");
	st = want_frame("integrity", length, start, length, target, err);
	if (!st)
		st = want_device(&w, want->major, want->minor, "device", err);
	if (!st)
		st = want_u64(&w, want->offset, "offset", err);
	if (!st)
		st = want_u64(&w, want->tag_size, "tag size", err);
	if (!st)
		st = want_word(&w, want->journal ? "J" : "D", "mode", err);
	if (!st)
		st = want_options(&w, options, sizeof(options) / sizeof(options[0]), err);
	return st;
}

enum lk_status lk_dm_verity_check(const struct lk_dm_verity *want, uint64_t start, uint64_t length,
				  const char *target, const char *params, struct lk_error *err)
{
	struct words w = { .at = params };
	struct option options[] = {
		{ .text = "restart_on_corruption", .wanted = want->on_corruption == LK_DM_RESTART },
		{ .text = "panic_on_corruption", .wanted = want->on_corruption == LK_DM_PANIC },
	};
	enum lk_status st;

	st = want_frame("verity", want->length, start, length, target, err);
	if (!st)
		st = want_u64(&w, 1, "hash format", err);
	if (!st)
		st = want_device(&w, want->major, want->minor, "data device", err);
	if (!st)
		st = want_device(&w, want->hash_major, want->hash_minor, "hash device", err);
	if (!st)
		st = want_u64(&w, want->data_block_size, "data block size", err);
	if (!st)
		st = want_u64(&w, want->hash_block_size, "hash block size", err);
	if (!st)
		st = want_u64(&w, want->data_blocks, "number of blocks", err);
	if (!st)
		st = want_u64(&w, want->hash_start, "hash offset", err);
	if (!st)
		st = want_word(&w, want->algorithm, "hash algorithm", err);
	if (!st)
		st = want_hex(&w, want->root_hash, want->root_hash_len, "root hash", err);
	if (!st)
		st = want_hex(&w, want->salt, want->salt_len, "salt", err);
	if (!st)
		st = want_options(&w, options, sizeof(options) / sizeof(options[0]), err);
	return st;
}

enum lk_status lk_dm_line_check(const struct lk_dm_line *want, uint64_t start, uint64_t length,
				const char *target, const char *params, struct lk_error *err)
{
	size_t n = strlen(params);

	if (start != want->start)
		return mismatch(err, "start");
	if (want_frame(want->target, want->length, 0, length, target, err))
		return err->status;
	while (n > 0 && params[n - 1] == ' ')
		n--;
	if (n != strlen(want->params) || memcmp(params, want->params, n) != 0)
		return mismatch(err, "table");
	return LK_OK;
}
