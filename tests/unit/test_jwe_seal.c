/* SPDX-License-Identifier: Apache-2.0 */
/* Sealing a JWE: recipients that will not do, the exact shape of the text, and opening it again. */
#include "core/jose_internal.h"
#include "tests/unit/bytes.h"
#include "tests/unit/jose_vectors.h"

static struct lk_keypair *key(enum lk_key_kind kind, const char *d_hex)
{
	struct bytes d = hex(d_hex);
	struct lk_error err = { 0 };
	struct lk_keypair *k = NULL;

	lk_json_setup();
	CHECK_OK(lk_keypair_from_scalar(kind, d.data, d.len, &k, &err));
	return k;
}

TEST(unusable_recipients_are_refused)
{
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *p384 = NULL;
	struct lk_public_key pub;
	struct lk_error err = { 0 };
	char *text = NULL;
	size_t n;

	CHECK_OK(lk_keypair_generate(LK_KEY_P384, &p384, &err));
	CHECK_OK(lk_keypair_public(p384, &pub, &err));
	CHECK_EQ(lk_jwe_seal(&pub, "x", 1, &text, &n, &err), LK_CONFIG);
	pub.kind = LK_KEY_P256;
	pub.xy_len = 32;
	CHECK_EQ(lk_jwe_seal(&pub, "x", 1, &text, &n, &err), LK_TAMPERED);
	CHECK_EQ(lk_jwe_seal(&pub, "x", LK_JWE_MAX, &text, &n, &err), LK_CONFIG);
	CHECK(!text);
}

/* Real clients rebuild the authenticated header from what they parsed: the order is theirs. */
TEST(sealed_text_is_what_clients_insist_on)
{
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *k = key(LK_KEY_P256, D_P256);
	LK_CLEANUP(lk_jwe_free) struct lk_jwe jwe = { 0 };
	LK_FREE uint8_t *header = NULL;
	LK_JSON_TEXT *text = NULL;
	struct lk_public_key pub;
	struct lk_error err = { 0 };
	const char *name, *order[] = { "protected", "encrypted_key", "iv", "ciphertext", "tag" };
	struct json_t *v;
	void *at = NULL;
	size_t n, i = 0;

	CHECK_OK(lk_keypair_public(k, &pub, &err));
	CHECK_OK(lk_jwe_seal(&pub, "data", 4, &text, &n, &err));
	CHECK_EQ(n, strlen(text));
	CHECK_OK(lk_jwe_parse(text, n, &jwe, &err));
	while (lk_json_next(jwe.doc, &at, &name, &v)) {
		CHECK(i < 5);
		CHECK_STR(name, order[i++]);
	}
	CHECK_EQ(i, 5);
	CHECK_OK(lk_jose_decode(jwe.protected_, strlen(jwe.protected_), "it", &header, &n, &err));
	CHECK_EQ(
		strncmp((char *)header,
			"{\"alg\":\"ECDH-ES+A256KW\",\"enc\":\"A256GCM\",\"epk\":{\"crv\":\"P-256\","
			"\"kty\":\"EC\",\"x\":\"",
			strlen("{\"alg\":\"ECDH-ES+A256KW\",\"enc\":\"A256GCM\",\"epk\":{\"crv\":"
			       "\"P-256\",\"kty\":\"EC\",\"x\":\"")),
		0);
	CHECK(!strchr(text, '='));
	CHECK(!strchr(text, ' '));
}

TEST(sealed_opens_for_every_kind)
{
	static const enum lk_key_kind kinds[] = { LK_KEY_P256, LK_KEY_P521, LK_KEY_RSA2048 };
	static uint8_t data[70000];
	static const size_t sizes[] = { 0, 1, 23, sizeof(data) };
	struct lk_error err = { 0 };
	size_t i, j, n;

	memset(data, 0xc3, sizeof(data));
	for (i = 0; i < 3; i++) {
		LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *k = NULL;
		struct lk_public_key pub;

		CHECK_OK(lk_keypair_generate(kinds[i], &k, &err));
		CHECK_OK(lk_keypair_public(k, &pub, &err));
		for (j = 0; j < 4; j++) {
			LK_JSON_TEXT *text = NULL;
			LK_SECRET out = { 0 };

			CHECK_OK(lk_jwe_seal(&pub, data, sizes[j], &text, &n, &err));
			CHECK_OK(lk_jwe_open(k, text, n, &out, &err));
			CHECK_EQ(out.len, sizes[j]);
			CHECK_MEM(out.data, data, sizes[j]);
		}
	}
}

TEST(nothing_is_sealed_twice_alike)
{
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *k = key(LK_KEY_P256, D_P256);
	LK_CLEANUP(lk_jwe_free) struct lk_jwe a = { 0 };
	LK_CLEANUP(lk_jwe_free) struct lk_jwe b = { 0 };
	LK_JSON_TEXT *text_a = NULL;
	LK_JSON_TEXT *text_b = NULL;
	struct lk_public_key pub;
	struct lk_error err = { 0 };
	size_t n;

	CHECK_OK(lk_keypair_public(k, &pub, &err));
	CHECK_OK(lk_jwe_seal(&pub, "data", 4, &text_a, &n, &err));
	CHECK_OK(lk_jwe_parse(text_a, n, &a, &err));
	CHECK_OK(lk_jwe_seal(&pub, "data", 4, &text_b, &n, &err));
	CHECK_OK(lk_jwe_parse(text_b, n, &b, &err));
	CHECK(memcmp(a.iv, b.iv, 12) != 0);
	CHECK(memcmp(a.epk.x, b.epk.x, 32) != 0);
	CHECK(memcmp(a.ciphertext, b.ciphertext, 4) != 0 || memcmp(a.tag, b.tag, 16) != 0);
}

TESTS(unusable_recipients_are_refused, sealed_text_is_what_clients_insist_on,
      sealed_opens_for_every_kind, nothing_is_sealed_twice_alike)
