/* SPDX-License-Identifier: Apache-2.0 */
/* Which way to log in the options mean, and whether they say all that it needs. Pure. */
#include "providers/aliyun_options.h"

#include <string.h>

#include "core/crypto.h"
#include "core/uri.h"

#define LOWER		  "abcdefghijklmnopqrstuvwxyz"
#define UPPER		  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS		  "0123456789"

#define missing(err, ...) lk_raise_code((err), LK_C_CONFIG_MISSING, __VA_ARGS__)
#define refuse(err, ...)  lk_raise_code((err), LK_C_CONFIG_VALUE, __VA_ARGS__)

static bool is_oidc(const struct lk_aliyun_options *o)
{
	return o->command || o->nested_command;
}

enum lk_aliyun_mode lk_aliyun_mode(const struct lk_aliyun_options *o)
{
	if (is_oidc(o))
		return o->password_from_kms ? LK_ALIYUN_CLIENT_KEY : LK_ALIYUN_OIDC;
	return o->auth_mode < 0 ? LK_ALIYUN_CLIENT_KEY : (enum lk_aliyun_mode)o->auth_mode;
}

enum lk_aliyun_mode lk_aliyun_gateway_mode(const struct lk_aliyun_options *o)
{
	if (is_oidc(o))
		return LK_ALIYUN_OIDC;
	return o->sts_token_file || o->sts_token ? LK_ALIYUN_STS_TOKEN : LK_ALIYUN_ECS_RAM_ROLE;
}

bool lk_aliyun_uses_gateway(const struct lk_aliyun_options *o)
{
	return !lk_aliyun_uses_instance(o) || o->password_from_kms;
}

bool lk_aliyun_uses_instance(const struct lk_aliyun_options *o)
{
	const enum lk_aliyun_mode mode = lk_aliyun_mode(o);

	return mode == LK_ALIYUN_CLIENT_KEY || mode == LK_ALIYUN_ATTESTATION;
}

const char *lk_aliyun_secret_from(const char *name)
{
	return strncmp(name, "alias/", 6) == 0 ? name + 6 : name;
}

const char *lk_aliyun_key_id(const struct lk_aliyun_options *o)
{
	static const char prefix[] = "ClientKey_";
	const char *name;

	if (o->client_key_id || !o->password_from_kms)
		return o->client_key_id;
	name = lk_aliyun_secret_from(o->password_from_kms);
	return strncmp(name, prefix, sizeof(prefix) - 1) == 0 ? name + sizeof(prefix) - 1 : NULL;
}

/* ---- single values ---- */

/* What becomes part of a host name, a path or a file name. */
static enum lk_status check_word(const char *key, const char *text, const char *chars, size_t max,
				 struct lk_error *err)
{
	const size_t n = text ? strlen(text) : 0;

	if (!text)
		return LK_OK;
	if (n == 0 || n > max || strspn(text, chars) != n || text[0] == '.')
		return refuse(err, "%s holds what such a name cannot have", key);
	return LK_OK;
}

static enum lk_status check_words(const struct lk_aliyun_options *o, struct lk_error *err)
{
	enum lk_status st;

	st = check_word("kms_instance_id", o->instance, LOWER UPPER DIGITS "-", 63, err);
	if (!st)
		st = check_word("client_key_id", lk_aliyun_key_id(o), LOWER UPPER DIGITS "._-", 128,
				err);
	if (!st)
		st = check_word("region_id", o->region ? o->region : o->nested_region,
				LOWER DIGITS "-", 40, err);
	if (!st)
		st = check_word("ecs_ram_role_name", o->role, LOWER UPPER DIGITS "._-", 64, err);
	if (!st && o->instance && strncmp(o->instance, "kst-", 4) != 0)
		return refuse(err, "kms_instance_id begins with kst-");
	return st;
}

static enum lk_status check_texts(const struct lk_aliyun_options *o, struct lk_error *err)
{
	const char *const texts[] = { o->secret_name, o->version_stage, o->version_id,
				      o->password_from_kms };
	static const char *const keys[] = { "secret_name", "version_stage", "version_id",
					    "client_key_password_from_kms" };
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (texts[i] && (!*texts[i] || strlen(texts[i]) > LK_ALIYUN_NAME_MAX))
			return refuse(err, "%s: write 1 to %d characters", keys[i],
				      LK_ALIYUN_NAME_MAX);
	return LK_OK;
}

static enum lk_status check_endpoint(const char *key, const char *text, struct lk_error *err)
{
	struct lk_url url;
	enum lk_status st;

	if (!text)
		return LK_OK;
	st = lk_url_parse(text, &url, err);
	if (st)
		return lk_context(err, "%s", key);
	if (!url.tls)
		return refuse(err, "%s: write https", key);
	return LK_OK;
}

static enum lk_status check_ca(const char *key, const char *text, struct lk_error *err)
{
	unsigned n;

	if (text && *text != '/' && lk_x509_check_bundle(text, &n, err))
		return refuse(err, "%s holds a certificate that cannot be read", key);
	return LK_OK;
}

static enum lk_status check_values(const struct lk_aliyun_options *o, struct lk_error *err)
{
	enum lk_status st;

	st = check_words(o, err);
	if (!st)
		st = check_texts(o, err);
	if (!st)
		st = check_endpoint("endpoint", o->endpoint, err);
	if (!st)
		st = check_endpoint("gateway_endpoint", o->gateway_endpoint, err);
	if (!st)
		st = check_endpoint("sts_endpoint", o->sts_endpoint, err);
	if (!st)
		st = check_ca("kms_cert_pem", o->instance_ca, err);
	return st ? st : check_ca("gateway_ca", o->gateway_ca, err);
}

/* ---- what belongs together ---- */

static enum lk_status check_password(const struct lk_aliyun_options *o, struct lk_error *err)
{
	const int n = !!o->password + !!o->password_file + !!o->password_from_kms;

	if (n > 1 && !o->loaded)
		return refuse(err, "write one of client_key_password, client_key_password_file and "
				   "client_key_password_from_kms");
	if (n == 0 && !o->client_key_id)
		return missing(err, "client_key_password, client_key_password_file or "
				    "client_key_id is missing");
	return LK_OK;
}

static enum lk_status check_client_key(const struct lk_aliyun_options *o, struct lk_error *err)
{
	if (!o->client_key && !o->client_key_file && !lk_aliyun_key_id(o)) {
		if (o->auth_mode < 0 && (o->role || o->sts_token_file))
			return missing(err, "auth_mode is missing; without it a client key is "
					    "meant, and none is named");
		return missing(err, "client_key, client_key_file or client_key_id is missing");
	}
	if (o->client_key && o->client_key_file && !o->loaded)
		return refuse(err, "write one of client_key and client_key_file");
	if (!o->instance)
		return missing(err, "kms_instance_id is missing; a client key needs it");
	return check_password(o, err);
}

static enum lk_status check_unused(const struct lk_aliyun_options *o, struct lk_error *err)
{
	const char *extra = o->client_key	 ? "client_key"
			    : o->client_key_file ? "client_key_file"
			    : o->password	 ? "client_key_password"
			    : o->password_file	 ? "client_key_password_file"
						 : NULL;

	if (extra)
		return refuse(err, "%s belongs to a client key, which is not used; remove it",
			      extra);
	return LK_OK;
}

static enum lk_status check_sts(const struct lk_aliyun_options *o, struct lk_error *err)
{
	if (o->sts_token && o->sts_token_file && !o->loaded)
		return refuse(err, "write one of sts_token and sts_token_file");
	if (!o->sts_token && !o->sts_token_file)
		return missing(err, "sts_token_file is missing");
	return LK_OK;
}

static enum lk_status check_attestation(const struct lk_aliyun_options *o, struct lk_error *err)
{
	const bool token = o->sts_token || o->sts_token_file;

	if (!o->instance)
		return missing(err, "kms_instance_id is missing; attestation needs it");
	if (!!o->role + token != 1)
		return refuse(err, "attestation wants one of ecs_ram_role_name and sts_token_file");
	return token ? check_sts(o, err) : LK_OK;
}

enum lk_status lk_aliyun_check(const struct lk_aliyun_options *o, struct lk_error *err)
{
	const enum lk_aliyun_mode mode = lk_aliyun_mode(o);
	enum lk_status st;

	if (o->password_from_kms && mode != LK_ALIYUN_CLIENT_KEY)
		return refuse(err, "client_key_password_from_kms goes with a client key; remove it "
				   "or auth_mode");
	if (mode == LK_ALIYUN_CLIENT_KEY)
		st = check_client_key(o, err);
	else
		st = check_unused(o, err);
	if (!st && mode == LK_ALIYUN_STS_TOKEN)
		st = check_sts(o, err);
	if (!st && mode == LK_ALIYUN_ATTESTATION)
		st = check_attestation(o, err);
	if (!st && o->gateway_endpoint && !o->password_from_kms)
		return refuse(err, "gateway_endpoint is only for client_key_password_from_kms; "
				   "write endpoint");
	return st ? st : check_values(o, err);
}

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

bool lk_aliyun_proves_server(const struct lk_aliyun_options *o)
{
	/* A dedicated instance has a CA of its own and is asked under no other. */
	return lk_aliyun_uses_instance(o) || (o->gateway_ca && !o->public_roots);
}

/* A credential, or as long as it was not read the place that it comes from. */
static bool same_text(const char *a, const char *file_a, const char *b, const char *file_b)
{
	return same(a, b) && (a || same(file_a, file_b));
}

bool lk_aliyun_same_session(const struct lk_aliyun_options *a, const struct lk_aliyun_options *b)
{
	return !is_oidc(a) && lk_aliyun_mode(a) == lk_aliyun_mode(b) &&
	       same(a->instance, b->instance) &&
	       same_text(a->client_key, a->client_key_file, b->client_key, b->client_key_file) &&
	       same_text(a->password, a->password_file, b->password, b->password_file) &&
	       same(a->password_from_kms, b->password_from_kms) &&
	       same(a->instance_ca, b->instance_ca) && same(a->gateway_ca, b->gateway_ca) &&
	       same(a->role, b->role) && same(a->region, b->region) &&
	       same(a->role_file, b->role_file) &&
	       same_text(a->sts_token, a->sts_token_file, b->sts_token, b->sts_token_file) &&
	       same(a->endpoint, b->endpoint) && same(a->gateway_endpoint, b->gateway_endpoint) &&
	       a->imds_v1 == b->imds_v1;
}
