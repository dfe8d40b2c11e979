/* SPDX-License-Identifier: Apache-2.0 */
/* Client keys, the exchange that every call is, and the calls that a client key signs. */
#include "keymanager/aliyun.h"

#include <stdio.h>
#include <string.h>

#include "core/base64.h"
#include "core/pkcs12.h"
#include "keymanager/aliyun_internal.h"
#include "keymanager/aliyun_sign.h"

/* ---- client keys ---- */

void lk_aliyun_client_key_free(struct lk_aliyun_client_key *key)
{
	lk_keypair_free_p(&key->pair);
	*key = (struct lk_aliyun_client_key){ 0 };
}

static enum lk_status open_pkcs12(const struct lk_secret *der, const struct lk_secret *password,
				  struct lk_keypair **ret, struct lk_error *err)
{
	LK_SECRET key = { 0 };
	enum lk_status st;

	st = lk_pkcs12_open(der->data, der->len, (const char *)password->data, password->len, &key,
			    err);
	if (!st)
		st = lk_keypair_from_pkcs8(key.data, key.len, ret, err);
	if (st != LK_TAMPERED)
		return st;
	/* a file of the operator's, not an attack */
	err->status = LK_CONFIG;
	err->code = LK_C_CREDENTIAL_INVALID;
	return lk_context(err, "open the client key");
}

enum lk_status lk_aliyun_client_key_open(const char *json, const char *password,
					 size_t password_len, struct lk_aliyun_client_key *ret,
					 struct lk_error *err)
{
	struct lk_aliyun_client_key key = { 0 };
	LK_SECRET word = { 0 };
	LK_SECRET der = { 0 };
	enum lk_status st;

	st = lk_aliyun_parse_client_key(json, strlen(json), key.id, &der, err);
	if (!st)
		st = lk_aliyun_parse_password(password, password_len, &word, err);
	if (!st)
		st = open_pkcs12(&der, &word, &key.pair, err);
	if (st)
		return st;
	*ret = key;
	return LK_OK;
}

/* ---- one exchange ---- */

int64_t lk_aliyun_now(const struct lk_aliyun_clock *clock)
{
	return lk_clock_wall() + clock->skew_s;
}

/* Take the time from an answer that came over TLS. */
static bool learn_time(struct lk_aliyun_clock *clock, const struct lk_http_response *r)
{
	const char *value;
	int64_t t;
	size_t n;

	if (clock->learned || !r->head.data ||
	    !lk_http_header(r->head.data, r->head.len, "Date", 0, &value, &n) ||
	    !lk_aliyun_parse_http_date(value, n, &t))
		return false;
	clock->skew_s = t - lk_clock_wall();
	clock->learned = true;
	return true;
}

static enum lk_status refused(const struct lk_aliyun_call *call, const struct lk_http_response *r,
			      struct lk_error *err)
{
	const char *value;
	size_t n;

	(void)call->refuse(r->status, r->body.data, r->body.len, err);
	if (err->status == LK_AGAIN && r->head.data &&
	    lk_http_header(r->head.data, r->head.len, "Retry-After", 0, &value, &n))
		err->retry_after_ms = lk_http_retry_after(value, n);
	return lk_never_ok(err->status);
}

enum lk_status lk_aliyun_do(struct lk_aliyun *k, const struct lk_aliyun_call *call,
			    struct lk_http_response *ret, struct lk_error *err)
{
	enum lk_status st;

	for (;;) {
		LK_HTTP_RESPONSE answer = { 0 };

		st = call->send(k, call->arg, &answer, err);
		if (st)
			return st;
		k->clock_untrusted |= answer.clock_untrusted;
		if (answer.status >= 200 && answer.status < 300) {
			*ret = answer;
			answer = (struct lk_http_response){ 0 };
			return LK_OK;
		}
		st = refused(call, &answer, err);
		if (err->code != LK_C_KMS_CLOCK || !learn_time(k->clock, &answer))
			return lk_context(err, "ask %s", k->base);
	}
}

/* ---- dedicated instance ---- */

struct instance_request {
	const char *api;
	const struct lk_secret *body;
};

static enum lk_status send_to_instance(struct lk_aliyun *k, const void *arg,
				       struct lk_http_response *ret, struct lk_error *err)
{
	const struct instance_request *r = arg;
	char date[LK_ALIYUN_DATE], digest[65], signature[LK_ALIYUN_SIGNATURE];
	char lines[7][LK_ALIYUN_SIGNATURE + 32];
	const char *const headers[] = { lines[0], lines[1],
					lines[2], lines[3],
					lines[4], lines[5],
					lines[6], "Content-Type: " LK_ALIYUN_PROTOBUF,
					NULL };
	const struct lk_aliyun_signed_headers h = { r->api, k->key->id, date, digest };
	const struct lk_http_request req = {
		.method = "POST",
		.base = k->base,
		.path = "/",
		.accept = LK_ALIYUN_PROTOBUF,
		.headers = headers,
		.body = r->body->data,
		.body_len = r->body->len,
		.max_answer = LK_ALIYUN_ANSWER_MAX,
		.max_ms = LK_ALIYUN_EXCHANGE_MS,
		.deadline = k->deadline,
	};
	uint8_t sha256[LK_HASH_MAX];
	enum lk_status st;

	lk_aliyun_http_date(lk_aliyun_now(k->clock), date);
	st = lk_hash(LK_SHA256, r->body->data, r->body->len, sha256, err);
	if (st)
		return st;
	lk_aliyun_body_digest(sha256, digest);
	st = lk_aliyun_sign_headers(k->key->pair, &h, signature, err);
	if (st)
		return st;
	(void)snprintf(lines[0], sizeof(lines[0]), "Date: %s", date);
	(void)snprintf(lines[1], sizeof(lines[1]), "x-kms-apiversion: " LK_ALIYUN_KMS_VERSION);
	(void)snprintf(lines[2], sizeof(lines[2]), "x-kms-apiname: %s", r->api);
	(void)snprintf(lines[3], sizeof(lines[3]),
		       "x-kms-signaturemethod: " LK_ALIYUN_SIGNATURE_RSA);
	(void)snprintf(lines[4], sizeof(lines[4]), "x-kms-acccesskeyid: %s", k->key->id);
	(void)snprintf(lines[5], sizeof(lines[5]), "Content-Sha256: %s", digest);
	(void)snprintf(lines[6], sizeof(lines[6]), "Authorization: Bearer %s", signature);
	return lk_http_exchange(k->http, &req, ret, err);
}

enum lk_status lk_aliyun_call_instance(struct lk_aliyun *k, const char *api,
				       const struct lk_secret *body, struct lk_http_response *ret,
				       struct lk_error *err)
{
	const struct instance_request r = { api, body };
	const struct lk_aliyun_call call = { send_to_instance, lk_aliyun_refusal_proto, &r };

	if (!k->key)
		return lk_raise_code(err, LK_C_CONFIG_VALUE,
				     "only a client key of a dedicated instance can %s", api);
	return lk_aliyun_do(k, &call, ret, err);
}

/* ---- secrets ---- */

struct secret_request {
	const char *name, *stage, *version;
};

static enum lk_status secret_of_instance(struct lk_aliyun *k, const struct secret_request *r,
					 struct lk_secret *ret, struct lk_error *err)
{
	LK_HTTP_RESPONSE answer = { 0 };
	LK_SECRET body = { 0 };
	enum lk_status st;

	st = lk_secret_alloc(&body, LK_ALIYUN_REQUEST_MAX, err);
	if (!st)
		st = lk_proto_put(&body, 1, r->name, strlen(r->name), err);
	if (!st)
		st = lk_proto_put(&body, 2, r->stage, strlen(r->stage), err);
	if (!st)
		st = lk_proto_put(&body, 3, r->version, strlen(r->version), err);
	if (!st)
		st = lk_proto_put_int(&body, 4, 1, err);
	if (!st)
		st = lk_aliyun_call_instance(k, "GetSecretValue", &body, &answer, err);
	if (st)
		return st;
	return lk_aliyun_parse_secret_proto(answer.body.data, answer.body.len, ret, err);
}

static enum lk_status secret_of_gateway(struct lk_aliyun *k, const struct secret_request *r,
					struct lk_secret *ret, struct lk_error *err)
{
	const struct lk_aliyun_param params[] = {
		{ "FetchExtendedConfig", "true" },
		{ "SecretName", r->name },
		{ "VersionId", r->version },
		{ "VersionStage", r->stage },
	};
	LK_HTTP_RESPONSE answer = { 0 };
	enum lk_status st;

	st = lk_aliyun_call_rpc(k, "GetSecretValue", params, sizeof(params) / sizeof(params[0]),
				&answer, err);
	if (st)
		return st;
	return lk_aliyun_parse_secret_json(answer.body.data, answer.body.len, ret, err);
}

enum lk_status lk_aliyun_get_secret(struct lk_aliyun *k, const char *name, const char *stage,
				    const char *version, struct lk_secret *ret,
				    struct lk_error *err)
{
	const struct secret_request r = { name, stage ? stage : "", version ? version : "" };
	enum lk_status st;

	st = k->key ? secret_of_instance(k, &r, ret, err) : secret_of_gateway(k, &r, ret, err);
	return st ? lk_context(err, "get secret '%.64s'", name) : LK_OK;
}
