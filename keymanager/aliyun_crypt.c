/* SPDX-License-Identifier: Apache-2.0 */
/* Encrypting and decrypting with a key that never leaves a dedicated instance. */
#include <string.h>

#include "keymanager/aliyun.h"

#define ALGORITHM "AES_GCM"

enum lk_status lk_aliyun_decrypt(struct lk_aliyun *k, const char *key_id,
				 const struct lk_aliyun_blob *blob, struct lk_secret *ret,
				 struct lk_error *err)
{
	LK_HTTP_RESPONSE answer = { 0 };
	struct lk_proto_bytes plaintext;
	LK_SECRET body = { 0 };
	enum lk_status st;

	st = lk_secret_alloc(&body, LK_ALIYUN_REQUEST_MAX, err);
	if (!st)
		st = lk_proto_put(&body, 1, blob->data, blob->len, err);
	if (!st)
		st = lk_proto_put(&body, 2, key_id, strlen(key_id), err);
	if (!st)
		st = lk_proto_put(&body, 3, ALGORITHM, strlen(ALGORITHM), err);
	if (!st)
		st = lk_proto_put(&body, 5, blob->iv, blob->iv_len, err);
	if (!st)
		st = lk_aliyun_call_instance(k, "Decrypt", &body, &answer, err);
	if (st)
		return lk_context(err, "decrypt with '%.64s'", key_id);
	if (!lk_proto_bytes(answer.body.data, answer.body.len, 2, &plaintext) || plaintext.len == 0)
		return lk_raise_code(err, LK_C_REPLY_INVALID, "the answer holds no plaintext");
	return lk_secret_from(ret, plaintext.data, plaintext.len, err);
}

/* CiphertextBlob and Iv from the fields of an answer. */
static enum lk_status take_blob(const struct lk_http_response *r, unsigned blob, unsigned iv,
				struct lk_aliyun_blob *ret, struct lk_error *err)
{
	struct lk_proto_bytes b, v;

	if (!lk_proto_bytes(r->body.data, r->body.len, blob, &b) || b.len == 0 ||
	    b.len > sizeof(ret->data) || !lk_proto_bytes(r->body.data, r->body.len, iv, &v) ||
	    v.len == 0 || v.len > sizeof(ret->iv))
		return lk_raise_code(err, LK_C_REPLY_INVALID, "the answer holds no ciphertext");
	memcpy(ret->data, b.data, b.len);
	ret->len = b.len;
	memcpy(ret->iv, v.data, v.len);
	ret->iv_len = v.len;
	return LK_OK;
}

enum lk_status lk_aliyun_encrypt(struct lk_aliyun *k, const char *key_id,
				 const struct lk_secret *plaintext, struct lk_aliyun_blob *ret,
				 struct lk_error *err)
{
	LK_HTTP_RESPONSE answer = { 0 };
	LK_SECRET body = { 0 };
	enum lk_status st;

	st = lk_secret_alloc(&body, LK_ALIYUN_REQUEST_MAX, err);
	if (!st)
		st = lk_proto_put(&body, 1, key_id, strlen(key_id), err);
	if (!st)
		st = lk_proto_put(&body, 2, plaintext->data, plaintext->len, err);
	if (!st)
		st = lk_proto_put(&body, 3, ALGORITHM, strlen(ALGORITHM), err);
	if (!st)
		st = lk_aliyun_call_instance(k, "Encrypt", &body, &answer, err);
	if (st)
		return lk_context(err, "encrypt with '%.64s'", key_id);
	return take_blob(&answer, 2, 3, ret, err);
}

enum lk_status lk_aliyun_generate(struct lk_aliyun *k, const char *key_id, unsigned n,
				  struct lk_secret *ret_key, struct lk_aliyun_blob *ret,
				  struct lk_error *err)
{
	LK_HTTP_RESPONSE answer = { 0 };
	struct lk_proto_bytes plaintext;
	LK_SECRET body = { 0 };
	enum lk_status st;

	st = lk_secret_alloc(&body, LK_ALIYUN_REQUEST_MAX, err);
	if (!st)
		st = lk_proto_put(&body, 1, key_id, strlen(key_id), err);
	if (!st)
		st = lk_proto_put(&body, 2, ALGORITHM, strlen(ALGORITHM), err);
	if (!st)
		st = lk_proto_put_int(&body, 3, n, err);
	if (!st)
		st = lk_aliyun_call_instance(k, "GenerateDataKey", &body, &answer, err);
	if (st)
		return lk_context(err, "generate a data key under '%.64s'", key_id);
	if (!lk_proto_bytes(answer.body.data, answer.body.len, 3, &plaintext) || plaintext.len != n)
		return lk_raise_code(err, LK_C_REPLY_INVALID, "the answer holds no data key");
	st = take_blob(&answer, 4, 2, ret, err);
	return st ? st : lk_secret_from(ret_key, plaintext.data, plaintext.len, err);
}
