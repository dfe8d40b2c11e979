/* SPDX-License-Identifier: Apache-2.0 */
/* The JWE of old key brokers, which is like no RFC: parsed without a key, then opened. */
#include <string.h>

#include "core/base64.h"
#include "core/jose_internal.h"

#define CEK_SIZE   32
#define HEADER_MAX 1024

static enum lk_status bad(struct lk_error *err, const char *what)
{
	return lk_raise_code(err, LK_C_JWE_INVALID, "%s", what);
}

static enum lk_status parse_header(const char *text, struct lk_error *err)
{
	static const char *const members[] = { "alg", "enc", NULL };
	const char *alg, *enc;
	LK_JSON *header = NULL;
	enum lk_status st;

	st = lk_json_parse(text, strlen(text), &header, err);
	if (!st)
		st = lk_json_only(header, members, err);
	if (!st)
		st = lk_json_get_string(header, "alg", 64, &alg, err);
	if (!st)
		st = lk_json_get_string(header, "enc", 64, &enc, err);
	if (st)
		return lk_context(err, "read the header");
	if (strcmp(alg, LK_JWE_LEGACY_ALG) != 0)
		return bad(err, "alg is not " LK_JWE_LEGACY_ALG);
	return strcmp(enc, "A256GCM") == 0 ? LK_OK : bad(err, "enc is not A256GCM");
}

/* The tag is the end of the ciphertext. */
static enum lk_status parse_ciphertext(struct lk_jwe *jwe, struct lk_error *err)
{
	const char *text;
	enum lk_status st;

	st = lk_json_get_string(jwe->doc, "ciphertext", LK_JWE_MAX, &text, err);
	if (!st)
		st = lk_jose_decode(text, strlen(text), "member 'ciphertext'", &jwe->ciphertext,
				    &jwe->ciphertext_len, err);
	if (st)
		return st;
	if (jwe->ciphertext_len < sizeof(jwe->tag))
		return bad(err, "the ciphertext is shorter than its tag");
	jwe->ciphertext_len -= sizeof(jwe->tag);
	memcpy(jwe->tag, jwe->ciphertext + jwe->ciphertext_len, sizeof(jwe->tag));
	return LK_OK;
}

enum lk_status lk_jwe_parse_legacy(const char *text, size_t len, struct lk_jwe *jwe,
				   struct lk_error *err)
{
	static const char *const members[] = { "protected",  "encrypted_key", "iv",
					       "ciphertext", "tag",	      NULL };
	const char *tag;
	enum lk_status st;
	size_t n;

	if (len > LK_JWE_MAX)
		return lk_raise_code(err, LK_C_JWE_INVALID, "longer than %u bytes", LK_JWE_MAX);
	jwe->kind = LK_KEY_RSA2048;
	st = lk_json_parse(text, len, &jwe->doc, err);
	if (!st)
		st = lk_json_only(jwe->doc, members, err);
	if (!st)
		st = lk_json_get_string(jwe->doc, "protected", HEADER_MAX, &jwe->protected_, err);
	if (!st)
		st = parse_header(jwe->protected_, err);
	if (!st)
		st = lk_jose_bytes(jwe->doc, "encrypted_key", jwe->key, sizeof(jwe->key),
				   &jwe->key_len, err);
	if (!st)
		st = lk_jose_bytes(jwe->doc, "iv", jwe->iv, sizeof(jwe->iv), &n, err);
	if (!st && n != sizeof(jwe->iv))
		st = bad(err, "member 'iv' is not 12 bytes long");
	if (!st)
		st = lk_json_get_string(jwe->doc, "tag", 0, &tag, err);
	return st ? st : parse_ciphertext(jwe, err);
}

static enum lk_status decrypt(const struct lk_keypair *k, const struct lk_jwe *jwe,
			      struct lk_secret *ret, struct lk_error *err)
{
	LK_SECRET cek = { 0 };
	enum lk_status st;

	if (lk_keypair_kind(k) != LK_KEY_RSA2048)
		return bad(err, "made for a key of another kind");
	st = lk_rsa_pkcs1_open(k, jwe->key, jwe->key_len, CEK_SIZE, &cek, err);
	if (st)
		return st;
	return lk_aes_gcm_open(&cek, jwe->iv, NULL, 0, jwe->ciphertext, jwe->ciphertext_len,
			       jwe->tag, ret, err);
}

enum lk_status lk_jwe_open_legacy(const struct lk_keypair *k, const char *text, size_t len,
				  struct lk_secret *ret, struct lk_error *err)
{
	static const struct lk_jwe_form form = { lk_jwe_parse_legacy, decrypt };

	return lk_jwe_open_form(&form, k, text, len, ret, err);
}
