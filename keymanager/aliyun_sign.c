/* SPDX-License-Identifier: Apache-2.0 */
/* What is signed, and how. */
#include "keymanager/aliyun_sign.h"

#include <stdio.h>
#include <string.h>

#include "core/base64.h"

/* ---- dedicated instance ---- */

void lk_aliyun_body_digest(const uint8_t sha256[32], char out[65])
{
	size_t i;

	for (i = 0; i < 32; i++)
		(void)snprintf(out + 2 * i, 3, "%02X", sha256[i]);
}

size_t lk_aliyun_header_text(const struct lk_aliyun_signed_headers *h, char out[LK_ALIYUN_TO_SIGN])
{
	const int n = snprintf(out, LK_ALIYUN_TO_SIGN,
			       "POST\n%s\n" LK_ALIYUN_PROTOBUF "\n%s\n"
			       "x-kms-acccesskeyid:%s\n"
			       "x-kms-apiname:%s\n"
			       "x-kms-apiversion:" LK_ALIYUN_KMS_VERSION "\n"
			       "x-kms-signaturemethod:" LK_ALIYUN_SIGNATURE_RSA "\n/",
			       h->digest, h->date, h->key_id, h->api);

	return n > 0 && n < LK_ALIYUN_TO_SIGN ? (size_t)n : 0;
}

enum lk_status lk_aliyun_sign_headers(const struct lk_keypair *key,
				      const struct lk_aliyun_signed_headers *h,
				      char out[LK_ALIYUN_SIGNATURE], struct lk_error *err)
{
	char text[LK_ALIYUN_TO_SIGN];
	uint8_t sig[512];
	enum lk_status st;
	size_t n;

	n = lk_aliyun_header_text(h, text);
	if (n == 0)
		return lk_raise(err, LK_INTERNAL, "a request's headers are too long to sign");
	st = lk_rsa_sign_sha256(key, text, n, sig, &n, err);
	if (st)
		return st;
	_Static_assert(LK_B64_SIZE(512) <= LK_ALIYUN_SIGNATURE, "room for RSA of 4096 bits");
	(void)lk_b64_encode(LK_B64_STD, sig, n, out);
	return LK_OK;
}

/* ---- shared gateway ---- */

static bool is_unreserved(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       (c && strchr("-_.~", c));
}

enum lk_status lk_aliyun_encode(struct lk_secret *out, const char *text, struct lk_error *err)
{
	static const char digits[] = "0123456789ABCDEF";
	enum lk_status st = LK_OK;

	for (; *text && !st; text++) {
		const unsigned char c = (unsigned char)*text;
		const char hex[3] = { '%', digits[c >> 4], digits[c & 15] };

		if (is_unreserved(*text))
			st = lk_secret_append(out, text, 1, err);
		else
			st = lk_secret_append(out, hex, 3, err);
	}
	if (!st)
		st = lk_secret_append(out, "", 1, err);
	if (!st)
		out->len--;
	return st;
}

static void sort(const struct lk_aliyun_param **list, size_t n)
{
	size_t i, j;

	for (i = 1; i < n; i++) {
		const struct lk_aliyun_param *moved = list[i];

		for (j = i; j > 0 && strcmp(list[j - 1]->name, moved->name) > 0; j--)
			list[j] = list[j - 1];
		list[j] = moved;
	}
}

enum lk_status lk_aliyun_canonical(const struct lk_aliyun_param *params, size_t n,
				   struct lk_secret *ret, struct lk_error *err)
{
	const struct lk_aliyun_param *list[LK_ALIYUN_PARAMS];
	size_t i, room = 1;
	LK_SECRET out = { 0 };
	enum lk_status st;

	if (n > LK_ALIYUN_PARAMS)
		return lk_raise(err, LK_INTERNAL, "too many parameters");
	for (i = 0; i < n; i++) {
		list[i] = &params[i];
		room += 3 * (strlen(params[i].name) + strlen(params[i].value)) + 2;
	}
	sort(list, n);
	st = lk_secret_alloc(&out, room, err);
	for (i = 0; i < n && !st; i++) {
		if (i > 0)
			st = lk_secret_append(&out, "&", 1, err);
		if (!st)
			st = lk_aliyun_encode(&out, list[i]->name, err);
		if (!st)
			st = lk_secret_append(&out, "=", 1, err);
		if (!st)
			st = lk_aliyun_encode(&out, list[i]->value, err);
	}
	if (st)
		return st;
	*ret = lk_secret_take(&out);
	return LK_OK;
}

enum lk_status lk_aliyun_rpc_text(const char *canonical, struct lk_secret *ret,
				  struct lk_error *err)
{
	static const char start[] = "POST&%2F&";
	LK_SECRET out = { 0 };
	enum lk_status st;

	st = lk_secret_alloc(&out, 3 * strlen(canonical) + sizeof(start), err);
	if (!st)
		st = lk_secret_append(&out, start, sizeof(start) - 1, err);
	if (!st)
		st = lk_aliyun_encode(&out, canonical, err);
	if (st)
		return st;
	*ret = lk_secret_take(&out);
	return LK_OK;
}

enum lk_status lk_aliyun_rpc_sign(const char *canonical, const char *secret, char out[29],
				  struct lk_error *err)
{
	LK_SECRET text = { 0 };
	LK_SECRET key = { 0 };
	uint8_t mac[20];
	enum lk_status st;

	st = lk_aliyun_rpc_text(canonical, &text, err);
	if (!st)
		st = lk_secret_alloc(&key, strlen(secret) + 1, err);
	if (!st)
		st = lk_secret_append(&key, secret, strlen(secret), err);
	if (!st)
		st = lk_secret_append(&key, "&", 1, err);
	if (!st)
		st = lk_hmac_sha1(key.data, key.len, text.data, text.len, mac, err);
	if (st)
		return st;
	(void)lk_b64_encode(LK_B64_STD, mac, sizeof(mac), out);
	return LK_OK;
}
