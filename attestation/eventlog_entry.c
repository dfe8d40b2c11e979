/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of the attestation agent's event log: making them, reading them, and joining them to a
 * firmware's log as evidence carries it. */
#include <stdlib.h>
#include <string.h>

#include "attestation/eventlog.h"
#include "attestation/eventlog_bytes.h"
#include "core/cleanup.h"

/* The bytes on the wire read "LEAA". */
#define AAEL_TAG 0x4141454cu
#define TAG_HEAD 8
#define END_MARK 8

/* A field that is one word of printable ASCII; the content may hold blanks. */
static bool field_ok(const char *text, size_t len, bool blanks)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (text[i] < 0x20 || text[i] > 0x7e || (text[i] == ' ' && !blanks))
			return false;
	return len > 0;
}

enum lk_status lk_aael_event(const char *domain, const char *operation, const char *content,
			     uint8_t out[LK_AAEL_EVENT_MAX], size_t *ret_n, struct lk_error *err)
{
	const size_t d = strlen(domain), o = strlen(operation), c = strlen(content);
	uint8_t *p = out + TAG_HEAD;

	if (!field_ok(domain, d, false) || !field_ok(operation, o, false) ||
	    !field_ok(content, c, true) || d > LK_AAEL_TEXT_MAX || o > LK_AAEL_TEXT_MAX ||
	    c > LK_AAEL_TEXT_MAX || d + o + c + 2 > LK_AAEL_TEXT_MAX)
		return lk_raise(err, LK_INTERNAL, "an event's text does not fit");
	lk_put32(out, AAEL_TAG);
	lk_put32(out + 4, (uint32_t)(d + o + c + 2));
	memcpy(p, domain, d);
	p[d] = ' ';
	memcpy(p + d + 1, operation, o);
	p[d + 1 + o] = ' ';
	memcpy(p + d + o + 2, content, c);
	*ret_n = TAG_HEAD + d + o + c + 2;
	return LK_OK;
}

enum lk_status lk_aael_entry(uint32_t index, uint16_t alg, const uint8_t *event, size_t n,
			     uint8_t out[LK_AAEL_ENTRY_MAX], size_t *ret_n, struct lk_error *err)
{
	enum lk_hash hash;
	enum lk_status st;
	size_t size;

	if (!lk_tcg_hash(alg, &hash) || n > LK_AAEL_EVENT_MAX)
		return lk_raise(err, LK_INTERNAL, "no entry with digest 0x%04x", alg);
	size = lk_hash_size(hash);
	lk_put32(out, index);
	lk_put32(out + 4, LK_EV_EVENT_TAG);
	lk_put32(out + 8, 1);
	lk_put16(out + 12, alg);
	st = lk_hash(hash, event, n, out + 14, err);
	if (st)
		return st;
	lk_put32(out + 14 + size, (uint32_t)n);
	memcpy(out + 18 + size, event, n);
	*ret_n = 18 + size + n;
	return LK_OK;
}

/* Take what lies before the next blank, or all. */
static bool take(const char **text, size_t *len, bool last, char *out)
{
	const char *blank = last ? NULL : memchr(*text, ' ', *len);
	const size_t n = blank ? (size_t)(blank - *text) : *len;

	if ((!last && !blank) || !field_ok(*text, n, last))
		return false;
	memcpy(out, *text, n);
	out[n] = '\0';
	*text += n + (blank ? 1 : 0);
	*len -= n + (blank ? 1 : 0);
	return true;
}

enum lk_status lk_aael_read(const struct lk_eventlog_record *r, uint16_t alg, struct lk_aael *ret,
			    bool *ret_is, struct lk_error *err)
{
	const struct lk_eventlog_digest *d = lk_eventlog_digest(r, alg);
	const char *text = (const char *)r->data + TAG_HEAD;
	uint8_t again[LK_HASH_MAX];
	enum lk_hash hash;
	enum lk_status st;
	size_t len;

	*ret_is = r->type == LK_EV_EVENT_TAG && r->len >= TAG_HEAD && lk_get32(r->data) == AAEL_TAG;
	if (!*ret_is)
		return LK_OK;
	if (!d || !lk_tcg_hash(alg, &hash))
		return lk_raise(err, LK_TAMPERED, "an event without the digest asked for");
	st = lk_hash(hash, r->data, r->len, again, err);
	if (st)
		return st;
	if (memcmp(again, d->bytes, d->size) != 0)
		return lk_raise(err, LK_TAMPERED, "an event's text is not what was measured");
	len = lk_get32(r->data + 4);
	if (len != r->len - TAG_HEAD || len > LK_AAEL_TEXT_MAX ||
	    !take(&text, &len, false, ret->domain) || !take(&text, &len, false, ret->operation) ||
	    !take(&text, &len, true, ret->content))
		return lk_raise(err, LK_TAMPERED, "an event's text is malformed");
	return LK_OK;
}

/* ---- what evidence carries ---- */

/* As the attestation agent does, without a Spec ID event's name and version. */
enum lk_status lk_eventlog_header(const uint16_t *algs, size_t n_algs,
				  uint8_t out[LK_EVENTLOG_HEADER_MAX], size_t *ret_n,
				  struct lk_error *err)
{
	const size_t len = 28 + 4 * n_algs + 1;
	size_t i;

	if (n_algs == 0 || n_algs > LK_EVENTLOG_ALGS)
		return lk_raise(err, LK_INTERNAL, "%zu kinds of digests", n_algs);
	memset(out, 0, LK_EVENTLOG_HEADER_MAX);
	lk_put32(out + 4, LK_EV_NO_ACTION);
	lk_put32(out + 28, (uint32_t)len);
	lk_put32(out + 32 + 24, (uint32_t)n_algs);
	for (i = 0; i < n_algs; i++) {
		enum lk_hash hash;

		lk_put16(out + 60 + 4 * i, algs[i]);
		lk_put16(out + 62 + 4 * i,
			 (uint16_t)(lk_tcg_hash(algs[i], &hash) ? lk_hash_size(hash)
				    : algs[i] == LK_TCG_SHA1	? 20
								: 32));
	}
	*ret_n = 32 + len;
	return LK_OK;
}

/* How much of a firmware's log is log. */
static enum lk_status measure(const uint8_t *bytes, size_t n, size_t *ret, struct lk_error *err)
{
	struct lk_eventlog_record r;
	struct lk_eventlog log;
	enum lk_status st;
	bool end = false;

	st = lk_eventlog_open(&log, bytes, n, err);
	while (!st && !end)
		st = lk_eventlog_next(&log, &r, &end, err);
	*ret = log.at;
	return st;
}

enum lk_status lk_eventlog_join(const struct lk_eventlog_parts *parts, uint8_t **ret, size_t *ret_n,
				struct lk_error *err)
{
	uint8_t header[LK_EVENTLOG_HEADER_MAX];
	const uint8_t *first = parts->firmware;
	enum lk_status st;
	uint8_t *all;
	size_t n = 0;

	if (parts->n_firmware > 0) {
		st = measure(parts->firmware, parts->n_firmware, &n, err);
	} else {
		st = lk_eventlog_header(parts->algs, parts->n_algs, header, &n, err);
		first = header;
	}
	if (st)
		return st;
	if (parts->n_entries > LK_EVENTLOG_MAX - n - END_MARK)
		return lk_raise(err, LK_INTERNAL, "the event log is too long");
	all = malloc(n + parts->n_entries + END_MARK);
	if (!all)
		return lk_raise(err, LK_INTERNAL, "out of memory for the event log");
	memcpy(all, first, n);
	if (parts->n_entries > 0)
		memcpy(all + n, parts->entries, parts->n_entries);
	memset(all + n + parts->n_entries, 0xff, END_MARK);
	*ret = all;
	*ret_n = n + parts->n_entries + END_MARK;
	return LK_OK;
}
