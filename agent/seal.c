/* SPDX-License-Identifier: Apache-2.0 */
/* The payloads of sealed secrets, and their signature. */
#include "agent/seal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base64.h"
#include "core/cleanup.h"
#include "core/jose.h"
#include "providers/sealed.h"

#define GCM_IV	12
#define GCM_TAG 16

static enum lk_status no_memory(struct lk_error *err)
{
	return lk_raise(err, LK_INTERNAL, "out of memory");
}

/* The text, which must read as what it was meant to be. */
static enum lk_status finish(const struct json_t *doc, char **ret, size_t *ret_n,
			     struct lk_error *err)
{
	LK_JSON_TEXT *text = NULL;
	LK_SEALED s = { 0 };
	enum lk_status st;

	st = lk_json_dump(doc, LK_JSON_COMPACT, &text, ret_n, err);
	if (!st)
		st = lk_sealed_parse(text, *ret_n, &s, err);
	if (st)
		return st;
	*ret = lk_take(text);
	return LK_OK;
}

/* ---- envelope ---- */

struct layer {
	uint8_t iv[16], *data; /* owned */
	size_t iv_len, len;
	bool ctr;
};

static void layer_free(struct layer *l)
{
	free(l->data);
}

static enum lk_status encrypt_with(const struct lk_secret *dek, const struct lk_secret *plain,
				   bool ctr, struct layer *ret, struct lk_error *err)
{
	enum lk_status st;

	ret->ctr = ctr;
	ret->iv_len = ctr ? sizeof(ret->iv) : GCM_IV;
	ret->len = plain->len + (ctr ? 0 : GCM_TAG);
	ret->data = malloc(ret->len);
	if (!ret->data)
		return no_memory(err);
	st = lk_random(ret->iv, ret->iv_len, err);
	if (st)
		return st;
	if (ctr)
		return lk_aes_ctr(dek, ret->iv, plain->data, plain->len, ret->data, err);
	return lk_aes_gcm_seal(dek, ret->iv, NULL, 0, plain->data, plain->len, ret->data,
			       ret->data + plain->len, err);
}

/* In the order that secret_cli has. */
static bool fill_envelope(struct json_t *doc, const char *key_id, const struct lk_seal_kms *kms,
			  const struct layer *l, const struct lk_seal_wrapped *w)
{
	struct json_t *settings = lk_json_object(), *annotations = lk_json_object();
	bool ok;

	ok = settings && lk_json_set_string(settings, "client_type", "client_key") &&
	     lk_json_set_string(settings, "client_key_id", w->client_key_id) &&
	     lk_json_set_string(settings, "kms_instance_id", kms->instance) && annotations &&
	     lk_json_set_base64(annotations, "iv", LK_B64_STD, w->iv, w->iv_len) &&
	     lk_json_set_string(doc, "version", LK_SEALED_VERSION) &&
	     lk_json_set_string(doc, "type", "envelope") &&
	     lk_json_set_string(doc, "key_id", key_id) &&
	     lk_json_set_base64(doc, "encrypted_key", LK_B64_STD, w->key, w->key_len) &&
	     lk_json_set_base64(doc, "encrypted_data", LK_B64_STD, l->data, l->len) &&
	     lk_json_set_string(doc, "wrap_type", l->ctr ? "A256CTR" : "A256GCM") &&
	     lk_json_set_base64(doc, "iv", LK_B64_STD, l->iv, l->iv_len) &&
	     lk_json_set_string(doc, "provider", "aliyun");
	ok = lk_json_set(doc, "provider_settings", settings) && ok;
	return lk_json_set(doc, "annotations", annotations) && ok;
}

enum lk_status lk_seal_envelope(const struct lk_seal_kms *kms, const char *key_id, bool ctr,
				const struct lk_secret *plain, char **ret, size_t *ret_n,
				struct lk_error *err)
{
	LK_CLEANUP(layer_free) struct layer l = { 0 };
	LK_JSON *doc = lk_json_object();
	struct lk_seal_wrapped w = { 0 };
	LK_SECRET dek = { 0 };
	enum lk_status st;

	if (!doc)
		return no_memory(err);
	if (!plain->len)
		return lk_raise_code(err, LK_C_CONFIG_VALUE, "there is nothing to seal");
	st = lk_random_secret(&dek, LK_SEALED_DEK_SIZE, err);
	if (!st)
		st = encrypt_with(&dek, plain, ctr, &l, err);
	if (!st)
		st = lk_seal_wrap(kms, key_id, &dek, &w, err);
	if (!st && !fill_envelope(doc, key_id, kms, &l, &w))
		st = no_memory(err);
	return st ? st : finish(doc, ret, ret_n, err);
}

/* ---- vault ---- */

static enum lk_status set_object(struct json_t *doc, const char *name, const char *text,
				 struct lk_error *err)
{
	LK_JSON *value = NULL;
	enum lk_status st;

	st = lk_json_parse(text ? text : "{}", text ? strlen(text) : 2, &value, err);
	if (st) {
		err->status = LK_CONFIG;
		err->code = LK_C_CONFIG_VALUE;
		return lk_context(err, "%s", name);
	}
	return lk_json_set(doc, name, lk_take(value)) ? LK_OK : no_memory(err);
}

enum lk_status lk_seal_vault(const char *name, const char *provider, const char *settings,
			     const char *annotations, char **ret, size_t *ret_n,
			     struct lk_error *err)
{
	LK_JSON *doc = lk_json_object();
	enum lk_status st;

	if (!doc || !lk_json_set_string(doc, "version", LK_SEALED_VERSION) ||
	    !lk_json_set_string(doc, "type", "vault") || !lk_json_set_string(doc, "name", name) ||
	    !lk_json_set_string(doc, "provider", provider))
		return no_memory(err);
	st = set_object(doc, "provider_settings", settings, err);
	if (!st)
		st = set_object(doc, "annotations", annotations, err);
	return st ? st : finish(doc, ret, ret_n, err);
}

/* ---- signature ---- */

/* *ret_jwk, if it is one: for its kid. */
static enum lk_status read_key(const char *text, struct lk_keypair **ret, struct json_t **ret_jwk,
			       struct lk_error *err)
{
	struct lk_error ignored = { 0 };
	enum lk_status st;

	if (lk_json_parse(text, strlen(text), ret_jwk, &ignored))
		return lk_keypair_from_pem(text, ret, err);
	st = lk_jwk_to_keypair(*ret_jwk, ret, err);
	if (!st && lk_keypair_kind(*ret) != LK_KEY_P256)
		st = lk_raise(err, LK_CONFIG, "a private key that is not on P-256");
	if (st)
		err->status = LK_CONFIG;
	return st;
}

enum lk_status lk_seal_sign(const char *payload, size_t n, const char *key, const char *kid,
			    char **ret, struct lk_error *err)
{
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *pair = NULL;
	LK_FREE char *token = NULL;
	LK_JSON *jwk = NULL;
	enum lk_status st;

	st = read_key(key, &pair, &jwk, err);
	if (st)
		return lk_context(err, "the signing key");
	if (!kid && (!jwk || lk_json_get_string(jwk, "kid", LK_JWS_KID_MAX, &kid, err)))
		return lk_raise_code(err, LK_C_CONFIG_MISSING,
				     "what the signing key is called: write --kid");
	if (!*kid || strlen(kid) > LK_JWS_KID_MAX)
		return lk_raise_code(err, LK_C_CONFIG_VALUE, "--kid: write 1 to %d characters",
				     LK_JWS_KID_MAX);
	st = lk_jws_sign(pair, NULL, kid, payload, n, &token, err);
	if (st)
		return st;
	if (strlen(token) + sizeof("sealed.") > LK_SEALED_MAX)
		return lk_raise_code(err, LK_C_CONFIG_VALUE, "signed it is longer than %u bytes",
				     LK_SEALED_MAX);
	return asprintf(ret, "sealed.%s", token) < 0 ? no_memory(err) : LK_OK;
}
