/* SPDX-License-Identifier: Apache-2.0 */
/* The payload of a sealed secret: its members, each bounded, and none besides. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base64.h"
#include "core/cleanup.h"
#include "providers/sealed.h"

#define NAME_MAX_BYTES	  512
#define WORD_MAX	  192
#define GCM_IV		  12
#define CTR_IV		  16
#define GCM_TAG		  16
#define ENCODED_KEY_MAX	  10924 /* 8 KiB in base64 */

#define invalid(err, ...) lk_raise_code((err), LK_C_SEALED_INVALID, __VA_ARGS__)

static const char *const common[] = { "version",	   "type",	  "provider",
				      "provider_settings", "annotations", NULL };
static const char *const of_vault[] = { "name", NULL };
static const char *const of_envelope[] = {
	"key_id", "encrypted_key", "encrypted_data", "wrap_type", "iv", NULL
};

void lk_sealed_free(struct lk_sealed *s)
{
	lk_json_free(s->doc);
	free(s->key);
	free(s->data);
	*s = (struct lk_sealed){ 0 };
}

static bool is_json_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool has_members(const char *text, size_t n)
{
	struct lk_error ignored = { 0 };
	LK_JSON *doc = NULL;

	return lk_json_parse(text, n, &doc, &ignored) == LK_OK && lk_json_is_object(doc) &&
	       lk_json_has(doc, "version") && lk_json_has(doc, "type") &&
	       lk_json_has(doc, "provider");
}

enum lk_sealed_form lk_sealed_form(const void *data, size_t n)
{
	static const char start[] = "sealed.";
	const char *text = data;
	size_t i = 0;

	if (n >= sizeof(start) - 1 && memcmp(text, start, sizeof(start) - 1) == 0)
		return LK_SEALED_JWS;
	while (i < n && is_json_space(text[i]))
		i++;
	if (i == n || text[i] != '{' || n > LK_SEALED_MAX || !has_members(text, n))
		return LK_SEALED_NOT;
	return LK_SEALED_BARE;
}

/* What the JSON reader says of it, under our own code. */
static enum lk_status as_invalid(struct lk_error *err)
{
	if (err->status == LK_TAMPERED)
		err->code = LK_C_SEALED_INVALID;
	return lk_context(err, "sealed secret");
}

static bool is_in(const char *const *names, const char *name)
{
	for (; *names; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

static enum lk_status check_members(struct json_t *doc, bool vault, struct lk_error *err)
{
	struct json_t *value;
	void *iter = NULL;
	const char *name;

	while (lk_json_next(doc, &iter, &name, &value))
		if (!is_in(common, name) && !is_in(vault ? of_vault : of_envelope, name))
			return invalid(err, "a member '%.40s' that it does not have", name);
	return LK_OK;
}

/* One of two words, in any case if `lax`; *ret is whether it is the second. */
static enum lk_status get_choice(const struct json_t *obj, const char *name, bool lax,
				 const char *first, const char *second, bool *ret,
				 struct lk_error *err)
{
	int (*const compare)(const char *a, const char *b) = lax ? strcasecmp : strcmp;
	const char *text;
	enum lk_status st;

	st = lk_json_get_string(obj, name, 64, &text, err);
	if (st)
		return st;
	*ret = compare(text, second) == 0;
	if (*ret || compare(text, first) == 0)
		return LK_OK;
	return invalid(err, "%s '%.40s' is neither %s nor %s", name, text, first, second);
}

/* Texts of an object, each of which may be absent; no others. */
static enum lk_status get_texts(struct json_t *obj, const char *what, const char *const *names,
				const char **const *rets, struct lk_error *err)
{
	struct json_t *value;
	void *iter = NULL;
	const char *name;
	size_t i;

	while (lk_json_next(obj, &iter, &name, &value)) {
		for (i = 0; names[i] && strcmp(names[i], name) != 0; i++)
			;
		if (!names[i])
			return invalid(err, "%s: a member '%.40s' that is not taken", what, name);
		if (lk_json_get_string(obj, name, WORD_MAX, rets[i], err))
			return lk_context(err, "%s", what);
	}
	return LK_OK;
}

static enum lk_status get_settings(struct lk_sealed *s, struct lk_error *err)
{
	static const char *const names[] = { "client_type", "client_key_id", "kms_instance_id",
					     "region_id",   "token_path",    NULL };
	static const char *const none[] = { NULL };
	const char **const rets[] = { &s->settings.client_type, &s->settings.client_key_id,
				      &s->settings.kms_instance_id, &s->settings.region_id,
				      &s->settings.token_path };
	struct json_t *obj;
	enum lk_status st;

	st = lk_json_get_object(s->doc, "provider_settings", &obj, err);
	if (st)
		return st;
	return get_texts(obj, "provider_settings", s->vendor == LK_SEALED_KBS ? none : names, rets,
			 err);
}

/* Bytes in base64 with padding; the caller frees *ret. */
static enum lk_status get_bytes(const struct json_t *obj, const char *name, size_t max,
				uint8_t **ret, size_t *ret_n, struct lk_error *err)
{
	LK_FREE uint8_t *bytes = NULL;
	const char *text;
	enum lk_status st;

	st = lk_json_get_string(obj, name, max, &text, err);
	if (st)
		return st;
	bytes = malloc(strlen(text) + 1);
	if (!bytes)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	if (!lk_b64_decode(LK_B64_STD, text, strlen(text), bytes, strlen(text) + 1, ret_n) ||
	    !*ret_n)
		return invalid(err, "%s is not base64 with padding, or empty", name);
	*ret = lk_take(bytes);
	return LK_OK;
}

static enum lk_status get_iv(const struct json_t *obj, const char *name, uint8_t *ret, size_t cap,
			     size_t *ret_n, struct lk_error *err)
{
	const char *text;
	enum lk_status st;

	st = lk_json_get_string(obj, name, 128, &text, err);
	if (st)
		return st;
	if (!lk_b64_decode(LK_B64_STD, text, strlen(text), ret, cap, ret_n) || !*ret_n)
		return invalid(err, "%s is no initialization vector in base64", name);
	return LK_OK;
}

static enum lk_status get_envelope(struct lk_sealed *s, struct json_t *annotations,
				   struct lk_error *err)
{
	static const char *const names[] = { "iv", NULL };
	const char *ignored = NULL, **const rets[] = { &ignored };
	size_t n = 0;
	enum lk_status st;

	if (s->vendor == LK_SEALED_KBS)
		return invalid(err, "provider: a key broker opens no envelope");
	st = get_texts(annotations, "annotations", names, rets, err);
	if (!st)
		st = get_iv(annotations, "iv", s->key_iv, sizeof(s->key_iv), &s->key_iv_len, err);
	if (st)
		return lk_context(err, "annotations");
	st = get_choice(s->doc, "wrap_type", false, "A256GCM", "A256CTR", &s->ctr, err);
	if (!st)
		st = lk_json_get_string(s->doc, "key_id", NAME_MAX_BYTES, &s->name, err);
	if (!st)
		st = get_iv(s->doc, "iv", s->iv, sizeof(s->iv), &n, err);
	if (!st && n != (s->ctr ? CTR_IV : GCM_IV))
		return invalid(err, "iv has %zu bytes, not %d", n, s->ctr ? CTR_IV : GCM_IV);
	if (!st)
		st = get_bytes(s->doc, "encrypted_key", ENCODED_KEY_MAX, &s->key, &s->key_len, err);
	if (!st)
		st = get_bytes(s->doc, "encrypted_data", LK_SEALED_MAX, &s->data, &s->data_len,
			       err);
	if (!st && !s->ctr && s->data_len <= GCM_TAG)
		return invalid(err, "encrypted_data holds no more than a tag");
	return st;
}

static enum lk_status get_vault(struct lk_sealed *s, struct json_t *annotations,
				struct lk_error *err)
{
	static const char *const names[] = { "version_stage", "version_id", NULL };
	static const char *const none[] = { NULL };
	const char **const rets[] = { &s->version_stage, &s->version_id };
	enum lk_status st;

	st = lk_json_get_string(s->doc, "name", NAME_MAX_BYTES, &s->name, err);
	return st ? st
		  : get_texts(annotations, "annotations", s->vendor == LK_SEALED_KBS ? none : names,
			      rets, err);
}

static enum lk_status get_members(struct lk_sealed *s, struct lk_error *err)
{
	struct json_t *annotations;
	const char *version;
	enum lk_status st;
	bool kbs = false;

	st = lk_json_get_string(s->doc, "version", 16, &version, err);
	if (!st && strcmp(version, LK_SEALED_VERSION) != 0)
		return invalid(err, "version '%s' is not " LK_SEALED_VERSION, version);
	if (!st)
		st = get_choice(s->doc, "type", false, "envelope", "vault", &s->vault, err);
	if (!st)
		st = get_choice(s->doc, "provider", true, "aliyun", "kbs", &kbs, err);
	s->vendor = kbs ? LK_SEALED_KBS : LK_SEALED_ALIYUN;
	if (!st)
		st = check_members(s->doc, s->vault, err);
	if (!st)
		st = get_settings(s, err);
	if (!st)
		st = lk_json_get_object(s->doc, "annotations", &annotations, err);
	if (st)
		return st;
	st = s->vault ? get_vault(s, annotations, err) : get_envelope(s, annotations, err);
	if (!st && !*s->name)
		return invalid(err, "%s is empty", s->vault ? "name" : "key_id");
	return st;
}

enum lk_status lk_sealed_parse(const char *json, size_t n, struct lk_sealed *ret,
			       struct lk_error *err)
{
	LK_SEALED s = { 0 };
	enum lk_status st;

	if (n > LK_SEALED_MAX)
		return invalid(err, "sealed secret: longer than %u bytes", LK_SEALED_MAX);
	st = lk_json_parse(json, n, &s.doc, err);
	if (!st && !lk_json_is_object(s.doc))
		st = invalid(err, "not a JSON object");
	if (!st)
		st = get_members(&s, err);
	if (st)
		return as_invalid(err);
	*ret = s;
	s = (struct lk_sealed){ 0 };
	return LK_OK;
}
