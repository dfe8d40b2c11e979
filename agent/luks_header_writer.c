/* SPDX-License-Identifier: Apache-2.0 */
/* Writes a LUKS2 header anew from what was checked. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/luks_edit.h"
#include "agent/luks_header_internal.h"
#include "core/base64.h"

static bool set_u64_string(struct json_t *obj, const char *name, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	return lk_json_set_string(obj, name, text);
}

static bool set_bytes(struct json_t *obj, const char *name, const uint8_t *data, size_t n)
{
	char text[LK_B64_SIZE(LK_LUKS_SALT_MAX)];

	lk_b64_encode(LK_B64_STD, data, n, text);
	return lk_json_set_string(obj, name, text);
}

/* Put a finished child into obj, or drop it if it could not be finished. */
static bool set_child(struct json_t *obj, const char *name, bool ok, struct json_t *child)
{
	if (!ok) {
		lk_json_free(child);
		return false;
	}
	return lk_json_set(obj, name, child);
}

static bool set_id(struct json_t *obj, unsigned id, bool ok, struct json_t *child)
{
	char name[12];

	snprintf(name, sizeof(name), "%u", id);
	return set_child(obj, name, ok, child);
}

static bool set_kdf(struct json_t *slot, const struct lk_luks_kdf *k)
{
	struct json_t *kdf = lk_json_object();
	bool ok;

	if (k->kind == LK_LUKS_ARGON2ID)
		ok = lk_json_set_string(kdf, "type", "argon2id") &&
		     lk_json_set_int(kdf, "time", k->time) &&
		     lk_json_set_int(kdf, "memory", k->memory_kib) &&
		     lk_json_set_int(kdf, "cpus", k->cpus);
	else
		ok = lk_json_set_string(kdf, "type", "pbkdf2") &&
		     lk_json_set_string(kdf, "hash", k->hash == LK_SHA512 ? "sha512" : "sha256") &&
		     lk_json_set_int(kdf, "iterations", k->iterations);
	ok = ok && set_bytes(kdf, "salt", k->salt, k->salt_len);
	return set_child(slot, "kdf", ok, kdf);
}

static bool set_af(struct json_t *slot)
{
	struct json_t *af = lk_json_object();
	bool ok = lk_json_set_string(af, "type", "luks1") &&
		  lk_json_set_int(af, "stripes", LK_LUKS_STRIPES) &&
		  lk_json_set_string(af, "hash", "sha256");

	return set_child(slot, "af", ok, af);
}

static bool set_area(struct json_t *slot, const struct lk_luks_keyslot *k)
{
	struct json_t *area = lk_json_object();
	bool ok = lk_json_set_string(area, "type", "raw") &&
		  set_u64_string(area, "offset", k->area_offset) &&
		  set_u64_string(area, "size", k->area_size) &&
		  lk_json_set_string(area, "encryption", LK_LUKS_CIPHER) &&
		  lk_json_set_int(area, "key_size", k->area_key_size);

	return set_child(slot, "area", ok, area);
}

static bool set_keyslots(struct json_t *doc, const struct lk_luks_header *h)
{
	struct json_t *keyslots = lk_json_object();
	bool ok = keyslots != NULL;

	for (size_t i = 0; ok && i < h->n_keyslots; i++) {
		struct json_t *slot = lk_json_object();

		ok = lk_json_set_string(slot, "type", "luks2") &&
		     lk_json_set_int(slot, "key_size", lk_luks_key_size(h->integrity)) &&
		     set_af(slot) && set_area(slot, &h->keyslots[i]) &&
		     set_kdf(slot, &h->keyslots[i].kdf);
		ok = set_id(keyslots, h->keyslots[i].id, ok, slot);
	}
	return set_child(doc, "keyslots", ok, keyslots);
}

static bool set_integrity(struct json_t *segment)
{
	struct json_t *o = lk_json_object();
	bool ok = lk_json_set_string(o, "type", LK_LUKS_INTEGRITY) &&
		  lk_json_set_string(o, "journal_encryption", "none") &&
		  lk_json_set_string(o, "journal_integrity", "none");

	return set_child(segment, "integrity", ok, o);
}

static bool set_segments(struct json_t *doc, const struct lk_luks_header *h)
{
	struct json_t *segments = lk_json_object(), *s = lk_json_object();
	bool ok = lk_json_set_string(s, "type", "crypt") &&
		  set_u64_string(s, "offset", h->segment_offset) &&
		  lk_json_set_string(s, "size", "dynamic") &&
		  lk_json_set_string(s, "iv_tweak", "0") &&
		  lk_json_set_string(s, "encryption", LK_LUKS_CIPHER) &&
		  lk_json_set_int(s, "sector_size", h->sector_size) &&
		  (!h->integrity || set_integrity(s));

	ok = set_id(segments, 0, ok, s);
	return set_child(doc, "segments", ok, segments);
}

static bool set_keyslot_ids(struct json_t *digest, const struct lk_luks_header *h)
{
	struct json_t *ids = lk_json_array();
	bool ok = ids != NULL;
	char text[12];

	for (size_t i = 0; ok && i < h->n_keyslots; i++) {
		snprintf(text, sizeof(text), "%u", h->keyslots[i].id);
		ok = lk_json_append_string(ids, text);
	}
	return set_child(digest, "keyslots", ok, ids);
}

static bool set_digests(struct json_t *doc, const struct lk_luks_header *h)
{
	struct json_t *digests = lk_json_object(), *d = lk_json_object();
	struct json_t *segments = lk_json_array();
	bool ok = lk_json_append_string(segments, "0");

	ok = set_child(d, "segments", ok, segments) && lk_json_set_string(d, "type", "pbkdf2") &&
	     set_keyslot_ids(d, h) && lk_json_set_string(d, "hash", "sha256") &&
	     lk_json_set_int(d, "iterations", h->digest.iterations) &&
	     set_bytes(d, "salt", h->digest.salt, h->digest.salt_len) &&
	     set_bytes(d, "digest", h->digest.value, sizeof(h->digest.value));
	ok = set_id(digests, 0, ok, d);
	return set_child(doc, "digests", ok, digests);
}

static bool set_config(struct json_t *doc, const struct lk_luks_header *h)
{
	struct json_t *config = lk_json_object();
	bool ok = set_u64_string(config, "json_size", h->hdr_size - LK_LUKS_BINARY_SIZE) &&
		  set_u64_string(config, "keyslots_size", h->keyslots_size);

	return set_child(doc, "config", ok, config);
}

/* A list of ids; left out when it is empty and need not be there. */
static bool set_ids(struct json_t *obj, const char *name, uint32_t bits, bool always)
{
	struct json_t *ids;
	char text[12];
	bool ok = true;

	if (!bits && !always)
		return true;
	ids = lk_json_array();
	for (unsigned i = 0; i <= LK_LUKS_ID_MAX; i++) {
		snprintf(text, sizeof(text), "%u", i);
		if (bits >> i & 1)
			ok = lk_json_append_string(ids, text) && ok;
	}
	return set_child(obj, name, ok, ids);
}

static bool set_token(struct json_t *tokens, const struct lk_luks_token *t)
{
	struct json_t *o = lk_json_object();
	bool ok = lk_json_set_string(o, "type", "latchkey") &&
		  set_ids(o, "keyslots", t->keyslots, true) &&
		  set_ids(o, "recovery", t->recovery, false) && set_ids(o, "next", t->next, false);

	if (t->has_mac)
		ok = ok && set_u64_string(o, "generation", t->generation) &&
		     set_bytes(o, "mac", t->mac, sizeof(t->mac));
	return set_id(tokens, 0, ok, o);
}

static bool set_tokens(struct json_t *doc, const struct lk_luks_header *h, bool wanted)
{
	struct json_t *tokens = lk_json_object();
	bool ok = !wanted || !h->has_token || set_token(tokens, &h->token);

	return set_child(doc, "tokens", ok, tokens);
}

static enum lk_status put_json(const struct lk_luks_header *h, bool with_token, uint8_t *area,
			       size_t cap, struct lk_error *err)
{
	LK_JSON *doc = lk_json_object();
	LK_JSON_TEXT *text = NULL;
	enum lk_status st;
	size_t n;

	if (!doc || !set_keyslots(doc, h) || !set_tokens(doc, h, with_token) ||
	    !set_segments(doc, h) || !set_digests(doc, h) || !set_config(doc, h))
		return lk_raise(err, LK_INTERNAL, "out of memory");
	st = lk_json_dump(doc, LK_JSON_COMPACT, &text, &n, err);
	if (st)
		return st;
	if (n >= cap)
		return lk_raise(err, LK_INTERNAL, "the JSON area is too small");
	memcpy(area, text, n);
	return LK_OK;
}

static void put_binary(const struct lk_luks_header *h, uint8_t *copy)
{
	memcpy(copy + LK_LUKS_AT_MAGIC, LK_LUKS_MAGIC_1, LK_LUKS_MAGIC_LEN);
	copy[LK_LUKS_AT_VERSION + 1] = 2;
	lk_luks_put_be64(copy + LK_LUKS_AT_HDR_SIZE, h->hdr_size);
	lk_luks_put_be64(copy + LK_LUKS_AT_SEQID, h->seqid);
	memcpy(copy + LK_LUKS_AT_CSUM_ALG, LK_LUKS_CSUM_ALG, strlen(LK_LUKS_CSUM_ALG));
	memcpy(copy + LK_LUKS_AT_UUID, h->uuid, strlen(h->uuid));
}

enum lk_status lk_luks_header_write(const struct lk_luks_header *header, uint8_t **ret,
				    size_t *ret_len, struct lk_error *err)
{
	size_t len = (size_t)header->hdr_size;
	LK_FREE uint8_t *copy = calloc(1, len);
	uint8_t sum[LK_HASH_MAX];
	enum lk_status st;

	if (!copy)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	put_binary(header, copy);
	st = put_json(header, false, copy + LK_LUKS_BINARY_SIZE, len - LK_LUKS_BINARY_SIZE, err);
	if (st)
		return lk_context(err, "write the private header");
	st = lk_luks_checksum(copy, len, sum, err);
	if (st)
		return lk_context(err, "write the private header");
	memcpy(copy + LK_LUKS_AT_CSUM, sum, lk_hash_size(LK_SHA256));
	*ret = lk_take(copy);
	*ret_len = len;
	return LK_OK;
}

/* What only a copy on a disk has. */
static enum lk_status put_disk_fields(const struct lk_luks_labels *labels, uint64_t offset,
				      uint8_t *copy, struct lk_error *err)
{
	if (offset > 0)
		memcpy(copy + LK_LUKS_AT_MAGIC, LK_LUKS_MAGIC_2, LK_LUKS_MAGIC_LEN);
	lk_luks_put_be64(copy + LK_LUKS_AT_HDR_OFFSET, offset);
	memcpy(copy + LK_LUKS_AT_LABEL, labels->label, sizeof(labels->label));
	memcpy(copy + LK_LUKS_AT_SUBSYSTEM, labels->subsystem, sizeof(labels->subsystem));
	return lk_random(copy + LK_LUKS_AT_SALT, LK_LUKS_COPY_SALT_LEN, err);
}

enum lk_status lk_luks_header_store(const struct lk_luks_header *header,
				    const struct lk_luks_labels *labels, uint64_t offset,
				    uint8_t **ret, size_t *ret_len, struct lk_error *err)
{
	size_t len = (size_t)header->hdr_size;
	LK_FREE uint8_t *copy = calloc(1, len);
	uint8_t sum[LK_HASH_MAX];
	enum lk_status st;

	if (!copy)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	put_binary(header, copy);
	st = put_disk_fields(labels, offset, copy, err);
	if (!st)
		st = put_json(header, true, copy + LK_LUKS_BINARY_SIZE, len - LK_LUKS_BINARY_SIZE,
			      err);
	if (!st)
		st = lk_luks_checksum(copy, len, sum, err);
	if (st)
		return lk_context(err, "write the header's copy at %" PRIu64, offset);
	memcpy(copy + LK_LUKS_AT_CSUM, sum, lk_hash_size(LK_SHA256));
	*ret = lk_take(copy);
	*ret_len = len;
	return LK_OK;
}

enum lk_status lk_luks_header_digest(const struct lk_luks_header *header, uint8_t ret[32],
				     struct lk_error *err)
{
	LK_FREE uint8_t *copy = NULL;
	uint8_t sum[LK_HASH_MAX];
	enum lk_status st;
	size_t len;

	st = lk_luks_header_write(header, &copy, &len, err);
	if (st)
		return st;
	st = lk_hash(LK_SHA256, copy, len, sum, err);
	if (st)
		return st;
	memcpy(ret, sum, lk_hash_size(LK_SHA256));
	return LK_OK;
}
