/* SPDX-License-Identifier: Apache-2.0 */
/* Sealed secrets: vectors of other implementations, then everything that must not pass for one. */
#include "providers/sealed.h"
#include "tests/unit/bytes.h"
#include "tests/unit/jose_vectors.h"
#include "tests/unit/sealed_vectors.h"

#define VAULT                                                                                      \
	"{\"version\":\"0.1.0\",\"type\":\"vault\",\"name\":\"kbs:///default/key/1\","             \
	"\"provider\":\"kbs\",\"provider_settings\":{},\"annotations\":{}}"

static struct lk_public_key key_of(const char *text)
{
	struct lk_error err = { 0 };
	struct lk_public_key key;
	LK_JSON *jwk = NULL;

	lk_json_setup();
	CHECK_OK(lk_json_parse(text, strlen(text), &jwk, &err));
	CHECK_OK(lk_jwk_to_public(jwk, &key, &err));
	return key;
}

static struct lk_sealed parsed(const char *json)
{
	struct lk_sealed s = { 0 };
	struct lk_error err = { 0 };

	CHECK_OK(lk_sealed_parse(json, strlen(json), &s, &err));
	return s;
}

/* The text with its first `from` replaced; malloc'ed. */
static char *altered(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);
	char *made = NULL;

	CHECK(at && asprintf(&made, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from)) > 0);
	return made;
}

/* Refused with sealed-invalid and these words. */
static void refused(const char *json, const char *words)
{
	struct lk_sealed s = { 0 };
	struct lk_error err = { 0 };
	char text[2048];

	CHECK_EQ(lk_sealed_parse(json, strlen(json), &s, &err), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_SEALED_INVALID);
	CHECK_HAS(lk_error_format(&err, text, sizeof(text)), words);
	CHECK(!s.doc && !s.key && !s.data);
}

static void refused_with(const char *json, const char *from, const char *to, const char *words)
{
	char *text = altered(json, from, to);

	refused(text, words);
	free(text);
}

TEST(an_envelope_of_another_implementation)
{
	const struct lk_public_key key = key_of(SEALED_TEST_JWK);
	struct lk_secret dek = secret_hex(SEALED_DEK), plain = { 0 };
	struct lk_error err = { 0 };
	char kid[LK_JWS_KID_MAX + 1];
	LK_FREE char *json = NULL;
	LK_SEALED s = { 0 };
	size_t n;

	CHECK_OK(lk_sealed_kid(SEALED_ENVELOPE, strlen(SEALED_ENVELOPE), kid, &err));
	CHECK_STR(kid, "test-key");
	CHECK_OK(lk_sealed_verify(SEALED_ENVELOPE "\n", strlen(SEALED_ENVELOPE) + 1, &key, &json,
				  &n, &err));
	CHECK_STR(json, SEALED_ENVELOPE_PAYLOAD);
	s = parsed(json);
	CHECK(!s.vault && !s.ctr && s.vendor == LK_SEALED_ALIYUN);
	CHECK_STR(s.name, "key-latchkey0001");
	CHECK_STR(s.settings.client_type, "client_key");
	CHECK_STR(s.settings.client_key_id, "KAAP.5c8f3a10-1111-4222-8333-444455556666");
	CHECK_STR(s.settings.kms_instance_id, "kst-latchkey0test");
	CHECK(!s.settings.region_id && !s.settings.token_path);
	CHECK_EQ(s.key_len, 48);
	CHECK_HEX(s.key_iv, s.key_iv_len, "a0a1a2a3a4a5a6a7a8a9aaab");
	CHECK_OK(lk_sealed_open(&s, &dek, &plain, &err));
	CHECK_EQ(plain.len, strlen(SEALED_PLAINTEXT));
	CHECK_MEM(plain.data, SEALED_PLAINTEXT, plain.len);
	lk_secret_wipe(&plain);
	lk_secret_wipe(&dek);
}

TEST(a_vault_secret_of_another_implementation)
{
	const struct lk_public_key key = key_of(JWK_SEALED);
	struct lk_error err = { 0 };
	char kid[LK_JWS_KID_MAX + 1];
	LK_FREE char *json = NULL;
	LK_SEALED s = { 0 };
	size_t n;

	CHECK_OK(lk_sealed_kid("sealed." SEALED, strlen("sealed." SEALED), kid, &err));
	CHECK_STR(kid, "kbs:///default/signing/1");
	CHECK_OK(lk_sealed_verify("sealed." SEALED, strlen("sealed." SEALED), &key, &json, &n,
				  &err));
	s = parsed(json);
	CHECK(s.vault && s.vendor == LK_SEALED_KBS);
	CHECK_STR(s.name, "kbs:///default/key/1");
}

TEST(a_vault_secret_at_aliyun)
{
	LK_SEALED s = parsed(SEALED_STS_PAYLOAD);

	CHECK(s.vault && s.vendor == LK_SEALED_ALIYUN);
	CHECK_STR(s.name, "disk-key");
	CHECK_STR(s.version_stage, "");
	CHECK_STR(s.settings.token_path, "/run/latchkey/sts");
	CHECK_STR(s.settings.region_id, "cn-beijing");
}

TEST(the_content_layer)
{
	/* the second made by openssl enc -aes-256-ctr */
	static const struct {
		const char *data, *iv, *type, *plain;
	} layers[] = {
		{ SEALED_LAYER_DATA, SEALED_LAYER_IV, "A256GCM", SEALED_LAYER_PLAIN },
		{ "Ng9wNGCQFO/dWDpRd67DvxCSY6az7So8JnM=", "AAECAwQFBgcICQoLDA0ODw==", "A256CTR",
		  SEALED_PLAINTEXT },
	};
	struct lk_secret dek = secret_hex(SEALED_DEK), plain = { 0 };
	struct lk_error err = { 0 };
	size_t i;

	for (i = 0; i < 2; i++) {
		char *one = altered(SEALED_ENVELOPE_PAYLOAD,
				    "EZ/sdSGiX8rnA2dxehQMfqcxPX1rqiXQlJy7/BxrPUJ6FVOFcTY+tLUp",
				    layers[i].data);
		char *two = altered(one, "EBESExQVFhcYGRob", layers[i].iv);
		char *three = altered(two, "A256GCM", layers[i].type);
		LK_SEALED s = parsed(three);

		CHECK_OK(lk_sealed_open(&s, &dek, &plain, &err));
		CHECK_EQ(plain.len, strlen(layers[i].plain));
		CHECK_MEM(plain.data, layers[i].plain, plain.len);
		lk_secret_wipe(&plain);
		free(one);
		free(two);
		free(three);
	}
	lk_secret_wipe(&dek);
}

/* ---- what is no sealed secret ---- */

static enum lk_code verify_code(const struct lk_public_key *key, const char *text,
				const char *words)
{
	LK_FREE char *json = NULL;
	struct lk_error err = { 0 };
	char line[2048];
	size_t n;

	CHECK_EQ(lk_sealed_verify(text, strlen(text), key, &json, &n, &err), LK_TAMPERED);
	CHECK_HAS(lk_error_format(&err, line, sizeof(line)), words);
	CHECK(!json);
	return err.code;
}

TEST(signatures_that_do_not_fit)
{
	const struct lk_public_key key = key_of(SEALED_TEST_JWK), other = key_of(JWK_SEALED);
	char *text = altered(SEALED_ENVELOPE, "5A-wd3go", "5B-wd3go");

	CHECK_EQ(verify_code(&key, text, "signature does not fit"), LK_C_SEALED_SIGNER);
	CHECK_EQ(verify_code(&other, SEALED_ENVELOPE, "signature"), LK_C_SEALED_SIGNER);
	free(text);
	text = altered(SEALED_ENVELOPE, "eyJ2ZXJz", "eyJ2ZXJy");
	CHECK_EQ(verify_code(&key, text, "signature does not fit"), LK_C_SEALED_SIGNER);
	free(text);
	/* another header: HS256, and none */
	text = altered(SEALED_ENVELOPE, "eyJhbGciOiJFUzI1NiIsImtpZCI6InRlc3Qta2V5In0",
		       "eyJhbGciOiJIUzI1NiIsImtpZCI6InRlc3Qta2V5In0");
	CHECK_EQ(verify_code(&key, text, "HS256"), LK_C_SEALED_INVALID);
	free(text);
	text = altered(SEALED_ENVELOPE, "eyJhbGciOiJFUzI1NiIsImtpZCI6InRlc3Qta2V5In0",
		       "eyJhbGciOiJub25lIiwia2lkIjoidGVzdC1rZXkifQ");
	CHECK_EQ(verify_code(&key, text, "none"), LK_C_SEALED_INVALID);
	free(text);
}

TEST(texts_without_a_signer)
{
	static const char no_kid[] = "sealed.eyJhbGciOiJFUzI1NiJ9.e30.";
	char kid[LK_JWS_KID_MAX + 1], line[2048], *text;
	struct lk_error err = { 0 };

	lk_json_setup();
	CHECK_EQ(lk_sealed_kid(SEALED_UNSIGNED, strlen(SEALED_UNSIGNED), kid, &err), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_SEALED_INVALID);
	CHECK_EQ(lk_sealed_kid("nothing", 7, kid, &err), LK_TAMPERED);
	CHECK_EQ(asprintf(&text, "%s%s", no_kid, strrchr(SEALED_ENVELOPE, '.') + 1) > 0, 1);
	CHECK_EQ(lk_sealed_kid(text, strlen(text), kid, &err), LK_TAMPERED);
	CHECK_HAS(lk_error_format(&err, line, sizeof(line)), "kid");
	free(text);
}

TEST(too_long)
{
	const size_t n = LK_SEALED_MAX + 1;
	char *text = malloc(n + 1), kid[LK_JWS_KID_MAX + 1], line[2048];
	struct lk_error err = { 0 };

	CHECK(text);
	memset(text, 'A', n);
	text[n] = '\0';
	memcpy(text, "sealed.", 7);
	CHECK_EQ(lk_sealed_form(text, n), LK_SEALED_JWS);
	CHECK_EQ(lk_sealed_kid(text, n, kid, &err), LK_TAMPERED);
	CHECK_HAS(lk_error_format(&err, line, sizeof(line)), "longer than 65536 bytes");
	memset(text, ' ', n);
	memcpy(text, VAULT, strlen(VAULT));
	CHECK_EQ(lk_sealed_form(text, n), LK_SEALED_NOT);
	CHECK_EQ(lk_sealed_form(text, n - 1), LK_SEALED_BARE);
	refused(text, "longer than 65536 bytes");
	free(text);
}

TEST(payloads_that_are_not_taken)
{
	lk_json_setup();
	refused("[]", "not a JSON object");
	refused("{", "parse JSON");
	refused_with(VAULT, "0.1.0", "0.2.0", "version '0.2.0'");
	refused_with(VAULT, "vault", "folder", "type 'folder'");
	refused_with(VAULT, "\"kbs\"", "\"aws\"", "provider 'aws'");
	refused_with(VAULT, "\"version\"", "\"extra\":1,\"version\"", "'extra'");
	refused_with(VAULT, "\"provider_settings\":{},", "", "provider_settings");
	refused_with(VAULT, ",\"annotations\":{}", "", "annotations");
	refused_with(VAULT, "_settings\":{}", "_settings\":{\"url\":\"https://a\"}", "'url'");
	refused_with(VAULT, "annotations\":{}", "annotations\":{\"version_id\":\"1\"}",
		     "'version_id'");
	refused_with(VAULT, "kbs:///default/key/1", "", "name is empty");
	refused_with(SEALED_STS_PAYLOAD, "\"token_path\"", "\"endpoint\"", "'endpoint'");
	refused_with(SEALED_STS_PAYLOAD, "\"name\"", "\"key_id\"", "'key_id'");
}

TEST(envelopes_that_are_not_taken)
{
	static const char json[] = SEALED_ENVELOPE_PAYLOAD;

	lk_json_setup();
	refused_with(json, "\"aliyun\"", "\"kbs\"", "provider_settings");
	refused_with(json, "A256GCM", "A128GCM", "wrap_type 'A128GCM'");
	refused_with(json, "EBESExQVFhcYGRob", "EBESExQVFhcYGRoa=", "iv is no");
	refused_with(json, "EBESExQVFhcYGRob", "EBESExQVFhcYGRobHB0eHw==", "16 bytes, not 12");
	refused_with(json, "A256GCM", "A256CTR", "12 bytes, not 16");
	refused_with(json, "lggGDeeU", "lggGDee_", "encrypted_key");
	refused_with(json, "EZ/sdSGiX8rnA2dxehQMfqcxPX1rqiXQlJy7/BxrPUJ6FVOFcTY+tLUp",
		     "AAAAAAAAAAAAAAAAAAAAAA==", "no more than a tag");
	refused_with(json, "annotations\":{\"iv\":\"oKGio6Slpqeoqaqr\"}", "annotations\":{}",
		     "annotations");
	refused_with(json, "annotations\":{", "annotations\":{\"version_id\":\"1\",",
		     "'version_id'");
	refused_with(json, "client_key_id", "client_key_file", "'client_key_file'");
	refused_with(json, "key-latchkey0001", "", "key_id is empty");
}

TEST(data_keys_that_do_not_fit)
{
	struct lk_secret dek = secret_hex(SEALED_DEK), plain = { 0 };
	LK_SEALED s = parsed(SEALED_ENVELOPE_PAYLOAD);
	struct lk_error err = { 0 };
	char line[2048];

	dek.data[0] ^= 1;
	CHECK_EQ(lk_sealed_open(&s, &dek, &plain, &err), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_SEALED_INVALID);
	CHECK_HAS(lk_error_format(&err, line, sizeof(line)), "encrypted_data");
	dek.len = 16;
	CHECK_EQ(lk_sealed_open(&s, &dek, &plain, &err), LK_TAMPERED);
	CHECK_HAS(lk_error_format(&err, line, sizeof(line)), "16 bytes, not 32");
	CHECK(!plain.data);
	lk_secret_wipe(&dek);
}

TEST(what_it_looks_like)
{
	lk_json_setup();
	CHECK_EQ(lk_sealed_form("", 0), LK_SEALED_NOT);
	CHECK_EQ(lk_sealed_form("sealed", 6), LK_SEALED_NOT);
	CHECK_EQ(lk_sealed_form(SEALED_UNSIGNED, strlen(SEALED_UNSIGNED)), LK_SEALED_JWS);
	CHECK_EQ(lk_sealed_form(" \n" VAULT, strlen(VAULT) + 2), LK_SEALED_BARE);
	CHECK_EQ(lk_sealed_form("{\"KeyId\":\"a\"}", 13), LK_SEALED_NOT);
	CHECK_EQ(lk_sealed_form("{\"version", 9), LK_SEALED_NOT);
}

TESTS(an_envelope_of_another_implementation, a_vault_secret_of_another_implementation,
      a_vault_secret_at_aliyun, the_content_layer, signatures_that_do_not_fit,
      texts_without_a_signer, too_long, payloads_that_are_not_taken, envelopes_that_are_not_taken,
      data_keys_that_do_not_fit, what_it_looks_like)
