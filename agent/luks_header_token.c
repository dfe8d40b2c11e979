/* SPDX-License-Identifier: Apache-2.0 */
/* The one token of a LUKS2 header under our rules. It never configures anything: its MAC is judged by
 * agent/header_mac.h, and what it says of keyslots guides only who changes the header. */

#include <string.h>

#include "agent/luks_header_internal.h"

uint32_t lk_luks_keyslot_bits(const struct lk_luks_header *h)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < h->n_keyslots; i++)
		bits |= UINT32_C(1) << h->keyslots[i].id;
	return bits;
}

enum lk_status lk_luks_get_ids(const struct json_t *obj, const char *name, uint32_t *ret,
			       struct lk_error *err)
{
	struct json_t *list;
	uint32_t bits = 0;

	if (lk_json_get_array(obj, name, &list, err))
		return lk_luks_refuse(err, LK_C_HEADER_JSON);
	for (size_t i = 0; i < lk_json_count(list); i++) {
		const char *text = lk_json_string_value(lk_json_at(list, i));
		unsigned id;

		if (!text || !lk_luks_id_read(text, &id) || (bits & (UINT32_C(1) << id)))
			return lk_raise_code(err, LK_C_HEADER_JSON, "%s is not a list of ids",
					     name);
		bits |= UINT32_C(1) << id;
	}
	*ret = bits;
	return LK_OK;
}

/* A list of at most one keyslot; absent is empty. */
static enum lk_status get_role(const struct json_t *t, const char *name, uint32_t *ret,
			       struct lk_error *err)
{
	enum lk_status st;

	*ret = 0;
	if (!lk_json_has(t, name))
		return LK_OK;
	st = lk_luks_get_ids(t, name, ret, err);
	if (st)
		return st;
	if (*ret & (*ret - 1))
		return lk_raise_code(err, LK_C_HEADER_JSON, "%s names more than one keyslot", name);
	return LK_OK;
}

static enum lk_status read_slots(const struct json_t *t, const struct lk_luks_header *h,
				 struct lk_luks_token *ret, struct lk_error *err)
{
	uint32_t all;
	enum lk_status st;

	st = lk_luks_get_ids(t, "keyslots", &ret->keyslots, err);
	if (!st)
		st = get_role(t, "recovery", &ret->recovery, err);
	if (!st)
		st = get_role(t, "next", &ret->next, err);
	if (st)
		return st;
	all = ret->keyslots | ret->recovery | ret->next;
	if (all & ~lk_luks_keyslot_bits(h))
		return lk_raise_code(err, LK_C_HEADER_JSON, "the token names an absent keyslot");
	if ((ret->keyslots & ret->recovery) || (ret->next & (ret->keyslots | ret->recovery)))
		return lk_raise_code(err, LK_C_HEADER_JSON, "the token names a keyslot twice");
	return LK_OK;
}

static enum lk_status read_mac(const struct json_t *t, struct lk_luks_token *ret,
			       struct lk_error *err)
{
	size_t n;

	ret->has_mac = lk_json_has(t, "mac");
	if (ret->has_mac != lk_json_has(t, "generation"))
		return lk_raise_code(err, LK_C_HEADER_JSON, "mac and generation belong together");
	if (!ret->has_mac)
		return LK_OK;
	if (lk_json_get_u64_string(t, "generation", INT64_MAX, &ret->generation, err))
		return lk_luks_refuse(err, LK_C_HEADER_JSON);
	if (ret->generation == 0)
		return lk_raise_code(err, LK_C_HEADER_JSON, "the generation is 0");
	return lk_luks_get_bytes(t, "mac", sizeof(ret->mac), sizeof(ret->mac), ret->mac, &n, err);
}

static enum lk_status read_token(struct json_t *tokens, const struct lk_luks_header *h,
				 struct lk_luks_token *ret, struct lk_error *err)
{
	static const char *const members[] = { "type",	     "keyslots", "recovery", "next",
					       "generation", "mac",	 NULL };
	struct json_t *t;
	enum lk_status st;

	st = lk_luks_get_only_zero(tokens, "tokens", &t, err);
	if (!st)
		st = lk_luks_want_text(t, "type", "latchkey", LK_C_HEADER_JSON, err);
	if (st)
		return st;
	if (lk_json_only(t, members, err))
		return lk_luks_refuse(err, LK_C_HEADER_JSON);
	st = read_slots(t, h, ret, err);
	return st ? st : read_mac(t, ret, err);
}

enum lk_status lk_luks_tokens_read(struct json_t *tokens, struct lk_luks_header *ret,
				   struct lk_error *err)
{
	enum lk_status st;

	if (lk_json_count(tokens) == 0)
		return LK_OK;
	st = read_token(tokens, ret, &ret->token, err);
	if (st)
		return lk_context(err, "check the token");
	ret->has_token = true;
	return LK_OK;
}
