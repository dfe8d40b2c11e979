/* SPDX-License-Identifier: Apache-2.0 */
/* The keyslots of a LUKS2 header under our rules: cipher, place, splitter, KDF and its costs. */

#include <string.h>

#include "agent/luks_header_internal.h"

static enum lk_status read_pbkdf2(const struct json_t *kdf, const struct lk_luks_frame *frame,
				  struct lk_luks_kdf *ret, struct lk_error *err)
{
	static const char *const members[] = { "type", "hash", "iterations", "salt", NULL };
	const char *hash;

	if (lk_json_only(kdf, members, err) || lk_json_get_string(kdf, "hash", 64, &hash, err))
		return lk_luks_refuse(err, LK_C_HEADER_KDF);
	if (strcmp(hash, "sha256") != 0 && strcmp(hash, "sha512") != 0)
		return lk_raise_code(err, LK_C_HEADER_KDF, "hash is '%s', not sha256 or sha512",
				     hash);
	ret->kind = LK_LUKS_PBKDF2;
	ret->hash = strcmp(hash, "sha256") == 0 ? LK_SHA256 : LK_SHA512;
	return lk_luks_get_u32(kdf, "iterations", LK_LUKS_PBKDF2_MIN, frame->rules->max_iterations,
			       LK_C_HEADER_KDF, &ret->iterations, err);
}

static enum lk_status read_argon2id(const struct json_t *kdf, const struct lk_luks_frame *frame,
				    struct lk_luks_kdf *ret, struct lk_error *err)
{
	static const char *const members[] = { "type", "time", "memory", "cpus", "salt", NULL };
	const enum lk_code code = LK_C_HEADER_KDF;
	enum lk_status st;

	ret->kind = LK_LUKS_ARGON2ID;
	if (lk_json_only(kdf, members, err))
		return lk_luks_refuse(err, code);
	st = lk_luks_get_u32(kdf, "memory", LK_LUKS_ARGON2_MIN_KIB, frame->rules->max_argon2_kib,
			     code, &ret->memory_kib, err);
	if (st)
		return lk_context(err, "allow what this machine can spare for Argon2, in KiB");
	st = lk_luks_get_u32(kdf, "time", 1, LK_LUKS_ARGON2_TIME_MAX, code, &ret->time, err);
	if (st)
		return st;
	st = lk_luks_get_u32(kdf, "cpus", 1, LK_LUKS_ARGON2_CPUS_MAX, code, &ret->cpus, err);
	if (st)
		return st;
	if ((uint64_t)ret->time * ret->memory_kib > LK_LUKS_ARGON2_WORK_MAX)
		return lk_raise_code(err, code, "%u passes over %u KiB are more work than allowed",
				     ret->time, ret->memory_kib);
	return LK_OK;
}

static enum lk_status read_kdf(const struct json_t *slot, const struct lk_luks_frame *frame,
			       struct lk_luks_kdf *ret, struct lk_error *err)
{
	struct json_t *kdf;
	const char *type;
	enum lk_status st;

	if (lk_json_get_object(slot, "kdf", &kdf, err) ||
	    lk_json_get_string(kdf, "type", 64, &type, err))
		return lk_luks_refuse(err, LK_C_HEADER_KDF);
	if (strcmp(type, "pbkdf2") == 0)
		st = read_pbkdf2(kdf, frame, ret, err);
	else if (strcmp(type, "argon2id") == 0)
		st = read_argon2id(kdf, frame, ret, err);
	else
		st = lk_raise_code(err, LK_C_HEADER_KDF, "type is '%s', not pbkdf2 or argon2id",
				   type);
	if (st)
		return st;
	return lk_luks_get_bytes(kdf, "salt", LK_LUKS_SALT_MIN, sizeof(ret->salt), ret->salt,
				 &ret->salt_len, err);
}

static enum lk_status check_af(const struct json_t *slot, struct lk_error *err)
{
	static const char *const members[] = { "type", "stripes", "hash", NULL };
	const enum lk_code code = LK_C_HEADER_JSON;
	struct json_t *af;
	uint32_t stripes;
	enum lk_status st;

	if (lk_json_get_object(slot, "af", &af, err) || lk_json_only(af, members, err))
		return lk_luks_refuse(err, code);
	st = lk_luks_want_text(af, "type", "luks1", code, err);
	if (!st)
		st = lk_luks_want_text(af, "hash", "sha256", code, err);
	if (!st)
		st = lk_luks_get_u32(af, "stripes", LK_LUKS_STRIPES, LK_LUKS_STRIPES, code,
				     &stripes, err);
	return st;
}

static enum lk_status check_area_place(const struct lk_luks_keyslot *slot,
				       const struct lk_luks_header *h, struct lk_error *err)
{
	const uint64_t begin = 2 * h->hdr_size, end = begin + h->keyslots_size;
	const uint64_t size = lk_luks_area_size(h->integrity);

	if (slot->area_size != size)
		return lk_raise_code(err, LK_C_HEADER_AREA, "size is %llu, not %llu",
				     (unsigned long long)slot->area_size, (unsigned long long)size);
	if (slot->area_offset % LK_LUKS_ALIGN != 0 || slot->area_offset < begin ||
	    slot->area_offset > end || slot->area_size > end - slot->area_offset)
		return lk_raise_code(err, LK_C_HEADER_AREA,
				     "the area lies outside the keyslots area");
	return LK_OK;
}

static enum lk_status read_area(const struct json_t *slot, const struct lk_luks_header *h,
				struct lk_luks_keyslot *ret, struct lk_error *err)
{
	static const char *const members[] = { "type",	     "offset",	 "size",
					       "encryption", "key_size", NULL };
	struct json_t *area;
	enum lk_status st;

	if (lk_json_get_object(slot, "area", &area, err) || lk_json_only(area, members, err))
		return lk_luks_refuse(err, LK_C_HEADER_JSON);
	st = lk_luks_want_text(area, "type", "raw", LK_C_HEADER_JSON, err);
	if (!st)
		st = lk_luks_want_text(area, "encryption", LK_LUKS_CIPHER, LK_C_HEADER_CIPHER, err);
	if (!st)
		st = lk_luks_get_u32(area, "key_size", 32, 64, LK_C_HEADER_CIPHER,
				     &ret->area_key_size, err);
	if (st)
		return st;
	if (ret->area_key_size != 32 && ret->area_key_size != 64)
		return lk_raise_code(err, LK_C_HEADER_CIPHER, "key_size is %u, not 32 or 64",
				     ret->area_key_size);
	if (lk_json_get_u64_string(area, "offset", INT64_MAX, &ret->area_offset, err) ||
	    lk_json_get_u64_string(area, "size", INT64_MAX, &ret->area_size, err))
		return lk_luks_refuse(err, LK_C_HEADER_AREA);
	return check_area_place(ret, h, err);
}

static enum lk_status read_keyslot(const struct json_t *slot, const struct lk_luks_frame *frame,
				   const struct lk_luks_header *h, struct lk_luks_keyslot *ret,
				   struct lk_error *err)
{
	static const char *const members[] = { "type", "key_size", "af", "area", "kdf", NULL };
	const uint32_t want = lk_luks_key_size(h->integrity);
	uint32_t key_size;
	enum lk_status st;

	if (!lk_json_is_object(slot))
		return lk_raise_code(err, LK_C_HEADER_JSON, "not an object");
	if (lk_json_only(slot, members, err))
		return lk_luks_refuse(err, LK_C_HEADER_JSON);
	st = lk_luks_want_text(slot, "type", "luks2", LK_C_HEADER_JSON, err);
	if (!st)
		st = lk_luks_get_u32(slot, "key_size", want, want, LK_C_HEADER_CIPHER, &key_size,
				     err);
	if (!st)
		st = read_area(slot, h, ret, err);
	if (!st)
		st = check_af(slot, err);
	if (!st)
		st = read_kdf(slot, frame, &ret->kdf, err);
	return st;
}

static bool areas_overlap(const struct lk_luks_keyslot *a, const struct lk_luks_keyslot *b)
{
	return a->area_offset < b->area_offset + b->area_size &&
	       b->area_offset < a->area_offset + a->area_size;
}

/* Insert by rising id, so that the order of members in the document does not matter. */
static enum lk_status add_keyslot(struct lk_luks_header *h, const struct lk_luks_keyslot *slot,
				  struct lk_error *err)
{
	size_t at = h->n_keyslots;

	for (size_t i = 0; i < h->n_keyslots; i++) {
		if (areas_overlap(&h->keyslots[i], slot))
			return lk_raise_code(err, LK_C_HEADER_AREA,
					     "the area overlaps that of keyslot %u",
					     h->keyslots[i].id);
	}
	for (; at > 0 && h->keyslots[at - 1].id > slot->id; at--)
		h->keyslots[at] = h->keyslots[at - 1];
	h->keyslots[at] = *slot;
	h->n_keyslots++;
	return LK_OK;
}

enum lk_status lk_luks_keyslots_read(struct json_t *keyslots, const struct lk_luks_frame *frame,
				     struct lk_luks_header *ret, struct lk_error *err)
{
	size_t n = lk_json_count(keyslots);
	unsigned max = frame->rules->max_keyslots;
	struct json_t *value;
	void *iter = NULL;
	const char *name;
	enum lk_status st;

	if (max > LK_LUKS_KEYSLOTS_MAX)
		max = LK_LUKS_KEYSLOTS_MAX;
	if (n < 1 || n > max)
		return lk_raise_code(err, LK_C_HEADER_JSON,
				     "%zu keyslots, where 1 to %u are allowed", n, max);
	while (lk_json_next(keyslots, &iter, &name, &value)) {
		struct lk_luks_keyslot slot = { 0 };

		if (!lk_luks_id_read(name, &slot.id))
			return lk_raise_code(err, LK_C_HEADER_JSON,
					     "a keyslot's name is no number");
		st = read_keyslot(value, frame, ret, &slot, err);
		if (!st)
			st = add_keyslot(ret, &slot, err);
		if (st)
			return lk_context(err, "check keyslot %u", slot.id);
	}
	return LK_OK;
}
