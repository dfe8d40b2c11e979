/* SPDX-License-Identifier: Apache-2.0 */
/* JWS: tokens that are malformed, altered, or ask to be believed; then vectors, and our own. */
#include "core/jose_internal.h"
#include "tests/unit/bytes.h"
#include "tests/unit/jose_vectors.h"

static struct lk_keypair *key(const char *d_hex)
{
	struct bytes d = hex(d_hex);
	struct lk_error err = { 0 };
	struct lk_keypair *k = NULL;

	lk_json_setup();
	CHECK_OK(lk_keypair_from_scalar(LK_KEY_P256, d.data, d.len, &k, &err));
	return k;
}

static struct lk_public_key public_of(const char *d_hex)
{
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *k = key(d_hex);
	struct lk_public_key pub;
	struct lk_error err = { 0 };

	CHECK_OK(lk_keypair_public(k, &pub, &err));
	return pub;
}

static enum lk_status verify(const struct lk_public_key *k, const char *kid, const char *token)
{
	LK_FREE char *payload = NULL;
	struct lk_error err = { 0 };
	enum lk_status st;
	size_t n;

	st = lk_jws_verify(k, kid, token, strlen(token), &payload, &n, &err);
	CHECK(!st == (payload != NULL));
	return st;
}

/* A token with a header and payload of our choice, properly signed with the token test key. */
static char *signed_with(const char *header, const char *payload)
{
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *k = key(D_TOKEN);
	struct lk_error err = { 0 };
	uint8_t sig[132];
	char *token = calloc(1, 8192);
	size_t at, n;

	CHECK(token != NULL);
	at = lk_b64_encode(LK_B64_URL, header, strlen(header), token);
	token[at++] = '.';
	at += lk_b64_encode(LK_B64_URL, payload, strlen(payload), token + at);
	CHECK_OK(lk_ecdsa_sign(k, token, at, sig, &n, &err));
	token[at++] = '.';
	lk_b64_encode(LK_B64_URL, sig, n, token + at);
	return token;
}

TEST(malformed_tokens_are_refused)
{
	static const char *const bad[] = {
		"",
		".",
		"..",
		"...",
		"a.b",
		"a.b.c",
		"eyJhbGciOiJFUzI1NiJ9.e30",
		"eyJhbGciOiJFUzI1NiJ9.e30.",
		"eyJhbGciOiJFUzI1NiJ9.e30.AAAA",
		"eyJhbGciOiJFUzI1NiJ9..AAAA",
		".e30.AAAA",
	};
	struct lk_public_key k = public_of(D_TOKEN);
	LK_FREE char *huge = malloc(LK_JWS_MAX + 2u);
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_EQ(verify(&k, NULL, bad[i]), LK_TAMPERED);
	CHECK_EQ(verify(&k, NULL, TOKEN "."), LK_TAMPERED);
	CHECK_EQ(verify(&k, NULL, TOKEN ".AAAA"), LK_TAMPERED);
	CHECK_EQ(verify(&k, NULL, TOKEN "="), LK_TAMPERED);
	CHECK_EQ(verify(&k, NULL, TOKEN "\n"), LK_TAMPERED);
	CHECK_EQ(verify(&k, NULL, " " TOKEN), LK_TAMPERED);
	CHECK(huge != NULL);
	memset(huge, 'A', LK_JWS_MAX + 1u);
	huge[LK_JWS_MAX + 1u] = '\0';
	CHECK_EQ(verify(&k, NULL, huge), LK_TAMPERED);
}

TEST(other_algorithms_are_refused)
{
	static const char *const headers[] = {
		"{\"alg\":\"none\"}",
		"{\"alg\":\"HS256\"}",
		"{\"alg\":\"ES384\"}",
		"{\"alg\":\"EdDSA\"}",
		"{\"alg\":\"es256\"}",
		"{\"alg\":\"\"}",
		"{\"alg\":7}",
		"{\"alg\":[\"ES256\"]}",
		"{}",
		"{\"typ\":\"JWT\"}",
		"[\"ES256\"]",
		"\"ES256\"",
		"{\"alg\":\"ES256\",\"alg\":\"ES256\"}",
		"{\"alg\":\"ES256\",\"crit\":[\"b64\"],\"b64\":false}",
		"{\"alg\":\"ES256\",\"crit\":[]}",
		"{\"alg\":\"ES256\"",
	};
	struct lk_public_key k = public_of(D_TOKEN);
	size_t i;

	for (i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		LK_FREE char *token = signed_with(headers[i], "{}");

		if (verify(&k, NULL, token) != LK_TAMPERED)
			check_fail(__FILE__, __LINE__, "accepted %s", headers[i]);
	}
}

TEST(every_altered_letter_is_noticed)
{
	static const char good[] = TOKEN;
	struct lk_public_key k = public_of(D_TOKEN);
	char token[sizeof(good)];
	size_t i;

	memcpy(token, good, sizeof(good));
	for (i = 0; i < sizeof(good) - 1; i += 3) {
		token[i] = good[i] == 'A' ? 'B' : 'A';
		if (verify(&k, NULL, token) != LK_TAMPERED)
			check_fail(__FILE__, __LINE__, "letter %zu may be altered", i);
		token[i] = good[i];
	}
}

/* The vector brings its own key along; a forger would too. */
TEST(keys_in_the_token_count_for_nothing)
{
	struct lk_public_key other = public_of(D_P256);

	CHECK_EQ(verify(&other, NULL, TOKEN), LK_TAMPERED);
}

TEST(other_kinds_of_keys_are_refused)
{
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *p384 = NULL;
	struct lk_public_key pub;
	struct lk_error err = { 0 };
	char *token = NULL;

	CHECK_OK(lk_keypair_generate(LK_KEY_P384, &p384, &err));
	CHECK_OK(lk_keypair_public(p384, &pub, &err));
	CHECK_EQ(verify(&pub, NULL, TOKEN), LK_CONFIG);
	CHECK_EQ(lk_jws_sign(p384, "JWT", NULL, "{}", 2, &token, &err), LK_CONFIG);
	CHECK(!token);
}

TEST(kid_must_match_where_there_is_one)
{
	struct lk_public_key k = public_of(D_TOKEN);
	LK_FREE char *named = signed_with("{\"alg\":\"ES256\",\"kid\":\"one\"}", "{}");
	LK_FREE char *odd = signed_with("{\"alg\":\"ES256\",\"kid\":1}", "{}");
	LK_FREE char *unnamed = signed_with("{\"alg\":\"ES256\"}", "{}");

	CHECK_EQ(verify(&k, "two", named), LK_TAMPERED);
	CHECK_EQ(verify(&k, "one", odd), LK_TAMPERED);
	CHECK_EQ(verify(&k, "one", named), LK_OK);
	CHECK_EQ(verify(&k, NULL, named), LK_OK);
	CHECK_EQ(verify(&k, "two", unnamed), LK_OK);
}

TEST(vectors_verify)
{
	struct lk_public_key k = public_of(D_TOKEN);
	struct lk_error err = { 0 };
	LK_FREE char *payload = NULL;
	LK_FREE char *claims = NULL;
	LK_JSON *jwk = NULL;
	LK_JSON *doc = NULL;
	int64_t exp;
	size_t n;

	CHECK_OK(lk_jws_verify(&k, NULL, TOKEN, strlen(TOKEN), &claims, &n, &err));
	CHECK_OK(lk_json_parse(claims, n, &doc, &err));
	CHECK_OK(lk_json_get_int(doc, "exp", 0, INT64_MAX, &exp, &err));
	CHECK_EQ(exp, 4102444800);
	CHECK_OK(lk_json_parse(JWK_SEALED, strlen(JWK_SEALED), &jwk, &err));
	CHECK_OK(lk_jwk_to_public(jwk, &k, &err));
	CHECK_OK(lk_jws_verify(&k, "kbs:///default/signing/1", SEALED, strlen(SEALED), &payload, &n,
			       &err));
	CHECK_STR(payload, SEALED_PAYLOAD);
	CHECK_EQ(n, strlen(SEALED_PAYLOAD));
}

TEST(signed_tokens_have_the_usual_header)
{
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *k = key(D_TOKEN);
	struct lk_error err = { 0 };
	LK_FREE char *token = NULL;
	LK_FREE char *bare = NULL;
	struct bytes header;

	CHECK_OK(lk_jws_sign(k, "JWT", "k1", "{}", 2, &token, &err));
	*strchr(token, '.') = '\0';
	header = b64url(token);
	CHECK_STR((char *)header.data, "{\"typ\":\"JWT\",\"alg\":\"ES256\",\"kid\":\"k1\"}");
	CHECK_OK(lk_jws_sign(k, NULL, NULL, "{}", 2, &bare, &err));
	*strchr(bare, '.') = '\0';
	header = b64url(bare);
	CHECK_STR((char *)header.data, "{\"alg\":\"ES256\"}");
}

TEST(signed_tokens_verify)
{
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *k = key(D_TOKEN);
	struct lk_public_key pub = public_of(D_TOKEN);
	static char payload[50000];
	struct lk_error err = { 0 };
	size_t sizes[] = { 0, 1, 2, 3, sizeof(payload) }, i, n;

	memset(payload, 'x', sizeof(payload));
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		LK_FREE char *token = NULL;
		LK_FREE char *back = NULL;

		CHECK_OK(lk_jws_sign(k, "JWT", "k1", payload, sizes[i], &token, &err));
		CHECK_OK(lk_jws_verify(&pub, "k1", token, strlen(token), &back, &n, &err));
		CHECK_EQ(n, sizes[i]);
		CHECK_MEM(back, payload, n);
		CHECK_EQ(back[n], '\0');
	}
}

TESTS(malformed_tokens_are_refused, other_algorithms_are_refused, every_altered_letter_is_noticed,
      keys_in_the_token_count_for_nothing, other_kinds_of_keys_are_refused,
      kid_must_match_where_there_is_one, vectors_verify, signed_tokens_have_the_usual_header,
      signed_tokens_verify)
