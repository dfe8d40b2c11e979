/* SPDX-License-Identifier: Apache-2.0 */
/* JWE: every alteration of a good one is refused with one code; then vectors. */
#include "core/jose_internal.h"
#include "tests/unit/bytes.h"
#include "tests/unit/jose_vectors.h"

#define EPK_P256                                                                                   \
	"{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"wXPv9yz6LzIE2NqRZh7k4Pg3QjRDmgzcrQac31pUIMQ\"," \
	"\"y\":\"mTNigeRZG2gxup8hjxifxz33U1IbZJ8bdaUue1Ce6Fw\"}"

static struct lk_keypair *key(enum lk_key_kind kind, const char *d_hex)
{
	struct bytes d = hex(d_hex);
	struct lk_error err = { 0 };
	struct lk_keypair *k = NULL;

	lk_json_setup();
	CHECK_OK(lk_keypair_from_scalar(kind, d.data, d.len, &k, &err));
	return k;
}

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

/* Open what must be refused, with the code that callers act on. */
static bool refused(const struct lk_keypair *k, const char *text)
{
	struct lk_error err = { 0 };
	LK_SECRET out = { 0 };

	return lk_jwe_open(k, text, strlen(text), &out, &err) == LK_TAMPERED &&
	       err.status == LK_TAMPERED && err.code == LK_C_JWE_INVALID && !out.data;
}

static bool opens(const struct lk_keypair *k, const char *text)
{
	struct bytes want = hex(JWE_PLAINTEXT);
	struct lk_error err = { 0 };
	LK_SECRET out = { 0 };

	return lk_jwe_open(k, text, strlen(text), &out, &err) == LK_OK && out.len == want.len &&
	       memcmp(out.data, want.data, want.len) == 0;
}

/* A JWE for the P-256 test key with a header of our choice, sound in all else: the header is
 * authenticated as it stands. */
static char *compose(const char *header)
{
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *k = key(LK_KEY_P256, D_P256);
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *eph = key(LK_KEY_P256, EPK_D_P256);
	LK_SECRET cek = secret_hex(JWE_CEK);
	LK_SECRET kek = { 0 };
	LK_SECRET z = { 0 };
	struct bytes plain = hex(JWE_PLAINTEXT), iv = hex(JWE_IV);
	uint8_t wrapped[40], cipher[64], tag[16];
	char protected_[2048], text[4096], *out = NULL;
	struct lk_public_key pub;
	struct lk_error err = { 0 };
	LK_JSON *doc = lk_json_object();
	size_t n;

	CHECK(strlen(header) < 1024);
	CHECK_OK(lk_keypair_public(k, &pub, &err));
	CHECK_OK(lk_ecdh(eph, &pub, &z, &err));
	CHECK_OK(lk_jwe_kek(&z, &kek, &err));
	CHECK_OK(lk_aes_kw_seal(&kek, &cek, wrapped, sizeof(wrapped), &n, &err));
	n = lk_b64_encode(LK_B64_URL, header, strlen(header), protected_);
	CHECK_OK(lk_aes_gcm_seal(&cek, iv.data, protected_, n, plain.data, plain.len, cipher, tag,
				 &err));
	lk_b64_encode(LK_B64_URL, cipher, plain.len, text);
	CHECK(lk_json_set_string(doc, "protected", protected_) &&
	      lk_jose_set_bytes(doc, "encrypted_key", wrapped, 40) &&
	      lk_jose_set_bytes(doc, "iv", iv.data, 12) &&
	      lk_json_set_string(doc, "ciphertext", text) &&
	      lk_jose_set_bytes(doc, "tag", tag, 16));
	CHECK_OK(lk_json_dump(doc, LK_JSON_COMPACT, &out, NULL, &err));
	return out;
}

/* The P-256 vector with one member replaced, or removed where value is NULL. */
static char *with(const char *member, struct json_t *value)
{
	struct json_t *v, *good = NULL;
	LK_JSON *changed = lk_json_object();
	struct lk_error err = { 0 };
	char *text = NULL;
	const char *name;
	void *at = NULL;

	CHECK_OK(lk_json_parse(JWE_P256, strlen(JWE_P256), &good, &err));
	while (lk_json_next(good, &at, &name, &v)) {
		if (strcmp(name, member) != 0)
			CHECK(lk_json_set(changed, name, lk_json_ref(v)));
	}
	lk_json_free(good);
	if (value)
		CHECK(lk_json_set(changed, member, value));
	CHECK_OK(lk_json_dump(changed, LK_JSON_COMPACT, &text, NULL, &err));
	return text;
}

/* A string as a JSON value. */
static struct json_t *value(const char *text)
{
	LK_JSON *list = lk_json_array();

	CHECK(lk_json_append_string(list, text));
	return lk_json_ref(lk_json_at(list, 0));
}

static struct json_t *value_of_bytes(size_t n)
{
	char text[LK_B64_SIZE(64)];
	uint8_t bytes[64] = { 1 };

	lk_b64_encode(LK_B64_URL, bytes, n, text);
	return value(text);
}

TEST(headers_that_change_the_rules_are_refused)
{
	static const char *const bad[] = {
		"",
		"{}",
		"[]",
		"null",
		"{\"alg\":\"ECDH-ES+A256KW\",\"epk\":" EPK_P256 "}",
		"{\"enc\":\"A256GCM\",\"epk\":" EPK_P256 "}",
		"{\"alg\":\"ECDH-ES+A256KW\",\"enc\":\"A256GCM\"}",
		"{\"alg\":\"ECDH-ES+A256KW\",\"enc\":\"A128GCM\",\"epk\":" EPK_P256 "}",
		"{\"alg\":\"ECDH-ES+A256KW\",\"enc\":\"A256CBC-HS512\",\"epk\":" EPK_P256 "}",
		"{\"alg\":\"ECDH-ES+A256KW\",\"enc\":7,\"epk\":" EPK_P256 "}",
		"{\"alg\":\"ECDH-ES+A256KW\",\"enc\":\"A256GCM\",\"epk\":{}}",
		"{\"alg\":\"ECDH-ES+A256KW\",\"enc\":\"A256GCM\",\"epk\":\"x\"}",
		"{\"alg\":\"ECDH-ES+A256KW\",\"enc\":\"A256GCM\",\"epk\":null}",
	};
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *k = key(LK_KEY_P256, D_P256);
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		LK_JSON_TEXT *text = compose(bad[i]);

		if (!refused(k, text))
			check_fail(__FILE__, __LINE__, "accepted %s", bad[i]);
	}
}

TEST(other_algorithms_are_refused)
{
	static const char *const algs[] = {
		"ECDH-ES", "ECDH-ES+A128KW", "A256KW",		 "dir",
		"none",	   "RSA-OAEP",	     "RSA1_5",		 "RSA-OAEP-256",
		"",	   "ecdh-es+a256kw", "ML-KEM-768+A192KW"
	};
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *k = key(LK_KEY_P256, D_P256);
	char header[1024];
	size_t i;

	for (i = 0; i < sizeof(algs) / sizeof(algs[0]); i++) {
		LK_JSON_TEXT *text = NULL;

		snprintf(header, sizeof(header),
			 "{\"alg\":\"%s\",\"enc\":\"A256GCM\",\"epk\":" EPK_P256 "}", algs[i]);
		text = compose(header);
		if (!refused(k, text))
			check_fail(__FILE__, __LINE__, "accepted %s", algs[i]);
	}
}

TEST(extra_header_members_are_refused)
{
	static const char *const extra[] = {
		"\"apu\":\"QQ\"",      "\"apv\":\"QQ\"",
		"\"zip\":\"DEF\"",     "\"crit\":[\"exp\"]",
		"\"kid\":\"1\"",       "\"p2c\":1000",
		"\"iv\":\"AAAA\"",     "\"alg\":\"ECDH-ES+A256KW\"",
		"\"enc\":\"A256GCM\"",
	};
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *k = key(LK_KEY_P256, D_P256);
	char header[1024];
	size_t i;

	for (i = 0; i < sizeof(extra) / sizeof(extra[0]); i++) {
		LK_JSON_TEXT *text = NULL;

		snprintf(header, sizeof(header),
			 "{\"alg\":\"ECDH-ES+A256KW\",\"enc\":\"A256GCM\",\"epk\":" EPK_P256 ",%s}",
			 extra[i]);
		text = compose(header);
		if (!refused(k, text))
			check_fail(__FILE__, __LINE__, "accepted %s", extra[i]);
	}
}

TEST(foreign_points_are_refused)
{
	static const char *const epks[] = {
		/* not on the curve */
		"{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"wXPv9yz6LzIE2NqRZh7k4Pg3QjRDmgzcrQac31pUIMQ\","
		"\"y\":\"mTNigeRZG2gxup8hjxifxz33U1IbZJ8bdaUue1Ce6F0\"}",
		/* zero */
		"{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
		"\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
		/* another curve, sound in itself */
		JWK_P521,
		"{\"crv\":\"P-384\",\"kty\":\"EC\",\"x\":\"dI9iCU-IPwYUf82G5V8Ws1Ef8ZY-lsiYlGYxoyhAUXmXBfvxt6LbncLR2MP_oWXD\","
		"\"y\":\"DAlGMbDNJUwP88n9HfkrCLXL9KivRxr3LjLWPxQQ95yc0Zubdl2KMuuQxHJYI_lw\"}",
		/* the right coordinates under another curve's name */
		"{\"crv\":\"P-384\",\"kty\":\"EC\",\"x\":\"wXPv9yz6LzIE2NqRZh7k4Pg3QjRDmgzcrQac31pUIMQ\","
		"\"y\":\"mTNigeRZG2gxup8hjxifxz33U1IbZJ8bdaUue1Ce6Fw\"}",
		"{\"kty\":\"RSA\",\"n\":\"AAAA\",\"e\":\"AQAB\"}",
		"{\"crv\":\"X25519\",\"kty\":\"OKP\",\"x\":\"wXPv9yz6LzIE2NqRZh7k4Pg3QjRDmgzcrQac31pUIMQ\"}",
		/* a private key where a public one belongs */
		"{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"wXPv9yz6LzIE2NqRZh7k4Pg3QjRDmgzcrQac31pUIMQ\","
		"\"y\":\"mTNigeRZG2gxup8hjxifxz33U1IbZJ8bdaUue1Ce6Fw\",\"d\":\"AQ\"}",
	};
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *k = key(LK_KEY_P256, D_P256);
	char header[1024];
	size_t i;

	for (i = 0; i < sizeof(epks) / sizeof(epks[0]); i++) {
		LK_JSON_TEXT *text = NULL;

		snprintf(header, sizeof(header),
			 "{\"alg\":\"ECDH-ES+A256KW\",\"enc\":\"A256GCM\",\"epk\":%s}", epks[i]);
		text = compose(header);
		if (!refused(k, text))
			check_fail(__FILE__, __LINE__, "accepted %s", epks[i]);
	}
}

/* Rebuilding the header instead of taking it as received would break these. */
TEST(headers_are_authenticated_as_received)
{
	static const char *const good[] = {
		"{\"alg\":\"ECDH-ES+A256KW\",\"enc\":\"A256GCM\",\"epk\":" EPK_P256 "}",
		" {\n\t\"alg\" : \"ECDH-ES+A256KW\", \"enc\":\"A256GCM\",\r\n\"epk\":" EPK_P256
		" }\n",
		"{\"epk\":" EPK_P256 ",\"enc\":\"A256GCM\",\"alg\":\"ECDH-ES+A256KW\"}",
		"{\"alg\":\"ECDH-ES\\u002bA256KW\",\"enc\":\"A256GCM\",\"epk\":" EPK_P256 "}",
	};
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *k = key(LK_KEY_P256, D_P256);
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		LK_JSON_TEXT *text = compose(good[i]);

		if (!opens(k, text))
			check_fail(__FILE__, __LINE__, "refused %s", good[i]);
	}
}

TEST(members_must_be_there_and_strings)
{
	static const char *const members[] = { "protected", "encrypted_key", "iv", "ciphertext",
					       "tag" };
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *k = key(LK_KEY_P256, D_P256);
	size_t i;

	for (i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		LK_JSON_TEXT *absent = with(members[i], NULL);
		LK_JSON_TEXT *object = with(members[i], lk_json_object());
		LK_JSON_TEXT *list = with(members[i], lk_json_array());
		LK_JSON_TEXT *letter = with(members[i], value("A"));
		LK_JSON_TEXT *alphabet = with(members[i], value("+/+/+/+/+/+/+/+/"));
		LK_JSON_TEXT *other = with(members[i], value("AAAA AAAA"));

		CHECK(refused(k, absent) && refused(k, object) && refused(k, list));
		CHECK(refused(k, letter) && refused(k, alphabet) && refused(k, other));
	}
}

TEST(lengths_are_exact)
{
	static const struct {
		const char *member;
		size_t n;
	} v[] = {
		{ "iv", 0 },
		{ "iv", 11 },
		{ "iv", 13 },
		{ "iv", 16 },
		{ "tag", 0 },
		{ "tag", 12 },
		{ "tag", 15 },
		{ "tag", 17 },
		{ "encrypted_key", 0 },
		{ "encrypted_key", 24 },
		{ "encrypted_key", 39 },
		{ "encrypted_key", 41 },
		{ "encrypted_key", 48 },
	};
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *k = key(LK_KEY_P256, D_P256);
	size_t i;

	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		LK_JSON_TEXT *text = with(v[i].member, value_of_bytes(v[i].n));

		CHECK(refused(k, text));
	}
}

TEST(padding_is_refused)
{
	static const struct {
		const char *member, *padded;
	} v[] = {
		{ "encrypted_key", "ALBWBf8_fBWTygeUAnMz5MVPNXFvjngvXkxM9QR4Q3dCQWl6UqlsGQ==" },
		{ "iv", "oKGio6Slpqeoqaqr=" },
		{ "ciphertext", "u-5yXIqA-VRZHyCN-sxYhI5kkOfsbno=" },
		{ "tag", "y7XrOQT87wWeQkBRaQpYyw==" },
	};
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *k = key(LK_KEY_P256, D_P256);
	size_t i;

	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		LK_JSON_TEXT *text = with(v[i].member, value(v[i].padded));

		CHECK(refused(k, text));
	}
}

TEST(extra_members_are_refused)
{
	static const char *const members[] = { "header", "unprotected", "recipients", "alg", "x" };
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *k = key(LK_KEY_P256, D_P256);
	LK_JSON_TEXT *aad = with("aad", value("QUFE"));
	size_t i;

	for (i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		LK_JSON_TEXT *text = with(members[i], lk_json_object());

		CHECK(refused(k, text));
	}
	/* there is a member of that name in the type that servers write; it counts for nothing */
	CHECK(opens(k, aad));
}

TEST(every_altered_letter_is_noticed)
{
	static const char good[] = JWE_P256;
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *k = key(LK_KEY_P256, D_P256);
	char text[sizeof(good)];
	size_t i;

	memcpy(text, good, sizeof(good));
	for (i = 0; i < sizeof(good) - 1; i++) {
		text[i] = good[i] == 'A' ? 'B' : 'A';
		if (!refused(k, text))
			check_fail(__FILE__, __LINE__, "letter %zu may be altered", i);
		text[i] = good[i];
	}
}

TEST(text_around_is_refused)
{
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *k = key(LK_KEY_P256, D_P256);
	LK_FREE char *huge = calloc(1, LK_JWE_MAX + 2u);
	size_t n;

	CHECK(refused(k, ""));
	CHECK(refused(k, "{}"));
	CHECK(refused(k, JWE_P256 "x"));
	CHECK(refused(k, "[" JWE_P256 "]"));
	for (n = 1; n < strlen(JWE_P256); n += 37) {
		LK_FREE char *cut = strndup(JWE_P256, n);

		CHECK(refused(k, cut));
	}
	CHECK(huge != NULL);
	memset(huge, ' ', LK_JWE_MAX + 1u);
	memcpy(huge, JWE_P256, strlen(JWE_P256));
	CHECK(refused(k, huge));
	huge[LK_JWE_MAX] = '\0'; /* as long as allowed; white space is no harm */
	CHECK(opens(k, huge));
}

/* Sound in all but the length of the content key. */
TEST(short_content_keys_are_refused)
{
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *k = rsa_key();
	static const char header[] = "{\"alg\":\"RSA-OAEP-256\",\"enc\":\"A256GCM\"}";
	LK_SECRET cek = secret_hex("000102030405060708090a0b0c0d0e0f");
	char protected_[LK_B64_SIZE(sizeof(header))];
	uint8_t wrapped[512], iv[12] = { 0 }, tag[16];
	struct lk_public_key pub;
	struct lk_error err = { 0 };
	LK_JSON *doc = lk_json_object();
	LK_JSON_TEXT *text = NULL;
	size_t n, len;

	CHECK_OK(lk_keypair_public(k, &pub, &err));
	CHECK_OK(lk_rsa_oaep_seal(&pub, cek.data, cek.len, wrapped, &n, &err));
	len = lk_b64_encode(LK_B64_URL, header, strlen(header), protected_);
	CHECK_OK(lk_aes_gcm_seal(&cek, iv, protected_, len, NULL, 0, NULL, tag, &err));
	CHECK(lk_json_set_string(doc, "protected", protected_) &&
	      lk_jose_set_bytes(doc, "encrypted_key", wrapped, n) &&
	      lk_jose_set_bytes(doc, "iv", iv, 12) && lk_json_set_string(doc, "ciphertext", "") &&
	      lk_jose_set_bytes(doc, "tag", tag, 16));
	CHECK_OK(lk_json_dump(doc, LK_JSON_COMPACT, &text, NULL, &err));
	CHECK(refused(k, text));
}

TEST(other_keys_do_not_open)
{
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *other = key(LK_KEY_P256, EPK_D_P256);
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *p521 = key(LK_KEY_P521, D_P521);
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *rsa = rsa_key();

	CHECK(refused(other, JWE_P256));
	CHECK(refused(p521, JWE_P256));
	CHECK(refused(rsa, JWE_P256));
	CHECK(refused(other, JWE_P521));
	CHECK(refused(other, JWE_RSA));
	CHECK(refused(p521, JWE_RSA));
}

TEST(vectors_open)
{
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *p256 = key(LK_KEY_P256, D_P256);
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *p521 = key(LK_KEY_P521, D_P521);
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *rsa = rsa_key();

	CHECK(opens(p256, JWE_P256));
	CHECK(opens(p256, JWE_P256_Z0));
	CHECK(opens(p521, JWE_P521));
	CHECK(opens(rsa, JWE_RSA));
}

TEST(vectors_agree_on_the_way)
{
	static const struct {
		enum lk_key_kind kind;
		const char *d, *jwe, *z, *kek;
	} v[] = {
		{ LK_KEY_P256, D_P256, JWE_P256, Z_P256, KEK_P256 },
		{ LK_KEY_P256, D_P256, JWE_P256_Z0, Z_P256_Z0, KEK_P256_Z0 },
		{ LK_KEY_P521, D_P521, JWE_P521, Z_P521, KEK_P521 },
	};
	struct lk_error err = { 0 };
	size_t i;

	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *k = key(v[i].kind, v[i].d);
		LK_CLEANUP(lk_jwe_free) struct lk_jwe jwe = { 0 };
		LK_SECRET z = { 0 };
		LK_SECRET kek = { 0 };

		CHECK_OK(lk_jwe_parse(v[i].jwe, strlen(v[i].jwe), &jwe, &err));
		CHECK_OK(lk_ecdh(k, &jwe.epk, &z, &err));
		CHECK_HEX(z.data, z.len, v[i].z);
		CHECK_OK(lk_jwe_kek(&z, &kek, &err));
		CHECK_HEX(kek.data, kek.len, v[i].kek);
	}
}

/* The composer of this file makes the vector itself, so that what it is used for is sound. */
TEST(composing_gives_the_vector)
{
	LK_JSON_TEXT *text = compose(PROTECTED_P256);

	CHECK_STR(text, JWE_P256);
}

TESTS(headers_that_change_the_rules_are_refused, other_algorithms_are_refused,
      extra_header_members_are_refused, foreign_points_are_refused,
      headers_are_authenticated_as_received, members_must_be_there_and_strings, lengths_are_exact,
      padding_is_refused, extra_members_are_refused, every_altered_letter_is_noticed,
      text_around_is_refused, short_content_keys_are_refused, other_keys_do_not_open, vectors_open,
      vectors_agree_on_the_way, composing_gives_the_vector)
