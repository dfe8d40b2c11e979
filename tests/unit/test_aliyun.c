/* SPDX-License-Identifier: Apache-2.0 */
/* The calls of the client that no provider makes: encrypting, decrypting, data keys. */
#include "keymanager/aliyun.h"

#include "core/json.h"
#include "tests/check.h"
#define CLOUD_WITHOUT_IMDS
#include "tests/fakes/cloud.h"
#include "tests/fakes/fake_clock.h"

#define KEY_ID "key-latchkey0001"

static struct lk_error err;
static struct cloud cloud;
static struct lk_aliyun_client_key key;
static struct lk_aliyun_clock wall;
static struct lk_aliyun kms;
static char base[64];

static void begin(void)
{
	struct lk_http_options http = { 0 };
	char *json, *password, *ca;

	err = (struct lk_error){ 0 };
	lk_json_setup();
	CHECK_OK(lk_crypto_setup(&err));
	cloud_start(&cloud, NULL);
	json = cloud_file(&cloud, "clientKey.json");
	password = cloud_file(&cloud, "password");
	ca = cloud_file(&cloud, "ca.pem");
	CHECK_OK(lk_aliyun_client_key_open(json, password, strlen(password), &key, &err));
	http.ca_pem = ca;
	snprintf(base, sizeof(base), "https://localhost:%d", cloud.instance);
	wall = (struct lk_aliyun_clock){ 0 };
	kms = (struct lk_aliyun){
		.base = base, .clock = &wall, .deadline = lk_deadline_in(30000), .key = &key
	};
	CHECK_OK(lk_http_new(&http, &kms.http, &err));
	free(json);
	free(password);
	free(ca);
}

static void end(void)
{
	lk_http_free(kms.http);
	lk_aliyun_client_key_free(&key);
	cloud_stop(&cloud);
}

TEST(what_is_encrypted_decrypts)
{
	static struct lk_aliyun_blob blob;
	LK_SECRET plain = { 0 };
	LK_SECRET again = { 0 };

	begin();
	CHECK_OK(lk_secret_from(&plain, "thirty-two bytes of nonsense....", 32, &err));
	CHECK_OK(lk_aliyun_encrypt(&kms, KEY_ID, &plain, &blob, &err));
	CHECK_EQ(blob.len, 48);
	CHECK_EQ(blob.iv_len, 12);
	CHECK_OK(lk_aliyun_decrypt(&kms, KEY_ID, &blob, &again, &err));
	CHECK(lk_secret_equal(&plain, &again));
	lk_secret_wipe(&again);
	blob.data[3] ^= 1;
	CHECK_EQ(lk_aliyun_decrypt(&kms, KEY_ID, &blob, &again, &err), LK_CONFIG);
	CHECK_EQ(err.code, LK_C_KMS_REQUEST);
	CHECK(!again.data);
	CHECK_EQ(lk_aliyun_decrypt(&kms, "another", &blob, &again, &err), LK_DENIED);
	end();
}

TEST(data_keys)
{
	static struct lk_aliyun_blob blob;
	LK_SECRET made = { 0 };
	LK_SECRET again = { 0 };

	begin();
	CHECK_OK(lk_aliyun_generate(&kms, KEY_ID, 32, &made, &blob, &err));
	CHECK_EQ(made.len, 32);
	CHECK_OK(lk_aliyun_decrypt(&kms, KEY_ID, &blob, &again, &err));
	CHECK(lk_secret_equal(&made, &again));
	end();
}

TEST(a_token_encrypts_nothing)
{
	static struct lk_aliyun_blob blob;
	LK_ALIYUN_TOKEN token = { 0 };
	LK_SECRET plain = { 0 };

	begin();
	kms.key = NULL;
	kms.token = &token;
	kms.region = "cn-beijing";
	CHECK_OK(lk_secret_from(&plain, "x", 1, &err));
	CHECK_EQ(lk_aliyun_encrypt(&kms, KEY_ID, &plain, &blob, &err), LK_CONFIG);
	CHECK_STR(cloud_say(&cloud, "count requests"), "0");
	end();
}

TESTS(what_is_encrypted_decrypts, data_keys, a_token_encrypts_nothing)
