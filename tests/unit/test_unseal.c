/* SPDX-License-Identifier: Apache-2.0 */
/* agent/unseal.c against a cloud that verifies all that it gets and a key broker of the test's own:
 * what opens, for whom, and what is refused with which words. */
#include "agent/unseal.h"
#include "core/crypto.h"
#include "core/json.h"
#include "providers/aliyun_options.h"
#include "providers/sealed.h"
#include "tests/check.h"
#include "tests/fakes/cloud.h"
#include "tests/fakes/fake_clock.h"
#include "tests/unit/bytes.h"
#include "tests/unit/sealed_vectors.h"

#define INSTANCE "kst-latchkey0test"
#define ENVELOPE SEALED_ENVELOPE_PAYLOAD
#define VAULT(name)                                                                                \
	"{\"version\":\"0.1.0\",\"type\":\"vault\",\"name\":\"" name "\",\"provider\":\"kbs\","    \
	"\"provider_settings\":{},\"annotations\":{}}"
#define VAULT_ALIYUN(settings)                                                                     \
	"{\"version\":\"0.1.0\",\"type\":\"vault\",\"name\":\"disk-key\",\"provider\":\"Aliyun\"," \
	"\"provider_settings\":{" settings "},\"annotations\":{}}"

/* ---- a key broker ---- */

struct broker_options {
	char *uri;
};
static const struct lk_key broker_keys[] = {
	{ .name = "key_uri", .type = LK_T_STRING, .offset = offsetof(struct broker_options, uri) },
	{ 0 },
};
static struct {
	const char *uri, *text;
} resources[8];
static unsigned n_sessions, n_gets;

static enum lk_status broker_prepare(const struct lk_batch *batch, void **ret, struct lk_error *e)
{
	(void)e;
	n_sessions++;
	*ret = (void *)(uintptr_t)batch->items;
	return LK_OK;
}

static enum lk_status broker_fetch(void *session, size_t i, struct lk_volume_key *ret,
				   struct lk_fetch_note *note, struct lk_error *e)
{
	const struct broker_options *o = ((const struct lk_batch_item *)session)[i].options;
	size_t j;

	(void)note;
	n_gets++;
	for (j = 0; resources[j].uri; j++)
		if (strcmp(resources[j].uri, o->uri) == 0)
			return lk_secret_from(&ret->bytes, resources[j].text,
					      strlen(resources[j].text), e);
	return lk_raise_code(e, LK_C_KBS_NO_RESOURCE, "none of that name");
}

static void broker_finish(void *session)
{
	(void)session;
	n_sessions--;
}

static const struct lk_provider broker = {
	.name = "kbs",
	.keys = broker_keys,
	.prepare = broker_prepare,
	.fetch = broker_fetch,
	.finish = broker_finish,
};
static const struct lk_provider from_network = { .name = "from-network" };
static const struct lk_provider measured = { .name = "measured", .gives_sealed = true };

/* ---- the set-up ---- */

static struct {
	struct broker_options broker;
	struct lk_aliyun_options kms;
	struct lk_settings settings;
	struct lk_unsealer *unsealer;
	struct lk_network network;
	struct lk_strings dns;
	char dir[64], key_file[96];
	char *key_files[1], *key_uris[1];
	struct lk_settings_credential credentials[2];
	char *paths[2];
	struct lk_error err;
} s;

static char *url(int port)
{
	char *text;

	CHECK(asprintf(&text, "https://localhost:%d", port) > 0);
	return text;
}

static void put_signer(void)
{
	FILE *out;

	strcpy(s.dir, "/tmp/lk-test-XXXXXX");
	CHECK(mkdtemp(s.dir));
	snprintf(s.key_file, sizeof(s.key_file), "%s/test-key", s.dir);
	out = fopen(s.key_file, "w");
	CHECK(out && fputs(SEALED_TEST_JWK, out) >= 0 && fclose(out) == 0);
	s.key_files[0] = s.key_file;
	s.settings.sealing.key_files = (struct lk_strings){ s.key_files, 1 };
}

/* c NULL: no KMS is configured. */
static void set_up(const struct cloud *c)
{
	struct lk_error err = { 0 };

	lk_json_setup();
	CHECK_OK(lk_crypto_setup(&err));
	memset(&s, 0, sizeof(s));
	memset(resources, 0, sizeof(resources));
	n_sessions = n_gets = 0;
	s.settings.sealing.services[LK_SERVICE_KBS] =
		(struct lk_volume_source){ &broker, &s.broker };
	put_signer();
	s.network.dns = &s.dns;
	if (!c)
		return;
	s.kms.auth_mode = -1;
	s.kms.instance = strdup(INSTANCE);
	s.kms.client_key = cloud_file(c, "clientKey.json");
	s.kms.password = cloud_file(c, "password");
	s.kms.instance_ca = cloud_file(c, "ca.pem");
	s.kms.endpoint = url(c->instance);
	s.settings.sealing.services[LK_SERVICE_KMS] =
		(struct lk_volume_source){ lk_provider_find("kms"), &s.kms };
}

static void begin(void)
{
	struct lk_error err = { 0 };

	CHECK_OK(lk_unsealer_new(&s.settings, &s.unsealer, &err));
	lk_unsealer_begin(s.unsealer, NULL, &s.network, lk_deadline_in(30000));
}

static void tear_down(void)
{
	lk_unsealer_end(s.unsealer);
	CHECK_EQ(n_sessions, 0);
	lk_unsealer_free(s.unsealer);
	lk_keys_free(broker_keys, &s.broker);
	lk_keys_free(lk_provider_find("kms")->keys, &s.kms);
	unlink(s.key_file);
	rmdir(s.dir);
}

/* ---- asking ---- */

static char *sealed(const char *json, const char *kid)
{
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *k = NULL;
	struct lk_error err = { 0 };
	char *token = NULL, *text;
	LK_JSON *jwk = NULL;

	CHECK_OK(lk_json_parse(SEALED_TEST_PRIVATE_JWK, strlen(SEALED_TEST_PRIVATE_JWK), &jwk,
			       &err));
	CHECK_OK(lk_jwk_to_keypair(jwk, &k, &err));
	CHECK_OK(lk_jws_sign(k, NULL, kid, json, strlen(json), &token, &err));
	CHECK(asprintf(&text, "sealed.%s\n", token) > 0);
	free(token);
	return text;
}

static enum lk_status open_text(const struct lk_provider *p, const char *text,
				struct lk_secret *ret)
{
	s.err = (struct lk_error){ 0 };
	CHECK(!lk_secret_from(ret, text, strlen(text), &s.err));
	return lk_unseal_key(s.unsealer, p, ret, &s.err);
}

static void gives(const struct lk_provider *p, const char *text, const char *want)
{
	LK_SECRET key = { 0 };
	char line[2048];

	if (open_text(p, text, &key))
		check_fail(__FILE__, __LINE__, "%s", lk_error_format(&s.err, line, sizeof(line)));
	CHECK_EQ(key.len, strlen(want));
	CHECK_MEM(key.data, want, key.len);
}

static void refuses(const struct lk_provider *p, const char *text, enum lk_code code,
		    const char *words)
{
	LK_SECRET key = { 0 };
	char line[2048];

	if (!open_text(p, text, &key) || s.err.code != code)
		check_fail(__FILE__, __LINE__, "%s, not %s",
			   lk_error_format(&s.err, line, sizeof(line)), lk_code_name(code));
	CHECK_HAS(lk_error_format(&s.err, line, sizeof(line)), words);
}

/* Properly signed, and refused for what it says. */
static void refuses_signed(const char *json, enum lk_code code, const char *words)
{
	char *text = sealed(json, "test-key");

	refuses(&from_network, text, code, words);
	free(text);
}

static char *altered(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);
	char *made = NULL;

	CHECK(at && asprintf(&made, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from)) > 0);
	return made;
}

static void refuses_altered(const char *from, const char *to, enum lk_code code, const char *words)
{
	char *json = altered(ENVELOPE, from, to);

	refuses_signed(json, code, words);
	free(json);
}

/* ---- what opens ---- */

TEST(an_envelope)
{
	struct cloud c;

	cloud_start(&c, NULL);
	set_up(&c);
	begin();
	gives(&from_network, SEALED_ENVELOPE, SEALED_PLAINTEXT);
	gives(&measured, ENVELOPE, SEALED_PLAINTEXT);
	CHECK_STR(cloud_say(&c, "count Decrypt"), "2");
	CHECK_STR(cloud_say(&c, "count connections"), "1");
	gives(&from_network, "any other key", "any other key");
	tear_down();
	cloud_stop(&c);
}

TEST(what_a_vault_keeps)
{
	struct cloud c;
	char *text;

	cloud_start(&c, NULL);
	set_up(&c);
	resources[0].uri = "kbs:///default/key/1";
	resources[0].text = "from the broker";
	begin();
	text = sealed(VAULT("kbs:///default/key/1"), "test-key");
	gives(&from_network, text, "from the broker");
	free(text);
	text = sealed(VAULT_ALIYUN(""), "test-key");
	gives(&from_network, text, "c2VjcmV0LXBhc3NwaHJhc2U=");
	free(text);
	text = altered(VAULT_ALIYUN("\"client_type\":\"client_key\""), "annotations\":{",
		       "annotations\":{\"version_stage\":\"ACSPrevious\",\"version_id\":\"\"");
	gives(&measured, text, "b2xkZXI=");
	free(text);
	refuses_signed(VAULT("kbs:///default/key/2"), LK_C_KBS_NO_RESOURCE, "default/key/2");
	tear_down();
	cloud_stop(&c);
}

TEST(a_signer_kept_by_the_broker)
{
	char *text = NULL;

	set_up(NULL);
	resources[0].uri = "kbs:///default/signing/1";
	resources[0].text = SEALED_TEST_JWK;
	resources[1].uri = "kbs:///default/key/1";
	resources[1].text = "kept";
	s.key_uris[0] = (char *)(uintptr_t)resources[0].uri;
	begin();
	text = sealed(VAULT("kbs:///default/key/1"), "kbs:///default/signing/1");
	refuses(&from_network, text, LK_C_SEALED_SIGNER, "'kbs:///default/signing/1', which");
	CHECK_EQ(n_gets, 0);
	s.settings.sealing.key_uris = (struct lk_strings){ s.key_uris, 1 };
	gives(&from_network, text, "kept");
	resources[0].text = SEALED_TEST_PRIVATE_JWK;
	refuses(&from_network, text, LK_C_SEALED_SIGNER, "no public key");
	resources[0].text = "{\"kty\":\"RSA\"}";
	refuses(&from_network, text, LK_C_SEALED_SIGNER, "no public key");
	free(text);
	tear_down();
}

/* ---- what does not ---- */

TEST(nobody_s_and_strangers)
{
	char *text, *broken;

	set_up(NULL);
	begin();
	refuses(&from_network, ENVELOPE, LK_C_SEALED_INVALID, "from no measured file");
	text = sealed(ENVELOPE, "other-key");
	refuses(&from_network, text, LK_C_SEALED_SIGNER, "'other-key', which [sealed] does not");
	free(text);
	text = sealed(ENVELOPE, "../test-key");
	refuses(&from_network, text, LK_C_SEALED_SIGNER, "which [sealed] does not");
	free(text);
	text = sealed(ENVELOPE, NULL);
	refuses(&from_network, text, LK_C_SEALED_INVALID, "kid");
	free(text);
	broken = altered(SEALED_ENVELOPE, "5A-wd3go", "5B-wd3go");
	refuses(&from_network, broken, LK_C_SEALED_SIGNER, "signature does not fit");
	free(broken);
	refuses(&measured, SEALED_UNSIGNED, LK_C_SEALED_INVALID, "header");
	tear_down();
}

TEST(settings_that_name_others)
{
	struct cloud c;

	cloud_start(&c, NULL);
	set_up(&c);
	begin();
	refuses_altered("kst-latchkey0test", "kst-elsewhere", LK_C_SEALED_SOURCE,
			"kms_instance_id 'kst-elsewhere'");
	refuses_altered("KAAP.5c8f3a10-", "KAAP.0", LK_C_SEALED_SOURCE, "client_key_id 'KAAP.0");
	refuses_altered("\"client_key\"", "\"ecs_ram_role\"", LK_C_SEALED_SOURCE,
			"client_type 'ecs_ram_role'");
	refuses_altered("\"client_key\"", "\"client_key\",\"region_id\":\"cn-x\"",
			LK_C_SEALED_SOURCE, "region_id 'cn-x'");
	refuses_altered("\"client_key\"", "\"client_key\",\"token_path\":\"/etc/shadow\"",
			LK_C_SEALED_SOURCE, "token_path '/etc/shadow'");
	refuses_altered("\"client_key\"", "\"client_key\",\"endpoint\":\"https://a\"",
			LK_C_SEALED_INVALID, "'endpoint'");
	CHECK_STR(cloud_say(&c, "count requests"), "0");
	refuses_altered("key-latchkey0001", "key-other", LK_C_KMS_NO_SECRET, "key-other");
	refuses_altered("lggGDeeU", "lggGDeeV", LK_C_KMS_REQUEST, "decrypt with");
	tear_down();
	cloud_stop(&c);
}

TEST(services_that_are_not_there)
{
	set_up(NULL);
	begin();
	refuses(&from_network, SEALED_ENVELOPE, LK_C_SEALED_SOURCE, "[services.kms] is not");
	tear_down();
	set_up(NULL);
	s.settings.sealing.services[LK_SERVICE_KBS].provider = NULL;
	begin();
	refuses_signed(VAULT("kbs:///a/b/c"), LK_C_SEALED_SOURCE, "[services.kbs] is not");
	tear_down();
}

TEST(one_level_and_something_in_it)
{
	set_up(NULL);
	resources[0].uri = "kbs:///a/nested/1";
	resources[0].text = SEALED_ENVELOPE;
	resources[1].uri = "kbs:///a/bare/1";
	resources[1].text = VAULT("kbs:///a/b/c");
	resources[2].uri = "kbs:///a/huge/1";
	resources[2].text = "sealed.";
	begin();
	refuses_signed(VAULT("kbs:///a/nested/1"), LK_C_SEALED_INVALID, "sealed again");
	refuses_signed(VAULT("kbs:///a/bare/1"), LK_C_SEALED_INVALID, "sealed again");
	refuses_signed(VAULT("kbs:///a/huge/1"), LK_C_SEALED_INVALID, "sealed again");
	refuses_signed("{\"version\":\"0.1.0\"}", LK_C_SEALED_INVALID, "'type' is missing");
	tear_down();
}

/* The KMS decrypts to 16 bytes: what its master key gives for them. */
TEST(a_data_key_of_another_length)
{
	struct lk_secret master =
		secret_hex("9e5fcc27f2bdd1b23bfaecc396b84e97280a821df0db5ddb7b72c4e01e3d1665");
	struct bytes iv = hex("a0a1a2a3a4a5a6a7a8a9aaab");
	struct lk_error err = { 0 };
	uint8_t blob[32] = { 0 };
	char text[64], *json;
	struct cloud c;

	cloud_start(&c, NULL);
	set_up(&c);
	begin();
	CHECK_OK(lk_aes_gcm_seal(&master, iv.data, NULL, 0, "sixteen bytes...", 16, blob, blob + 16,
				 &err));
	lk_b64_encode(LK_B64_STD, blob, sizeof(blob), text);
	json = altered(ENVELOPE, "lggGDeeUMbJlNp8328xInpjQjzgYv75ounND9Qd2UInWACisIsgaNcTflqqIgMdS",
		       text);
	refuses_signed(json, LK_C_SEALED_INVALID, "16 bytes, not 32");
	free(json);
	lk_secret_wipe(&master);
	tear_down();
	cloud_stop(&c);
}

/* ---- credentials ---- */

#define KEY_PATH      "/run/confidential-containers/cdh/kbs/kms-credential/aliyun/clientKey_K.json"
#define PASSWORD_PATH "/run/confidential-containers/cdh/kbs/kms-credential/aliyun/password_K.json"

static char *client_key, *password;

/* Key and password come from the broker. */
static void defer_credentials(const struct cloud *c, const char *password_text)
{
	struct lk_error err = { 0 };

	set_up(c);
	client_key = s.kms.client_key;
	password = s.kms.password;
	s.kms.client_key = s.kms.password = NULL;
	s.kms.client_key_id = strdup("K");
	s.credentials[0] =
		(struct lk_settings_credential){ (char *)(uintptr_t) "key",
						 (char *)(uintptr_t)KEY_PATH,
						 (char *)(uintptr_t) "kbs:///default/aliyun/key" };
	s.credentials[1] = (struct lk_settings_credential){
		(char *)(uintptr_t) "password", (char *)(uintptr_t)PASSWORD_PATH,
		(char *)(uintptr_t) "kbs:///default/aliyun/password"
	};
	s.paths[0] = s.credentials[0].path;
	s.paths[1] = s.credentials[1].path;
	s.settings.sealing.credentials = s.credentials;
	s.settings.sealing.n_credentials = 2;
	s.settings.sealing.paths = (struct lk_strings){ s.paths, 2 };
	resources[0].uri = s.credentials[0].uri;
	resources[0].text = client_key;
	resources[1].uri = s.credentials[1].uri;
	resources[1].text = password_text ? password_text : password;
	lk_provider_find("kms")->defer(&s.kms, &s.settings.sealing.paths);
	CHECK_OK(lk_aliyun_check(&s.kms, &err));
	begin();
	CHECK_STR(s.kms.client_key_file, KEY_PATH);
	CHECK_STR(s.kms.password_file, PASSWORD_PATH);
}

static void forget_credentials(void)
{
	tear_down();
	free(client_key);
	free(password);
}

TEST(credentials_from_the_broker)
{
	struct cloud c;
	char *vault;

	cloud_start(&c, NULL);
	defer_credentials(&c, NULL);
	gives(&from_network, SEALED_ENVELOPE, SEALED_PLAINTEXT);
	CHECK_EQ(n_gets, 2);
	lk_unsealer_end(s.unsealer);
	gives(&from_network, SEALED_ENVELOPE, SEALED_PLAINTEXT); /* nothing is fetched twice */
	CHECK_EQ(n_gets, 2);
	forget_credentials();
	/* a sealed one in the broker's hands, whose contents are there as well */
	vault = sealed(VAULT("kbs:///default/aliyun/real"), "test-key");
	defer_credentials(&c, vault);
	resources[2].uri = "kbs:///default/aliyun/real";
	resources[2].text = password;
	gives(&from_network, SEALED_ENVELOPE, SEALED_PLAINTEXT);
	CHECK_EQ(n_gets, 3);
	forget_credentials();
	free(vault);
	cloud_stop(&c);
}

TEST(credentials_that_do_not_come)
{
	struct cloud c;

	cloud_start(&c, NULL);
	defer_credentials(&c, NULL);
	resources[0].uri = "kbs:///other/a/b";
	refuses(&from_network, SEALED_ENVELOPE, LK_C_KBS_NO_RESOURCE, "[credentials.key]");
	forget_credentials();
	defer_credentials(&c, VAULT("kbs:///default/aliyun/real"));
	refuses(&from_network, SEALED_ENVELOPE, LK_C_SEALED_INVALID, "client_key_password");
	forget_credentials();
	/* sealed by the very KMS that it is to open */
	defer_credentials(&c, SEALED_ENVELOPE);
	refuses(&from_network, SEALED_ENVELOPE, LK_C_SEALED_SOURCE, "of its own");
	forget_credentials();
	CHECK_STR(cloud_say(&c, "count requests"), "0");
	cloud_stop(&c);
}

TEST(a_sealed_credential_of_a_volume)
{
	struct lk_aliyun_options o = { .auth_mode = LK_ALIYUN_STS_TOKEN };
	struct lk_error err = { 0 };

	set_up(NULL);
	resources[0].uri = "kbs:///default/aliyun/token";
	resources[0].text = "a:b:c";
	begin();
	o.sts_token = sealed(VAULT("kbs:///default/aliyun/token"), "test-key");
	CHECK_OK(lk_unseal_options(s.unsealer, lk_provider_find("kms"), &o, &err));
	CHECK_STR(o.sts_token, "a:b:c");
	CHECK_OK(lk_unseal_options(s.unsealer, lk_provider_find("kms"), &o, &err));
	CHECK_EQ(n_gets, 1);
	free(o.sts_token);
	tear_down();
}

TEST(signers_files)
{
	struct lk_error err = { 0 };
	char line[2048];

	set_up(NULL);
	CHECK_EQ(truncate(s.key_file, 10), 0);
	CHECK_EQ(lk_unsealer_new(&s.settings, &s.unsealer, &err), LK_CONFIG);
	CHECK_HAS(lk_error_format(&err, line, sizeof(line)), s.key_file);
	unlink(s.key_file);
	CHECK_EQ(lk_unsealer_new(&s.settings, &s.unsealer, &err), LK_CONFIG);
	CHECK_EQ(err.code, LK_C_CONFIG_MISSING);
	rmdir(s.dir);
}

TESTS(an_envelope, what_a_vault_keeps, a_signer_kept_by_the_broker, nobody_s_and_strangers,
      settings_that_name_others, services_that_are_not_there, one_level_and_something_in_it,
      a_data_key_of_another_length, credentials_from_the_broker, credentials_that_do_not_come,
      a_sealed_credential_of_a_volume, signers_files)
