/* SPDX-License-Identifier: Apache-2.0 */
/* Temporary logins: from the metadata service of the machine, and for an identity token. */
#include <stdio.h>
#include <string.h>

#include "keymanager/aliyun.h"
#include "keymanager/aliyun_internal.h"
#include "keymanager/aliyun_sign.h"

#define IMDS_TOKEN_MAX	1024
#define IMDS_ANSWER_MAX 16384
#define TTL		"300"

/* ---- metadata service ---- */

void lk_aliyun_imds_close(struct lk_aliyun_imds *m)
{
	lk_secret_wipe(&m->header);
}

static enum lk_status keep_header(struct lk_aliyun_imds *m, const struct lk_http_response *r,
				  struct lk_error *err)
{
	static const char name[] = "X-aliyun-ecs-metadata-token: ";
	LK_SECRET line = { 0 };
	enum lk_status st;
	size_t i;

	for (i = 0; i < r->body.len; i++)
		if (r->body.data[i] <= ' ' || r->body.data[i] > '~')
			return lk_raise_code(err, LK_C_REPLY_INVALID, "the token is not text");
	if (i == 0)
		return lk_raise_code(err, LK_C_REPLY_INVALID, "the token is empty");
	st = lk_secret_alloc(&line, sizeof(name) + r->body.len, err);
	if (!st)
		st = lk_secret_append(&line, name, sizeof(name) - 1, err);
	if (!st)
		st = lk_secret_append(&line, r->body.data, r->body.len, err);
	if (!st)
		st = lk_secret_append(&line, "", 1, err);
	if (st)
		return st;
	m->header = lk_secret_take(&line);
	return LK_OK;
}

static enum lk_status refused_by_imds(int status, struct lk_error *err)
{
	if (status >= 500)
		return lk_raise_code(err, LK_C_SERVER_BUSY, "answered %d", status);
	if (status == 404)
		return lk_raise_code(err, LK_C_IMDS_ABSENT, "has no such thing");
	return lk_raise_code(err, LK_C_IMDS_REFUSED, "answered %d", status);
}

enum lk_status lk_aliyun_imds_open(struct lk_aliyun_imds *m, struct lk_error *err)
{
	static const char *const headers[] = { "X-aliyun-ecs-metadata-token-ttl-seconds: " TTL,
					       "Content-Type:", NULL };
	const struct lk_http_request req = {
		.method = "PUT",
		.base = lk_aliyun_imds_base,
		.path = "/latest/api/token",
		.headers = headers,
		.max_answer = IMDS_TOKEN_MAX,
		.max_ms = LK_ALIYUN_IMDS_MS,
		.deadline = m->deadline,
	};
	LK_HTTP_RESPONSE answer = { 0 };
	enum lk_status st;

	st = lk_http_exchange(m->http, &req, &answer, err);
	if (!st && answer.status == 200)
		st = keep_header(m, &answer, err);
	else if (!st && answer.status < 500 && m->v1)
		return LK_OK;
	else if (!st && answer.status < 500)
		st = lk_raise_code(err, LK_C_IMDS_REFUSED,
				   "gives no token (answered %d); imds_v1 = true asks without",
				   answer.status);
	else if (!st)
		st = refused_by_imds(answer.status, err);
	return st ? lk_context(err, "ask the metadata service") : LK_OK;
}

static enum lk_status imds_get(struct lk_aliyun_imds *m, const char *path,
			       struct lk_http_response *ret, struct lk_error *err)
{
	const char *const headers[] = { (const char *)m->header.data, NULL };
	const struct lk_http_request req = {
		.method = "GET",
		.base = lk_aliyun_imds_base,
		.path = path,
		.accept = "*/*",
		.headers = headers,
		.max_answer = IMDS_ANSWER_MAX,
		.max_ms = LK_ALIYUN_IMDS_MS,
		.deadline = m->deadline,
	};
	LK_HTTP_RESPONSE answer = { 0 };
	enum lk_status st;

	st = lk_http_exchange(m->http, &req, &answer, err);
	if (!st && answer.status != 200)
		st = refused_by_imds(answer.status, err);
	if (st)
		return lk_context(err, "ask the metadata service for %s", path);
	*ret = answer;
	answer = (struct lk_http_response){ 0 };
	return LK_OK;
}

enum lk_status lk_aliyun_imds_region(struct lk_aliyun_imds *m, char ret[LK_ALIYUN_WORD],
				     struct lk_error *err)
{
	LK_HTTP_RESPONSE answer = { 0 };
	enum lk_status st;

	st = imds_get(m, "/latest/meta-data/region-id", &answer, err);
	if (!st)
		st = lk_aliyun_parse_region(answer.body.data, answer.body.len, ret, err);
	return st;
}

#define ROLES "/latest/meta-data/ram/security-credentials/"

static enum lk_status find_role(struct lk_aliyun_imds *m, char ret[LK_ALIYUN_WORD],
				struct lk_error *err)
{
	LK_HTTP_RESPONSE answer = { 0 };
	enum lk_status st;

	st = imds_get(m, ROLES, &answer, err);
	if (st)
		return st;
	return lk_aliyun_parse_roles(answer.body.data, answer.body.len, ret, err);
}

enum lk_status lk_aliyun_imds_login(struct lk_aliyun_imds *m, const char *role,
				    struct lk_aliyun_token *ret, struct lk_error *err)
{
	char found[LK_ALIYUN_WORD], path[sizeof(ROLES) + LK_ALIYUN_WORD];
	LK_HTTP_RESPONSE answer = { 0 };
	enum lk_status st;

	if (!role) {
		st = find_role(m, found, err);
		if (st)
			return st;
		role = found;
	}
	(void)snprintf(path, sizeof(path), ROLES "%.64s", role);
	st = imds_get(m, path, &answer, err);
	if (st)
		return st;
	st = lk_aliyun_parse_role_token(answer.body.data, answer.body.len, ret, err);
	return st ? lk_context(err, "read the token of role %s", role) : LK_OK;
}

/* ---- token service ---- */

/* Names in the order of the form, which is not signed. */
static enum lk_status sts_form(const struct lk_aliyun_oidc *o, struct lk_secret *ret,
			       struct lk_error *err)
{
	const struct lk_aliyun_param params[] = {
		{ "OIDCProviderArn", o->provider_arn },
		{ "OIDCToken", o->id_token },
		{ "RoleArn", o->role_arn },
		{ "RoleSessionName", o->session_name },
	};

	return lk_aliyun_canonical(params, sizeof(params) / sizeof(params[0]), ret, err);
}

static enum lk_status send_to_sts(struct lk_aliyun *k, const void *arg,
				  struct lk_http_response *ret, struct lk_error *err)
{
	static const char *const headers[] = {
		"Content-Type: application/x-www-form-urlencoded",
		"x-acs-action: AssumeRoleWithOIDC",
		"x-acs-version: 2015-04-01",
		NULL,
	};
	char date[LK_ALIYUN_DATE], path[160];
	LK_SECRET query = { 0 };
	LK_SECRET form = { 0 };
	struct lk_http_request req = {
		.method = "POST",
		.base = k->base,
		.path = path,
		.headers = headers,
		.max_answer = LK_ALIYUN_ANSWER_MAX,
		.max_ms = LK_ALIYUN_EXCHANGE_MS,
		.deadline = k->deadline,
	};
	const struct lk_aliyun_param params[] = {
		{ "Action", "AssumeRoleWithOIDC" },
		{ "Format", "JSON" },
		{ "Timestamp", date },
		{ "Version", "2015-04-01" },
	};
	enum lk_status st;

	lk_aliyun_iso_date(lk_aliyun_now(k->clock), date);
	st = lk_aliyun_canonical(params, sizeof(params) / sizeof(params[0]), &query, err);
	if (!st)
		st = sts_form(arg, &form, err);
	if (st)
		return st;
	(void)snprintf(path, sizeof(path), "/?%s", (const char *)query.data);
	req.body = form.data;
	req.body_len = form.len;
	return lk_http_exchange(k->http, &req, ret, err);
}

static enum lk_status refused_by_sts(int status, const void *body, size_t n, struct lk_error *err)
{
	return lk_aliyun_refusal_json(LK_ALIYUN_STS, status, body, n, err);
}

enum lk_status lk_aliyun_sts_login(struct lk_aliyun *sts, const struct lk_aliyun_oidc *oidc,
				   struct lk_aliyun_token *ret, struct lk_error *err)
{
	const struct lk_aliyun_call call = { send_to_sts, refused_by_sts, oidc };
	LK_HTTP_RESPONSE answer = { 0 };
	enum lk_status st;

	st = lk_aliyun_do(sts, &call, &answer, err);
	if (!st)
		st = lk_aliyun_parse_sts_answer(answer.body.data, answer.body.len, ret, err);
	return st ? lk_context(err, "take role %.100s", oidc->role_arn) : LK_OK;
}
