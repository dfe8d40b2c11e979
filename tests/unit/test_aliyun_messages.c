/* SPDX-License-Identifier: Apache-2.0 */
/* Protobuf, JSON, texts and dates of Alibaba Cloud KMS. */
#include "keymanager/aliyun_messages.h"

#include "core/json.h"
#include "tests/unit/bytes.h"
#include "tests/unit/kms_vectors.h"

static struct lk_error err;

static void is(const struct lk_secret *s, const struct bytes *want)
{
	CHECK_EQ(s->len, want->len);
	CHECK_MEM(s->data, want->data, want->len);
}

TEST(protobuf_requests)
{
	const struct bytes get = hex(KMS_GET_BODY), version = hex(KMS_GET_VERSION_BODY);
	const struct bytes generate = hex(KMS_GENERATE_BODY), encrypt = hex(KMS_ENCRYPT_BODY);
	LK_SECRET a = { 0 };
	LK_SECRET b = { 0 };
	LK_SECRET c = { 0 };
	LK_SECRET d = { 0 };
	uint8_t plain[32];
	size_t i;

	for (i = 0; i < 32; i++)
		plain[i] = (uint8_t)i;
	CHECK_OK(lk_secret_alloc(&a, 4096, &err));
	CHECK_OK(lk_proto_put(&a, 1, "disk-key", 8, &err));
	CHECK_OK(lk_proto_put(&a, 2, "", 0, &err));
	CHECK_OK(lk_proto_put_int(&a, 4, 1, &err));
	is(&a, &get);
	CHECK_OK(lk_secret_alloc(&b, 4096, &err));
	CHECK_OK(lk_proto_put(&b, 1, "disk-key", 8, &err));
	CHECK_OK(lk_proto_put(&b, 2, "ACSCurrent", 10, &err));
	CHECK_OK(lk_proto_put(&b, 3, "v1", 2, &err));
	CHECK_OK(lk_proto_put_int(&b, 4, 1, &err));
	is(&b, &version);
	CHECK_OK(lk_secret_alloc(&c, 4096, &err));
	CHECK_OK(lk_proto_put(&c, 1, "key-latchkey0001", 16, &err));
	CHECK_OK(lk_proto_put(&c, 2, "AES_GCM", 7, &err));
	CHECK_OK(lk_proto_put_int(&c, 3, 32, &err));
	is(&c, &generate);
	CHECK_OK(lk_secret_alloc(&d, 64, &err));
	CHECK_OK(lk_proto_put(&d, 1, "key-latchkey0001", 16, &err));
	CHECK_OK(lk_proto_put(&d, 2, plain, 32, &err));
	CHECK_EQ(lk_proto_put(&d, 3, plain, 32, &err), LK_INTERNAL);
	CHECK_MEM(d.data, encrypt.data, 52);
}

static void field(const struct bytes *m, unsigned number, const char *want)
{
	struct lk_proto_bytes b;

	CHECK(lk_proto_bytes(m->data, m->len, number, &b));
	CHECK_EQ(b.len, strlen(want));
	CHECK_MEM(b.data, want, b.len);
}

TEST(protobuf_answers)
{
	const struct bytes get = hex(KMS_GET_RESPONSE), encrypt = hex(KMS_ENCRYPT_RESPONSE);
	const struct bytes decrypt = hex(KMS_DECRYPT_RESPONSE), error = hex(KMS_ERROR);
	struct lk_proto_bytes b;
	LK_SECRET text = { 0 };
	uint64_t status;

	CHECK_OK(lk_aliyun_parse_secret_proto(get.data, get.len, &text, &err));
	CHECK_EQ(text.len, 24);
	CHECK_MEM(text.data, "c2VjcmV0LXBhc3NwaHJhc2U=", 24);
	field(&get, 5, "ACSCurrent");
	field(&encrypt, 1, "key-latchkey0001");
	CHECK(lk_proto_bytes(encrypt.data, encrypt.len, 2, &b));
	CHECK_EQ(b.len, 48);
	CHECK(lk_proto_bytes(encrypt.data, encrypt.len, 3, &b));
	CHECK_EQ(b.len, 12);
	CHECK(lk_proto_bytes(decrypt.data, decrypt.len, 2, &b));
	CHECK_EQ(b.len, 32);
	CHECK_EQ(b.data[31], 31);
	CHECK(lk_proto_int(error.data, error.len, 1, &status));
	CHECK_EQ(status, 404);
	field(&error, 2, "Forbidden.ResourceNotFound");
	CHECK(lk_proto_bytes(error.data, error.len, 9, &b));
	CHECK(!b.data);
}

static void malformed(const char *text)
{
	const struct bytes m = hex(text);
	struct lk_proto_bytes b;

	CHECK(!lk_proto_bytes(m.data, m.len, 1, &b));
}

TEST(protobuf_that_is_none)
{
	const struct bytes get = hex(KMS_GET_RESPONSE), twice = hex("0a01610a0162");
	LK_SECRET text = { 0 };
	size_t i;

	malformed("0a");		       /* no length */
	malformed("0a05616263");	       /* longer than the rest */
	malformed("0affffffffffffffffff01");   /* far longer */
	malformed("0affffffffffffffffffff01"); /* a varint of eleven bytes */
	malformed("08ffffffffffffffffff02");   /* 65 bits */
	malformed("0201");		       /* field 0 */
	malformed("0b");		       /* a group */
	malformed("0d010203");		       /* four bytes that are three */
	malformed("0901020304050607");	       /* eight that are seven */
	malformed("0801");		       /* a number where bytes should be */
	field(&twice, 1, "b");
	for (i = 1; i < get.len; i++) {
		uint8_t *copy = malloc(i);

		CHECK(copy);
		memcpy(copy, get.data, i);
		err = (struct lk_error){ 0 };
		(void)lk_aliyun_parse_secret_proto(copy, i, &text, &err);
		CHECK(!text.data || text.len == 24);
		lk_secret_wipe(&text);
		free(copy);
	}
}

/* ---- refusals ---- */

static void json_refusal(enum lk_aliyun_service service, int status, const char *code,
			 enum lk_code want)
{
	char body[256], line[1024];
	int n;

	n = snprintf(body, sizeof(body), "{\"Code\":\"%s\",\"Message\":\"a secret word\"}", code);
	err = (struct lk_error){ 0 };
	CHECK(lk_aliyun_refusal_json(service, status, body, (size_t)n, &err));
	CHECK_EQ(err.code, want);
	CHECK(!strstr(lk_error_format(&err, line, sizeof(line)), "a secret"));
}

TEST(refusals)
{
	const struct bytes absent = hex(KMS_ERROR);
	static const char html[] = "<html>nothing here</html>";

	json_refusal(LK_ALIYUN_KMS, 403, "Forbidden.NoPermission", LK_C_KMS_DENIED);
	json_refusal(LK_ALIYUN_KMS, 404, "Forbidden.ResourceNotFound", LK_C_KMS_NO_SECRET);
	json_refusal(LK_ALIYUN_KMS, 400, "Rejected.Throttling", LK_C_SERVER_BUSY);
	json_refusal(LK_ALIYUN_KMS, 400, "Throttling.User", LK_C_SERVER_BUSY);
	json_refusal(LK_ALIYUN_KMS, 500, "InternalFailure", LK_C_SERVER_BUSY);
	json_refusal(LK_ALIYUN_KMS, 502, "", LK_C_SERVER_BUSY);
	json_refusal(LK_ALIYUN_KMS, 400, "IllegalTimestamp", LK_C_KMS_CLOCK);
	json_refusal(LK_ALIYUN_KMS, 400, "InvalidTimeStamp.Expired", LK_C_KMS_CLOCK);
	json_refusal(LK_ALIYUN_KMS, 400, "SignatureDoesNotMatch", LK_C_KMS_CREDENTIAL);
	json_refusal(LK_ALIYUN_KMS, 404, "InvalidAccessKeyId.NotFound", LK_C_KMS_CREDENTIAL);
	json_refusal(LK_ALIYUN_KMS, 400, "InvalidSecurityToken.Expired", LK_C_KMS_CREDENTIAL);
	json_refusal(LK_ALIYUN_KMS, 400, "InvalidParameter", LK_C_KMS_REQUEST);
	json_refusal(LK_ALIYUN_KMS, 400, "a secret word", LK_C_REPLY_INVALID);
	json_refusal(LK_ALIYUN_STS, 400, "AuthenticationFail.OIDCToken.Expired", LK_C_OIDC_REFUSED);
	json_refusal(LK_ALIYUN_STS, 404, "EntityNotExist.Role", LK_C_OIDC_REFUSED);
	json_refusal(LK_ALIYUN_STS, 403, "", LK_C_OIDC_REFUSED);
	err = (struct lk_error){ 0 };
	CHECK_EQ(lk_aliyun_refusal_proto(404, absent.data, absent.len, &err), LK_DENIED);
	CHECK_EQ(err.code, LK_C_KMS_NO_SECRET);
	CHECK_EQ(lk_aliyun_refusal_proto(403, html, sizeof(html) - 1, &err), LK_DENIED);
	CHECK_EQ(lk_aliyun_refusal_proto(400, html, sizeof(html) - 1, &err), LK_TAMPERED);
	CHECK_EQ(lk_aliyun_refusal_json(LK_ALIYUN_KMS, 403, html, sizeof(html) - 1, &err),
		 LK_DENIED);
	CHECK_EQ(lk_aliyun_refusal_json(LK_ALIYUN_KMS, 404, NULL, 0, &err), LK_DENIED);
}

/* ---- credentials ---- */

static enum lk_status client_key(const char *json)
{
	char id[LK_ALIYUN_KEY_ID];
	LK_SECRET der = { 0 };

	err = (struct lk_error){ 0 };
	return lk_aliyun_parse_client_key(json, strlen(json), id, &der, &err);
}

TEST(client_key_files)
{
	lk_json_setup();
	CHECK_OK(client_key("{\"KeyId\":\"KAAP.1\",\"PrivateKeyData\":\"AAAA\",\"More\":1}"));
	CHECK_EQ(client_key("KAAP.1"), LK_CONFIG);
	CHECK_EQ(client_key("{\"PrivateKeyData\":\"AAAA\"}"), LK_CONFIG);
	CHECK_HAS(err.frames[0].text, "KeyId");
	CHECK_EQ(client_key("{\"KeyId\":\"a\\r\\nHost: b\",\"PrivateKeyData\":\"AAAA\"}"),
		 LK_CONFIG);
	CHECK_EQ(client_key("{\"KeyId\":\"a\"}"), LK_CONFIG);
	CHECK_HAS(err.frames[0].text, "PrivateKeyData");
	CHECK_EQ(client_key("{\"KeyId\":\"a\",\"PrivateKeyData\":\"hush!\"}"), LK_CONFIG);
	CHECK_EQ(err.code, LK_C_CREDENTIAL_INVALID);
	CHECK(!strstr(err.frames[0].text, "hush"));
}

static void password(const char *text, const char *want)
{
	LK_SECRET s = { 0 };

	err = (struct lk_error){ 0 };
	if (!want) {
		CHECK_EQ(lk_aliyun_parse_password(text, strlen(text), &s, &err), LK_CONFIG);
		CHECK_EQ(err.code, LK_C_CREDENTIAL_INVALID);
		return;
	}
	CHECK_OK(lk_aliyun_parse_password(text, strlen(text), &s, &err));
	CHECK_EQ(s.len, strlen(want));
	CHECK_MEM(s.data, want, s.len);
}

TEST(password_files)
{
	password("abc", "abc");
	password("abc \r\n", "abc");
	password("{\"ClientKeyPassword\": \"abc\"}\n", "abc");
	password("{\"Password\": \"abc\"}", NULL);
	password("{\"ClientKeyPassword\": \"abc\"", NULL);
	password("", NULL);
	password("\n", NULL);
	password("two words", NULL);
}

static void token_file(const char *text, const char *id, const char *secret, const char *security)
{
	LK_ALIYUN_TOKEN t = { 0 };

	err = (struct lk_error){ 0 };
	if (!id) {
		CHECK_EQ(lk_aliyun_parse_token_file(text, strlen(text), &t, &err), LK_CONFIG);
		CHECK(!t.secret.data);
		return;
	}
	CHECK_OK(lk_aliyun_parse_token_file(text, strlen(text), &t, &err));
	CHECK_STR(t.id, id);
	CHECK_STR((const char *)t.secret.data, secret);
	CHECK_STR((const char *)t.security.data, security);
}

TEST(token_files)
{
	token_file("STS.NTtestAccessKeyId01:testAccessKeySecret0123456789ab:CAISTestToken+/abc~*==",
		   "STS.NTtestAccessKeyId01", "testAccessKeySecret0123456789ab",
		   "CAISTestToken+/abc~*==");
	token_file("a:b:c:d\r\n", "a", "b", "c:d");
	token_file("", NULL, NULL, NULL);
	token_file("a:b", NULL, NULL, NULL);
	token_file("a:b:", NULL, NULL, NULL);
	token_file("a::c", NULL, NULL, NULL);
	token_file(":b:c", NULL, NULL, NULL);
	token_file("a:b:c d", NULL, NULL, NULL);
	token_file("a\n:b:c", NULL, NULL, NULL);
}

#define ROLE_TOKEN                                                                                 \
	"{\"AccessKeyId\":\"STS.NUecsRoleKey000001\","                                             \
	"\"AccessKeySecret\":\"ecsRoleSecret/+ABCDEFabcdef0123\","                                 \
	"\"Expiration\":\"2026-01-02T09:04:05Z\",\"SecurityToken\":\"CAISecsRole/Token+000==\","   \
	"\"LastUpdated\":\"2026-01-02T03:04:05Z\",\"Code\":\"%s\"}"

TEST(temporary_tokens)
{
	static const char sts[] =
		"{\"RequestId\":\"x\",\"Credentials\":{\"AccessKeyId\":\"STS.NVoidcKey0000001\","
		"\"AccessKeySecret\":\"oidcSecret0000000000000000001\","
		"\"SecurityToken\":\"CAISoidc+Token/0001=\",\"Expiration\":\"x\"}}";
	char text[1024];
	int n;
	LK_ALIYUN_TOKEN t = { 0 };
	LK_ALIYUN_TOKEN u = { 0 };

	n = snprintf(text, sizeof(text), ROLE_TOKEN, "Success");
	CHECK_OK(lk_aliyun_parse_role_token(text, (size_t)n, &t, &err));
	CHECK_STR((const char *)t.security.data, "CAISecsRole/Token+000==");
	lk_aliyun_token_wipe(&t);
	n = snprintf(text, sizeof(text), ROLE_TOKEN, "Failed");
	CHECK_EQ(lk_aliyun_parse_role_token(text, (size_t)n, &t, &err), LK_TAMPERED);
	CHECK_EQ(lk_aliyun_parse_role_token("<html>", 6, &t, &err), LK_TAMPERED);
	CHECK_EQ(lk_aliyun_parse_role_token("{\"AccessKeyId\":\"a\\n\"}", 21, &t, &err),
		 LK_TAMPERED);
	CHECK_OK(lk_aliyun_parse_sts_answer(sts, sizeof(sts) - 1, &u, &err));
	CHECK_STR(u.id, "STS.NVoidcKey0000001");
	lk_aliyun_token_wipe(&u);
	CHECK_EQ(lk_aliyun_parse_sts_answer("{\"Credentials\":{}}", 18, &u, &err), LK_TAMPERED);
}

TEST(metadata_texts)
{
	char word[LK_ALIYUN_WORD];
	char many[LK_ALIYUN_WORD + 8];

	CHECK_OK(lk_aliyun_parse_region("cn-beijing\n", 11, word, &err));
	CHECK_STR(word, "cn-beijing");
	CHECK_EQ(lk_aliyun_parse_region("", 0, word, &err), LK_TAMPERED);
	CHECK_EQ(lk_aliyun_parse_region("cn.evil", 7, word, &err), LK_TAMPERED);
	CHECK_EQ(lk_aliyun_parse_region("<html>", 6, word, &err), LK_TAMPERED);
	CHECK_EQ(lk_aliyun_parse_roles("\n \n", 3, word, &err), LK_ABSENT);
	CHECK_EQ(err.code, LK_C_IMDS_ABSENT);
	CHECK_OK(lk_aliyun_parse_roles("role-1\r\n\n", 9, word, &err));
	CHECK_STR(word, "role-1");
	CHECK_EQ(lk_aliyun_parse_roles("a\nb", 3, word, &err), LK_CONFIG);
	CHECK_EQ(lk_aliyun_parse_roles("../x", 4, word, &err), LK_TAMPERED);
	memset(many, 'a', sizeof(many));
	CHECK_EQ(lk_aliyun_parse_roles(many, sizeof(many), word, &err), LK_TAMPERED);
	CHECK_STR(word, "role-1");
}

TEST(secrets_in_json)
{
	static const char good[] = "{\"SecretName\":\"disk-key\",\"SecretData\":\"c2VjcmV0\","
				   "\"VersionStages\":{\"VersionStage\":[\"ACSCurrent\"]}}";
	LK_SECRET s = { 0 };

	CHECK_OK(lk_aliyun_parse_secret_json(good, sizeof(good) - 1, &s, &err));
	CHECK_EQ(s.len, 8);
	lk_secret_wipe(&s);
	CHECK_EQ(lk_aliyun_parse_secret_json("{\"SecretData\":1}", 16, &s, &err), LK_TAMPERED);
	CHECK_EQ(lk_aliyun_parse_secret_json("{\"SecretData\":\"\"}", 17, &s, &err), LK_TAMPERED);
	CHECK_EQ(lk_aliyun_parse_secret_json("{}", 2, &s, &err), LK_TAMPERED);
}

TEST(dates)
{
	char text[LK_ALIYUN_DATE];
	int64_t t = 0;

	lk_aliyun_http_date(1767323045, text);
	CHECK_STR(text, KMS_DATE);
	CHECK(lk_aliyun_parse_http_date(text, strlen(text), &t));
	CHECK_EQ(t, 1767323045);
	lk_aliyun_iso_date(1767323045, text);
	CHECK_STR(text, "2026-01-02T03:04:05Z");
	lk_aliyun_iso_date(-5, text);
	CHECK_STR(text, "1970-01-01T00:00:00Z");
	lk_aliyun_iso_date(INT64_MAX, text);
	CHECK_STR(text, "9999-12-31T23:59:59Z");
	CHECK(!lk_aliyun_parse_http_date("Sat, 02 Jan 2026 03:04:05 GMT", 29, &t));
	CHECK(!lk_aliyun_parse_http_date("Fri, 32 Jan 2026 03:04:05 GMT", 29, &t));
	CHECK(!lk_aliyun_parse_http_date("Friday, 02-Jan-26 03:04:05 GM", 29, &t));
	CHECK(!lk_aliyun_parse_http_date("", 0, &t));
	CHECK_EQ(t, 1767323045);
}

TESTS(protobuf_requests, protobuf_answers, protobuf_that_is_none, refusals, client_key_files,
      password_files, token_files, temporary_tokens, metadata_texts, secrets_in_json, dates)
