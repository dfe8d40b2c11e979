/* SPDX-License-Identifier: Apache-2.0 */
/* The data key of an envelope, encrypted by a dedicated instance of Alibaba Cloud KMS. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/seal.h"
#include "core/cleanup.h"
#include "keymanager/aliyun.h"
#include "providers/aliyun_session.h"
#include "providers/provider.h"

#define SEAL_MS 60000

/* One more of the provider's options: a text, or the file of that name. */
static enum lk_status set(const struct lk_provider *p, void *options, const char *key,
			  const char *text, bool file, struct lk_error *err)
{
	LK_FREE char *path = NULL;

	if (!text)
		return LK_OK;
	if (!file)
		return lk_provider_set(p, options, key, text, err);
	path = realpath(text, NULL);
	if (!path)
		return lk_raise_code(err, LK_C_CONFIG_MISSING, "%s: %s", text, strerror(errno));
	return lk_provider_set(p, options, key, path, err);
}

static enum lk_status fill(const struct lk_provider *p, void *options,
			   const struct lk_seal_kms *kms, struct lk_error *err)
{
	LK_CONFIG_FILE *cfg = NULL;
	enum lk_status st;

	st = lk_config_parse("seal", "", 0, &cfg, err);
	if (!st)
		st = lk_config_fill(cfg, "kms", p->keys, false, options, err);
	if (!st)
		st = set(p, options, "kms_instance_id", kms->instance, false, err);
	if (!st)
		st = set(p, options, "client_key_file", kms->client_key_file, true, err);
	if (!st)
		st = set(p, options, "client_key_password_file", kms->password_file, true, err);
	if (!st)
		st = set(p, options, "kms_cert_pem", kms->ca_file, true, err);
	if (!st)
		st = set(p, options, "endpoint", kms->endpoint, false, err);
	if (!st)
		st = p->check(options, err);
	return st ? st : p->load(options, LK_TRUST_CALLER, err);
}

static enum lk_status wrap(const struct lk_provider *p, void *options, const char *key_id,
			   const struct lk_secret *dek, struct lk_seal_wrapped *ret,
			   struct lk_error *err)
{
	const struct lk_batch_item item = { "seal", options };
	const struct lk_strings dns = { 0 };
	const struct lk_network network = { .dns = &dns };
	const struct lk_batch batch = { .items = &item,
					.n_items = 1,
					.network = &network,
					.deadline = lk_deadline_in(SEAL_MS) };
	struct lk_aliyun_blob blob;
	struct lk_aliyun *k;
	void *session = NULL;
	enum lk_status st;

	st = p->prepare(&batch, &session, err);
	if (st)
		return st;
	k = lk_aliyun_session_kms(session);
	st = lk_aliyun_encrypt(k, key_id, dek, &blob, err);
	if (!st) {
		memcpy(ret->client_key_id, k->key->id, sizeof(ret->client_key_id));
		memcpy(ret->key, blob.data, blob.len);
		ret->key_len = blob.len;
		memcpy(ret->iv, blob.iv, blob.iv_len);
		ret->iv_len = blob.iv_len;
	}
	p->finish(session);
	return st;
}

_Static_assert(sizeof(((struct lk_seal_wrapped *)0)->client_key_id) == LK_ALIYUN_KEY_ID,
	       "one size");
_Static_assert(sizeof(((struct lk_seal_wrapped *)0)->key) == LK_ALIYUN_BLOB_MAX, "one size");
_Static_assert(sizeof(((struct lk_seal_wrapped *)0)->iv) ==
		       sizeof(((struct lk_aliyun_blob *)0)->iv),
	       "one size");

enum lk_status lk_seal_wrap(const struct lk_seal_kms *kms, const char *key_id,
			    const struct lk_secret *dek, struct lk_seal_wrapped *ret,
			    struct lk_error *err)
{
	const struct lk_provider *p = lk_provider_find("kms");
	void *options = calloc(1, p->options_size);
	enum lk_status st;

	if (!options)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	st = fill(p, options, kms, err);
	if (!st)
		st = wrap(p, options, key_id, dek, ret, err);
	lk_keys_free(p->keys, options);
	free(options);
	return st;
}
