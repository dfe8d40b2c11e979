/* SPDX-License-Identifier: Apache-2.0 */
/* The JWE of old brokers: a vector, every alteration, and that padding and tag fail alike. */
#include "core/jose_internal.h"
#include "tests/unit/bytes.h"
#include "tests/unit/jose_vectors.h"

/* The members, any of which a test may replace; NULL: absent. */
struct parts {
	const char *header, *key, *iv, *ciphertext, *tag, *more;
};
static const struct parts good = {
	LEGACY_HEADER, LEGACY_KEY, LEGACY_IV, LEGACY_CIPHERTEXT, "", NULL
};

static struct lk_keypair *rsa_key(void)
{
	struct lk_error err = { 0 };
	struct lk_keypair *k = NULL;
	LK_JSON *jwk = NULL;

	lk_json_setup();
	CHECK_OK(lk_json_parse(JWK_RSA, strlen(JWK_RSA), &jwk, &err));
	CHECK_OK(lk_jwk_to_keypair(jwk, &k, &err));
	return k;
}

static enum lk_status open_parts(const struct lk_keypair *k, const struct parts *p,
				 struct lk_secret *out, struct lk_error *err)
{
	const struct {
		const char *name, *value;
	} members[] = {
		{ "protected", p->header },	 { "encrypted_key", p->key }, { "iv", p->iv },
		{ "ciphertext", p->ciphertext }, { "tag", p->tag },	      { "more", p->more }
	};
	LK_JSON *doc = lk_json_object();
	LK_JSON_TEXT *text = NULL;
	size_t i, len;

	*err = (struct lk_error){ 0 };
	for (i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (members[i].value)
			CHECK(lk_json_set_string(doc, members[i].name, members[i].value));
	CHECK_EQ(lk_json_dump(doc, LK_JSON_COMPACT, &text, &len, err), LK_OK);
	return lk_jwe_open_legacy(k, text, len, out, err);
}

/* The text of a refusal, with all that an observer could learn from it. */
static const char *refusal(const struct lk_keypair *k, const struct parts *p)
{
	static char text[2048];
	struct lk_error err;
	LK_SECRET out = { 0 };

	CHECK_EQ(open_parts(k, p, &out, &err), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_JWE_INVALID);
	CHECK(!out.data);
	return lk_error_format(&err, text, sizeof(text));
}

TEST(the_vector_opens)
{
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *k = rsa_key();
	struct bytes want = hex(JWE_PLAINTEXT);
	struct lk_error err;
	LK_SECRET out = { 0 };

	CHECK_OK(open_parts(k, &good, &out, &err));
	CHECK_EQ(out.len, want.len);
	CHECK_MEM(out.data, want.data, want.len);
}

TEST(padding_length_and_tag_fail_alike)
{
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *k = rsa_key();
	static const char *const keys[] = { LEGACY_KEY_31, LEGACY_KEY_52, LEGACY_KEY_TYPE_1 };
	char cipher[] = LEGACY_CIPHERTEXT, tag_text[2048];
	struct parts p = good;
	size_t i;

	cipher[0] ^= 1;
	p.ciphertext = cipher;
	snprintf(tag_text, sizeof(tag_text), "%s", refusal(k, &p));
	p = good;
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		p.key = keys[i];
		CHECK_STR(refusal(k, &p), tag_text);
	}
}

TEST(alterations_are_refused)
{
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *k = rsa_key();
	static const struct parts bad[] = {
		{ NULL, LEGACY_KEY, LEGACY_IV, LEGACY_CIPHERTEXT, "", NULL },
		{ "", LEGACY_KEY, LEGACY_IV, LEGACY_CIPHERTEXT, "", NULL },
		{ "e30", LEGACY_KEY, LEGACY_IV, LEGACY_CIPHERTEXT, "", NULL },
		{ "{\"alg\":\"RSA-OAEP-256\",\"enc\":\"A256GCM\"}", LEGACY_KEY, LEGACY_IV,
		  LEGACY_CIPHERTEXT, "", NULL },
		{ "{\"alg\":\"RSA1_5\",\"enc\":\"A128GCM\"}", LEGACY_KEY, LEGACY_IV,
		  LEGACY_CIPHERTEXT, "", NULL },
		{ "{\"alg\":\"RSA1_5\",\"enc\":\"A256GCM\",\"zip\":\"DEF\"}", LEGACY_KEY, LEGACY_IV,
		  LEGACY_CIPHERTEXT, "", NULL },
		{ LEGACY_HEADER, NULL, LEGACY_IV, LEGACY_CIPHERTEXT, "", NULL },
		{ LEGACY_HEADER, "", LEGACY_IV, LEGACY_CIPHERTEXT, "", NULL },
		{ LEGACY_HEADER, "AAAA", LEGACY_IV, LEGACY_CIPHERTEXT, "", NULL },
		{ LEGACY_HEADER, LEGACY_KEY, "AAAA", LEGACY_CIPHERTEXT, "", NULL },
		{ LEGACY_HEADER, LEGACY_KEY, "oKGio6Slpqeoqaqrqw", LEGACY_CIPHERTEXT, "", NULL },
		{ LEGACY_HEADER, LEGACY_KEY, LEGACY_IV, "", "", NULL },
		{ LEGACY_HEADER, LEGACY_KEY, LEGACY_IV, "AAAA", "", NULL },
		{ LEGACY_HEADER, LEGACY_KEY, LEGACY_IV, LEGACY_CIPHERTEXT, "AAAA", NULL },
		{ LEGACY_HEADER, LEGACY_KEY, LEGACY_IV, LEGACY_CIPHERTEXT, NULL, NULL },
		{ LEGACY_HEADER, LEGACY_KEY, LEGACY_IV, LEGACY_CIPHERTEXT, "", "x" },
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		(void)refusal(k, &bad[i]);
}

TEST(the_two_forms_are_never_mixed)
{
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *k = rsa_key();
	struct lk_error err = { 0 };
	LK_SECRET out = { 0 };

	CHECK_EQ(lk_jwe_open_legacy(k, JWE_RSA, strlen(JWE_RSA), &out, &err), LK_TAMPERED);
	CHECK_EQ(lk_jwe_open(k, "{\"protected\":\"{}\"}", 18, &out, &err), LK_TAMPERED);
	CHECK(!out.data);
}

TEST(keys_of_other_kinds_do_not_fit)
{
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *k = NULL;
	struct lk_error err = { 0 };

	lk_json_setup();
	CHECK_OK(lk_crypto_setup(&err));
	CHECK_OK(lk_keypair_generate(LK_KEY_P256, &k, &err));
	(void)refusal(k, &good);
}

TESTS(the_vector_opens, padding_length_and_tag_fail_alike, alterations_are_refused,
      the_two_forms_are_never_mixed, keys_of_other_kinds_do_not_fit)
