/* SPDX-License-Identifier: Apache-2.0 */
/* What sealed secrets keep with Alibaba Cloud KMS, for the credential that is configured and for no
 * other that a secret may name. */
#include <string.h>

#include "keymanager/aliyun.h"
#include "providers/aliyun_options.h"
#include "providers/aliyun_session.h"
#include "providers/sealed.h"

/* A setting that is there must be the one we have. */
static enum lk_status match(const char *member, const char *asked, const char *have,
			    const char *also, struct lk_error *err)
{
	if (!asked || (have && strcmp(asked, have) == 0) || (also && strcmp(asked, also) == 0))
		return LK_OK;
	return lk_raise_code(err, LK_C_SEALED_SOURCE,
			     "provider_settings: %s '%.64s' is not what [services.kms] has", member,
			     asked);
}

static enum lk_status check_settings(const struct lk_aliyun_options *o, const struct lk_aliyun *k,
				     const struct lk_sealed_settings *s, struct lk_error *err)
{
	static const char *const modes[] = { "client_key", "ecs_ram_role", "sts_token",
					     "attestation", "oidc_ram" };
	const enum lk_aliyun_mode mode = lk_aliyun_mode(o);
	enum lk_status st;

	/* the older form has no client_type and means a client key */
	st = match("client_type", s->client_type ? s->client_type : modes[0], modes[mode], NULL,
		   err);
	if (!st)
		st = match("client_key_id", s->client_key_id, k->key ? k->key->id : NULL,
			   lk_aliyun_key_id(o), err);
	if (!st)
		st = match("kms_instance_id", s->kms_instance_id, o->instance, NULL, err);
	if (!st)
		st = match("region_id", s->region_id, k->region, NULL, err);
	return st ? st : match("token_path", s->token_path, o->sts_token_file, NULL, err);
}

static enum lk_status decrypt(struct lk_aliyun *k, const struct lk_sealed *s, struct lk_secret *ret,
			      struct lk_error *err)
{
	struct lk_aliyun_blob blob;

	if (!k->key)
		return lk_raise_code(err, LK_C_SEALED_SOURCE,
				     "an envelope needs a client key in [services.kms]");
	if (s->key_len > sizeof(blob.data) || s->key_iv_len > sizeof(blob.iv))
		return lk_raise_code(err, LK_C_SEALED_INVALID, "encrypted_key is too long");
	memcpy(blob.data, s->key, s->key_len);
	blob.len = s->key_len;
	memcpy(blob.iv, s->key_iv, s->key_iv_len);
	blob.iv_len = s->key_iv_len;
	return lk_aliyun_decrypt(k, s->name, &blob, ret, err);
}

enum lk_status lk_aliyun_unwrap(void *session, const struct lk_sealed *s, struct lk_secret *ret,
				struct lk_error *err)
{
	struct lk_aliyun *k = lk_aliyun_session_kms(session);
	enum lk_status st;

	st = check_settings(lk_aliyun_session_options(session), k, &s->settings, err);
	if (st)
		return st;
	if (!s->vault)
		return decrypt(k, s, ret, err);
	return lk_aliyun_session_secret(session, s->name, s->version_stage, s->version_id, ret,
					err);
}
