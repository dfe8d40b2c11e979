/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of latchkey.conf about sealed secrets: whose signatures count, which services open
 * them, and which credentials lie with the key broker. */
#include <stdlib.h>
#include <string.h>

#include "agent/settings_internal.h"
#include "core/uri.h"
#include "providers/provider.h"

#define AT(field) .offset = offsetof(struct lk_settings, sealing.field)

static const struct lk_key sealed_keys[] = {
	{ .name = "keys",
	  .type = LK_T_STRINGS,
	  .flags = LK_K_ONE_OR_MANY | LK_K_FILE_CA,
	  AT(key_files),
	  .max = 16,
	  .help = "Files with the public keys (JWK, EC on P-256) of those whose sealed secrets are "
		  "believed. A secret names its key, as kid, by the last part of the file's name.",
	  .example = "[\"/etc/latchkey/sealed/operator\"]" },
	{ .name = "kbs_keys",
	  .type = LK_T_STRINGS,
	  .flags = LK_K_ONE_OR_MANY,
	  AT(key_uris),
	  .max = 16,
	  .help = "Resources of [services.kbs] that hold such keys. A secret names its key by the "
		  "very same URI.",
	  .example = "[\"kbs:///default/signing/operator\"]" },
	{ 0 },
};
const struct lk_section lk_sealed_section = {
	"sealed", sealed_keys,
	"Whose sealed secrets are opened, wherever one is found: as a fetched key, as a credential, "
	"or under [encrypt.sealed]. Signatures are ES256. What nobody signed is opened only from a "
	"measured file."
};

#define CREDENTIAL_AT(field) .offset = offsetof(struct lk_settings_credential, field)
static const struct lk_key credential_keys[] = {
	{ .name = "path",
	  .type = LK_T_STRING,
	  .flags = LK_K_REQUIRED,
	  CREDENTIAL_AT(path),
	  .help = "The file that this credential stands for, as another key or the usual layout "
		  "names it. No file is read or written there.",
	  .example = "\"/run/confidential-containers/cdh/kbs/kms-credential/aliyun/"
		     "password_KAAP.5c8f.json\"" },
	{ .name = "resource_uri",
	  .type = LK_T_STRING,
	  .flags = LK_K_REQUIRED,
	  CREDENTIAL_AT(uri),
	  .help = "The resource of [services.kbs] that holds it.",
	  .example = "\"kbs:///default/aliyun/password\"" },
	{ 0 },
};
const struct lk_section lk_credential_section = {
	"credentials.NAME", credential_keys,
	"A credential that is fetched from [services.kbs] and kept in memory, in place of a file. "
	"NAME is free; one table for each."
};

/* ---- services ---- */

#define SERVICE_ROWS 48
static const char *const service_names[LK_SERVICES] = { "kbs", "kms" };

const char *lk_service_section(enum lk_service service)
{
	static const char *const sections[LK_SERVICES] = { "services.kbs", "services.kms" };

	return sections[service];
}

const char *lk_service_help(enum lk_service service)
{
	static const char *const helps[LK_SERVICES] = {
		"The key broker that holds the contents of vault secrets, signers' keys and "
		"credentials. It is asked when something needs it, after attestation. Its keys are those of "
		"[encrypt.kbs] but for key_uri.",
		"Alibaba Cloud KMS, which decrypts the data keys of envelopes and holds the contents "
		"of vault secrets. An envelope needs a client key. Its keys are those of [encrypt.kms] but for "
		"secret_name, version_stage, version_id and secret_encoding.",
	};

	return helps[service];
}

static const struct lk_provider *service_provider(enum lk_service service)
{
	size_t i;

	for (i = 0; lk_providers[i]; i++)
		if (strcmp(lk_providers[i]->name, service_names[service]) == 0)
			return lk_providers[i];
	return NULL;
}

static bool is_of_volumes(const char *name)
{
	static const char *const names[] = { "key_uri",	      "key_id",	    "secret_name",
					     "version_stage", "version_id", "secret_encoding" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

/* The provider's rows without those that name one volume's key. */
const struct lk_key *lk_service_keys(enum lk_service service)
{
	static struct lk_key rows[LK_SERVICES][SERVICE_ROWS + 1];
	const struct lk_provider *p = service_provider(service);
	const struct lk_key *key;
	size_t n = 0;

	if (!p)
		return NULL;
	for (key = p->keys; key->name && n < SERVICE_ROWS; key++)
		if (!is_of_volumes(key->name))
			rows[service][n++] = *key;
	rows[service][n] = (struct lk_key){ 0 };
	return key->name ? NULL : rows[service];
}

static enum lk_status read_service(struct lk_config *cfg, enum lk_service service,
				   struct lk_volume_source *ret, struct lk_error *err)
{
	const char *section = lk_service_section(service);
	const struct lk_provider *p = service_provider(service);
	const struct lk_key *keys = lk_service_keys(service);
	enum lk_status st;

	if (!keys || !lk_config_has(cfg, section))
		return LK_OK;
	ret->options = calloc(1, p->options_size + 1);
	if (!ret->options)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	ret->provider = p;
	st = lk_config_fill(cfg, section, keys, false, ret->options, err);
	/* until somebody asks for a resource, one that would be legal */
	if (!st && service == LK_SERVICE_KBS)
		st = lk_provider_set(p, ret->options, "key_uri", "kbs:///none/none/none", err);
	if (!st && lk_config_clean(cfg) && p->check && p->check(ret->options, err))
		st = lk_config_problem(cfg, section, NULL, err);
	return st;
}

/* ---- credentials ---- */

static enum lk_status add_credential(struct lk_config *cfg, struct lk_sealing *s,
				     const char *section, struct lk_error *err)
{
	struct lk_settings_credential *grown, *c;
	enum lk_status st;

	grown = realloc(s->credentials, (s->n_credentials + 1) * sizeof(*grown));
	if (!grown)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	s->credentials = grown;
	c = &grown[s->n_credentials++];
	*c = (struct lk_settings_credential){ .name = strdup(strchr(section, '.') + 1) };
	if (!c->name)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	st = lk_config_fill(cfg, section, credential_keys, true, c, err);
	return st;
}

static bool is_plain_path(const char *path)
{
	const size_t n = strlen(path);

	return *path == '/' && path[n - 1] != '/' && !strstr(path, "//") && !strstr(path, "/./") &&
	       !strstr(path, "/../") && strcmp(strrchr(path, '/'), "/.") != 0 &&
	       strcmp(strrchr(path, '/'), "/..") != 0;
}

/* NULL, or the key that is wrong. */
static const char *wrong_credential(const struct lk_sealing *s, size_t i, struct lk_error *err)
{
	const struct lk_settings_credential *c = &s->credentials[i];
	struct lk_kbs_name name;
	size_t j;

	if (!is_plain_path(c->path)) {
		lk_raise_code(err, LK_C_CONFIG_VALUE,
			      "path: write an absolute path without . and ..");
		return "path";
	}
	for (j = 0; j < i; j++) {
		if (strcmp(s->credentials[j].path, c->path) != 0)
			continue;
		lk_raise_code(err, LK_C_CONFIG_VALUE, "path: [credentials.%s] has the same",
			      s->credentials[j].name);
		return "path";
	}
	if (lk_kbs_name_parse(c->uri, &name, err)) {
		lk_context(err, "resource_uri");
		return "resource_uri";
	}
	return NULL;
}

static enum lk_status read_credentials(struct lk_config *cfg, struct lk_sealing *s,
				       struct lk_error *err)
{
	static const char start[] = "credentials.";
	enum lk_status st = LK_OK;
	const char *section, *key;
	size_t i;

	for (i = 0; !st && (section = lk_config_section(cfg, i)); i++) {
		if (strncmp(section, start, strlen(start)) != 0)
			continue;
		st = add_credential(cfg, s, section, err);
		if (st || !lk_config_clean(cfg))
			continue;
		key = wrong_credential(s, s->n_credentials - 1, err);
		if (key)
			st = lk_config_problem(cfg, section, key, err);
	}
	return st;
}

/* The paths as a list of their own, which options borrow. */
static enum lk_status list_paths(struct lk_sealing *s, struct lk_error *err)
{
	s->paths.items = calloc(s->n_credentials + 1, sizeof(*s->paths.items));
	if (!s->paths.items)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	for (s->paths.n = 0; s->paths.n < s->n_credentials; s->paths.n++)
		s->paths.items[s->paths.n] = s->credentials[s->paths.n].path;
	return LK_OK;
}

/* ---- the whole ---- */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* NULL, or the key that is wrong. */
static const char *wrong_signers(const struct lk_sealing *s, struct lk_error *err)
{
	struct lk_kbs_name name;
	size_t i, j;

	for (i = 0; i < s->key_files.n; i++) {
		const char *path = s->key_files.items[i];

		if (!is_plain_path(path)) {
			lk_raise_code(err, LK_C_CONFIG_VALUE, "keys: write absolute paths");
			return "keys";
		}
		for (j = 0; j < i; j++) {
			if (strcmp(base_name(s->key_files.items[j]), base_name(path)) != 0)
				continue;
			lk_raise_code(err, LK_C_CONFIG_VALUE, "keys: two are called '%.80s'",
				      base_name(path));
			return "keys";
		}
	}
	for (i = 0; i < s->key_uris.n; i++) {
		if (!lk_kbs_name_parse(s->key_uris.items[i], &name, err))
			continue;
		lk_context(err, "kbs_keys");
		return "kbs_keys";
	}
	return NULL;
}

static enum lk_status check_broker(struct lk_config *cfg, const struct lk_sealing *s,
				   struct lk_error *err)
{
	if (s->services[LK_SERVICE_KBS].provider || (!s->key_uris.n && !s->n_credentials))
		return LK_OK;
	lk_raise_code(err, LK_C_CONFIG_MISSING, "no [services.kbs] says which key broker has %s",
		      s->key_uris.n ? "kbs_keys" : "the credentials");
	return lk_config_problem(cfg, s->key_uris.n ? "sealed" : NULL,
				 s->key_uris.n ? "kbs_keys" : NULL, err);
}

enum lk_status lk_sealing_read(struct lk_config *cfg, struct lk_settings *s, struct lk_error *err)
{
	struct lk_sealing *sealing = &s->sealing;
	const char *key;
	enum lk_status st;
	unsigned i;

	st = lk_config_fill(cfg, "sealed", sealed_keys, false, s, err);
	for (i = 0; i < LK_SERVICES && !st; i++)
		st = read_service(cfg, (enum lk_service)i, &sealing->services[i], err);
	if (!st)
		st = read_credentials(cfg, sealing, err);
	if (!st)
		st = list_paths(sealing, err);
	if (st || !lk_config_clean(cfg))
		return st;
	key = wrong_signers(sealing, err);
	if (key)
		return lk_config_problem(cfg, "sealed", key, err);
	return check_broker(cfg, sealing, err);
}

void lk_sealing_free(struct lk_settings *s)
{
	struct lk_sealing *sealing = &s->sealing;
	size_t i;

	for (i = 0; i < LK_SERVICES; i++) {
		struct lk_volume_source *source = &sealing->services[i];

		if (source->provider)
			lk_keys_free(source->provider->keys, source->options);
		free(source->options);
	}
	for (i = 0; i < sealing->n_credentials; i++) {
		lk_keys_free(credential_keys, &sealing->credentials[i]);
		free(sealing->credentials[i].name);
	}
	free(sealing->credentials);
	free(sealing->paths.items);
	lk_keys_free(sealed_keys, s);
}

static void defer(const struct lk_volume_source *s, const struct lk_strings *paths)
{
	if (s->provider && s->provider->defer)
		s->provider->defer(s->options, paths);
}

void lk_sealing_settle(struct lk_settings *s)
{
	size_t i, j;

	for (i = 0; i < LK_SERVICES; i++)
		defer(&s->sealing.services[i], &s->sealing.paths);
	for (i = 0; i < s->n_known; i++)
		for (j = 0; j < s->volumes[i].n_sources; j++)
			defer(&s->volumes[i].sources[j], &s->sealing.paths);
}

bool lk_sealing_attested(const struct lk_settings *s)
{
	const struct lk_volume_source *services = s->sealing.services;
	size_t i;

	for (i = 0; i < LK_SERVICES; i++)
		if (services[i].provider && lk_source_needs(&services[i]).attester)
			return true;
	return false;
}

bool lk_sealing_used(const struct lk_settings *s)
{
	return s->sealing.services[LK_SERVICE_KBS].provider ||
	       s->sealing.services[LK_SERVICE_KMS].provider;
}

void lk_sealing_show(FILE *out, const struct lk_settings *s, bool notes)
{
	const struct lk_sealing *sealing = &s->sealing;
	char section[80];
	size_t i;

	if (lk_keys_given(sealed_keys, s)) {
		fputc('\n', out);
		lk_keys_show(out, "sealed", sealed_keys, s, notes);
	}
	for (i = 0; i < LK_SERVICES; i++) {
		if (!sealing->services[i].provider)
			continue;
		fputc('\n', out);
		lk_keys_show(out, lk_service_section((enum lk_service)i),
			     lk_service_keys((enum lk_service)i), sealing->services[i].options,
			     notes);
	}
	for (i = 0; i < sealing->n_credentials; i++) {
		snprintf(section, sizeof(section), "credentials.%.60s",
			 sealing->credentials[i].name);
		fputc('\n', out);
		lk_keys_show(out, section, credential_keys, &sealing->credentials[i], notes);
	}
}
