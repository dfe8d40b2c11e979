/* SPDX-License-Identifier: Apache-2.0 */
/* The providers `kms` and `oidc` against a cloud that verifies all that it gets. */
#include "attestation/attester.h"
#include "core/base64.h"
#include "core/crypto.h"
#include "core/json.h"
#include "providers/aliyun_options.h"
#include "providers/provider.h"
#include "tests/check.h"
#include "tests/fakes/cloud.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/memory_search.h"

#define INSTANCE "kst-latchkey0test"
#define KEY	 "secret-passphrase"

/* One volume's options, filled as load leaves them. */
struct setup {
	struct lk_aliyun_options o;
	char texts[24][8192];
	size_t n;
	struct lk_strings dns;
	struct lk_network network;
	struct lk_batch_item items[2];
	struct lk_batch batch;
	void *session;
	struct lk_volume_key key;
	struct lk_fetch_note note;
	struct lk_error err;
};

static struct setup s;

static char *keep(const char *text)
{
	CHECK(s.n < 24 && strlen(text) < sizeof(s.texts[0]));
	strcpy(s.texts[s.n], text);
	return s.texts[s.n++];
}

static char *url(int port)
{
	char text[64];

	snprintf(text, sizeof(text), "https://localhost:%d", port);
	return keep(text);
}

static char *file(const struct cloud *c, const char *name)
{
	char *text = cloud_file(c, name), *kept = keep(text);

	free(text);
	return kept;
}

static void base(const struct cloud *c)
{
	struct lk_error err = { 0 };

	lk_json_setup();
	CHECK_OK(lk_crypto_setup(&err));
	memset(&s, 0, sizeof(s));
	s.o.auth_mode = -1;
	s.o.secret_name = keep("disk-key");
	s.o.gateway_ca = file(c, "public.pem");
}

static void client_key(const struct cloud *c)
{
	base(c);
	s.o.instance = keep(INSTANCE);
	s.o.client_key = file(c, "clientKey.json");
	s.o.password = file(c, "password");
	s.o.instance_ca = file(c, "ca.pem");
	s.o.endpoint = url(c->instance);
}

static void role(const struct cloud *c)
{
	base(c);
	s.o.auth_mode = LK_ALIYUN_ECS_RAM_ROLE;
	s.o.endpoint = url(c->gateway);
}

static void token(const struct cloud *c, const char *text)
{
	base(c);
	s.o.auth_mode = LK_ALIYUN_STS_TOKEN;
	s.o.sts_token = keep(text);
	s.o.region = keep("cn-beijing");
	s.o.endpoint = url(c->gateway);
}

#define STS_TOKEN "STS.NTtestAccessKeyId01:testAccessKeySecret0123456789ab:CAISTestToken+/abc~*==\n"
#define ID_TOKEN  "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ2bS0xIn0.c2ln"

static char *oidc_args[2];

static void oidc(const struct cloud *c, const char *id_token)
{
	base(c);
	s.o.command = keep("/bin/echo");
	oidc_args[0] = keep(id_token);
	s.o.args = (struct lk_strings){ oidc_args, 1 };
	s.o.provider_arn = keep("acs:ram::113511544585:oidc-provider/TestOidcIdp");
	s.o.role_arn = keep("acs:ram::113511544585:role/testoidc");
	s.o.session_name = keep("zero-trust-session");
	s.o.region = keep("cn-beijing");
	s.o.endpoint = url(c->gateway);
	s.o.sts_endpoint = url(c->sts);
}

/* Evidence of the sample kind, over what it was asked to bind or, if told so, something else. */
static bool binds_otherwise, no_evidence;

static enum lk_status sample_evidence(const struct lk_attester *self, const uint8_t *digest,
				      size_t n, struct json_t **ret, struct lk_error *err)
{
	char text[LK_B64_SIZE(64)];
	uint8_t bound[64];

	(void)self;
	CHECK_EQ(n, 48);
	if (no_evidence)
		return lk_raise_code(err, LK_C_TEE_ABSENT, "the device is gone");
	memcpy(bound, digest, n);
	bound[0] ^= binds_otherwise;
	lk_b64_encode(LK_B64_STD, bound, n, text);
	*ret = lk_json_object();
	CHECK(lk_json_set_string(*ret, "svn", "1") &&
	      lk_json_set_string(*ret, "report_data", text));
	return LK_OK;
}

static const struct lk_attester sample = { .name = "sample", .evidence = sample_evidence };

/* At the instance, with a token and proof. */
static void attestation(const struct cloud *c, const char *text)
{
	base(c);
	s.o.auth_mode = LK_ALIYUN_ATTESTATION;
	s.o.instance = keep(INSTANCE);
	s.o.instance_ca = file(c, "ca.pem");
	s.o.endpoint = url(c->instance);
	if (text)
		s.o.sts_token = keep(text);
	else
		s.o.role = keep("latchkey-role");
}

static const struct lk_provider *provider(void)
{
	return lk_provider_find(s.o.command ? "oidc" : "kms");
}

static enum lk_status get(void)
{
	const struct lk_provider *p = provider();
	enum lk_status st;

	lk_secret_wipe(&s.key.bytes);
	s.err = (struct lk_error){ 0 };
	s.items[0] = (struct lk_batch_item){ "data", &s.o };
	s.network.dns = &s.dns;
	s.batch =
		(struct lk_batch){ .items = s.items,
				   .n_items = 1,
				   .network = &s.network,
				   .attester = lk_provider_needs(p, &s.o).attester ? &sample : NULL,
				   .deadline = lk_deadline_in(30000) };
	st = p->prepare(&s.batch, &s.session, &s.err);
	if (st)
		return st;
	st = p->fetch(s.session, 0, &s.key, &s.note, &s.err);
	p->finish(s.session);
	return st;
}

/* The key arrives; if not, both sides say why. */
static void gives(struct cloud *c, const char *want)
{
	char text[2048];

	if (get())
		check_fail(__FILE__, __LINE__, "%s; they: %s",
			   lk_error_format(&s.err, text, sizeof(text)), cloud_say(c, "why"));
	CHECK_EQ(s.key.bytes.len, strlen(want));
	CHECK_MEM(s.key.bytes.data, want, strlen(want));
	CHECK_EQ(s.key.form, LK_KEY_PASSPHRASE);
	CHECK_STR(s.note.endpoint, "localhost");
	lk_secret_wipe(&s.key.bytes);
}

/* No key, this code, and nothing of a credential in the words. */
static void fails(enum lk_code code)
{
	char text[2048];

	if (!get() || s.err.code != code)
		check_fail(__FILE__, __LINE__, "%s, not %s",
			   lk_error_format(&s.err, text, sizeof(text)), lk_code_name(code));
	lk_error_format(&s.err, text, sizeof(text));
	CHECK(!strstr(text, "0123456789") && !strstr(text, "CAIS") && !strstr(text, "eyJ"));
	CHECK(!s.key.bytes.data);
}

/* ---- ways in ---- */

TEST(a_client_key)
{
	struct cloud c;

	cloud_start(&c, NULL);
	client_key(&c);
	gives(&c, KEY);
	CHECK_STR(cloud_say(&c, "count connections"), "1");
	CHECK_STR(cloud_say(&c, "count requests"), "1");
	s.o.version_stage = keep("ACSPrevious");
	gives(&c, "older");
	s.o.version_stage = NULL;
	s.o.version_id = keep("v0");
	gives(&c, "older");
	s.o.version_stage = keep("ACSCurrent");
	fails(LK_C_KMS_NO_SECRET);
	s.o.version_id = s.o.version_stage = NULL;
	s.o.secret_name = NULL; /* as the volume is called; the white space at the end goes */
	gives(&c, "volume-named");
	s.o.encoding = LK_ALIYUN_RAW;
	gives(&c, "dm9sdW1lLW5hbWVk\n");
	cloud_stop(&c);
}

TEST(the_role_of_the_machine)
{
	struct cloud c;

	cloud_start(&c, NULL);
	role(&c);
	gives(&c, KEY);
	CHECK_STR(cloud_say(&c, "count imds"), "3"); /* region, roles, token */
	s.o.role = keep("latchkey-role");
	s.o.region = keep("cn-beijing");
	gives(&c, KEY);
	CHECK_STR(cloud_say(&c, "count imds"), "4");
	s.o.version_stage = keep("ACSPrevious");
	gives(&c, "older");
	cloud_stop(&c);
}

TEST(a_token_from_a_file)
{
	struct cloud c;

	cloud_start(&c, NULL);
	token(&c, STS_TOKEN);
	gives(&c, KEY);
	CHECK_STR(cloud_say(&c, "count imds"), "0");
	s.o.region = NULL;
	gives(&c, KEY);
	CHECK_STR(cloud_say(&c, "count imds"), "1");
	cloud_stop(&c);
}

TEST(an_identity_token)
{
	struct cloud c;

	cloud_start(&c, NULL);
	oidc(&c, ID_TOKEN);
	s.o.encoding = LK_ALIYUN_RAW;
	gives(&c, "c2VjcmV0LXBhc3NwaHJhc2U=");
	CHECK_STR(cloud_say(&c, "count sts"), "1");
	s.o.encoding = LK_ALIYUN_BASE64;
	gives(&c, KEY);
	cloud_stop(&c);
}

TEST(proof_of_what_booted)
{
	struct cloud c;

	cloud_start(&c, NULL);
	attestation(&c, STS_TOKEN);
	gives(&c, KEY);
	CHECK_STR(cloud_say(&c, "count GetChallenge"), "1");
	CHECK_STR(cloud_say(&c, "count attested"), "1");
	CHECK_STR(cloud_say(&c, "count gateway"), "0");
	CHECK_STR(cloud_say(&c, "count imds"), "0");
	s.o.version_stage = keep("ACSPrevious");
	gives(&c, "older");
	attestation(&c, NULL);
	gives(&c, KEY);
	CHECK_STR(cloud_say(&c, "count imds"), "1"); /* the token alone: the role is named */
	cloud_stop(&c);
}

TEST(proof_that_does_not_hold)
{
	struct cloud c;

	cloud_start(&c, NULL);
	attestation(&c, STS_TOKEN);
	binds_otherwise = true;
	fails(LK_C_KMS_DENIED);
	CHECK(strstr(cloud_say(&c, "why"), "report data"));
	binds_otherwise = false;
	no_evidence = true;
	fails(LK_C_TEE_ABSENT);
	no_evidence = false;
	cloud_say(&c, "set instance=other-key");
	fails(LK_C_REPLY_INVALID);
	cloud_say(&c, "set instance=garbage");
	fails(LK_C_REPLY_INVALID);
	cloud_say(&c, "set instance=ok");
	s.o.secret_name = keep("nothing");
	fails(LK_C_KMS_NO_SECRET);
	s.o.secret_name = keep("disk-key");
	s.o.sts_token = keep("STS.NTtestAccessKeyId01:wrong:CAISTestToken+/abc~*==");
	fails(LK_C_KMS_CREDENTIAL);
	s.o.sts_token = keep(STS_TOKEN);
	s.o.instance_ca = file(&c, "public.pem");
	fails(LK_C_TLS_UNTRUSTED);
	CHECK_STR(cloud_say(&c, "count attested"), "1"); /* other-key */
	cloud_stop(&c);
}

/* The seeds' fields: the password comes from the gateway, the key from the instance. */
TEST(a_password_from_the_kms)
{
	struct cloud c;

	cloud_start(&c, NULL);
	client_key(&c);
	s.o.password = NULL;
	s.o.password_from_kms = keep("alias/ClientKey_KAAP.1");
	s.o.gateway_endpoint = url(c.gateway);
	gives(&c, KEY);
	CHECK_STR(cloud_say(&c, "count gateway"), "1");
	CHECK_STR(cloud_say(&c, "count GetSecretValue"), "1");
	oidc(&c, ID_TOKEN);
	s.o.instance = keep(INSTANCE);
	s.o.client_key = file(&c, "clientKey.json");
	s.o.instance_ca = file(&c, "ca.pem");
	s.o.endpoint = url(c.instance);
	s.o.gateway_endpoint = url(c.gateway);
	s.o.password_from_kms = keep("ClientKey_KAAP.1");
	gives(&c, KEY);
	CHECK_STR(cloud_say(&c, "count sts"), "1");
	s.o.password_from_kms = keep("not-base64");
	fails(LK_C_CREDENTIAL_INVALID);
	cloud_stop(&c);
}

TEST(volumes_share_a_session)
{
	struct lk_aliyun_options other;
	const struct lk_provider *p;
	struct cloud c;

	cloud_start(&c, NULL);
	client_key(&c);
	other = s.o;
	other.secret_name = NULL;
	p = provider();
	CHECK(p->same_session(&s.o, &other));
	s.items[0] = (struct lk_batch_item){ "root", &s.o };
	s.items[1] = (struct lk_batch_item){ "data", &other };
	s.network.dns = &s.dns;
	s.batch = (struct lk_batch){ .items = s.items,
				     .n_items = 2,
				     .network = &s.network,
				     .deadline = lk_deadline_in(30000) };
	CHECK_EQ(p->prepare(&s.batch, &s.session, &s.err), LK_OK);
	CHECK_EQ(p->fetch(s.session, 0, &s.key, &s.note, &s.err), LK_OK);
	CHECK_EQ(s.key.bytes.len, strlen(KEY));
	lk_secret_wipe(&s.key.bytes);
	CHECK_EQ(p->fetch(s.session, 1, &s.key, &s.note, &s.err), LK_OK);
	CHECK_MEM(s.key.bytes.data, "volume-named", 12);
	lk_secret_wipe(&s.key.bytes);
	p->finish(s.session);
	CHECK_STR(cloud_say(&c, "count connections"), "1");
	other.endpoint = NULL;
	CHECK(!p->same_session(&s.o, &other));
	cloud_stop(&c);
}

/* ---- refusals ---- */

TEST(what_services_refuse)
{
	static const struct {
		const char *mode;
		enum lk_code code;
		uint32_t later;
	} cases[] = {
		{ "throttle", LK_C_SERVER_BUSY, 3000 }, { "busy", LK_C_SERVER_BUSY, 3000 },
		{ "500", LK_C_SERVER_BUSY, 0 },		{ "denied", LK_C_KMS_DENIED, 0 },
		{ "html403", LK_C_KMS_DENIED, 0 },	{ "absent", LK_C_KMS_NO_SECRET, 0 },
		{ "expired", LK_C_KMS_CREDENTIAL, 0 },	{ "garbage", LK_C_REPLY_INVALID, 0 },
		{ "huge", LK_C_HTTP_LIMIT, 0 },
	};
	struct cloud c;
	char line[64];
	size_t i;

	cloud_start(&c, NULL);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(line, sizeof(line), "set instance=%s", cases[i].mode);
		cloud_say(&c, line);
		client_key(&c);
		fails(cases[i].code);
		CHECK_EQ(s.err.retry_after_ms, cases[i].later);
		snprintf(line, sizeof(line), "set gateway=%s", cases[i].mode);
		cloud_say(&c, line);
		token(&c, STS_TOKEN);
		fails(cases[i].code);
		CHECK_EQ(s.err.retry_after_ms, cases[i].later);
	}
	CHECK_STR(cloud_say(&c, "count requests"), "18"); /* nothing was tried twice */
	cloud_stop(&c);
}

TEST(wrong_credentials)
{
	struct cloud c;

	cloud_start(&c, NULL);
	token(&c, "STS.NTtestAccessKeyId01:wrongsecret:CAISTestToken+/abc~*==");
	fails(LK_C_KMS_CREDENTIAL);
	token(&c, "STS.unknown:testAccessKeySecret0123456789ab:CAISTestToken+/abc~*==");
	fails(LK_C_KMS_CREDENTIAL);
	token(&c, "STS.NTtestAccessKeyId01:testAccessKeySecret0123456789ab:CAISother");
	fails(LK_C_KMS_CREDENTIAL);
	token(&c, "no token");
	fails(LK_C_CREDENTIAL_INVALID);
	client_key(&c);
	s.o.password = keep("another");
	fails(LK_C_CREDENTIAL_INVALID);
	client_key(&c);
	s.o.client_key = keep("{}");
	fails(LK_C_CREDENTIAL_INVALID);
	client_key(&c);
	s.o.secret_name = keep("not-base64");
	fails(LK_C_REPLY_INVALID);
	s.o.secret_name = keep("zeros");
	fails(LK_C_REPLY_INVALID);
	cloud_stop(&c);
}

TEST(the_metadata_service_may_not_help)
{
	struct cloud c;

	cloud_start(&c, "imds=v1only");
	role(&c);
	fails(LK_C_IMDS_REFUSED);
	s.o.imds_v1 = true;
	gives(&c, KEY);
	cloud_say(&c, "set imds=ok");
	gives(&c, KEY);
	cloud_say(&c, "set imds=none");
	fails(LK_C_IMDS_ABSENT);
	cloud_say(&c, "set imds=roles0");
	fails(LK_C_IMDS_ABSENT);
	cloud_say(&c, "set imds=roles2");
	fails(LK_C_CONFIG_MISSING);
	s.o.role = keep("latchkey-role");
	gives(&c, KEY);
	cloud_say(&c, "set imds=html");
	fails(LK_C_REPLY_INVALID);
	cloud_say(&c, "set imds=500");
	fails(LK_C_SERVER_BUSY);
	cloud_stop(&c);
}

TEST(the_token_service_refuses)
{
	struct cloud c;

	cloud_start(&c, NULL);
	oidc(&c, "eyJ.another.token");
	fails(LK_C_OIDC_REFUSED);
	oidc(&c, ID_TOKEN);
	s.o.role_arn = keep("acs:ram::1:role/other");
	fails(LK_C_OIDC_REFUSED);
	oidc(&c, ID_TOKEN);
	cloud_say(&c, "set sts=throttle");
	fails(LK_C_SERVER_BUSY);
	CHECK_EQ(s.err.retry_after_ms, 3000);
	cloud_say(&c, "set sts=denied");
	fails(LK_C_KMS_DENIED);
	s.o.command = keep("/bin/false");
	fails(LK_C_EXEC_FAILED);
	s.o.command = keep("/bin/true");
	fails(LK_C_EXEC_FAILED);
	oidc(&c, "two words");
	fails(LK_C_EXEC_FAILED);
	cloud_stop(&c);
}

/* ---- wiping ---- */

/* Neither the secret nor, decoded, the key is left in this process. */
static void nothing_is_left(struct cloud *c)
{
	struct needle x = { .len = 24 };
	struct lk_error err = { 0 };
	char line[96] = "hidden canary=", *hex = line + strlen(line);
	size_t i;

	CHECK_OK(lk_random(x.complement, x.len, &err));
	for (i = 0; i < x.len; i++) {
		x.complement[i] = (uint8_t) ~('a' + x.complement[i] % 26);
		snprintf(hex + 2 * i, 3, "%02x", x.complement[i]);
	}
	CHECK_STR(cloud_say(c, line), "ok");
	s.o.secret_name = keep("canary");
	s.o.encoding = LK_ALIYUN_RAW;
	CHECK_EQ(get(), LK_OK);
	CHECK_EQ(s.key.bytes.len, x.len);
	CHECK(search_memory(&x) >= 1); /* the key: the search works */
	lk_secret_wipe(&s.key.bytes);
	CHECK_EQ(search_memory(&x), 0);
}

TEST(nothing_is_left_of_a_secret)
{
	struct cloud c;

	cloud_start(&c, NULL);
	client_key(&c);
	nothing_is_left(&c);
	token(&c, STS_TOKEN);
	nothing_is_left(&c);
	oidc(&c, ID_TOKEN);
	nothing_is_left(&c);
	attestation(&c, STS_TOKEN);
	nothing_is_left(&c);
	cloud_stop(&c);
}

/* ---- trust and time ---- */

TEST(only_the_configured_ca_is_trusted)
{
	struct cloud c;

	cloud_start(&c, NULL);
	client_key(&c);
	s.o.instance_ca = file(&c, "other.pem");
	fails(LK_C_TLS_UNTRUSTED);
	s.o.instance_ca = file(&c, "public.pem"); /* the gateway's does not vouch for instances */
	fails(LK_C_TLS_UNTRUSTED);
	token(&c, STS_TOKEN);
	s.o.gateway_ca = file(&c, "ca.pem");
	fails(LK_C_TLS_UNTRUSTED);
	CHECK_STR(cloud_say(&c, "count requests"), "0");
	cloud_stop(&c);
	cloud_start(&c, "tls=expired");
	client_key(&c);
	fails(LK_C_TLS_UNTRUSTED);
	cloud_stop(&c);
}

TEST(a_wrong_clock_is_corrected_once)
{
	struct cloud c;

	cloud_start(&c, NULL);
	cloud_say(&c, "set clock=86400");
	client_key(&c);
	gives(&c, KEY);
	CHECK_STR(cloud_say(&c, "count requests"), "2");
	token(&c, STS_TOKEN);
	gives(&c, KEY);
	oidc(&c, ID_TOKEN);
	gives(&c, KEY);
	CHECK_STR(cloud_say(&c, "count requests"), "7"); /* STS learned it for the gateway too */
	cloud_stop(&c);
}

TEST(a_clock_that_was_never_set)
{
	struct cloud c;

	cloud_start(&c, NULL);
	fake_clock_unset = true;
	client_key(&c);
	gives(&c, KEY);
	CHECK(s.note.clock_untrusted);
	token(&c, STS_TOKEN);
	gives(&c, KEY); /* a CA of the configuration is a pin */
	s.o.public_roots = true;
	fails(LK_C_CLOCK_UNTRUSTED);
	fake_clock_unset = false;
	gives(&c, KEY);
	cloud_stop(&c);
}

TESTS(a_client_key, the_role_of_the_machine, a_token_from_a_file, an_identity_token,
      proof_of_what_booted, proof_that_does_not_hold, a_password_from_the_kms,
      volumes_share_a_session, what_services_refuse, wrong_credentials,
      the_metadata_service_may_not_help, the_token_service_refuses, nothing_is_left_of_a_secret,
      only_the_configured_ca_is_trusted, a_wrong_clock_is_corrected_once,
      a_clock_that_was_never_set)
