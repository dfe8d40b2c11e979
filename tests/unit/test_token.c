/* SPDX-License-Identifier: Apache-2.0 */
/* keyserver/token.c: only tokens of ours, unaltered and in time, say anything. */
#include "core/base64.h"
#include "core/jose.h"
#include "keyserver_fixture.h"

#define NOW 1700000000

static struct lk_error err;

static struct lk_token_signer *signer(void)
{
	struct lk_keypair *key = NULL;
	struct lk_token_signer *s = NULL;

	CHECK_OK(lk_crypto_setup(&err));
	CHECK_OK(lk_keypair_generate(LK_KEY_P256, &key, &err));
	CHECK_OK(lk_token_signer_new(key, &s, &err));
	return s;
}

static struct json_t *parse(const char *text)
{
	struct json_t *doc = NULL;

	CHECK_OK(lk_json_parse(text, strlen(text), &doc, &err));
	return doc;
}

static void make(const struct lk_token_signer *s, char **token, char **payload)
{
	LK_JSON *claims = parse("{\"sample\":{\"svn\":\"1\"},\"phase\":\"initrd\"}");
	LK_JSON *runtime = parse("{\"additional-evidence\":\"\",\"nonce\":\"n\","
				 "\"tee-pubkey\":{\"kty\":\"EC\"}}");
	const struct lk_token_subject about = { "sample", claims, runtime };

	CHECK_OK(lk_token_make(s, &about, NOW, token, payload, &err));
}

static bool accepted(const struct lk_token_signer *s, const char *token, int64_t now)
{
	LK_JSON_TEXT *payload = NULL;

	if (lk_token_verify(s, token, strlen(token), now, &payload, &err) == LK_OK)
		return true;
	CHECK_EQ(err.status, LK_DENIED);
	CHECK(!payload);
	return false;
}

TEST(altered)
{
	struct lk_token_signer *s = signer();
	LK_FREE char *token = NULL;
	LK_JSON_TEXT *payload = NULL;
	size_t i, n;

	make(s, &token, &payload);
	CHECK(accepted(s, token, NOW));
	n = strlen(token);
	for (i = 0; i < n; i += i < n - 90 ? 7 : 1) {
		char was = token[i];

		token[i] = was == 'A' ? 'B' : 'A';
		CHECK(!accepted(s, token, NOW));
		token[i] = was;
	}
	token[n - 1] = '\0';
	CHECK(!accepted(s, token, NOW));
	CHECK(!accepted(s, "", NOW));
	CHECK(!accepted(s, "..", NOW));
	lk_token_signer_free(s);
}

TEST(of_another_key)
{
	struct lk_token_signer *s = signer(), *other = signer();
	LK_FREE char *token = NULL;
	LK_JSON_TEXT *payload = NULL;

	make(other, &token, &payload);
	CHECK(!accepted(s, token, NOW));
	CHECK(strcmp(lk_token_kid(s), lk_token_kid(other)) != 0);
	lk_token_signer_free(s);
	lk_token_signer_free(other);
}

TEST(out_of_time)
{
	struct lk_token_signer *s = signer();
	LK_FREE char *token = NULL;
	LK_JSON_TEXT *payload = NULL;

	make(s, &token, &payload);
	CHECK(accepted(s, token, NOW + LK_TOKEN_LIFETIME_S - 1));
	CHECK(!accepted(s, token, NOW + LK_TOKEN_LIFETIME_S));
	lk_token_signer_free(s);
}

TEST(without_an_end)
{
	struct lk_keypair *key = NULL;
	struct lk_token_signer *s = NULL;
	LK_FREE char *token = NULL;
	LK_SECRET d = { 0 };
	struct lk_keypair *same = NULL;

	CHECK_OK(lk_keypair_generate(LK_KEY_P256, &key, &err));
	CHECK_OK(lk_keypair_scalar(key, &d, &err));
	CHECK_OK(lk_keypair_from_scalar(LK_KEY_P256, d.data, d.len, &same, &err));
	CHECK_OK(lk_token_signer_new(key, &s, &err));
	CHECK_OK(lk_jws_sign(same, "JWT", lk_token_kid(s), "{\"iat\":1}", 9, &token, &err));
	CHECK(!accepted(s, token, NOW));
	lk_keypair_free(same);
	lk_token_signer_free(s);
}

TEST(what_it_says)
{
	struct lk_token_signer *s = signer();
	LK_FREE char *token = NULL;
	LK_JSON_TEXT *payload = NULL;
	LK_JSON_TEXT *verified = NULL;
	LK_TOKEN_CLAIMS c = { 0 };
	const char *svn;
	struct json_t *sample;

	make(s, &token, &payload);
	CHECK_OK(lk_token_verify(s, token, strlen(token), NOW, &verified, &err));
	CHECK_STR(verified, payload);
	CHECK_OK(lk_token_claims_read(verified, &c, &err));
	CHECK_STR(c.tee, "sample");
	CHECK_STR(c.phase, "initrd");
	CHECK_OK(lk_json_get_object(c.claims, "sample", &sample, &err));
	CHECK_OK(lk_json_get_string(sample, "svn", 10, &svn, &err));
	CHECK(lk_json_has(c.tee_pubkey, "kty"));
	lk_token_signer_free(s);
}

TEST(payloads_without_claims)
{
	LK_TOKEN_CLAIMS c = { 0 };

	CHECK(lk_token_claims_read("", &c, &err));
	CHECK(lk_token_claims_read("{}", &c, &err));
	CHECK(lk_token_claims_read("{\"tee\":\"sample\",\"submods\":{}}", &c, &err));
	CHECK(lk_token_claims_read("{\"tee\":\"sample\",\"submods\":{\"cpu0\":{\"ear.veraison."
				   "annotated-evidence\":{\"runtime_data_claims\":{}}}}}",
				   &c, &err));
	CHECK(!c.doc);
}

TESTS(altered, of_another_key, out_of_time, without_an_end, what_it_says, payloads_without_claims)
