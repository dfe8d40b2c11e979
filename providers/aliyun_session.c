/* SPDX-License-Identifier: Apache-2.0 */
/* A session with a KMS of Alibaba Cloud: logging in as the options say, and one call per key. */
#include "providers/aliyun_session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base64.h"
#include "core/nameservers.h"
#include "core/route.h"
#include "core/uri.h"
#include "keymanager/aliyun.h"
#include "providers/aliyun_options.h"
#include "providers/exec_run.h"
#include "providers/key_bytes.h"

#define ID_TOKEN_MAX 20000

struct session {
	const struct lk_batch *batch;
	const struct lk_batch_item *items; /* the caller's, until finish */
	const struct lk_aliyun_options *options;
	char name_servers[LK_NAMESERVERS_TEXT];
	struct lk_http *imds_http, *gateway_http, *instance_http;
	struct lk_aliyun_imds imds;
	bool imds_open;
	char region[LK_ALIYUN_WORD];
	char gateway_base[LK_URL_MAX], instance_base[LK_URL_MAX];
	struct lk_aliyun_clock clock;
	struct lk_aliyun_token token;
	struct lk_aliyun_client_key key;
	struct lk_aliyun kms;		    /* where the keys are got */
	const struct lk_attester *attester; /* NULL: the KMS asks for no proof */
};

void lk_aliyun_finish(void *session)
{
	struct session *s = session;

	if (!s)
		return;
	lk_aliyun_imds_close(&s->imds);
	lk_aliyun_token_wipe(&s->token);
	lk_aliyun_client_key_free(&s->key);
	lk_http_free(s->imds_http);
	lk_http_free(s->gateway_http);
	lk_http_free(s->instance_http);
	free(s);
}

struct lk_aliyun *lk_aliyun_session_kms(void *session)
{
	return &((struct session *)session)->kms;
}

enum lk_status lk_aliyun_session_secret(void *session, const char *name, const char *stage,
					const char *version, struct lk_secret *ret,
					struct lk_error *err)
{
	struct session *s = session;

	if (s->attester)
		return lk_aliyun_prove(&s->kms, s->attester, name, stage, version, ret, err);
	return lk_aliyun_get_secret(&s->kms, name, stage, version, ret, err);
}

const struct lk_aliyun_options *lk_aliyun_session_options(const void *session)
{
	return ((const struct session *)session)->options;
}

static void finish_p(struct session **s)
{
	lk_aliyun_finish(*s);
}

/* ---- places ---- */

/* An endpoint as the options name it, else the usual one; canonical. */
static enum lk_status place(const char *written, const char *before, const char *name,
			    const char *after, char ret[LK_URL_MAX], struct lk_error *err)
{
	char usual[LK_URL_MAX];
	struct lk_url url;
	enum lk_status st;

	(void)snprintf(usual, sizeof(usual), "https://%s%s%s", before, name, after);
	st = lk_url_parse(written ? written : usual, &url, err);
	if (st)
		return st;
	memcpy(ret, url.base, sizeof(url.base));
	return LK_OK;
}

static enum lk_status new_client(const struct session *s, const char *ca, const char *key,
				 bool public_roots, struct lk_http **ret, struct lk_error *err)
{
	const struct lk_http_options http = {
		.ca_pem = ca,
		.trust_keys = key,
		.public_roots = public_roots,
		.name_servers = s->name_servers,
	};

	return *ret ? LK_OK : lk_http_new(&http, ret, err);
}

/* ---- logging in at the gateway ---- */

static enum lk_status open_imds(struct session *s, struct lk_error *err)
{
	const struct lk_http_options http = { .metadata_base = lk_aliyun_imds_base };
	enum lk_status st;

	if (s->imds_open)
		return LK_OK;
	st = lk_http_new(&http, &s->imds_http, err);
	if (st)
		return st;
	s->imds = (struct lk_aliyun_imds){
		.http = s->imds_http,
		.deadline = s->batch->deadline,
		.v1 = s->options->imds_v1,
	};
	st = lk_aliyun_imds_open(&s->imds, err);
	s->imds_open = !st;
	return st;
}

static enum lk_status find_region(struct session *s, struct lk_error *err)
{
	enum lk_status st;

	if (s->options->region) {
		(void)snprintf(s->region, sizeof(s->region), "%s", s->options->region);
		return LK_OK;
	}
	st = open_imds(s, err);
	return st ? st : lk_aliyun_imds_region(&s->imds, s->region, err);
}

static enum lk_status login_by_file(struct session *s, struct lk_error *err)
{
	const char *text = s->options->sts_token;
	enum lk_status st;

	if (!text)
		return lk_raise(err, LK_INTERNAL, "the token file was not read");
	st = lk_aliyun_parse_token_file(text, strlen(text), &s->token, err);
	return st ? lk_context(err, "sts_token_file") : LK_OK;
}

static enum lk_status login_by_role(struct session *s, struct lk_error *err)
{
	enum lk_status st;

	st = open_imds(s, err);
	return st ? st : lk_aliyun_imds_login(&s->imds, s->options->role, &s->token, err);
}

/* What a program printed, without the white space at its end, as a text. */
static enum lk_status run_for_token(struct session *s, struct lk_secret *ret, struct lk_error *err)
{
	const struct lk_aliyun_options *o = s->options;
	const struct lk_exec run = { .command = o->command,
				     .args = &o->args,
				     .deadline = s->batch->deadline,
				     .max = ID_TOKEN_MAX };
	LK_SECRET out = { 0 };
	enum lk_status st;
	size_t i;

	st = lk_exec_run(&run, &out, err);
	if (st)
		return st;
	while (out.len > 0 && strchr(" \t\r\n", out.data[out.len - 1]) && out.data[out.len - 1])
		out.len--;
	for (i = 0; i < out.len; i++)
		if (out.data[i] <= ' ' || out.data[i] > '~')
			return lk_raise_code(err, LK_C_EXEC_FAILED, "%s wrote no identity token",
					     o->command);
	if (out.len < 4)
		return lk_raise_code(err, LK_C_EXEC_FAILED, "%s wrote %s", o->command,
				     out.len ? "no identity token" : "nothing");
	st = lk_secret_append(&out, "", 1, err);
	if (!st)
		*ret = lk_secret_take(&out);
	return st;
}

/* Two regions have no token service of their own. */
static bool is_finance(const char *region)
{
	return strcmp(region, "cn-hangzhou-finance") == 0 ||
	       strcmp(region, "cn-shenzhen-finance-1") == 0;
}

static enum lk_status login_by_identity(struct session *s, struct lk_error *err)
{
	const struct lk_aliyun_options *o = s->options;
	char base[LK_URL_MAX], dotted[LK_ALIYUN_WORD + 1];
	struct lk_aliyun sts = { .base = base, .clock = &s->clock, .deadline = s->batch->deadline };
	LK_SECRET id_token = { 0 };
	struct lk_aliyun_oidc oidc;
	enum lk_status st;

	(void)snprintf(dotted, sizeof(dotted), ".%s", s->region);
	st = place(o->sts_endpoint, "sts", is_finance(s->region) ? "" : dotted, ".aliyuncs.com",
		   base, err);
	if (!st)
		st = run_for_token(s, &id_token, err);
	if (st)
		return st;
	oidc = (struct lk_aliyun_oidc){ o->provider_arn, o->role_arn, o->session_name,
					(const char *)id_token.data };
	sts.http = s->gateway_http;
	return lk_aliyun_sts_login(&sts, &oidc, &s->token, err);
}

static enum lk_status login(struct session *s, struct lk_error *err)
{
	const struct lk_aliyun_options *o = s->options;
	enum lk_status st;

	st = find_region(s, err);
	if (!st)
		st = new_client(s, o->gateway_ca, "gateway_ca", o->public_roots, &s->gateway_http,
				err);
	if (!st)
		st = place(o->password_from_kms ? o->gateway_endpoint : o->endpoint, "kms.",
			   s->region, ".aliyuncs.com", s->gateway_base, err);
	if (st)
		return st;
	switch (lk_aliyun_gateway_mode(o)) {
	case LK_ALIYUN_OIDC:
		st = login_by_identity(s, err);
		break;
	case LK_ALIYUN_STS_TOKEN:
		st = login_by_file(s, err);
		break;
	default:
		st = login_by_role(s, err);
	}
	if (st)
		return st;
	s->kms = (struct lk_aliyun){
		.http = s->gateway_http,
		.base = s->gateway_base,
		.clock = &s->clock,
		.deadline = s->batch->deadline,
		.token = &s->token,
		.region = s->region,
	};
	return LK_OK;
}

/* ---- the dedicated instance ---- */

static enum lk_status get_password(struct session *s, struct lk_secret *ret, struct lk_error *err)
{
	const struct lk_aliyun_options *o = s->options;
	enum lk_status st;

	if (o->password)
		return lk_secret_from(ret, o->password, strlen(o->password), err);
	if (!o->password_from_kms)
		return lk_raise(err, LK_INTERNAL, "the password file was not read");
	st = login(s, err);
	if (!st)
		st = lk_aliyun_get_secret(&s->kms, lk_aliyun_secret_from(o->password_from_kms),
					  NULL, NULL, ret, err);
	return st ? lk_context(err, "client_key_password_from_kms") : LK_OK;
}

static enum lk_status reach_instance(struct session *s, struct lk_error *err)
{
	const struct lk_aliyun_options *o = s->options;
	enum lk_status st;

	st = place(o->endpoint, "", o->instance, ".cryptoservice.kms.aliyuncs.com",
		   s->instance_base, err);
	if (!st)
		st = new_client(s, o->instance_ca, "kms_cert_pem", false, &s->instance_http, err);
	if (st)
		return st;
	s->kms = (struct lk_aliyun){
		.http = s->instance_http,
		.base = s->instance_base,
		.clock = &s->clock,
		.deadline = s->batch->deadline,
	};
	return LK_OK;
}

static enum lk_status open_instance(struct session *s, struct lk_error *err)
{
	const struct lk_aliyun_options *o = s->options;
	LK_SECRET password = { 0 };
	enum lk_status st;

	if (!o->client_key)
		return lk_raise(err, LK_INTERNAL, "the client key was not read");
	st = get_password(s, &password, err);
	if (!st)
		st = lk_aliyun_client_key_open(o->client_key, (const char *)password.data,
					       password.len, &s->key, err);
	if (!st)
		st = reach_instance(s, err);
	if (st)
		return st;
	s->kms.key = &s->key;
	return LK_OK;
}

/* A temporary token lets in, and the instance wants proof besides. */
static enum lk_status open_attested(struct session *s, struct lk_error *err)
{
	enum lk_status st;

	if (!s->batch->attester)
		return lk_raise(err, LK_INTERNAL,
				"there is no attester for a KMS that wants proof");
	st = lk_aliyun_gateway_mode(s->options) == LK_ALIYUN_STS_TOKEN ? login_by_file(s, err)
								       : login_by_role(s, err);
	if (!st)
		st = reach_instance(s, err);
	if (st)
		return st;
	s->kms.token = &s->token;
	s->attester = s->batch->attester;
	return LK_OK;
}

static enum lk_status open_kms(struct session *s, struct lk_error *err)
{
	switch (lk_aliyun_mode(s->options)) {
	case LK_ALIYUN_CLIENT_KEY:
		return open_instance(s, err);
	case LK_ALIYUN_ATTESTATION:
		return open_attested(s, err);
	default:
		return login(s, err);
	}
}

/* ---- contract ---- */

/* Nothing works before a route is there, but for endpoints of this machine's own (tests). */
static enum lk_status wait_for_network(struct session *s, struct lk_error *err)
{
	const struct lk_strings *dns = s->batch->network ? s->batch->network->dns : NULL;
	struct lk_error ignored = { 0 };
	struct lk_nameservers list;
	struct lk_url url;
	enum lk_status st = LK_OK;

	if (!s->options->endpoint || lk_url_parse(s->options->endpoint, &url, &ignored) ||
	    !url.loopback)
		st = lk_route_wait(s->batch->deadline, err);
	/* after the route: the lease that brought it names the servers */
	if (!st)
		st = lk_nameservers_wait("", dns, s->batch->deadline, &list, err);
	if (!st)
		lk_nameservers_join(&list, s->name_servers);
	return st;
}

enum lk_status lk_aliyun_prepare(const struct lk_batch *batch, void **ret_session,
				 struct lk_error *err)
{
	LK_CLEANUP(finish_p) struct session *s = calloc(1, sizeof(*s));
	enum lk_status st;

	if (!s)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	s->batch = batch;
	s->items = batch->items;
	s->options = batch->items[0].options;
	st = lk_aliyun_check(s->options, err);
	if (!st)
		st = wait_for_network(s, err);
	if (!st)
		st = open_kms(s, err);
	if (st)
		return st;
	s->batch = NULL; /* the caller's own; what is needed of it is kept */
	*ret_session = lk_take(s);
	return LK_OK;
}

/* The key of a secret's text. */
static enum lk_status decode(const struct lk_aliyun_options *o, struct lk_secret *text,
			     struct lk_secret *ret, struct lk_error *err)
{
	LK_SECRET key = { 0 };
	enum lk_status st;

	if (o->encoding == LK_ALIYUN_RAW) {
		*ret = lk_secret_take(text);
		return LK_OK;
	}
	while (text->len > 0 && text->data[text->len - 1] &&
	       strchr(" \t\r\n", text->data[text->len - 1]))
		text->len--;
	st = lk_secret_alloc(&key, text->len + 1, err);
	if (st)
		return st;
	if (!lk_b64_decode(LK_B64_STD, (const char *)text->data, text->len, key.data, key.cap,
			   &key.len))
		return lk_raise_code(err, LK_C_REPLY_INVALID,
				     "what it holds is not base64; write secret_encoding = "
				     "\"raw\" if it is the key itself");
	*ret = lk_secret_take(&key);
	return LK_OK;
}

static enum lk_status fetch(struct session *s, const struct lk_batch_item *item,
			    struct lk_secret *ret, struct lk_error *err)
{
	const struct lk_aliyun_options *o = item->options;
	const char *name = o->secret_name ? o->secret_name : item->volume;
	LK_SECRET text = { 0 };
	enum lk_status st;

	st = lk_aliyun_session_secret(s, name, o->version_stage, o->version_id, &text, err);
	if (st)
		return st;
	st = decode(o, &text, ret, err);
	if (!st && lk_key_is_blank(ret))
		st = lk_raise_code(err, LK_C_REPLY_INVALID, "it holds %s",
				   ret->len ? "only zeros" : "nothing");
	return st ? lk_context(err, "secret '%.64s'", name) : LK_OK;
}

enum lk_status lk_aliyun_fetch(void *session, size_t i, struct lk_volume_key *ret,
			       struct lk_fetch_note *note, struct lk_error *err)
{
	struct session *s = session;
	LK_SECRET key = { 0 };
	struct lk_url url;
	enum lk_status st;

	st = fetch(s, &s->items[i], &key, err);
	if (!st)
		st = lk_url_parse(s->kms.base, &url, err);
	if (st)
		return st;
	(void)snprintf(note->endpoint, sizeof(note->endpoint), "%.127s", url.host);
	note->clock_untrusted = s->kms.clock_untrusted;
	ret->bytes = lk_secret_take(&key);
	ret->form = LK_KEY_PASSPHRASE;
	return LK_OK;
}
