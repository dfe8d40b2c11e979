/* SPDX-License-Identifier: Apache-2.0 */
/* Sealing: what is made opens again, under the KMS' key and the signer's, and what would not is
 * refused before it is given out. */
#include "agent/seal.h"

#include <sys/stat.h>

#include "core/json.h"
#include "providers/sealed.h"
#include "tests/check.h"
#include "tests/fakes/cloud.h"
#include "tests/fakes/fake_clock.h"
#include "tests/unit/bytes.h"
#include "tests/unit/sealed_vectors.h"

#define KMS_MASTER "9e5fcc27f2bdd1b23bfaecc396b84e97280a821df0db5ddb7b72c4e01e3d1665"
#define KEY_ID	   "key-latchkey0001"

static char files[3][96], endpoint[64];
static struct lk_seal_kms kms;
static struct lk_error err;

static void set_up(const struct cloud *c)
{
	static const char *const names[] = { "clientKey.json", "password", "ca.pem" };
	size_t i;

	lk_json_setup();
	CHECK_OK(lk_crypto_setup(&err));
	for (i = 0; i < 3; i++) {
		snprintf(files[i], sizeof(files[i]), "%s/%s", c->dir, names[i]);
		CHECK_EQ(chmod(files[i], 0600), 0);
	}
	snprintf(endpoint, sizeof(endpoint), "https://localhost:%d", c->instance);
	kms = (struct lk_seal_kms){ "kst-latchkey0test", files[0], files[1], files[2], endpoint };
}

/* The KMS' part, by its own key. */
static struct lk_secret data_key(const struct lk_sealed *s)
{
	struct lk_secret master = secret_hex(KMS_MASTER), dek = { 0 };

	CHECK_EQ(s->key_iv_len, 12);
	CHECK_OK(lk_aes_gcm_open(&master, s->key_iv, NULL, 0, s->key, s->key_len - 16,
				 s->key + s->key_len - 16, &dek, &err));
	lk_secret_wipe(&master);
	return dek;
}

TEST(envelopes)
{
	struct lk_secret plain = { 0 }, dek, got = { 0 };
	struct cloud c;
	int ctr;

	cloud_start(&c, NULL);
	set_up(&c);
	CHECK_OK(lk_secret_from(&plain, "a key\n", 6, &err));
	for (ctr = 0; ctr < 2; ctr++) {
		LK_JSON_TEXT *json = NULL;
		LK_SEALED s = { 0 };
		size_t n;

		CHECK_OK(lk_seal_envelope(&kms, KEY_ID, ctr, &plain, &json, &n, &err));
		CHECK_OK(lk_sealed_parse(json, n, &s, &err));
		CHECK_EQ(s.ctr, ctr);
		CHECK_STR(s.name, KEY_ID);
		CHECK_STR(s.settings.client_type, "client_key");
		CHECK_STR(s.settings.client_key_id, "KAAP.5c8f3a10-1111-4222-8333-444455556666");
		CHECK_STR(s.settings.kms_instance_id, "kst-latchkey0test");
		dek = data_key(&s);
		CHECK_OK(lk_sealed_open(&s, &dek, &got, &err));
		CHECK(lk_secret_equal(&got, &plain));
		CHECK(!strstr(json, "a key"));
		lk_secret_wipe(&got);
		lk_secret_wipe(&dek);
	}
	lk_secret_wipe(&plain);
	cloud_stop(&c);
}

static void envelope_fails(enum lk_code code, const char *words)
{
	LK_SECRET plain = { 0 };
	char *json = NULL, line[2048];
	size_t n;

	CHECK_OK(lk_secret_from(&plain, "a key", 5, &err));
	if (!lk_seal_envelope(&kms, KEY_ID, false, &plain, &json, &n, &err) || err.code != code)
		check_fail(__FILE__, __LINE__, "%s", lk_error_format(&err, line, sizeof(line)));
	CHECK_HAS(lk_error_format(&err, line, sizeof(line)), words);
	CHECK(!json);
}

TEST(envelopes_that_do_not_come_about)
{
	struct cloud c;

	cloud_start(&c, NULL);
	set_up(&c);
	cloud_say(&c, "set instance=denied");
	envelope_fails(LK_C_KMS_DENIED, "encrypt with");
	kms.instance = "instance";
	envelope_fails(LK_C_CONFIG_VALUE, "kms_instance_id");
	kms.instance = "kst-1";
	kms.client_key_file = "/nowhere";
	envelope_fails(LK_C_CONFIG_MISSING, "/nowhere");
	kms.client_key_file = files[0];
	kms.password_file = files[2];
	envelope_fails(LK_C_CREDENTIAL_INVALID, "");
	kms.password_file = files[1];
	CHECK_EQ(chmod(files[1], 0644), 0);
	envelope_fails(LK_C_CONFIG_FILE_MODE, "password");
	cloud_stop(&c);
}

static enum lk_status vault(const char *name, const char *provider, const char *settings,
			    const char *annotations)
{
	LK_JSON_TEXT *json = NULL;
	LK_SEALED s = { 0 };
	enum lk_status st;
	size_t n;

	lk_json_setup();
	err = (struct lk_error){ 0 };
	st = lk_seal_vault(name, provider, settings, annotations, &json, &n, &err);
	if (st)
		return st;
	CHECK_OK(lk_sealed_parse(json, n, &s, &err));
	CHECK(s.vault);
	CHECK_STR(s.name, name);
	return LK_OK;
}

TEST(vaults)
{
	CHECK_OK(vault("kbs:///default/key/1", "kbs", NULL, NULL));
	CHECK_OK(vault("disk-key", "aliyun", "{\"client_type\": \"ecs_ram_role\"}",
		       "{\"version_stage\": \"ACSPrevious\"}"));
	CHECK_EQ(vault("x", "aws", NULL, NULL), LK_TAMPERED);
	CHECK_EQ(vault("", "kbs", NULL, NULL), LK_TAMPERED);
	CHECK_EQ(vault("x", "kbs", "{\"url\": \"https://a\"}", NULL), LK_TAMPERED);
	CHECK_EQ(vault("x", "kbs", "nonsense", NULL), LK_CONFIG);
	CHECK_EQ(vault("x", "kbs", NULL, "[]"), LK_TAMPERED);
}

static void verifies(const char *key, const char *kid)
{
	struct lk_public_key pub;
	LK_FREE char *text = NULL, *payload = NULL;
	char named[LK_JWS_KID_MAX + 1];
	LK_JSON *jwk = NULL;
	size_t n;

	lk_json_setup();
	CHECK_OK(lk_json_parse(SEALED_TEST_JWK, strlen(SEALED_TEST_JWK), &jwk, &err));
	CHECK_OK(lk_jwk_to_public(jwk, &pub, &err));
	CHECK_OK(lk_seal_sign("{}", 2, key, kid, &text, &err));
	CHECK_OK(lk_sealed_kid(text, strlen(text), named, &err));
	CHECK_STR(named, kid ? kid : "test-key");
	CHECK_OK(lk_sealed_verify(text, strlen(text), &pub, &payload, &n, &err));
	CHECK_STR(payload, "{}");
}

static void does_not_sign(const char *key, const char *kid, const char *words)
{
	char *text = NULL, line[2048];

	CHECK_EQ(lk_seal_sign("{}", 2, key, kid, &text, &err), LK_CONFIG);
	CHECK_HAS(lk_error_format(&err, line, sizeof(line)), words);
	CHECK(!text);
}

TEST(signatures)
{
	verifies(SEALED_TEST_PRIVATE_JWK, NULL);
	verifies(SEALED_TEST_PRIVATE_JWK, "kbs:///default/signing/1");
	verifies(SEALED_PEM_SEC1, "operator");
	verifies(SEALED_PEM_PKCS8, "operator");
	does_not_sign(SEALED_PEM_SEC1, NULL, "--kid");
	does_not_sign(SEALED_PEM_SEC1, "", "--kid");
	does_not_sign(SEALED_PEM_P384, "a", "P-256");
	does_not_sign(SEALED_PEM_ENCRYPTED, "a", "encrypted");
	does_not_sign(SEALED_TEST_JWK, "a", "the signing key");
	does_not_sign("nonsense", "a", "no private EC key");
}

TESTS(envelopes, envelopes_that_do_not_come_about, vaults, signatures)
