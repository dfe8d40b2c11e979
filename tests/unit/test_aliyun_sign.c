/* SPDX-License-Identifier: Apache-2.0 */
/* What is signed for Alibaba Cloud KMS, byte for byte, and the signatures. */
#include "keymanager/aliyun_sign.h"

#include "keymanager/aliyun.h"
#include "keymanager/aliyun_internal.h"
#include "tests/unit/bytes.h"
#include "tests/unit/kms_vectors.h"

static struct lk_error err;
static struct lk_aliyun_client_key key;

#define CLIENT_KEY "{\"KeyId\":\"" KMS_KEY_ID "\",\"PrivateKeyData\":\"" KMS_PRIVATE_KEY_DATA "\"}"

static void open_key(const char *password)
{
	err = (struct lk_error){ 0 };
	CHECK_OK(lk_crypto_setup(&err));
	lk_aliyun_client_key_free(&key);
	CHECK_OK(lk_aliyun_client_key_open(CLIENT_KEY, password, strlen(password), &key, &err));
	CHECK_STR(key.id, KMS_KEY_ID);
}

static void signs(const char *api, const char *body_hex, const char *digest_want,
		  const char *signature_want)
{
	const struct bytes body = hex(body_hex);
	char digest[65], signature[LK_ALIYUN_SIGNATURE];
	const struct lk_aliyun_signed_headers h = { api, key.id, KMS_DATE, digest };
	uint8_t sha256[LK_HASH_MAX];

	CHECK_OK(lk_hash(LK_SHA256, body.data, body.len, sha256, &err));
	lk_aliyun_body_digest(sha256, digest);
	CHECK_STR(digest, digest_want);
	CHECK_OK(lk_aliyun_sign_headers(key.pair, &h, signature, &err));
	CHECK_STR(signature, signature_want);
}

TEST(requests_to_an_instance)
{
	char text[LK_ALIYUN_TO_SIGN], digest[] = KMS_GET_SHA256;
	struct lk_aliyun_signed_headers h = { "GetSecretValue", KMS_KEY_ID, KMS_DATE, digest };

	CHECK_EQ(lk_aliyun_header_text(&h, text), strlen(KMS_GET_TO_SIGN));
	CHECK_STR(text, KMS_GET_TO_SIGN);
	open_key(KMS_PASSWORD "\r\n");
	signs("GetSecretValue", KMS_GET_BODY, KMS_GET_SHA256, KMS_GET_SIGNATURE);
	signs("GetSecretValue", KMS_GET_VERSION_BODY, KMS_GET_VERSION_SHA256,
	      KMS_GET_VERSION_SIGNATURE);
	signs("Encrypt", KMS_ENCRYPT_BODY, KMS_ENCRYPT_SHA256, KMS_ENCRYPT_SIGNATURE);
	signs("Decrypt", KMS_DECRYPT_BODY, KMS_DECRYPT_SHA256, KMS_DECRYPT_SIGNATURE);
	open_key("{\"ClientKeyPassword\": \"" KMS_PASSWORD "\"}");
	signs("GetSecretValue", KMS_GET_BODY, KMS_GET_SHA256, KMS_GET_SIGNATURE);
	lk_aliyun_client_key_free(&key);
}

TEST(a_wrong_password_is_named)
{
	char text[1024];

	CHECK_OK(lk_crypto_setup(&err));
	CHECK_EQ(lk_aliyun_client_key_open(CLIENT_KEY, "hunter2hunter2", 14, &key, &err),
		 LK_CONFIG);
	CHECK_EQ(err.code, LK_C_CREDENTIAL_INVALID);
	CHECK_HAS(lk_error_format(&err, text, sizeof(text)), "password");
	CHECK(!strstr(text, "hunter2"));
	CHECK(!key.pair);
}

struct login {
	const char *id, *security, *secret, *nonce;
};

static void gateway(const struct login *l, const char *name, const char *stage, const char *version,
		    const char *canonical_want, const char *text_want, const char *signature_want)
{
	/* out of order on purpose */
	const struct lk_aliyun_param params[] = {
		{ "VersionStage", stage },
		{ "VersionId", version },
		{ "Version", "2016-01-20" },
		{ "AccessKeyId", l->id },
		{ "Action", "GetSecretValue" },
		{ "SecretName", name },
		{ "FetchExtendedConfig", "true" },
		{ "Format", "json" },
		{ "RegionId", "cn-beijing" },
		{ "SecurityToken", l->security },
		{ "SignatureType", "" },
		{ "SignatureMethod", "HMAC-SHA1" },
		{ "SignatureNonce", l->nonce },
		{ "SignatureVersion", "1.0" },
		{ "Timestamp", "2026-01-02T03:04:05Z" },
	};
	LK_SECRET canonical = { 0 };
	LK_SECRET text = { 0 };
	char signature[29];

	err = (struct lk_error){ 0 };
	CHECK_OK(lk_aliyun_canonical(params, sizeof(params) / sizeof(params[0]), &canonical, &err));
	CHECK_STR((const char *)canonical.data, canonical_want);
	CHECK_EQ(canonical.len, strlen(canonical_want));
	CHECK_OK(lk_aliyun_rpc_text((const char *)canonical.data, &text, &err));
	if (text_want)
		CHECK_STR((const char *)text.data, text_want);
	CHECK_OK(lk_aliyun_rpc_sign((const char *)canonical.data, l->secret, signature, &err));
	CHECK_STR(signature, signature_want);
}

TEST(requests_to_the_gateway)
{
	static const struct login sts = { "STS.NTtestAccessKeyId01", "CAISTestToken+/abc~*==",
					  "testAccessKeySecret0123456789ab",
					  "41424344454647484A4B4C4D4E505152" };
	static const struct login role = { "STS.NUecsRoleKey000001", "CAISecsRole/Token+000==",
					   "ecsRoleSecret/+ABCDEFabcdef0123",
					   "30313233343536373839616263646566" };
	static const struct login oidc = { "STS.NVoidcKey0000001",
					   "CAISoidc+Token/0001=", "oidcSecret0000000000000000001",
					   "66656463626139383736353433323130" };

	CHECK_OK(lk_crypto_setup(&err));
	gateway(&sts, "disk-key", "", "", RPC_STS_CANONICAL, RPC_STS_TO_SIGN, RPC_STS_SIGNATURE);
	gateway(&sts, "a b*c~d/e+\xc3\xa9", "ACSCurrent", "v1", RPC_TORTURE_CANONICAL, NULL,
		RPC_TORTURE_SIGNATURE);
	gateway(&role, "disk-key", "", "", RPC_ROLE_CANONICAL, RPC_ROLE_TO_SIGN,
		RPC_ROLE_SIGNATURE);
	gateway(&oidc, "disk-key", "", "", RPC_OIDC_CANONICAL, NULL, RPC_OIDC_SIGNATURE);
}

TEST(the_token_service_s_form)
{
	const struct lk_aliyun_param params[] = {
		{ "OIDCProviderArn", "acs:ram::113511544585:oidc-provider/TestOidcIdp" },
		{ "OIDCToken", "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ2bS0xIn0.c2ln" },
		{ "RoleArn", "acs:ram::113511544585:role/testoidc" },
		{ "RoleSessionName", "zero-trust-session" },
	};
	LK_SECRET form = { 0 };

	CHECK_OK(lk_aliyun_canonical(params, 4, &form, &err));
	CHECK_EQ(form.len, 218);
	CHECK_STR((const char *)form.data, RPC_OIDC_FORM);
}

TEST(limits)
{
	struct lk_aliyun_param params[LK_ALIYUN_PARAMS + 1];
	char long_id[LK_ALIYUN_TO_SIGN + 1], text[LK_ALIYUN_TO_SIGN];
	struct lk_aliyun_signed_headers h = { "GetSecretValue", long_id, KMS_DATE, "0" };
	LK_SECRET out = { 0 };
	size_t i;

	for (i = 0; i < LK_ALIYUN_PARAMS + 1; i++)
		params[i] = (struct lk_aliyun_param){ "a", "b" };
	CHECK_EQ(lk_aliyun_canonical(params, LK_ALIYUN_PARAMS + 1, &out, &err), LK_INTERNAL);
	memset(long_id, 'x', sizeof(long_id) - 1);
	long_id[sizeof(long_id) - 1] = '\0';
	CHECK_EQ(lk_aliyun_header_text(&h, text), 0);
}

TESTS(requests_to_an_instance, a_wrong_password_is_named, requests_to_the_gateway,
      the_token_service_s_form, limits)
