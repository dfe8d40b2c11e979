/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the key broker's messages: fixed vectors, and answers that are not what they should. */
#include "providers/kbs_messages.h"

#include "core/base64.h"
#include "core/http.h"
#include "core/jose.h"
#include "tests/check.h"

#define NONCE "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define KEY                                                                                        \
	"{\"kty\":\"EC\",\"crv\":\"P-256\",\"alg\":\"ECDH-ES+A256KW\","                            \
	"\"x\":\"uJbUHgJdSbH9iZPGp0ihHFHgHCFk5ZzugQmZngW_65I\","                                   \
	"\"y\":\"NTeU_5QWdxnGi_B7OrEz2cRDQh5obniMZbT-A633_oo\"}"

static enum lk_status challenge(const char *text, struct lk_kbs_challenge *c, struct lk_error *err)
{
	*err = (struct lk_error){ 0 };
	return lk_kbs_challenge_parse(LK_KBS_0_4_0, text, strlen(text), c, err);
}

TEST(bad_challenges_are_refused)
{
	static const char *const bad[] = {
		"",
		"{}",
		"[]",
		"null",
		"{\"nonce\":\"" NONCE "\"}",
		"{\"extra-params\":\"\"}",
		"{\"nonce\":7,\"extra-params\":\"\"}",
		"{\"nonce\":\"\",\"extra-params\":\"\"}",
		"{\"nonce\":\"short\",\"extra-params\":\"\"}",
		"{\"nonce\":\"" NONCE "\\u0001\",\"extra-params\":\"\"}",
		"{\"nonce\":\"" NONCE "\\u00e9\",\"extra-params\":\"\"}",
		"{\"nonce\":\"" NONCE "\",\"extra-params\":\"\",\"more\":1}",
		"{\"nonce\":\"" NONCE "\",\"nonce\":\"" NONCE "\",\"extra-params\":\"\"}",
		"{\"nonce\":\"" NONCE "\",\"extra-params\":7}",
		"{\"nonce\":\"" NONCE "\",\"extra-params\":[]}",
		"{\"nonce\":\"" NONCE "\",\"extra-params\":{\"selected-hash-algorithm\":7}}",
		"{\"nonce\":\"" NONCE "\",\"extra-params\":{\"selected-hash-algorithm\":\"sm3\"}}",
		"{\"nonce\":\"" NONCE "\",\"extra-params\":{\"selected-hash-algorithm\":\"\"}}",
		"{\"nonce\":\"" NONCE "\",\"extra-params\":\"\"}x",
		"{\"nonce\":\"" NONCE "\",\"extra-params\":\"\"",
	};
	struct lk_kbs_challenge c = { .nonce = "untouched" };
	struct lk_error err;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (challenge(bad[i], &c, &err) != LK_TAMPERED || err.code != LK_C_REPLY_INVALID)
			check_fail(__FILE__, __LINE__, "wrong answer to %s", bad[i]);
	CHECK_STR(c.nonce, "untouched");
}

TEST(the_hash_is_negotiated)
{
	static const struct {
		const char *extra;
		enum lk_hash hash;
	} rows[] = {
		{ "\"\"", LK_SHA384 },
		{ "null", LK_SHA384 },
		{ "{}", LK_SHA384 },
		{ "{\"other\":[1]}", LK_SHA384 },
		{ "{\"selected-hash-algorithm\":\"sha256\"}", LK_SHA256 },
		{ "{\"selected-hash-algorithm\":\"SHA384\"}", LK_SHA384 },
		{ "{\"selected-hash-algorithm\":\"Sha512\"}", LK_SHA512 },
	};
	struct lk_kbs_challenge c;
	struct lk_error err;
	char text[256];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(text, sizeof(text), "{\"extra-params\":%s,\"nonce\":\"%s\"}",
			 rows[i].extra, NONCE);
		CHECK_OK(challenge(text, &c, &err));
		CHECK_EQ(c.hash, rows[i].hash);
		CHECK_STR(c.nonce, NONCE);
	}
}

TEST(the_request_is_exact)
{
	LK_JSON_TEXT *text = NULL;
	struct lk_error err = { 0 };
	size_t len;

	CHECK_OK(lk_kbs_request_build(LK_KBS_0_4_0, "tdx", &text, &len, &err));
	CHECK_STR(text, "{\"version\":\"0.4.0\",\"tee\":\"tdx\",\"extra-params\":"
			"{\"supported-hash-algorithms\":[\"sha256\",\"sha384\",\"sha512\"]}}");
	CHECK_EQ(len, strlen(text));
}

static void report_data(enum lk_hash hash, const char *want)
{
	struct lk_kbs_challenge c = { .nonce = NONCE, .hash = hash };
	char hex[2 * LK_HASH_MAX + 1];
	uint8_t digest[LK_HASH_MAX];
	struct lk_error err = { 0 };
	LK_JSON *key = NULL;

	CHECK_OK(lk_json_parse(KEY, strlen(KEY), &key, &err));
	CHECK_OK(lk_kbs_report_data(&c, key, digest, &err));
	lk_hex_encode(digest, lk_hash_size(hash), hex);
	CHECK_STR(hex, want);
}

TEST(report_data_fits_the_vectors)
{
	report_data(LK_SHA256, "91414fb248c4743eae2119cf7b1dc8da66d8533390403fa689b3af03eb132847");
	report_data(LK_SHA384, "21d17a5051afdff8c27fe9123e41ad48aaa295314f15c1a62ccab1797a289b91"
			       "80c4f34dbe4ed1adef0e6f1615ed5e1c");
	report_data(LK_SHA512, "0260e5aa469393541d6237a97b386241373fa031a057737e762cfbb513c7244f"
			       "46a61a3f489afbdfee15def37f676313187df2bef3f0363fa5ed3a359e1d4b4a");
}

TEST(the_attestation_is_exact)
{
	static const char evidence[] = "{\"svn\":\"1\",\"report_data\":\"xyz\"}";
	struct lk_kbs_challenge c = { .nonce = NONCE };
	LK_JSON *key = NULL;
	LK_JSON *ev = NULL;
	LK_JSON_TEXT *text = NULL;
	struct lk_error err = { 0 };
	size_t len;

	CHECK_OK(lk_json_parse(KEY, strlen(KEY), &key, &err));
	CHECK_OK(lk_json_parse(evidence, strlen(evidence), &ev, &err));
	CHECK_OK(lk_kbs_attestation_build(&c, key, ev, &text, &len, &err));
	CHECK_STR(text, "{\"init-data\":null,\"runtime-data\":{\"nonce\":\"" NONCE
			"\",\"tee-pubkey\":" KEY "},\"tee-evidence\":{\"primary_evidence\":"
			"{\"svn\":\"1\",\"report_data\":\"xyz\"},\"additional_evidence\":\"\"}}");
}

TEST(bad_tokens_are_refused)
{
	static const char *const bad[] = {
		"",
		"{}",
		"{\"token\":7}",
		"{\"token\":\"\"}",
		"{\"token\":\"e30\"}",
		"{\"token\":\"e30.e30\"}",
		"{\"token\":\"e30.e30.\"}",
		"{\"token\":\".e30.e30\"}",
		"{\"token\":\"e30..e30\"}",
		"{\"token\":\"e30.e30.e30.e30\"}",
		"{\"token\":\"e30.e30=.e30\"}",
		"{\"token\":\"e30.!!!!.e30\"}",
		"{\"token\":\"e30.aGVsbG8.e30\"}",
		"{\"token\":\"e30.W10.e30\"}",
		"{\"token\":\"e30.e31.e30\"}",
		"{\"token\":\"e30.e30.e3 0\"}",
		"{\"token\":\"e30.e30.e30\",\"more\":1}",
	};
	struct lk_error err;
	int64_t life;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		err = (struct lk_error){ 0 };
		if (lk_kbs_token_parse(bad[i], strlen(bad[i]), NULL, &life, &err) != LK_TAMPERED)
			check_fail(__FILE__, __LINE__, "accepted: %s", bad[i]);
	}
	CHECK_OK(lk_kbs_token_parse("{\"token\":\"e30.e30.e30\"}", 23, NULL, &life, &err));
}

/* The life of a token with these claims, or -1 if it is refused. */
static int64_t life_of(const char *claims)
{
	struct lk_error err = { 0 };
	char part[256], text[640], token[512];
	LK_SECRET got = { 0 };
	int64_t life;

	(void)lk_b64_encode(LK_B64_URL, claims, strlen(claims), part);
	snprintf(token, sizeof(token), "e30.%s.c2ln", part);
	snprintf(text, sizeof(text), "{\"token\":\"%s\"}", token);
	if (lk_kbs_token_parse(text, strlen(text), &got, &life, &err))
		return got.data ? -2 : -1;
	CHECK_STR((char *)got.data, token);
	return life;
}

TEST(a_token_s_life_asks_no_clock)
{
	CHECK_EQ(life_of("{\"iat\":1700000000,\"exp\":1700000300}"), 300);
	CHECK_EQ(life_of("{\"iat\":3,\"exp\":4}"), 1);
	CHECK_EQ(life_of("{\"exp\":1700000300}"), 0);
	CHECK_EQ(life_of("{\"iat\":1700000300}"), 0);
	CHECK_EQ(life_of("{}"), 0);
	CHECK_EQ(life_of("{\"iat\":1700000300,\"exp\":1700000300}"), -1);
	CHECK_EQ(life_of("{\"iat\":1700000300,\"exp\":1700000000}"), -1);
	CHECK_EQ(life_of("{\"exp\":\"1700000300\"}"), -1);
	CHECK_EQ(life_of("{\"exp\":1.5}"), -1);
	CHECK_EQ(life_of("{\"iat\":-1,\"exp\":1}"), -1);
}

static enum lk_status cookie(const char *head, char *out)
{
	struct lk_error err = { 0 };

	return lk_kbs_cookie_parse(head, strlen(head), out, &err);
}

TEST(cookies_are_taken_by_hand)
{
	char out[LK_KBS_COOKIE_MAX + 1] = "untouched";
	char longer[LK_KBS_COOKIE_MAX + 64];

	CHECK_EQ(cookie("", out), LK_ABSENT);
	CHECK_EQ(cookie("Set-Cookie: other=1\r\n", out), LK_ABSENT);
	CHECK_EQ(cookie("Set-Cookie: KBS-SESSION-ID=1\r\n", out), LK_ABSENT);
	CHECK_EQ(cookie("Set-Cookie: kbs-session-id=\r\n", out), LK_TAMPERED);
	CHECK_EQ(cookie("Set-Cookie: kbs-session-id=;x\r\n", out), LK_TAMPERED);
	CHECK_EQ(cookie("Set-Cookie: kbs-session-id=\"a\"\r\n", out), LK_TAMPERED);
	CHECK_EQ(cookie("Set-Cookie: kbs-session-id=a b\r\n", out), LK_TAMPERED);
	CHECK_EQ(cookie("Set-Cookie: kbs-session-id=a\x01\r\n", out), LK_TAMPERED);
	memset(longer, 'a', sizeof(longer));
	memcpy(longer, "Set-Cookie: kbs-session-id=", 27);
	longer[sizeof(longer) - 1] = '\0';
	CHECK_EQ(cookie(longer, out), LK_TAMPERED);
	CHECK_STR(out, "untouched");

	CHECK_EQ(cookie("HTTP/1.1 200 OK\r\nset-cookie: other=1\r\n"
			"SET-COOKIE:  kbs-session-id=0af; Expires=Thu, 01 Jan 1970\r\n\r\n",
			out),
		 LK_OK);
	CHECK_STR(out, "0af");
}

static enum lk_code refusal(enum lk_kbs_step step, int status, const char *body)
{
	struct lk_error err = { 0 };
	char text[2048];

	CHECK(lk_kbs_refusal(step, status, body, strlen(body), &err) != LK_OK);
	lk_error_format(&err, text, sizeof(text));
	CHECK(!strstr(text, "quoted"));
	return err.code;
}

#define TYPED(name)                                                                                \
	"{\"type\":\"https://github.com/confidential-containers/kbs/errors/" name                  \
	"\",\"detail\":\"quoted\"}"

TEST(refusals_are_judged_by_type)
{
	static const struct {
		const char *body;
		enum lk_code auth, attest, resource;
	} rows[] = {
		{ TYPED("PolicyDeny"), LK_C_KBS_DENIED, LK_C_KBS_DENIED, LK_C_KBS_DENIED },
		{ TYPED("PluginInternalError"), LK_C_KBS_NO_RESOURCE, LK_C_KBS_NO_RESOURCE,
		  LK_C_KBS_NO_RESOURCE },
		{ TYPED("PluginNotFound"), LK_C_REPLY_INVALID, LK_C_REPLY_INVALID,
		  LK_C_KBS_NO_RESOURCE },
		{ TYPED("TokenNotFound"), LK_C_REPLY_INVALID, LK_C_SESSION_EXPIRED,
		  LK_C_SESSION_EXPIRED },
		{ TYPED("TokenVerifierError"), LK_C_REPLY_INVALID, LK_C_SESSION_EXPIRED,
		  LK_C_SESSION_EXPIRED },
		{ TYPED("JweError"), LK_C_REPLY_INVALID, LK_C_REPLY_INVALID, LK_C_KBS_TEE_KEY },
		{ TYPED("AttestationError"), LK_C_EVIDENCE_REJECTED, LK_C_EVIDENCE_REJECTED,
		  LK_C_EVIDENCE_REJECTED },
		{ TYPED("NeverHeardOf"), LK_C_EVIDENCE_REJECTED, LK_C_EVIDENCE_REJECTED,
		  LK_C_KBS_DENIED },
		{ "", LK_C_REPLY_INVALID, LK_C_EVIDENCE_REJECTED, LK_C_KBS_DENIED },
		{ "<html>quoted</html>", LK_C_REPLY_INVALID, LK_C_EVIDENCE_REJECTED,
		  LK_C_KBS_DENIED },
		{ "{\"type\":7,\"detail\":\"quoted\"}", LK_C_REPLY_INVALID, LK_C_EVIDENCE_REJECTED,
		  LK_C_KBS_DENIED },
		{ "[\"quoted\"]", LK_C_REPLY_INVALID, LK_C_EVIDENCE_REJECTED, LK_C_KBS_DENIED },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CHECK_EQ(refusal(LK_KBS_AUTH, 401, rows[i].body), rows[i].auth);
		CHECK_EQ(refusal(LK_KBS_ATTEST, 401, rows[i].body), rows[i].attest);
		CHECK_EQ(refusal(LK_KBS_RESOURCE, 401, rows[i].body), rows[i].resource);
	}
}

TEST(refusals_without_a_type_are_judged_by_status)
{
	CHECK_EQ(refusal(LK_KBS_RESOURCE, 404, "quoted"), LK_C_KBS_NO_RESOURCE);
	CHECK_EQ(refusal(LK_KBS_AUTH, 404, "quoted"), LK_C_REPLY_INVALID);
	CHECK_EQ(refusal(LK_KBS_RESOURCE, 403, "quoted"), LK_C_KBS_DENIED);
	CHECK_EQ(refusal(LK_KBS_AUTH, 403, "quoted"), LK_C_REPLY_INVALID);
	CHECK_EQ(refusal(LK_KBS_RESOURCE, 418, "quoted"), LK_C_REPLY_INVALID);
	CHECK_EQ(refusal(LK_KBS_RESOURCE, 204, ""), LK_C_REPLY_INVALID);
	CHECK_EQ(refusal(LK_KBS_AUTH, 502, "quoted"), LK_C_SERVER_BUSY);
	CHECK_EQ(refusal(LK_KBS_RESOURCE, 500, TYPED("PolicyDeny")), LK_C_SERVER_BUSY);
}

TEST(another_protocol_version_is_named)
{
	static const char body[] =
		"{\"type\":\"https://x/errors/AttestationError\",\"detail\":\"Attestation error: "
		"RCAR handshake Auth failed: KBS Client Protocol Version Mismatch: expect =0.5.0 "
		"while the request is 0.4.0\"}";
	struct lk_error err = { 0 };
	char text[2048];

	CHECK_EQ(lk_kbs_refusal(LK_KBS_AUTH, 401, body, strlen(body), &err), LK_CONFIG);
	CHECK_EQ(err.code, LK_C_PROTOCOL_VERSION);
	CHECK_HAS(lk_error_format(&err, text, sizeof(text)), "0.5.0");
}

TESTS(bad_challenges_are_refused, the_hash_is_negotiated, the_request_is_exact,
      report_data_fits_the_vectors, the_attestation_is_exact, bad_tokens_are_refused,
      a_token_s_life_asks_no_clock, cookies_are_taken_by_hand, refusals_are_judged_by_type,
      refusals_without_a_type_are_judged_by_status, another_protocol_version_is_named)
