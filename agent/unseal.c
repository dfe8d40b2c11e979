/* SPDX-License-Identifier: Apache-2.0 */
/* Opening sealed values: the keys of their signers, and the sessions with the services that keep
 * what they hold. */
#include "agent/unseal.h"

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/textfile.h"
#include "providers/key_bytes.h"
#include "providers/sealed.h"

#define JWK_MAX 8192

struct signer {
	const char *kid; /* borrowed: the base name of its file */
	struct lk_public_key key;
};

struct service {
	const struct lk_volume_source *source;
	const char *section;
	struct lk_batch_item item;
	struct lk_batch batch;
	void *session;
};

struct lk_unsealer {
	const struct lk_settings *settings;
	struct signer *signers;
	size_t n_signers;
	struct lk_secret *credentials; /* one for each of the settings'; empty until fetched */
	struct lk_batch batch;	       /* what all sessions of the attempt have in common */
	struct service kbs, kms;
};

/* Who is being served: what it may ask for in turn. */
struct asker {
	struct lk_unsealer *u;
	bool for_kms; /* the credentials of [services.kms] themselves */
};

/* ---- before the cage ---- */

static enum lk_status parse_signer(const char *text, size_t n, struct lk_public_key *ret,
				   struct lk_error *err)
{
	LK_JSON *jwk = NULL;
	enum lk_status st;

	st = lk_json_parse(text, n, &jwk, err);
	if (!st)
		st = lk_jwk_to_public(jwk, ret, err);
	if (!st && ret->kind != LK_KEY_P256)
		st = lk_raise_code(err, LK_C_CONFIG_VALUE, "a key that is not on P-256");
	return st;
}

static enum lk_status load_signer(const char *path, struct signer *ret, struct lk_error *err)
{
	LK_FREE char *text = NULL;
	enum lk_status st;
	size_t n;

	if (lk_textfile_read(path, JWK_MAX, &text, &n, err))
		return lk_raise_code(err, LK_C_CONFIG_MISSING, "[sealed] keys: cannot read %s",
				     path);
	ret->kid = strrchr(path, '/') + 1;
	st = parse_signer(text, n, &ret->key, err);
	if (st) {
		err->status = LK_CONFIG;
		err->code = LK_C_CONFIG_VALUE;
		return lk_context(err, "[sealed] keys: %s holds no public EC key as JWK", path);
	}
	return LK_OK;
}

static enum lk_status load_service(const struct lk_volume_source *s, const char *section,
				   enum lk_trust trust, struct service *ret, struct lk_error *err)
{
	*ret = (struct service){ .source = s, .section = section };
	if (!s->provider || !s->provider->load ||
	    s->provider->load(s->options, trust, err) == LK_OK)
		return LK_OK;
	return lk_context(err, "%s", section);
}

enum lk_status lk_unsealer_new(const struct lk_settings *settings, struct lk_unsealer **ret,
			       struct lk_error *err)
{
	LK_CLEANUP(lk_unsealer_free_p) struct lk_unsealer *u = calloc(1, sizeof(*u));
	const enum lk_trust trust = settings->own ? LK_TRUST_ROOT : LK_TRUST_CALLER;
	const struct lk_sealing *s = &settings->sealing;
	enum lk_status st;
	size_t i;

	if (!u)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	u->settings = settings;
	u->signers = calloc(s->key_files.n + 1, sizeof(*u->signers));
	u->credentials = calloc(s->n_credentials + 1, sizeof(*u->credentials));
	if (!u->signers || !u->credentials)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	st = load_service(&s->services[LK_SERVICE_KBS], "[services.kbs]", trust, &u->kbs, err);
	if (!st)
		st = load_service(&s->services[LK_SERVICE_KMS], "[services.kms]", trust, &u->kms,
				  err);
	for (i = 0; i < s->key_files.n && !st; i++)
		st = load_signer(s->key_files.items[i], &u->signers[u->n_signers++], err);
	if (!st)
		*ret = lk_take(u);
	return st;
}

void lk_unsealer_free(struct lk_unsealer *u)
{
	size_t i;

	if (!u)
		return;
	lk_unsealer_end(u);
	for (i = 0; u->credentials && i < u->settings->sealing.n_credentials; i++)
		lk_secret_wipe(&u->credentials[i]);
	free(u->credentials);
	free(u->signers);
	free(u);
}

/* ---- services ---- */

void lk_unsealer_begin(struct lk_unsealer *u, const struct lk_attester *attester,
		       const struct lk_network *network, struct lk_deadline deadline)
{
	u->batch = (struct lk_batch){
		.n_items = 1,
		.attester = attester,
		.network = network,
		.deadline = deadline,
	};
}

static void close_service(struct service *s)
{
	if (s->session)
		s->source->provider->finish(s->session);
	s->session = NULL;
}

void lk_unsealer_end(struct lk_unsealer *u)
{
	close_service(&u->kms);
	close_service(&u->kbs);
}

static enum lk_status complete(struct asker a, const struct lk_provider *p, void *options,
			       struct lk_error *err);

static enum lk_status open_service(struct lk_unsealer *u, struct service *s, struct lk_error *err)
{
	const struct lk_provider *p = s->source->provider;
	const struct asker own = { u, true };
	enum lk_status st;

	if (s->session)
		return LK_OK;
	if (!p)
		return lk_raise_code(err, LK_C_SEALED_SOURCE, "%s is not configured", s->section);
	st = complete(own, p, s->source->options, err);
	if (!st) {
		s->item = (struct lk_batch_item){ s->section, s->source->options };
		s->batch = u->batch;
		s->batch.items = &s->item;
		if (!lk_provider_needs(p, s->source->options).attester)
			s->batch.attester = NULL;
		st = p->prepare(&s->batch, &s->session, err);
	}
	return st ? lk_context(err, "%s", s->section) : LK_OK;
}

static enum lk_status get_resource(struct lk_unsealer *u, const char *uri, struct lk_secret *ret,
				   struct lk_error *err)
{
	struct service *s = &u->kbs;
	struct lk_volume_key got = { 0 };
	struct lk_fetch_note note = { 0 };
	enum lk_status st;

	st = open_service(u, s, err);
	if (!st)
		st = lk_provider_set(s->source->provider, s->source->options, "key_uri", uri, err);
	if (!st)
		st = s->source->provider->fetch(s->session, 0, &got, &note, err);
	if (st)
		return lk_context(err, "get '%.80s' from %s", uri, s->section);
	*ret = got.bytes;
	return LK_OK;
}

/* ---- sealed secrets ---- */

static enum lk_status get_signer(struct lk_unsealer *u, const char *uri, struct lk_public_key *ret,
				 struct lk_error *err)
{
	LK_SECRET text = { 0 };
	enum lk_status st;

	st = get_resource(u, uri, &text, err);
	if (st)
		return st;
	if (text.len <= JWK_MAX &&
	    parse_signer((const char *)text.data, text.len, ret, err) == LK_OK)
		return LK_OK;
	return lk_raise_code(err, LK_C_SEALED_SIGNER, "%.100s holds no public key on P-256 as JWK",
			     uri);
}

static enum lk_status find_signer(struct lk_unsealer *u, const char *kid, struct lk_public_key *ret,
				  struct lk_error *err)
{
	const struct lk_strings *uris = &u->settings->sealing.key_uris;
	size_t i;

	for (i = 0; i < u->n_signers; i++) {
		if (strcmp(u->signers[i].kid, kid) != 0)
			continue;
		*ret = u->signers[i].key;
		return LK_OK;
	}
	for (i = 0; i < uris->n; i++)
		if (strcmp(uris->items[i], kid) == 0)
			return get_signer(u, kid, ret, err);
	return lk_raise_code(err, LK_C_SEALED_SIGNER,
			     "signed with the key '%.80s', which [sealed] does not name", kid);
}

/* The payload of either form; *ret is malloc'ed. */
static enum lk_status get_payload(struct lk_unsealer *u, const struct lk_secret *text,
				  bool measured, char **ret, size_t *ret_n, struct lk_error *err)
{
	const char *chars = (const char *)text->data;
	char kid[LK_JWS_KID_MAX + 1];
	struct lk_public_key key;
	enum lk_status st;

	if (lk_sealed_form(text->data, text->len) == LK_SEALED_BARE) {
		if (!measured)
			return lk_raise_code(
				err, LK_C_SEALED_INVALID,
				"nobody signed it, and it comes from no measured file");
		*ret = strndup(chars, text->len);
		*ret_n = text->len;
		return *ret ? LK_OK : lk_raise(err, LK_INTERNAL, "out of memory");
	}
	st = lk_sealed_kid(chars, text->len, kid, err);
	if (!st)
		st = find_signer(u, kid, &key, err);
	return st ? st : lk_sealed_verify(chars, text->len, &key, ret, ret_n, err);
}

static enum lk_status open_sealed(struct asker a, const struct lk_sealed *s, struct lk_secret *ret,
				  struct lk_error *err)
{
	struct service *kms = &a.u->kms;
	LK_SECRET got = { 0 };
	enum lk_status st;

	if (s->vendor == LK_SEALED_KBS)
		return get_resource(a.u, s->name, ret, err);
	if (a.for_kms)
		return lk_raise_code(err, LK_C_SEALED_SOURCE,
				     "[services.kms] cannot open a credential of its own");
	st = open_service(a.u, kms, err);
	if (st)
		return st;
	if (!kms->source->provider->unwrap)
		return lk_raise(err, LK_INTERNAL, "%s opens nothing", kms->section);
	st = kms->source->provider->unwrap(kms->session, s, &got, err);
	if (st)
		return st;
	if (!s->vault)
		return lk_sealed_open(s, &got, ret, err);
	*ret = lk_secret_take(&got);
	return LK_OK;
}

/* Open what is sealed; anything else is left as it is. */
static enum lk_status unseal(struct asker a, bool measured, struct lk_secret *value,
			     struct lk_error *err)
{
	LK_SECRET inside = { 0 };
	LK_FREE char *json = NULL;
	LK_SEALED s = { 0 };
	enum lk_status st;
	size_t n;

	if (lk_sealed_form(value->data, value->len) == LK_SEALED_NOT)
		return LK_OK;
	st = get_payload(a.u, value, measured, &json, &n, err);
	if (!st)
		st = lk_sealed_parse(json, n, &s, err);
	if (!st)
		st = open_sealed(a, &s, &inside, err);
	if (!st && lk_sealed_form(inside.data, inside.len) != LK_SEALED_NOT)
		st = lk_raise_code(err, LK_C_SEALED_INVALID,
				   "what it holds is sealed again; one level is opened");
	if (!st && lk_key_is_blank(&inside))
		st = lk_raise_code(err, LK_C_SEALED_INVALID, "it holds %s",
				   inside.len ? "only zeros" : "nothing");
	if (st)
		return lk_context(err, "open a sealed value");
	lk_secret_wipe(value);
	*value = lk_secret_take(&inside);
	return LK_OK;
}

enum lk_status lk_unseal_key(struct lk_unsealer *u, const struct lk_provider *p,
			     struct lk_secret *key, struct lk_error *err)
{
	const struct asker a = { u, false };

	return unseal(a, p->gives_sealed, key, err);
}

/* ---- credentials ---- */

static enum lk_status as_text(const struct lk_secret *s, char **ret, struct lk_error *err)
{
	if (!s->len || memchr(s->data, 0, s->len))
		return lk_raise_code(err, LK_C_CREDENTIAL_INVALID, "a credential that is no text");
	*ret = strndup((const char *)s->data, s->len);
	return *ret ? LK_OK : lk_raise(err, LK_INTERNAL, "out of memory");
}

static enum lk_status credential_get(void *arg, const char *path, char **ret, struct lk_error *err)
{
	struct lk_unsealer *u = ((const struct asker *)arg)->u;
	const struct lk_sealing *s = &u->settings->sealing;
	enum lk_status st = LK_OK;
	size_t i;

	for (i = 0; i < s->n_credentials && strcmp(s->credentials[i].path, path) != 0; i++)
		;
	if (i == s->n_credentials)
		return lk_raise(err, LK_INTERNAL, "%s was not read", path);
	if (!u->credentials[i].len)
		st = get_resource(u, s->credentials[i].uri, &u->credentials[i], err);
	if (!st)
		st = as_text(&u->credentials[i], ret, err);
	return st ? lk_context(err, "[credentials.%s]", s->credentials[i].name) : LK_OK;
}

static enum lk_status credential_unseal(void *arg, bool measured, char **text, struct lk_error *err)
{
	LK_SECRET value = { 0 };
	char *opened = NULL;
	enum lk_status st;

	if (lk_sealed_form(*text, strlen(*text)) == LK_SEALED_NOT)
		return LK_OK;
	st = lk_secret_from(&value, *text, strlen(*text), err);
	if (!st)
		st = unseal(*(const struct asker *)arg, measured, &value, err);
	if (!st)
		st = as_text(&value, &opened, err);
	if (st)
		return st;
	free(*text);
	*text = opened;
	return LK_OK;
}

static enum lk_status complete(struct asker a, const struct lk_provider *p, void *options,
			       struct lk_error *err)
{
	const struct lk_credential_source source = { credential_get, credential_unseal, &a };

	return p->credentials ? p->credentials(options, &source, err) : LK_OK;
}

enum lk_status lk_unseal_options(struct lk_unsealer *u, const struct lk_provider *p, void *options,
				 struct lk_error *err)
{
	const struct asker a = { u, false };

	return complete(a, p, options, err);
}
