/* SPDX-License-Identifier: Apache-2.0 */
/* keyserver/kbs_messages.c: what is refused of what clients send, and the exact form of answers. */
#include "tests/check.h"

#include "core/base64.h"
#include "core/json.h"
#include "keyserver/kbs_messages.h"

static struct lk_error err;

static enum lk_status request(const char *text)
{
	struct lk_kbs_request r;

	return lk_kbs_request_read(text, strlen(text), &r, &err);
}

TEST(bad_requests)
{
	CHECK(request(""));
	CHECK(request("[]"));
	CHECK(request("{\"version\":\"0.4.0\",\"tee\":\"sample\"}"));
	CHECK(request("{\"version\":\"0.4.0\",\"tee\":\"se\",\"extra-params\":\"\"}"));
	CHECK(request("{\"version\":\"0.4.0\",\"tee\":\"SAMPLE\",\"extra-params\":\"\"}"));
	CHECK(request("{\"version\":\"0.4\",\"tee\":\"sample\",\"extra-params\":\"\"}"));
	CHECK(request("{\"version\":\"00.4.0\",\"tee\":\"sample\",\"extra-params\":\"\"}"));
	CHECK(request("{\"version\":\"0.4.0x\",\"tee\":\"sample\",\"extra-params\":\"\"}"));
	CHECK_EQ(err.code, LK_C_CONFIG_VALUE);
	CHECK(request("{\"version\":\"0.4.0-a\",\"tee\":\"sample\",\"extra-params\":\"\"}"));
	CHECK_EQ(err.code, LK_C_PROTOCOL_VERSION);
	CHECK(request("{\"version\":\"0.1.1\",\"tee\":\"sample\",\"extra-params\":\"\"}"));
	CHECK_STR(err.frames[0].text,
		  "KBS Client Protocol Version Mismatch: expect =0.4.0 while the "
		  "request is 0.1.1");
}

TEST(good_requests)
{
	struct lk_kbs_request r;
	const char *text =
		"{\"version\":\"0.4.0+x\",\"tee\":\"az-snp-vtpm\",\"extra-params\":null,\"x\":1}";

	CHECK_OK(lk_kbs_request_read(text, strlen(text), &r, &err));
	CHECK_STR(r.tee, "az-snp-vtpm");
}

/* The vector of the reference: key, nonce, and the three digests. */
#define KEY                                                                                        \
	"{\"kty\":\"EC\",\"crv\":\"P-256\",\"alg\":\"ECDH-ES+A256KW\","                            \
	"\"x\":\"uJbUHgJdSbH9iZPGp0ihHFHgHCFk5ZzugQmZngW_65I\","                                   \
	"\"y\":\"NTeU_5QWdxnGi_B7OrEz2cRDQh5obniMZbT-A633_oo\"}"
#define KEY_TAIL /* the same, opened already and out of order */                                   \
	"\"y\":\"NTeU_5QWdxnGi_B7OrEz2cRDQh5obniMZbT-A633_oo\",\"crv\":\"P-256\",\"kid\":\"1\","   \
	"\"x\":\"uJbUHgJdSbH9iZPGp0ihHFHgHCFk5ZzugQmZngW_65I\",\"kty\":\"EC\","                    \
	"\"alg\":\"ECDH-ES+A256KW\"}"
#define NONCE "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define ATTESTATION(key, additional)                                                               \
	"{\"init-data\":null,\"runtime-data\":{\"nonce\":\"" NONCE "\",\"tee-pubkey\":" key "},"   \
	"\"tee-evidence\":{\"primary_evidence\":{},\"additional_evidence\":" additional "}}"

static enum lk_status attestation(const char *text)
{
	LK_KBS_ATTESTATION a = { 0 };

	return lk_kbs_attestation_read(text, strlen(text), &a, &err);
}

TEST(bad_attestations)
{
	CHECK(attestation(""));
	CHECK(attestation("[]"));
	CHECK(attestation("{}"));
	CHECK(attestation(ATTESTATION("{}", "\"\"")));
	CHECK(attestation(ATTESTATION("null", "\"\"")));
	CHECK(attestation(ATTESTATION(KEY, "{}")));
	CHECK(attestation(ATTESTATION(KEY, "null")));
	CHECK(attestation(
		ATTESTATION("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"\",\"y\":\"\"}", "\"\"")));
	CHECK(attestation(ATTESTATION("{\"kty\":\"oct\",\"k\":\"AA\"}", "\"\"")));
	CHECK(attestation(ATTESTATION(
		"{\"kty\":\"RSA\",\"alg\":\"RSA-OAEP-256\",\"n\":1,\"e\":\"\"}", "\"\"")));
	CHECK(attestation(
		"{\"runtime-data\":{\"nonce\":1,\"tee-pubkey\":" KEY "},"
		"\"tee-evidence\":{\"primary_evidence\":{},\"additional_evidence\":\"\"}}"));
	CHECK(attestation("{\"runtime-data\":{\"nonce\":\"" NONCE "\",\"tee-pubkey\":" KEY "},"
			  "\"tee-evidence\":{\"additional_evidence\":\"\"}}"));
	CHECK(attestation(
		"{\"init-data\":{\"format\":\"toml\"},"
		"\"runtime-data\":{\"nonce\":\"" NONCE "\",\"tee-pubkey\":" KEY "},"
		"\"tee-evidence\":{\"primary_evidence\":{},\"additional_evidence\":\"\"}}"));
}

static void digest_is(const char *text, const char *hex)
{
	LK_KBS_ATTESTATION a = { 0 };
	LK_JSON *runtime = NULL;
	uint8_t digest[LK_KBS_DIGEST_LEN];
	char got[2 * LK_KBS_DIGEST_LEN + 1];

	CHECK_OK(lk_kbs_attestation_read(text, strlen(text), &a, &err));
	CHECK_STR(a.nonce, NONCE);
	CHECK(!a.has_init_data);
	CHECK_OK(lk_kbs_runtime_data(&a, a.nonce, &runtime, &err));
	CHECK_OK(lk_kbs_runtime_digest(runtime, digest, &err));
	lk_hex_encode(digest, sizeof(digest), got);
	CHECK_STR(got, hex);
}

TEST(digests_of_the_reference)
{
	static const char plain[] =
		"21d17a5051afdff8c27fe9123e41ad48aaa295314f15c1a62ccab1797a289b918"
		"0c4f34dbe4ed1adef0e6f1615ed5e1c";

	CHECK_OK(lk_crypto_setup(&err));
	digest_is(ATTESTATION(KEY, "\"\""), plain);
	/* members that the protocol does not know are not hashed */
	digest_is(ATTESTATION("{\"use\":\"enc\"," KEY_TAIL, "\"\""), plain);
	digest_is(
		ATTESTATION(
			KEY,
			"\"{\\\"sampledevice\\\":{\\\"report_data\\\":\\\"DmKrxvOeRuJvKyxKDfKtBi"
			"LiwLFyKPNR5T3/FmhriOQk0dSRJL4PpV63ZLfIWevq\\\",\\\"svn\\\":\\\"2\\\"}}\""),
		"18732b4bad3f81c6c5ded7c751e3af7092f9613cd280988d636e09e5eb1cebc9ea3c5d15f2e4f91c55a70017"
		"2cf0c89c");
}

static enum lk_status tee_key(const char *text)
{
	struct lk_public_key key;
	LK_JSON *jwk = NULL;

	CHECK_OK(lk_json_parse(text, strlen(text), &jwk, &err));
	return lk_kbs_tee_key(jwk, &key, &err);
}

TEST(keys_nothing_can_be_encrypted_to)
{
	CHECK(tee_key("{\"kty\":\"EC\",\"crv\":\"P-256\",\"alg\":\"ECDH-ES\","
		      "\"x\":\"uJbUHgJdSbH9iZPGp0ihHFHgHCFk5ZzugQmZngW_65I\","
		      "\"y\":\"NTeU_5QWdxnGi_B7OrEz2cRDQh5obniMZbT-A633_oo\"}"));
	CHECK(tee_key("{\"kty\":\"EC\",\"crv\":\"P-256\",\"alg\":\"ECDH-ES+A256KW\","
		      "\"x\":\"uJbUHgJdSbH9iZPGp0ihHFHgHCFk5ZzugQmZngW_\","
		      "\"y\":\"NTeU_5QWdxnGi_B7OrEz2cRDQh5obniMZbT-A633_oo\"}"));
	CHECK(tee_key(
		"{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"alg\":\"ECDH-ES+A256KW\",\"x\":\"\",\"y\":\"\"}"));
	CHECK_OK(tee_key(KEY));
}

TEST(answers)
{
	LK_JSON_TEXT *challenge = NULL;
	LK_JSON_TEXT *token = NULL;
	LK_JSON_TEXT *error = NULL;
	size_t n;

	CHECK_OK(lk_kbs_challenge_text("abc=", &challenge, &n, &err));
	CHECK_STR(challenge, "{\"nonce\":\"abc=\",\"extra-params\":\"\"}");
	CHECK_EQ(n, strlen(challenge));
	CHECK_OK(lk_kbs_token_text("a.b.c", &token, &n, &err));
	CHECK_STR(token, "{\"token\":\"a.b.c\"}");
	CHECK_OK(lk_kbs_error_text("PolicyDeny", "no", &error, &n, &err));
	CHECK_STR(error,
		  "{\"type\":\"https://github.com/confidential-containers/kbs/errors/PolicyDeny\","
		  "\"detail\":\"no\"}");
}

TEST(cookies)
{
	static const char id[] = "0123456789abcdef0123456789abcdef";
	char text[LK_KBS_COOKIE_SIZE], got[33] = "untouched", header[128];

	lk_kbs_cookie_text(id, 0, text);
	CHECK_STR(text, "kbs-session-id=0123456789abcdef0123456789abcdef; "
			"Expires=Thu, 01 Jan 1970 00:00:00 GMT");
	lk_kbs_cookie_text(id, 1767225599, text);
	CHECK_HAS(text, "Expires=Wed, 31 Dec 2025 23:59:59 GMT");
	CHECK(!lk_kbs_cookie_read("", got));
	CHECK(!lk_kbs_cookie_read("kbs-session-id", got));
	CHECK(!lk_kbs_cookie_read("kbs-session-id=", got));
	CHECK(!lk_kbs_cookie_read("kbs-session-id=0123456789abcdef0123456789abcde", got));
	CHECK(!lk_kbs_cookie_read("kbs-session-id=0123456789abcdef0123456789abcdef0", got));
	CHECK(!lk_kbs_cookie_read("kbs-session-id=0123456789ABCDEF0123456789abcdef", got));
	CHECK(!lk_kbs_cookie_read("x=kbs-session-id=0123456789abcdef0123456789abcdef", got));
	CHECK(!lk_kbs_cookie_read("Kbs-Session-Id=0123456789abcdef0123456789abcdef", got));
	CHECK(!lk_kbs_cookie_read("a=b, kbs-session-id=0123456789abcdef0123456789abcdef", got));
	CHECK_STR(got, "untouched");
	snprintf(header, sizeof(header), "a=b; kbs-session-id=%s ;c=d", id);
	CHECK(lk_kbs_cookie_read(header, got));
	CHECK_STR(got, id);
}

TESTS(bad_requests, good_requests, bad_attestations, digests_of_the_reference,
      keys_nothing_can_be_encrypted_to, answers, cookies)
