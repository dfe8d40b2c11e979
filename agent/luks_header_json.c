/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON area of a LUKS2 header under our rules: configuration, the one segment, the one digest.
 * Members are a closed list at every level. */

#include <string.h>

#include "agent/luks_header_internal.h"
#include "core/base64.h"

enum lk_status lk_luks_refuse(struct lk_error *err, enum lk_code code)
{
	char text[LK_ERROR_TEXT];

	if (err->status == LK_INTERNAL || err->n_frames == 0)
		return err->status;
	memcpy(text, err->frames[0].text, sizeof(text));
	return lk_raise_code(err, code, "%s", text);
}

enum lk_status lk_luks_want_text(const struct json_t *obj, const char *name, const char *want,
				 enum lk_code code, struct lk_error *err)
{
	const char *text;

	if (lk_json_get_string(obj, name, 64, &text, err))
		return lk_luks_refuse(err, code);
	if (strcmp(text, want) != 0)
		return lk_raise_code(err, code, "%s is '%s', not '%s'", name, text, want);
	return LK_OK;
}

enum lk_status lk_luks_get_u32(const struct json_t *obj, const char *name, uint32_t min,
			       uint32_t max, enum lk_code code, uint32_t *ret, struct lk_error *err)
{
	int64_t v;

	if (lk_json_get_int(obj, name, INT64_MIN, INT64_MAX, &v, err))
		return lk_luks_refuse(err, code);
	if (v < (int64_t)min || v > (int64_t)max)
		return lk_raise_code(err, code, "%s is %lld, outside %u to %u", name, (long long)v,
				     min, max);
	*ret = (uint32_t)v;
	return LK_OK;
}

enum lk_status lk_luks_get_bytes(const struct json_t *obj, const char *name, size_t min, size_t cap,
				 uint8_t *out, size_t *ret_n, struct lk_error *err)
{
	const char *text;
	size_t n;

	if (lk_json_get_string(obj, name, LK_B64_SIZE(cap), &text, err))
		return lk_luks_refuse(err, LK_C_HEADER_JSON);
	if (!lk_b64_decode(LK_B64_STD, text, strlen(text), out, cap, &n) || n < min)
		return lk_raise_code(err, LK_C_HEADER_JSON, "%s is not base64 of %zu to %zu bytes",
				     name, min, cap);
	*ret_n = n;
	return LK_OK;
}

bool lk_luks_id_read(const char *text, unsigned *ret)
{
	unsigned id = 0;
	size_t n = strlen(text);

	if (n < 1 || n > 2 || strspn(text, "0123456789") != n || (n == 2 && text[0] == '0'))
		return false;
	for (; *text; text++)
		id = id * 10 + (unsigned)(*text - '0');
	if (id > LK_LUKS_ID_MAX)
		return false;
	*ret = id;
	return true;
}

enum lk_status lk_luks_get_only_zero(struct json_t *obj, const char *what, struct json_t **ret,
				     struct lk_error *err)
{
	if (lk_json_count(obj) != 1)
		return lk_raise_code(err, LK_C_HEADER_JSON, "%zu %s, not one", lk_json_count(obj),
				     what);
	if (lk_json_get_object(obj, "0", ret, err))
		return lk_luks_refuse(err, LK_C_HEADER_JSON);
	return LK_OK;
}

static enum lk_status read_config(struct json_t *config, const struct lk_luks_frame *frame,
				  struct lk_luks_header *ret, struct lk_error *err)
{
	static const char *const members[] = { "json_size", "keyslots_size", NULL };
	uint64_t json_size;

	if (lk_json_only(config, members, err) ||
	    lk_json_get_u64_string(config, "json_size", LK_LUKS_HDR_SIZE_MAX, &json_size, err) ||
	    lk_json_get_u64_string(config, "keyslots_size", LK_LUKS_KEYSLOTS_AREA_MAX,
				   &ret->keyslots_size, err))
		return lk_luks_refuse(err, LK_C_HEADER_JSON);
	if (json_size != frame->hdr_size - LK_LUKS_BINARY_SIZE)
		return lk_raise_code(err, LK_C_HEADER_AREA, "json_size does not fit the header");
	if (ret->keyslots_size == 0 || ret->keyslots_size % LK_LUKS_ALIGN != 0)
		return lk_raise_code(err, LK_C_HEADER_AREA, "keyslots_size is not in whole blocks");
	return LK_OK;
}

/* After both copies and the keyslots, inside the device, in whole sectors. */
static enum lk_status check_segment_place(const struct lk_luks_header *h,
					  const struct lk_luks_frame *frame, struct lk_error *err)
{
	uint64_t begin = 2 * frame->hdr_size + h->keyslots_size;

	if (h->segment_offset < begin)
		return lk_raise_code(err, LK_C_HEADER_AREA, "the segment overlaps the keyslots");
	if (h->segment_offset % LK_LUKS_ALIGN != 0)
		return lk_raise_code(err, LK_C_HEADER_AREA, "the segment's offset is not aligned");
	if (h->segment_offset >= frame->device_size)
		return lk_raise_code(err, LK_C_HEADER_AREA,
				     "the segment begins beyond the end of the device");
	if (frame->device_size % h->sector_size != 0)
		return lk_raise_code(err, LK_C_HEADER_AREA,
				     "the device does not end with a whole sector of %u bytes",
				     h->sector_size);
	return LK_OK;
}

/* Exactly what the configuration says: neither dropped nor slipped in. */
static enum lk_status read_integrity(const struct json_t *segment, bool wanted, bool *ret,
				     struct lk_error *err)
{
	static const char *const members[] = { "type", "journal_encryption", "journal_integrity",
					       NULL };
	const enum lk_code code = LK_C_HEADER_CIPHER;
	struct json_t *o;
	enum lk_status st;

	*ret = lk_json_has(segment, "integrity");
	if (*ret != wanted)
		return lk_raise_code(err, code, "%s, the configuration says integrity = %s",
				     *ret ? "there is dm-integrity" : "there is no dm-integrity",
				     wanted ? "true" : "false");
	if (!wanted)
		return LK_OK;
	if (lk_json_get_object(segment, "integrity", &o, err) || lk_json_only(o, members, err))
		return lk_luks_refuse(err, code);
	st = lk_luks_want_text(o, "type", LK_LUKS_INTEGRITY, code, err);
	if (!st)
		st = lk_luks_want_text(o, "journal_encryption", "none", code, err);
	if (!st)
		st = lk_luks_want_text(o, "journal_integrity", "none", code, err);
	return st ? lk_context(err, "check integrity") : LK_OK;
}

static enum lk_status read_segment(struct json_t *segments, const struct lk_luks_frame *frame,
				   struct lk_luks_header *ret, struct lk_error *err)
{
	static const char *const members[] = { "type",	     "offset",	    "size",	 "iv_tweak",
					       "encryption", "sector_size", "integrity", NULL };
	const uint32_t any = UINT32_MAX;
	struct json_t *s;
	enum lk_status st;

	st = lk_luks_get_only_zero(segments, "segments", &s, err);
	if (st)
		return st;
	if (lk_json_only(s, members, err))
		return lk_luks_refuse(err, LK_C_HEADER_JSON);
	st = lk_luks_want_text(s, "type", "crypt", LK_C_HEADER_JSON, err);
	if (!st)
		st = lk_luks_want_text(s, "encryption", LK_LUKS_CIPHER, LK_C_HEADER_CIPHER, err);
	if (!st)
		st = lk_luks_want_text(s, "size", "dynamic", LK_C_HEADER_AREA, err);
	if (!st)
		st = lk_luks_want_text(s, "iv_tweak", "0", LK_C_HEADER_CIPHER, err);
	if (!st)
		st = lk_luks_get_u32(s, "sector_size", 0, any, LK_C_HEADER_AREA, &ret->sector_size,
				     err);
	if (!st)
		st = read_integrity(s, frame->rules->integrity, &ret->integrity, err);
	if (st)
		return st;
	if (ret->sector_size != 512 && ret->sector_size != 4096)
		return lk_raise_code(err, LK_C_HEADER_AREA, "sector_size is %u, not 512 or 4096",
				     ret->sector_size);
	if (lk_json_get_u64_string(s, "offset", INT64_MAX, &ret->segment_offset, err))
		return lk_luks_refuse(err, LK_C_HEADER_AREA);
	return check_segment_place(ret, frame, err);
}

/* The digest must bind every keyslot and the segment: a keyslot that it leaves out could yield a
 * volume key of the host's choosing. */
static enum lk_status check_binding(const struct json_t *d, const struct lk_luks_header *h,
				    struct lk_error *err)
{
	uint32_t keyslots = 0, segments = 0;
	enum lk_status st;

	st = lk_luks_get_ids(d, "keyslots", &keyslots, err);
	if (st)
		return st;
	st = lk_luks_get_ids(d, "segments", &segments, err);
	if (st)
		return st;
	if (keyslots != lk_luks_keyslot_bits(h) || segments != 1)
		return lk_raise_code(err, LK_C_HEADER_JSON,
				     "the digest does not bind exactly the keyslots and segment 0");
	return LK_OK;
}

static enum lk_status read_digest(struct json_t *digests, const struct lk_luks_frame *frame,
				  struct lk_luks_header *ret, struct lk_error *err)
{
	static const char *const members[] = { "type",	     "keyslots", "segments", "hash",
					       "iterations", "salt",	 "digest",   NULL };
	struct lk_luks_digest *out = &ret->digest;
	struct json_t *d;
	enum lk_status st;
	size_t n;

	st = lk_luks_get_only_zero(digests, "digests", &d, err);
	if (st)
		return st;
	if (lk_json_only(d, members, err))
		return lk_luks_refuse(err, LK_C_HEADER_JSON);
	st = lk_luks_want_text(d, "type", "pbkdf2", LK_C_HEADER_KDF, err);
	if (!st)
		st = lk_luks_want_text(d, "hash", "sha256", LK_C_HEADER_KDF, err);
	if (!st)
		st = check_binding(d, ret, err);
	if (!st)
		st = lk_luks_get_u32(d, "iterations", LK_LUKS_PBKDF2_MIN,
				     frame->rules->max_digest_iterations, LK_C_HEADER_KDF,
				     &out->iterations, err);
	if (!st)
		st = lk_luks_get_bytes(d, "salt", LK_LUKS_SALT_MIN, sizeof(out->salt), out->salt,
				       &out->salt_len, err);
	if (!st)
		st = lk_luks_get_bytes(d, "digest", sizeof(out->value), sizeof(out->value),
				       out->value, &n, err);
	return st;
}

struct sections {
	struct json_t *keyslots, *tokens, *segments, *digests, *config;
};

static enum lk_status get_sections(const struct json_t *doc, struct sections *s,
				   struct lk_error *err)
{
	static const char *const members[] = { "keyslots", "tokens", "segments",
					       "digests",  "config", NULL };

	if (lk_json_only(doc, members, err) ||
	    lk_json_get_object(doc, "keyslots", &s->keyslots, err) ||
	    lk_json_get_object(doc, "tokens", &s->tokens, err) ||
	    lk_json_get_object(doc, "segments", &s->segments, err) ||
	    lk_json_get_object(doc, "digests", &s->digests, err) ||
	    lk_json_get_object(doc, "config", &s->config, err))
		return lk_luks_refuse(err, LK_C_HEADER_JSON);
	return LK_OK;
}

static enum lk_status read_sections(const struct sections *s, const struct lk_luks_frame *frame,
				    struct lk_luks_header *ret, struct lk_error *err)
{
	enum lk_status st;

	st = read_config(s->config, frame, ret, err);
	if (st)
		return lk_context(err, "check the header's config");
	st = read_segment(s->segments, frame, ret, err);
	if (st)
		return lk_context(err, "check the segment");
	st = lk_luks_keyslots_read(s->keyslots, frame, ret, err);
	if (st)
		return st;
	st = read_digest(s->digests, frame, ret, err);
	if (st)
		return lk_context(err, "check the digest");
	return lk_luks_tokens_read(s->tokens, ret, err);
}

enum lk_status lk_luks_json_read(const uint8_t *area, size_t len, const struct lk_luks_frame *frame,
				 struct lk_luks_header *ret, struct lk_error *err)
{
	const uint8_t *end = memchr(area, '\0', len);
	LK_JSON *doc = NULL;
	struct sections s = { 0 };
	enum lk_status st;

	if (!end || end - area > (ptrdiff_t)LK_LUKS_JSON_TEXT_MAX)
		return lk_raise_code(err, LK_C_HEADER_JSON, "the JSON text is longer than %u bytes",
				     LK_LUKS_JSON_TEXT_MAX);
	for (const uint8_t *p = end; p < area + len; p++) {
		if (*p != 0)
			return lk_raise_code(err, LK_C_HEADER_JSON, "bytes follow the JSON text");
	}
	if (lk_json_parse((const char *)area, (size_t)(end - area), &doc, err))
		return lk_luks_refuse(err, LK_C_HEADER_JSON);
	if (!lk_json_is_object(doc))
		return lk_raise_code(err, LK_C_HEADER_JSON, "the JSON text is not an object");
	st = get_sections(doc, &s, err);
	if (st)
		return st;
	return read_sections(&s, frame, ret, err);
}
