/* SPDX-License-Identifier: Apache-2.0 */
/* Compact JWS (RFC 7515, 7.1) with ES256: made, parsed, and verified with a key that the caller
 * trusts, never with one that the token brings along. */
#include <string.h>

#include "core/base64.h"
#include "core/jose_internal.h"

#define ALG	       "ES256"
#define SIG_SIZE       64
#define NAME_MAX_BYTES 1024

void lk_jws_free(struct lk_jws *jws)
{
	lk_json_free(jws->header);
	free(jws->payload);
	*jws = (struct lk_jws){ 0 };
}

static enum lk_status write_header(const char *typ, const char *kid, char **ret, size_t *ret_len,
				   struct lk_error *err)
{
	LK_JSON *header = lk_json_object();
	bool ok = header != NULL;

	if (typ)
		ok = ok && lk_json_set_string(header, "typ", typ);
	ok = ok && lk_json_set_string(header, "alg", ALG);
	if (kid)
		ok = ok && lk_json_set_string(header, "kid", kid);
	if (!ok)
		return lk_raise(err, LK_INTERNAL, "write a JWS: out of memory");
	return lk_json_dump(header, LK_JSON_COMPACT, ret, ret_len, err);
}

enum lk_status lk_jws_sign(const struct lk_keypair *k, const char *typ, const char *kid,
			   const char *payload, size_t n, char **ret, struct lk_error *err)
{
	LK_JSON_TEXT *header = NULL;
	LK_FREE char *token = NULL;
	uint8_t sig[132];
	size_t header_len, at, sig_len;
	enum lk_status st;

	if (lk_keypair_kind(k) != LK_KEY_P256)
		return lk_raise(err, LK_CONFIG, "sign a JWS: " ALG " needs a key on P-256");
	if (n > LK_JWS_MAX / 4 * 3 - 2 * NAME_MAX_BYTES)
		return lk_raise(err, LK_INTERNAL, "sign a JWS: a payload of %zu bytes", n);
	st = write_header(typ, kid, &header, &header_len, err);
	if (st)
		return lk_context(err, "sign a JWS");
	token = malloc(LK_B64_SIZE(header_len) + LK_B64_SIZE(n) + LK_B64_SIZE(SIG_SIZE));
	if (!token)
		return lk_raise(err, LK_INTERNAL, "sign a JWS: out of memory");
	at = lk_b64_encode(LK_B64_URL, header, header_len, token);
	token[at++] = '.';
	at += lk_b64_encode(LK_B64_URL, payload, n, token + at);
	st = lk_ecdsa_sign(k, token, at, sig, &sig_len, err);
	if (st)
		return lk_context(err, "sign a JWS");
	token[at++] = '.';
	lk_b64_encode(LK_B64_URL, sig, sig_len, token + at);
	*ret = lk_take(token);
	return LK_OK;
}

static enum lk_status parse_header(const char *text, size_t len, struct lk_jws *jws,
				   struct lk_error *err)
{
	LK_FREE uint8_t *json = NULL;
	enum lk_status st;
	const char *alg;
	size_t n;

	st = lk_jose_decode(text, len, "the header", &json, &n, err);
	if (st)
		return st;
	st = lk_json_parse((const char *)json, n, &jws->header, err);
	if (st)
		return st;
	st = lk_json_get_string(jws->header, "alg", 64, &alg, err);
	if (st)
		return st;
	if (strcmp(alg, ALG) != 0)
		return lk_raise_code(err, LK_C_REPLY_INVALID, "alg '%s' is not " ALG, alg);
	/* RFC 7515, 4.1.11: what is critical and not understood makes the token invalid */
	if (lk_json_has(jws->header, "crit"))
		return lk_raise_code(err, LK_C_REPLY_INVALID, "the header asks for extensions");
	return LK_OK;
}

enum lk_status lk_jws_parse(const char *token, size_t len, struct lk_jws *jws, struct lk_error *err)
{
	const char *end = token + len, *dot, *dot2;
	enum lk_status st;
	size_t n;

	if (len > LK_JWS_MAX)
		return lk_raise_code(err, LK_C_REPLY_INVALID, "longer than %u bytes", LK_JWS_MAX);
	dot = len ? memchr(token, '.', len) : NULL;
	dot2 = dot ? memchr(dot + 1, '.', (size_t)(end - dot - 1)) : NULL;
	if (!dot2)
		return lk_raise_code(err, LK_C_REPLY_INVALID, "fewer than three parts");
	st = parse_header(token, (size_t)(dot - token), jws, err);
	if (st)
		return st;
	st = lk_jose_decode(dot + 1, (size_t)(dot2 - dot - 1), "the payload", &jws->payload,
			    &jws->payload_len, err);
	if (st)
		return st;
	/* a third dot is no letter of base64url */
	if (!lk_b64_decode(LK_B64_URL, dot2 + 1, (size_t)(end - dot2 - 1), jws->sig,
			   sizeof(jws->sig), &n) ||
	    n != sizeof(jws->sig))
		return lk_raise_code(err, LK_C_REPLY_INVALID, "the signature is not one of " ALG);
	jws->signed_len = (size_t)(dot2 - token);
	return LK_OK;
}

enum lk_status lk_jws_kid(const char *token, size_t len, char ret[LK_JWS_KID_MAX + 1],
			  struct lk_error *err)
{
	LK_CLEANUP(lk_jws_free) struct lk_jws jws = { 0 };
	const char *kid;
	enum lk_status st;

	st = lk_jws_parse(token, len, &jws, err);
	if (!st)
		st = lk_json_get_string(jws.header, "kid", LK_JWS_KID_MAX, &kid, err);
	if (st)
		return lk_context(err, "read a JWS");
	memcpy(ret, kid, strlen(kid) + 1);
	return LK_OK;
}

/* The header may name the key; then it must be the expected one. */
static enum lk_status check_kid(const struct lk_jws *jws, const char *kid, struct lk_error *err)
{
	const char *named;
	enum lk_status st;

	if (!kid || !lk_json_has(jws->header, "kid"))
		return LK_OK;
	st = lk_json_get_string(jws->header, "kid", NAME_MAX_BYTES, &named, err);
	if (st)
		return st;
	if (strcmp(named, kid) != 0)
		return lk_raise_code(err, LK_C_REPLY_INVALID, "signed with another key");
	return LK_OK;
}

enum lk_status lk_jws_verify(const struct lk_public_key *k, const char *kid, const char *token,
			     size_t len, char **ret_payload, size_t *ret_len, struct lk_error *err)
{
	LK_CLEANUP(lk_jws_free) struct lk_jws jws = { 0 };
	enum lk_status st;

	if (k->kind != LK_KEY_P256)
		return lk_raise(err, LK_CONFIG, "verify a JWS: " ALG " needs a key on P-256");
	st = lk_jws_parse(token, len, &jws, err);
	if (!st)
		st = check_kid(&jws, kid, err);
	if (!st)
		st = lk_ecdsa_verify(k, token, jws.signed_len, jws.sig, sizeof(jws.sig), err);
	if (st)
		return lk_context(err, "verify a JWS");
	*ret_len = jws.payload_len;
	*ret_payload = (char *)lk_take(jws.payload);
	return LK_OK;
}
