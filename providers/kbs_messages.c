/* SPDX-License-Identifier: Apache-2.0 */
/* The messages of the key broker protocol: Request, Challenge, Attestation, token, cookie. */
#include "providers/kbs_messages.h"

#include <string.h>
#include <strings.h>

#include "core/base64.h"
#include "core/http.h"

#define COOKIE_NAME "kbs-session-id="

static const struct {
	const char *name;
	enum lk_hash hash;
} hashes[] = {
	{ "sha256", LK_SHA256 },
	{ "sha384", LK_SHA384 },
	{ "sha512", LK_SHA512 },
};
#define N_HASHES (sizeof(hashes) / sizeof(hashes[0]))

static enum lk_status no_memory(struct lk_error *err)
{
	return lk_raise(err, LK_INTERNAL, "out of memory for a message");
}

static struct json_t *extra_params(void)
{
	LK_JSON *names = lk_json_array();
	LK_JSON *extra = lk_json_object();
	size_t i;

	for (i = 0; i < N_HASHES; i++)
		if (!names || !lk_json_append_string(names, hashes[i].name))
			return NULL;
	if (!extra || !lk_json_set(extra, "supported-hash-algorithms", lk_take(names)))
		return NULL;
	return lk_take(extra);
}

enum lk_status lk_kbs_request_build(enum lk_kbs_protocol protocol, const char *tee, char **ret,
				    size_t *ret_len, struct lk_error *err)
{
	const struct lk_kbs_dialect *d = lk_kbs_dialect(protocol);
	LK_JSON *doc = lk_json_object();

	if (!doc || !lk_json_set_string(doc, "version", d->version) ||
	    !lk_json_set_string(doc, "tee", tee) ||
	    !(d->offers_hashes ? lk_json_set(doc, "extra-params", extra_params())
			       : lk_json_set_string(doc, "extra-params", "")))
		return no_memory(err);
	return lk_json_dump(doc, LK_JSON_COMPACT, ret, ret_len, err);
}

/* A hash that the server selects is taken as it is or refused, never replaced by another. */
static enum lk_status selected_hash(const struct lk_kbs_dialect *d, const struct json_t *extra,
				    enum lk_hash *ret, struct lk_error *err)
{
	const char *name;
	enum lk_status st;
	size_t i;

	*ret = LK_SHA384;
	if (lk_json_is_string(extra) || lk_json_is_null(extra))
		return LK_OK;
	if (!lk_json_is_object(extra))
		return lk_raise_code(err, LK_C_REPLY_INVALID, "extra-params is not an object");
	if (!lk_json_has(extra, "selected-hash-algorithm"))
		return LK_OK;
	st = lk_json_get_string(extra, "selected-hash-algorithm", 16, &name, err);
	if (st)
		return st;
	for (i = 0; i < N_HASHES && d->offers_hashes; i++) {
		if (strcasecmp(hashes[i].name, name) == 0) {
			*ret = hashes[i].hash;
			return LK_OK;
		}
	}
	return lk_raise_code(err, LK_C_REPLY_INVALID, "the hash it selects was not offered");
}

static enum lk_status take_nonce(const struct json_t *doc, char *out, struct lk_error *err)
{
	const char *nonce, *p;
	enum lk_status st;

	st = lk_json_get_string(doc, "nonce", LK_KBS_NONCE_MAX, &nonce, err);
	if (st)
		return st;
	if (strlen(nonce) < LK_KBS_NONCE_MIN)
		return lk_raise_code(err, LK_C_REPLY_INVALID, "the nonce is too short");
	for (p = nonce; *p; p++)
		if (*p < 0x20 || *p > 0x7e)
			return lk_raise_code(err, LK_C_REPLY_INVALID, "the nonce is not text");
	memcpy(out, nonce, strlen(nonce) + 1);
	return LK_OK;
}

enum lk_status lk_kbs_challenge_parse(enum lk_kbs_protocol protocol, const void *text, size_t len,
				      struct lk_kbs_challenge *ret, struct lk_error *err)
{
	static const char *const members[] = { "nonce", "extra-params", NULL };
	struct lk_kbs_challenge c = { .protocol = protocol };
	LK_JSON *doc = NULL;
	enum lk_status st;

	st = lk_json_parse(text, len, &doc, err);
	if (st)
		return st;
	st = lk_json_only(doc, members, err);
	if (st)
		return st;
	st = take_nonce(doc, c.nonce, err);
	if (st)
		return st;
	if (!lk_json_has(doc, "extra-params"))
		return lk_raise_code(err, LK_C_REPLY_INVALID, "extra-params is missing");
	st = selected_hash(lk_kbs_dialect(protocol), lk_json_get(doc, "extra-params"), &c.hash,
			   err);
	if (st)
		return st;
	*ret = c;
	return LK_OK;
}

/* {"nonce", "tee-pubkey"}, the part that both documents share. */
static struct json_t *runtime_data(const struct lk_kbs_challenge *c, struct json_t *tee_key)
{
	LK_JSON *doc = lk_json_object();

	if (!doc || !lk_json_set_string(doc, "nonce", c->nonce) ||
	    !lk_json_set(doc, "tee-pubkey", lk_json_ref(tee_key)))
		return NULL;
	return lk_take(doc);
}

enum lk_status lk_kbs_report_data(const struct lk_kbs_challenge *c, struct json_t *tee_key,
				  uint8_t out[LK_HASH_MAX], struct lk_error *err)
{
	LK_JSON *doc = runtime_data(c, tee_key);
	LK_JSON_TEXT *text = NULL;
	enum lk_status st;
	size_t len;

	/* hashed even when empty; spelled with a dash here and with underscores when sent */
	if (!doc || (lk_kbs_dialect(c->protocol)->evidence_in_parts &&
		     !lk_json_set_string(doc, "additional-evidence", "")))
		return no_memory(err);
	st = lk_json_dump(doc, LK_JSON_CANONICAL, &text, &len, err);
	if (st)
		return st;
	return lk_hash(c->hash, text, len, out, err);
}

/* {"init-data", "runtime-data", "tee-evidence"} */
static struct json_t *in_parts(const struct lk_kbs_challenge *c, struct json_t *tee_key,
			       struct json_t *evidence)
{
	LK_JSON *tee = lk_json_object();
	LK_JSON *doc = lk_json_object();

	if (!tee || !lk_json_set(tee, "primary_evidence", lk_json_ref(evidence)) ||
	    !lk_json_set_string(tee, "additional_evidence", ""))
		return NULL;
	if (!doc || !lk_json_set_null(doc, "init-data") ||
	    !lk_json_set(doc, "runtime-data", runtime_data(c, tee_key)) ||
	    !lk_json_set(doc, "tee-evidence", lk_take(tee)))
		return NULL;
	return lk_take(doc);
}

/* {"tee-pubkey", "tee-evidence"}, the latter as an object or as text */
static enum lk_status in_one(bool as_text, struct json_t *tee_key, struct json_t *evidence,
			     struct json_t **ret, struct lk_error *err)
{
	LK_JSON *doc = lk_json_object();
	LK_JSON_TEXT *text = NULL;
	enum lk_status st;
	size_t len;

	if (!doc || !lk_json_set(doc, "tee-pubkey", lk_json_ref(tee_key)))
		return no_memory(err);
	if (as_text) {
		st = lk_json_dump(evidence, LK_JSON_COMPACT, &text, &len, err);
		if (st)
			return st;
	}
	if (!(as_text ? lk_json_set_string(doc, "tee-evidence", text)
		      : lk_json_set(doc, "tee-evidence", lk_json_ref(evidence))))
		return no_memory(err);
	*ret = lk_take(doc);
	return LK_OK;
}

enum lk_status lk_kbs_attestation_build(const struct lk_kbs_challenge *c, struct json_t *tee_key,
					struct json_t *evidence, char **ret, size_t *ret_len,
					struct lk_error *err)
{
	const struct lk_kbs_dialect *d = lk_kbs_dialect(c->protocol);
	LK_JSON *doc = NULL;
	LK_JSON_TEXT *text = NULL;
	enum lk_status st;
	size_t len;

	if (d->evidence_in_parts) {
		doc = in_parts(c, tee_key, evidence);
		st = doc ? LK_OK : no_memory(err);
	} else {
		st = in_one(d->evidence_is_text, tee_key, evidence, &doc, err);
	}
	if (!st)
		st = lk_json_dump(doc, LK_JSON_COMPACT, &text, &len, err);
	if (st)
		return st;
	if (len > LK_KBS_ATTESTATION_MAX)
		return lk_raise(err, LK_INTERNAL, "the evidence is larger than a server takes");
	*ret = lk_take(text);
	*ret_len = len;
	return LK_OK;
}

static bool token_part_ok(const char *p, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		const char c = p[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
		    c != '-' && c != '_')
			return false;
	}
	return len > 0;
}

/* Dates are numbers, or not there. */
static enum lk_status take_life(const struct json_t *payload, int64_t *ret_life_s,
				struct lk_error *err)
{
	const int64_t most = (int64_t)1 << 53;
	int64_t exp = 0, iat = 0;
	enum lk_status st = LK_OK;

	if (lk_json_has(payload, "exp"))
		st = lk_json_get_int(payload, "exp", 0, most, &exp, err);
	if (!st && lk_json_has(payload, "iat"))
		st = lk_json_get_int(payload, "iat", 0, most, &iat, err);
	if (st)
		return st;
	*ret_life_s = 0;
	if (exp == 0 || iat == 0)
		return LK_OK;
	if (exp <= iat)
		return lk_raise_code(err, LK_C_REPLY_INVALID, "the token ends before it begins");
	*ret_life_s = exp - iat;
	return LK_OK;
}

static enum lk_status read_payload(const char *part, size_t len, int64_t *ret_life_s,
				   struct lk_error *err)
{
	LK_SECRET payload = { 0 };
	LK_JSON *doc = NULL;
	enum lk_status st;

	st = lk_secret_alloc(&payload, len, err);
	if (st)
		return st;
	if (!lk_b64_decode(LK_B64_URL, part, len, payload.data, payload.cap, &payload.len))
		return lk_raise_code(err, LK_C_REPLY_INVALID, "the token's payload is not base64");
	st = lk_json_parse((const char *)payload.data, payload.len, &doc, err);
	if (!st && !lk_json_is_object(doc))
		st = lk_raise_code(err, LK_C_REPLY_INVALID, "not an object");
	if (!st)
		st = take_life(doc, ret_life_s, err);
	return st ? lk_context(err, "read the token's payload") : LK_OK;
}

static enum lk_status read_token(const char *token, int64_t *ret_life_s, struct lk_error *err)
{
	const char *first = strchr(token, '.');
	const char *second = first ? strchr(first + 1, '.') : NULL;

	if (!second || !token_part_ok(token, (size_t)(first - token)) ||
	    !token_part_ok(first + 1, (size_t)(second - first - 1)) ||
	    !token_part_ok(second + 1, strlen(second + 1)))
		return lk_raise_code(err, LK_C_REPLY_INVALID,
				     "the token does not have three parts of base64");
	return read_payload(first + 1, (size_t)(second - first - 1), ret_life_s, err);
}

enum lk_status lk_kbs_token_parse(const void *text, size_t len, struct lk_secret *ret,
				  int64_t *ret_life_s, struct lk_error *err)
{
	static const char *const members[] = { "token", NULL };
	LK_JSON *doc = NULL;
	const char *token;
	enum lk_status st;

	st = lk_json_parse(text, len, &doc, err);
	if (st)
		return st;
	st = lk_json_only(doc, members, err);
	if (st)
		return st;
	st = lk_json_get_string(doc, "token", LK_KBS_TOKEN_MAX, &token, err);
	if (st)
		return st;
	st = read_token(token, ret_life_s, err);
	return st || !ret ? st : lk_secret_from(ret, token, strlen(token) + 1, err);
}

/* RFC 6265 section 4.1.1, cookie-octet. */
static bool cookie_octet(char c)
{
	return c > 0x20 && c < 0x7f && c != '"' && c != ',' && c != ';' && c != '\\';
}

enum lk_status lk_kbs_cookie_parse(const void *head, size_t len, char out[LK_KBS_COOKIE_MAX + 1],
				   struct lk_error *err)
{
	const size_t skip = strlen(COOKIE_NAME);
	const char *value;
	size_t i, n;
	unsigned which;

	for (which = 0; lk_http_header(head, len, "Set-Cookie", which, &value, &n); which++) {
		if (n < skip || memcmp(value, COOKIE_NAME, skip) != 0)
			continue;
		value += skip;
		n -= skip;
		for (i = 0; i < n && cookie_octet(value[i]); i++)
			;
		if (i == 0 || i > LK_KBS_COOKIE_MAX || (i < n && value[i] != ';'))
			return lk_raise_code(err, LK_C_REPLY_INVALID, "the cookie is malformed");
		memcpy(out, value, i);
		out[i] = '\0';
		return LK_OK;
	}
	return lk_raise(err, LK_ABSENT, "the answer sets no cookie");
}
