/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the versions of the key broker protocol: layouts, going down, and what is never done. */
#include "providers/kbs_protocol.h"

#include "core/base64.h"
#include "core/jose.h"
#include "providers/kbs_messages.h"
#include "tests/check.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_server.h"
#include "tests/fakes/kbs_run.h"

#define NONCE "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define KEY                                                                                        \
	"{\"kty\":\"EC\",\"crv\":\"P-256\",\"alg\":\"ECDH-ES+A256KW\","                            \
	"\"x\":\"uJbUHgJdSbH9iZPGp0ihHFHgHCFk5ZzugQmZngW_65I\","                                   \
	"\"y\":\"NTeU_5QWdxnGi_B7OrEz2cRDQh5obniMZbT-A633_oo\"}"
#define EVIDENCE "{\"svn\":\"1\",\"report_data\":\"xyz\"}"

static struct json_t *parsed(const char *text)
{
	struct lk_error err = { 0 };
	struct json_t *doc = NULL;

	lk_json_setup();
	CHECK_OK(lk_json_parse(text, strlen(text), &doc, &err));
	return doc;
}

/* ---- layouts ---- */

TEST(requests_name_their_version)
{
	static const char *const want[LK_KBS_PROTOCOLS] = {
		[LK_KBS_0_4_0] =
			("{\"version\":\"0.4.0\",\"tee\":\"tdx\",\"extra-params\":"
			 "{\"supported-hash-algorithms\":[\"sha256\",\"sha384\",\"sha512\"]}}"),
		[LK_KBS_0_2_0] = "{\"version\":\"0.2.0\",\"tee\":\"tdx\",\"extra-params\":\"\"}",
		[LK_KBS_0_1_1] = "{\"version\":\"0.1.1\",\"tee\":\"tdx\",\"extra-params\":\"\"}",
		[LK_KBS_0_1_0] = "{\"version\":\"0.1.0\",\"tee\":\"tdx\",\"extra-params\":\"\"}",
	};
	struct lk_error err = { 0 };
	size_t len;
	int p;

	for (p = 0; p < LK_KBS_PROTOCOLS; p++) {
		LK_JSON_TEXT *text = NULL;

		CHECK_OK(lk_kbs_request_build((enum lk_kbs_protocol)p, "tdx", &text, &len, &err));
		CHECK_STR(text, want[p]);
	}
}

TEST(report_data_of_old_versions_is_of_two_members)
{
	LK_JSON *key = parsed(KEY);
	char hex[2 * LK_HASH_MAX + 1];
	uint8_t digest[LK_HASH_MAX];
	struct lk_error err = { 0 };
	int p;

	for (p = LK_KBS_0_2_0; p < LK_KBS_PROTOCOLS; p++) {
		const struct lk_kbs_challenge c = { .nonce = NONCE,
						    .hash = LK_SHA384,
						    .protocol = (enum lk_kbs_protocol)p };

		CHECK_OK(lk_kbs_report_data(&c, key, digest, &err));
		lk_hex_encode(digest, 48, hex);
		CHECK_STR(hex, "0e62abc6f39e46e26f2b2c4a0df2ad0622e2c0b17228f351e53dff16686b88e4"
			       "24d1d49124be0fa55eb764b7c859ebea");
	}
}

TEST(attestations_of_old_versions)
{
	static const char *const want[LK_KBS_PROTOCOLS] = {
		[LK_KBS_0_2_0] = "{\"tee-pubkey\":" KEY ",\"tee-evidence\":" EVIDENCE "}",
		[LK_KBS_0_1_1] = "{\"tee-pubkey\":" KEY ",\"tee-evidence\":" EVIDENCE "}",
		[LK_KBS_0_1_0] = "{\"tee-pubkey\":" KEY ",\"tee-evidence\":"
				 "\"{\\\"svn\\\":\\\"1\\\",\\\"report_data\\\":\\\"xyz\\\"}\"}",
	};
	LK_JSON *key = parsed(KEY);
	LK_JSON *evidence = parsed(EVIDENCE);
	struct lk_error err = { 0 };
	size_t len;
	int p;

	for (p = LK_KBS_0_2_0; p < LK_KBS_PROTOCOLS; p++) {
		const struct lk_kbs_challenge c = { .nonce = NONCE,
						    .protocol = (enum lk_kbs_protocol)p };
		LK_JSON_TEXT *text = NULL;

		CHECK_OK(lk_kbs_attestation_build(&c, key, evidence, &text, &len, &err));
		CHECK_STR(text, want[p]);
	}
}

TEST(a_hash_that_was_not_offered_is_not_taken)
{
	static const char text[] = "{\"nonce\":\"" NONCE
				   "\",\"extra-params\":{\"selected-hash-algorithm\":\"sha256\"}}";
	struct lk_kbs_challenge c;
	struct lk_error err = { 0 };

	CHECK_OK(lk_kbs_challenge_parse(LK_KBS_0_4_0, text, strlen(text), &c, &err));
	CHECK_EQ(c.hash, LK_SHA256);
	CHECK_EQ(lk_kbs_challenge_parse(LK_KBS_0_2_0, text, strlen(text), &c, &err), LK_TAMPERED);
}

TEST(keys_that_a_version_knows)
{
	CHECK_STR(lk_kbs_key_alg(LK_KBS_0_4_0, LK_KEY_P521), "ECDH-ES+A256KW");
	CHECK(!lk_kbs_key_alg(LK_KBS_0_2_0, LK_KEY_P521));
	CHECK_STR(lk_kbs_key_alg(LK_KBS_0_2_0, LK_KEY_P256), "ECDH-ES+A256KW");
	CHECK_STR(lk_kbs_key_alg(LK_KBS_0_2_0, LK_KEY_RSA2048), "RSA-OAEP-256");
	CHECK(!lk_kbs_key_alg(LK_KBS_0_1_1, LK_KEY_P256));
	CHECK_STR(lk_kbs_key_alg(LK_KBS_0_1_1, LK_KEY_RSA2048), "RSA1_5");
	CHECK_STR(lk_kbs_key_alg(LK_KBS_0_1_0, LK_KEY_RSA2048), "RSA1_5");
}

/* ---- which version is expected ---- */

static const char *expected(const char *detail)
{
	static char version[LK_KBS_VERSION_SIZE];
	char body[512];

	snprintf(body, sizeof(body), "{\"type\":\"x/AttestationError\",\"detail\":\"%s\"}", detail);
	return lk_kbs_expected_version(401, body, strlen(body), version) ? version : "";
}

TEST(the_expected_version_is_read_strictly)
{
	char version[LK_KBS_VERSION_SIZE];

	CHECK_STR(expected("Version Mismatch: expect =0.2.0 while the request is 0.4.0"), "0.2.0");
	CHECK_STR(expected("Version Mismatch: expect <=0.1.0 while"), "0.1.0");
	CHECK_STR(expected("Version Mismatch: expect 0.1.0"), "0.1.0");
	CHECK_STR(expected("Version Mismatch: expect =<b>"), "");
	CHECK_STR(expected("Version Mismatch: expect =1111111111111111"), "");
	CHECK_STR(expected("Version Mismatch"), "");
	CHECK_STR(expected(""), "");
	CHECK(!lk_kbs_expected_version(200, "{\"detail\":\"Version Mismatch: expect =0.2.0\"}", 45,
				       version));
	CHECK(!lk_kbs_expected_version(401, "{\"detail\":7}", 12, version));
	CHECK(!lk_kbs_expected_version(401, "", 0, version));
}

TEST(one_step_down_and_no_further)
{
	enum lk_kbs_protocol p = LK_KBS_0_1_0;

	CHECK(lk_kbs_step_down(LK_KBS_0_4_0, "0.2.0", &p));
	CHECK_EQ(p, LK_KBS_0_2_0);
	CHECK(!lk_kbs_step_down(LK_KBS_0_4_0, "0.1.1", &p));
	CHECK(!lk_kbs_step_down(LK_KBS_0_4_0, "0.1.0", &p));
	CHECK(!lk_kbs_step_down(LK_KBS_0_4_0, "0.4.0", &p));
	CHECK(!lk_kbs_step_down(LK_KBS_0_4_0, "0.5.0", &p));
	CHECK(!lk_kbs_step_down(LK_KBS_0_2_0, "0.2.0", &p));
	CHECK(!lk_kbs_step_down(LK_KBS_0_2_0, "0.1.1", &p));
	CHECK(!lk_kbs_step_down(LK_KBS_0_1_1, "0.2.0", &p));
}

/* ---- against a broker ---- */

/* Fetch from a broker that speaks one version with a key of some kind; how often it was greeted. */
static long greetings(const char *speaks, const char *written, const char *tee_key,
		      enum lk_code code)
{
	const bool old = strncmp(speaks, "0.1", 3) == 0;
	struct fake_server f;
	struct volume v;
	char mode[64];
	struct run r;
	long n;

	snprintf(mode, sizeof(mode), "speaks=%s%s", speaks, old ? " tls=good" : "");
	fake_start(&f, mode);
	volume_init(&v, f.url, NULL);
	option_text(kbs(), v.options, "kbs_protocol", written);
	option_text(kbs(), v.options, "tee_key", tee_key);
	if (old)
		option_text(kbs(), v.options, "kbs_root_cert", fake_file(&f, "ca.pem"));
	if (code) {
		CHECK(prepare(&r, &v, NULL) != LK_OK);
		CHECK_EQ(r.err.code, code);
	} else {
		prepared(&r, &v, NULL);
		CHECK_EQ(fetch(&r, 0), LK_OK);
		holds_key(&r);
		CHECK_EQ(fake_count(&f, "verified"), 1);
		CHECK_EQ(fake_count(&f, "connections"), 1);
		finish(&r);
	}
	n = fake_count(&f, "auth");
	fake_stop(&f);
	return n;
}

TEST(a_broker_of_0_2_0_is_served_by_default)
{
	CHECK_EQ(greetings("0.2.0", "0.4.0", "ec-p256", LK_C_NONE), 2);
	CHECK_EQ(greetings("0.2.0", "0.4.0", "rsa-2048", LK_C_NONE), 2);
	CHECK_EQ(greetings("0.2.0", "0.2.0", "ec-p256", LK_C_NONE), 1);
	CHECK_EQ(greetings("0.2.0", "0.4.0", "ec-p521", LK_C_PROTOCOL_VERSION), 2);
}

TEST(older_brokers_only_when_written_out)
{
	CHECK_EQ(greetings("0.1.1", "0.4.0", "rsa-2048", LK_C_PROTOCOL_VERSION), 1);
	CHECK_EQ(greetings("0.1.1", "0.1.1", "rsa-2048", LK_C_NONE), 1);
	CHECK_EQ(greetings("0.1.0", "0.1.0", "rsa-2048", LK_C_NONE), 1);
	CHECK_EQ(greetings("0.1.0", "0.1.1", "rsa-2048", LK_C_PROTOCOL_VERSION), 1);
	CHECK_EQ(greetings("0.4.0", "0.2.0", "rsa-2048", LK_C_PROTOCOL_VERSION), 1);
}

static enum lk_code check(const char *url, const char *protocol, const char *tee_key)
{
	struct lk_error err = { 0 };
	struct volume v;

	volume_init(&v, url, NULL);
	option_text(kbs(), v.options, "kbs_root_cert", "/etc/latchkey/ca.pem");
	option_text(kbs(), v.options, "kbs_protocol", protocol);
	option_text(kbs(), v.options, "tee_key", tee_key);
	return kbs()->check(v.options, &err) ? err.code : LK_C_NONE;
}

TEST(what_is_written_must_fit)
{
	CHECK_EQ(check("https://kbs.example", "0.1.0", "rsa-2048"), LK_C_NONE);
	CHECK_EQ(check("https://kbs.example", "0.1.1", "ec-p256"), LK_C_CONFIG_VALUE);
	CHECK_EQ(check("http://kbs.example", "0.1.1", "rsa-2048"), LK_C_CONFIG_VALUE);
	CHECK_EQ(check("http://kbs.example", "0.1.0", "rsa-2048"), LK_C_CONFIG_VALUE);
	CHECK_EQ(check("http://kbs.example", "0.2.0", "rsa-2048"), LK_C_NONE);
	CHECK_EQ(check("https://kbs.example", "0.2.0", "ec-p521"), LK_C_CONFIG_VALUE);
}

TESTS(requests_name_their_version, report_data_of_old_versions_is_of_two_members,
      attestations_of_old_versions, a_hash_that_was_not_offered_is_not_taken,
      keys_that_a_version_knows, the_expected_version_is_read_strictly,
      one_step_down_and_no_further, a_broker_of_0_2_0_is_served_by_default,
      older_brokers_only_when_written_out, what_is_written_must_fit)
