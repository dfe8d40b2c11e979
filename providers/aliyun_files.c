/* SPDX-License-Identifier: Apache-2.0 */
/* Credential files of Alibaba Cloud KMS in their usual layout, and the public CAs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/crypto.h"
#include "core/json.h"
#include "core/secret.h"
#include "core/textfile.h"
#include "lk_build.h"
#include "providers/aliyun_options.h"
#include "providers/provider.h"
#include "providers/sealed.h"

#define CREDENTIAL_MAX 65536
#define CA_MAX	       (1024u * 1024)

/* Ours, which an initramfs can hold, and the confidential data hub's, newer generation first. */
static const char *const folders[] = {
	LK_SYSCONFDIR "/credentials/aliyun",
	"/run/confidential-containers/cdh/kbs/kms-credential/aliyun",
	"/run/confidential-containers/cdh/kms-credential/aliyun",
};

static const char *const public_bundles[] = {
	"/etc/ssl/certs/ca-certificates.crt",
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
	"/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/cert.pem",
};

/* Is it a path that no file is read from? */
static bool is_deferred(const struct lk_aliyun_options *o, const char *path)
{
	size_t i;

	for (i = 0; o->deferred && path && i < o->deferred->n; i++)
		if (strcmp(o->deferred->items[i], path) == 0)
			return true;
	return false;
}

/* The path of a file of the layout: where it is, else where it should be. malloc'ed, or NULL. */
static char *locate(const struct lk_aliyun_options *o, const char *before, const char *name,
		    const char *after)
{
	char *path = NULL;
	size_t i;

	for (i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		free(path);
		if (asprintf(&path, "%s/%s%s%s",
			     o->credentials_dir ? o->credentials_dir : folders[i], before, name,
			     after) < 0)
			return NULL;
		if (o->credentials_dir || is_deferred(o, path) || access(path, F_OK) == 0)
			return path;
	}
	free(path);
	return asprintf(&path, "%s/%s%s%s", folders[0], before, name, after) < 0 ? NULL : path;
}

static const char *public_bundle(void)
{
	size_t i;

	for (i = 0; i < sizeof(public_bundles) / sizeof(public_bundles[0]); i++)
		if (access(public_bundles[i], R_OK) == 0)
			return public_bundles[i];
	return public_bundles[0];
}

/* Which files of the layout take part; NULL paths do not. */
struct layout {
	char *key, *password, *ca, *role;
};

static void layout_free(struct layout *l)
{
	free(l->key);
	free(l->password);
	free(l->ca);
	free(l->role);
}
#define LAYOUT LK_CLEANUP(layout_free) struct layout

static enum lk_status no_memory(struct lk_error *err)
{
	return lk_raise(err, LK_INTERNAL, "out of memory");
}

static enum lk_status lay_out(const struct lk_aliyun_options *o, struct layout *ret,
			      struct lk_error *err)
{
	const bool with_key = lk_aliyun_mode(o) == LK_ALIYUN_CLIENT_KEY;
	const char *id = lk_aliyun_key_id(o);
	LAYOUT l = { 0 };

	if (with_key && !o->client_key && !o->client_key_file && id &&
	    !(l.key = locate(o, "clientKey_", id, ".json")))
		return no_memory(err);
	if (with_key && !o->password && !o->password_file && !o->password_from_kms && id &&
	    !(l.password = locate(o, "password_", id, ".json")))
		return no_memory(err);
	if (lk_aliyun_uses_instance(o) && !o->instance_ca && o->instance &&
	    !(l.ca = locate(o, "PrivateKmsCA_", o->instance, ".pem")))
		return no_memory(err);
	if (lk_aliyun_uses_gateway(o) && lk_aliyun_gateway_mode(o) == LK_ALIYUN_ECS_RAM_ROLE &&
	    !o->role_file && (!o->role || !o->region) &&
	    !(l.role = locate(o, "ecsRamRole", "", ".json")))
		return no_memory(err);
	*ret = l;
	l = (struct layout){ 0 };
	return LK_OK;
}

enum lk_status lk_aliyun_files(const struct lk_aliyun_options *o,
			       const struct lk_file_visitor *visitor, struct lk_error *err)
{
	LAYOUT l = { 0 };
	enum lk_status st;

	st = lay_out(o, &l, err);
	if (!st && l.key)
		st = visitor->visit(visitor->arg, LK_FILE_CREDENTIAL, l.key, err);
	if (!st && l.password)
		st = visitor->visit(visitor->arg, LK_FILE_CREDENTIAL, l.password, err);
	if (!st && l.ca)
		st = visitor->visit(visitor->arg, LK_FILE_CA, l.ca, err);
	/* may be missing: the metadata service knows as well */
	if (!st && l.role && access(l.role, F_OK) == 0)
		st = visitor->visit(visitor->arg, LK_FILE_CREDENTIAL, l.role, err);
	if (!st && lk_aliyun_uses_gateway(o) && !o->gateway_ca)
		st = visitor->visit(visitor->arg, LK_FILE_CA, public_bundle(), err);
	return st;
}

/* ---- reading ---- */

/* The text of a credential file; of a deferred one nothing. Bare JSON counts for what a measured file
 * says: of the machine's own, those beside its configuration. */
static enum lk_status read_secret(const struct lk_aliyun_options *o, const char *path,
				  enum lk_trust trust, char **ret, struct lk_error *err)
{
	LK_FREE char *text = NULL;
	enum lk_status st;

	if (!path || is_deferred(o, path))
		return LK_OK;
	st = lk_credential_read(path, trust, CREDENTIAL_MAX, &text, err);
	if (st)
		return st;
	if (trust == LK_TRUST_ROOT &&
	    strncmp(path, LK_SYSCONFDIR "/", sizeof(LK_SYSCONFDIR)) != 0 &&
	    lk_sealed_form(text, strlen(text)) == LK_SEALED_BARE)
		return lk_raise_code(
			err, LK_C_SEALED_INVALID,
			"%s: a sealed secret that nobody signed, outside " LK_SYSCONFDIR, path);
	*ret = lk_take(text);
	return LK_OK;
}

static enum lk_status read_ca(const struct lk_aliyun_options *o, const char *key, const char *path,
			      char **ca, struct lk_error *err)
{
	LK_FREE char *text = NULL;

	if (*ca && **ca == '/')
		path = *ca;
	if (!path)
		return LK_OK;
	if (is_deferred(o, path)) {
		text = strdup(path);
		if (!text)
			return no_memory(err);
		free(*ca);
		*ca = lk_take(text);
		return LK_OK;
	}
	if (lk_textfile_read(path, CA_MAX, &text, NULL, err))
		return lk_raise_code(err, LK_C_CONFIG_MISSING, "%s: cannot read %s", key, path);
	free(*ca);
	*ca = lk_take(text);
	return LK_OK;
}

/* A member that is a plain name. */
static enum lk_status take_name(const struct json_t *doc, const char *member, char **ret,
				struct lk_error *err)
{
	const char *text;
	enum lk_status st;

	if (*ret)
		return LK_OK;
	st = lk_json_get_string(doc, member, 64, &text, err);
	if (st)
		return st;
	if (!*text || strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				   "._-") != strlen(text))
		return lk_raise_code(err, LK_C_CONFIG_VALUE, "%s is no name", member);
	*ret = strdup(text);
	return *ret ? LK_OK : no_memory(err);
}

static enum lk_status parse_role(struct lk_aliyun_options *o, const char *path, const char *text,
				 struct lk_error *err)
{
	LK_JSON *doc = NULL;
	enum lk_status st;

	st = lk_json_parse(text, strlen(text), &doc, err);
	if (!st)
		st = take_name(doc, "ecs_ram_role_name", &o->role, err);
	if (!st)
		st = take_name(doc, "region_id", &o->region, err);
	if (st) {
		err->status = LK_CONFIG;
		err->code = LK_C_CONFIG_VALUE;
		return lk_context(err, "%s", path);
	}
	return LK_OK;
}

/* Role and region: what it names is no secret, so that it is never sealed in a file. */
static enum lk_status read_role(struct lk_aliyun_options *o, const char *path, enum lk_trust trust,
				struct lk_error *err)
{
	LK_FREE char *text = NULL;
	enum lk_status st;

	st = read_secret(o, path, trust, &text, err);
	return st || !text ? st : parse_role(o, path, text, err);
}

/* A deferred file of the layout is named in the options from now on. */
static void keep_deferred(const struct lk_aliyun_options *o, char **path, char **field)
{
	if (is_deferred(o, *path) && !*field) {
		*field = *path;
		*path = NULL;
	}
}

static enum lk_status read_layout(struct lk_aliyun_options *o, struct layout *l,
				  enum lk_trust trust, struct lk_error *err)
{
	enum lk_status st;

	keep_deferred(o, &l->key, &o->client_key_file);
	keep_deferred(o, &l->password, &o->password_file);
	keep_deferred(o, &l->role, &o->role_file);
	st = read_secret(o, l->key, trust, &o->client_key, err);
	if (!st)
		st = read_secret(o, l->password, trust, &o->password, err);
	if (!st && l->role && access(l->role, F_OK) == 0)
		st = read_role(o, l->role, trust, err);
	return st ? st : read_ca(o, "kms_cert_pem", l->ca, &o->instance_ca, err);
}

enum lk_status lk_aliyun_load(struct lk_aliyun_options *o, enum lk_trust trust,
			      struct lk_error *err)
{
	LAYOUT l = { 0 };
	enum lk_status st;

	st = lay_out(o, &l, err);
	if (st)
		return st;
	o->loaded = true;
	st = read_layout(o, &l, trust, err);
	if (!st && !o->client_key)
		st = read_secret(o, o->client_key_file, trust, &o->client_key, err);
	if (!st && !o->password)
		st = read_secret(o, o->password_file, trust, &o->password, err);
	if (!st && !o->sts_token)
		st = read_secret(o, o->sts_token_file, trust, &o->sts_token, err);
	if (!st && (!o->role || !o->region) && o->role_file)
		st = read_role(o, o->role_file, trust, err);
	if (!st && lk_aliyun_uses_gateway(o)) {
		o->public_roots |= !o->gateway_ca;
		st = read_ca(o, "gateway_ca", o->gateway_ca ? NULL : public_bundle(),
			     &o->gateway_ca, err);
	}
	return st;
}

/* ---- in the cage ---- */

/* What is not there yet is fetched; what is sealed is opened. */
static enum lk_status complete(const struct lk_credential_source *source, const char *path,
			       char **text, struct lk_error *err)
{
	const bool fetched = path && !*text;
	enum lk_status st = LK_OK;

	if (fetched)
		st = source->get(source->arg, path, text, err);
	if (!st && *text)
		st = source->unseal(source->arg, !fetched, text, err);
	return st;
}

static enum lk_status complete_role(struct lk_aliyun_options *o,
				    const struct lk_credential_source *source, struct lk_error *err)
{
	LK_FREE char *text = NULL;
	enum lk_status st;

	if (!o->role_file || (o->role && o->region))
		return LK_OK;
	st = complete(source, o->role_file, &text, err);
	return st ? st : parse_role(o, o->role_file, text, err);
}

static enum lk_status complete_ca(struct lk_aliyun_options *o, char **ca,
				  const struct lk_credential_source *source, struct lk_error *err)
{
	LK_FREE char *text = NULL;
	enum lk_status st;
	unsigned n;

	if (!is_deferred(o, *ca))
		return LK_OK;
	st = source->get(source->arg, *ca, &text, err);
	if (st)
		return st;
	if (lk_x509_check_bundle(text, &n, err))
		return lk_raise_code(err, LK_C_CREDENTIAL_INVALID, "%s holds no certificates", *ca);
	free(*ca);
	*ca = lk_take(text);
	return LK_OK;
}

enum lk_status lk_aliyun_credentials(struct lk_aliyun_options *o,
				     const struct lk_credential_source *source,
				     struct lk_error *err)
{
	enum lk_status st;

	st = complete(source, o->client_key_file, &o->client_key, err);
	if (st)
		return lk_context(err, "client_key");
	st = complete(source, o->password_file, &o->password, err);
	if (st)
		return lk_context(err, "client_key_password");
	st = complete(source, o->sts_token_file, &o->sts_token, err);
	if (st)
		return lk_context(err, "sts_token");
	st = complete_ca(o, &o->instance_ca, source, err);
	if (!st)
		st = complete_ca(o, &o->gateway_ca, source, err);
	return st ? st : complete_role(o, source, err);
}
