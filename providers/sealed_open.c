/* SPDX-License-Identifier: Apache-2.0 */
/* The cryptography of a sealed secret: who signed it, and what lies under its data key. */
#include <string.h>

#include "providers/sealed.h"

#define START		  "sealed."
#define GCM_TAG		  16

#define invalid(err, ...) lk_raise_code((err), LK_C_SEALED_INVALID, __VA_ARGS__)

/* The token behind "sealed.", without white space at its end. */
static enum lk_status find_token(const char *text, size_t n, const char **ret, size_t *ret_n,
				 struct lk_error *err)
{
	const size_t start = strlen(START);

	if (n > LK_SEALED_MAX)
		return invalid(err, "sealed secret: longer than %u bytes", LK_SEALED_MAX);
	if (n < start || memcmp(text, START, start) != 0)
		return invalid(err, "sealed secret: does not begin with " START);
	while (n > start && strchr(" \t\r\n", text[n - 1]) && text[n - 1])
		n--;
	*ret = text + start;
	*ret_n = n - start;
	return LK_OK;
}

static enum lk_status as_invalid(struct lk_error *err)
{
	if (err->status == LK_TAMPERED)
		err->code = LK_C_SEALED_INVALID;
	return lk_context(err, "sealed secret");
}

enum lk_status lk_sealed_kid(const char *text, size_t n, char ret[LK_JWS_KID_MAX + 1],
			     struct lk_error *err)
{
	const char *token;
	size_t len;
	enum lk_status st;

	st = find_token(text, n, &token, &len, err);
	if (st)
		return st;
	st = lk_jws_kid(token, len, ret, err);
	return st ? as_invalid(err) : LK_OK;
}

enum lk_status lk_sealed_verify(const char *text, size_t n, const struct lk_public_key *key,
				char **ret, size_t *ret_len, struct lk_error *err)
{
	const char *token;
	size_t len;
	enum lk_status st;

	st = find_token(text, n, &token, &len, err);
	if (st)
		return st;
	st = lk_jws_verify(key, NULL, token, len, ret, ret_len, err);
	if (!st)
		return LK_OK;
	if (err->status == LK_TAMPERED && err->code == LK_C_NONE) {
		err->code = LK_C_SEALED_SIGNER;
		return lk_context(err, "sealed secret: its signature does not fit the key");
	}
	return as_invalid(err);
}

enum lk_status lk_sealed_open(const struct lk_sealed *s, const struct lk_secret *dek,
			      struct lk_secret *ret, struct lk_error *err)
{
	LK_SECRET plain = { 0 };
	enum lk_status st;
	size_t n;

	if (dek->len != LK_SEALED_DEK_SIZE)
		return invalid(err, "encrypted_key: the data key has %zu bytes, not %d", dek->len,
			       LK_SEALED_DEK_SIZE);
	if (s->ctr) {
		st = lk_secret_alloc(&plain, s->data_len, err);
		if (!st)
			st = lk_aes_ctr(dek, s->iv, s->data, s->data_len, plain.data, err);
		if (st)
			return st;
		plain.len = s->data_len;
		*ret = lk_secret_take(&plain);
		return LK_OK;
	}
	n = s->data_len - GCM_TAG;
	st = lk_aes_gcm_open(dek, s->iv, NULL, 0, s->data, n, s->data + n, ret, err);
	if (st == LK_TAMPERED)
		return invalid(err, "encrypted_data does not fit the data key");
	return st;
}
