/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that a temporary token signs: parameters in a form, "signature V1". */
#include <stdio.h>
#include <string.h>

#include "core/base64.h"
#include "core/crypto.h"
#include "keymanager/aliyun_internal.h"

#define VERSION "2016-01-20"
/* Parameters that every call has. */
#define N_COMMON 11

struct rpc {
	const char *action;
	const struct lk_aliyun_param *params;
	size_t n;
};

/* 32 characters that no request had before. */
static enum lk_status make_nonce(char out[33], struct lk_error *err)
{
	uint8_t bytes[16];
	enum lk_status st;

	st = lk_random(bytes, sizeof(bytes), err);
	if (!st)
		lk_hex_encode(bytes, sizeof(bytes), out);
	return st;
}

/* All parameters in their canonical form. The shared gateway and a dedicated instance are spoken to
 * as their own clients do. */
static enum lk_status canonical_form(const struct lk_aliyun *k, const struct rpc *r,
				     struct lk_secret *ret, struct lk_error *err)
{
	char date[LK_ALIYUN_DATE], nonce[33];
	const struct lk_aliyun_param common[N_COMMON] = {
		{ "AccessKeyId", k->token->id },
		{ "Action", r->action },
		{ "Format", k->region ? "json" : "JSON" },
		{ "SecurityToken", (const char *)k->token->security.data },
		{ "SignatureMethod", "HMAC-SHA1" },
		{ "SignatureNonce", nonce },
		{ "SignatureVersion", "1.0" },
		{ "Timestamp", date },
		{ "Version", VERSION },
		{ "RegionId", k->region },
		{ "SignatureType", "" },
	};
	const size_t n_common = k->region ? N_COMMON : N_COMMON - 2;
	struct lk_aliyun_param all[LK_ALIYUN_PARAMS];
	enum lk_status st;

	if (n_common + r->n > LK_ALIYUN_PARAMS)
		return lk_raise(err, LK_INTERNAL, "too many parameters");
	memcpy(all, common, n_common * sizeof(all[0]));
	if (r->n)
		memcpy(all + n_common, r->params, r->n * sizeof(all[0]));
	lk_aliyun_iso_date(lk_aliyun_now(k->clock), date);
	st = make_nonce(nonce, err);
	return st ? st : lk_aliyun_canonical(all, n_common + r->n, ret, err);
}

/* The form of a request: parameters and signature. */
static enum lk_status sign_form(const struct lk_aliyun *k, const struct rpc *r,
				struct lk_secret *ret, struct lk_error *err)
{
	LK_SECRET canonical = { 0 };
	LK_SECRET form = { 0 };
	char signature[29];
	enum lk_status st;

	st = canonical_form(k, r, &canonical, err);
	if (!st)
		st = lk_aliyun_rpc_sign((const char *)canonical.data,
					(const char *)k->token->secret.data, signature, err);
	if (!st)
		st = lk_secret_alloc(&form, canonical.len + 128, err);
	if (!st)
		st = lk_secret_append(&form, canonical.data, canonical.len, err);
	if (!st)
		st = lk_secret_append(&form, "&Signature=", 11, err);
	if (!st)
		st = lk_aliyun_encode(&form, signature, err);
	if (st)
		return st;
	*ret = lk_secret_take(&form);
	return LK_OK;
}

static enum lk_status send_form(struct lk_aliyun *k, const void *arg, struct lk_http_response *ret,
				struct lk_error *err)
{
	const struct rpc *r = arg;
	char action[64];
	const char *const headers[] = {
		"Content-Type: application/x-www-form-urlencoded",
		action,
		"x-acs-version: " VERSION,
		NULL,
	};
	LK_SECRET form = { 0 };
	struct lk_http_request req = {
		.method = "POST",
		.base = k->base,
		.path = "/",
		.headers = headers,
		.max_answer = LK_ALIYUN_ANSWER_MAX,
		.max_ms = LK_ALIYUN_EXCHANGE_MS,
		.deadline = k->deadline,
	};
	enum lk_status st;

	(void)snprintf(action, sizeof(action), "x-acs-action: %s", r->action);
	st = sign_form(k, r, &form, err);
	if (st)
		return st;
	req.body = form.data;
	req.body_len = form.len;
	return lk_http_exchange(k->http, &req, ret, err);
}

static enum lk_status refused(int status, const void *body, size_t n, struct lk_error *err)
{
	return lk_aliyun_refusal_json(LK_ALIYUN_KMS, status, body, n, err);
}

enum lk_status lk_aliyun_call_rpc(struct lk_aliyun *k, const char *action,
				  const struct lk_aliyun_param *params, size_t n,
				  struct lk_http_response *ret, struct lk_error *err)
{
	const struct rpc r = { action, params, n };
	const struct lk_aliyun_call call = { send_form, refused, &r };

	return lk_aliyun_do(k, &call, ret, err);
}
