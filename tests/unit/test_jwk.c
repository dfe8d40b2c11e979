/* SPDX-License-Identifier: Apache-2.0 */
/* JSON web keys: shapes that are refused, exact text, thumbprints. */
#include "core/jose.h"

#include "tests/unit/bytes.h"
#include "tests/unit/jose_vectors.h"

#define X "uJbUHgJdSbH9iZPGp0ihHFHgHCFk5ZzugQmZngW_65I"
#define Y "NTeU_5QWdxnGi_B7OrEz2cRDQh5obniMZbT-A633_oo"

/* clang-format off */
#define RFC7638_N \
	"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1" \
	"L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4" \
	"QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbO" \
	"pbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csF" \
	"Cur-kEgU8awapJzKnqDKgw"
#define RSA_N_1024 \
	"________________________________________________________________________________" \
	"________________________________________________________________________________" \
	"__________8"
/* clang-format on */
#define THUMBPRINT_P256 "zeRRAOO6-Q01e5qaMb5FLV3e4proYLrF_sDJsIB0asQ"

static struct json_t *parse(const char *text)
{
	struct lk_error err = { 0 };
	struct json_t *doc = NULL;

	lk_json_setup();
	CHECK_OK(lk_json_parse(text, strlen(text), &doc, &err));
	return doc;
}

static char *dump(const struct json_t *doc)
{
	struct lk_error err = { 0 };
	char *text = NULL;

	CHECK_OK(lk_json_dump(doc, LK_JSON_COMPACT, &text, NULL, &err));
	return text;
}

TEST(odd_public_keys_are_refused)
{
	static const char *const bad[] = {
		"[]",
		"\"EC\"",
		"{}",
		"{\"kty\":\"oct\",\"x\":\"AAAA\"}",
		"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" X "\"}",
		"{\"kty\":\"ec\",\"crv\":\"P-256\",\"x\":\"" X "\",\"y\":\"" Y "\"}",
		"{\"kty\":\"EC\",\"x\":\"" X "\",\"y\":\"" Y "\"}",
		"{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"" X "\",\"y\":\"" Y "\"}",
		"{\"kty\":\"EC\",\"crv\":\"P-521\",\"x\":\"" X "\",\"y\":\"" Y "\"}",
		"{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"" X "\",\"y\":\"" Y "\"}",
		"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X "\"}",
		"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":7,\"y\":\"" Y "\"}",
		"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X "=\",\"y\":\"" Y "\"}",
		"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X "AA\",\"y\":\"" Y "\"}",
		"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"\",\"y\":\"" Y "\"}",
		/* 31 bytes: a leading zero was dropped */
		"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
		"\",\"y\":\"" Y "\"}",
		"{\"kty\":\"RSA\",\"n\":\"" RSA_N_1024 "\",\"e\":\"AQAB\"}",
		"{\"kty\":\"RSA\",\"e\":\"AQAB\"}",
	};
	struct lk_public_key k = { .xy_len = 77 };
	struct lk_error err = { 0 };
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		LK_JSON *jwk = parse(bad[i]);

		if (lk_jwk_to_public(jwk, &k, &err) != LK_TAMPERED)
			check_fail(__FILE__, __LINE__, "accepted %s", bad[i]);
	}
	CHECK_EQ(k.xy_len, 77);
}

TEST(private_keys_are_not_public)
{
	static const char *const members[] = { "d", "p", "q", "dp", "dq", "qi", "oth", "k" };
	struct lk_public_key k;
	struct lk_error err = { 0 };
	char buf[512];
	size_t i;

	for (i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		LK_JSON *jwk = parse(JWK_P256);

		CHECK(lk_json_set_string(jwk, members[i], "AAAA"));
		CHECK_EQ(lk_jwk_to_public(jwk, &k, &err), LK_CONFIG);
		CHECK_HAS(lk_error_format(&err, buf, sizeof(buf)), "holds a private key");
	}
}

TEST(rsa_integers_are_minimal_and_large)
{
	LK_JSON *jwk = parse("{\"kty\":\"RSA\",\"e\":\"AQAB\"}");
	char text[LK_B64_SIZE(513)];
	struct lk_public_key k;
	struct lk_error err = { 0 };
	uint8_t n[513];

	memset(n, 0xff, sizeof(n));
	lk_b64_encode(LK_B64_URL, n, 513, text);
	CHECK(lk_json_set_string(jwk, "n", text));
	CHECK_EQ(lk_jwk_to_public(jwk, &k, &err), LK_TAMPERED); /* above 4096 bits */
	lk_b64_encode(LK_B64_URL, n, 512, text);
	CHECK(lk_json_set_string(jwk, "n", text));
	CHECK_OK(lk_jwk_to_public(jwk, &k, &err));
	CHECK_EQ(k.n_len, 512);
	n[0] = 0x7f;
	lk_b64_encode(LK_B64_URL, n, 256, text);
	CHECK(lk_json_set_string(jwk, "n", text));
	CHECK_EQ(lk_jwk_to_public(jwk, &k, &err), LK_TAMPERED); /* 2047 bits */
	n[0] = 0;
	lk_b64_encode(LK_B64_URL, n, 257, text);
	CHECK(lk_json_set_string(jwk, "n", text));
	CHECK_EQ(lk_jwk_to_public(jwk, &k, &err), LK_TAMPERED); /* padded in front */
	n[0] = 0x80;
	lk_b64_encode(LK_B64_URL, n, 256, text);
	CHECK(lk_json_set_string(jwk, "n", text));
	CHECK_OK(lk_jwk_to_public(jwk, &k, &err));
	CHECK(lk_json_set_string(jwk, "e", ""));
	CHECK_EQ(lk_jwk_to_public(jwk, &k, &err), LK_TAMPERED);
	CHECK(lk_json_set_string(jwk, "e", "AAEAAQ"));
	CHECK_EQ(lk_jwk_to_public(jwk, &k, &err), LK_TAMPERED);
	CHECK(lk_json_set_string(jwk, "e", "AQABAQABAQAB"));
	CHECK_EQ(lk_jwk_to_public(jwk, &k, &err), LK_TAMPERED);
}

/* The text that a verifier hashes: these members, in this order, and no other. */
TEST(public_keys_are_written_exactly)
{
	static const struct {
		enum lk_key_kind kind;
		const char *d, *jwk;
	} v[] = {
		{ LK_KEY_P256, D_P256, JWK_P256 },
		{ LK_KEY_P521, D_P521, JWK_P521 },
	};
	struct lk_error err = { 0 };
	size_t i;

	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *k = NULL;
		struct bytes d = hex(v[i].d);
		struct lk_public_key pub, back;
		LK_JSON_TEXT *text = NULL;
		LK_JSON *jwk = NULL;

		CHECK_OK(lk_keypair_from_scalar(v[i].kind, d.data, d.len, &k, &err));
		CHECK_OK(lk_keypair_public(k, &pub, &err));
		CHECK_OK(lk_jwk_from_public(&pub, lk_jwe_alg(v[i].kind), &jwk, &err));
		text = dump(jwk);
		CHECK_STR(text, v[i].jwk);
		CHECK_OK(lk_jwk_to_public(jwk, &back, &err));
		CHECK_EQ(back.kind, v[i].kind);
		CHECK_EQ(back.xy_len, pub.xy_len);
		CHECK_MEM(back.x, pub.x, pub.xy_len);
		CHECK_MEM(back.y, pub.y, pub.xy_len);
	}
}

TEST(rsa_keys_are_written_exactly)
{
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *k = NULL;
	LK_JSON *private_jwk = parse(JWK_RSA);
	struct lk_public_key pub;
	struct lk_error err = { 0 };
	LK_JSON_TEXT *text = NULL;
	LK_JSON *jwk = NULL;

	CHECK_OK(lk_jwk_to_keypair(private_jwk, &k, &err));
	CHECK_EQ(lk_keypair_kind(k), LK_KEY_RSA2048);
	CHECK_OK(lk_keypair_public(k, &pub, &err));
	CHECK_OK(lk_jwk_from_public(&pub, lk_jwe_alg(LK_KEY_RSA2048), &jwk, &err));
	text = dump(jwk);
	CHECK_HAS(text, "{\"kty\":\"RSA\",\"alg\":\"RSA-OAEP-256\",\"n\":\"yoRfAGcY");
	CHECK_HAS(text, "\",\"e\":\"AQAB\"}");
	CHECK_EQ(lk_json_count(jwk), 4);
}

TEST(private_and_public_part_must_match)
{
	LK_JSON *jwk = parse(JWK_P256);
	struct bytes d = hex(D_P256);
	char text[LK_B64_SIZE(32)];
	struct lk_keypair *k = NULL;
	struct lk_error err = { 0 };

	CHECK_EQ(lk_jwk_to_keypair(jwk, &k, &err), LK_TAMPERED); /* no d */
	d.data[31] ^= 1;
	lk_b64_encode(LK_B64_URL, d.data, d.len, text);
	CHECK(lk_json_set_string(jwk, "d", text));
	CHECK_EQ(lk_jwk_to_keypair(jwk, &k, &err), LK_TAMPERED);
	lk_b64_encode(LK_B64_URL, d.data, 31, text);
	CHECK(lk_json_set_string(jwk, "d", text));
	CHECK_EQ(lk_jwk_to_keypair(jwk, &k, &err), LK_TAMPERED);
	CHECK(!k);
	d.data[31] ^= 1;
	lk_b64_encode(LK_B64_URL, d.data, d.len, text);
	CHECK(lk_json_set_string(jwk, "d", text));
	CHECK_OK(lk_jwk_to_keypair(jwk, &k, &err));
	CHECK_EQ(lk_keypair_kind(k), LK_KEY_P256);
	lk_keypair_free(k);
}

TEST(unknown_members_are_left_alone)
{
	LK_JSON *jwk = parse(JWK_P256);
	struct lk_public_key k;
	struct lk_error err = { 0 };

	CHECK(lk_json_set_string(jwk, "use", "enc") && lk_json_set_string(jwk, "kid", "1"));
	CHECK_OK(lk_jwk_to_public(jwk, &k, &err));
}

/* RFC 7638, 3.1, and an EC key reckoned with another implementation */
TEST(thumbprint_vectors)
{
	static const struct {
		const char *jwk, *print;
	} v[] = {
		{ "{\"kty\":\"RSA\",\"n\":\"" RFC7638_N "\",\"e\":\"AQAB\",\"alg\":\"RS256\","
		  "\"kid\":\"2011-04-29\"}",
		  "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs" },
		{ JWK_P256, THUMBPRINT_P256 },
	};
	char print[LK_THUMBPRINT_SIZE];
	struct lk_error err = { 0 };
	size_t i;

	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		LK_JSON *jwk = parse(v[i].jwk);
		struct lk_public_key k;

		CHECK_OK(lk_jwk_to_public(jwk, &k, &err));
		CHECK_OK(lk_jwk_thumbprint(&k, print, &err));
		CHECK_STR(print, v[i].print);
	}
}

TEST(every_kind_has_an_algorithm)
{
	CHECK_STR(lk_jwe_alg(LK_KEY_P256), "ECDH-ES+A256KW");
	CHECK_STR(lk_jwe_alg(LK_KEY_P384), "ECDH-ES+A256KW");
	CHECK_STR(lk_jwe_alg(LK_KEY_P521), "ECDH-ES+A256KW");
	CHECK_STR(lk_jwe_alg(LK_KEY_RSA2048), "RSA-OAEP-256");
}

TESTS(odd_public_keys_are_refused, private_keys_are_not_public, rsa_integers_are_minimal_and_large,
      public_keys_are_written_exactly, rsa_keys_are_written_exactly,
      private_and_public_part_must_match, unknown_members_are_left_alone, thumbprint_vectors,
      every_kind_has_an_algorithm)
