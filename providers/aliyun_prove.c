/* SPDX-License-Identifier: Apache-2.0 */
/* One secret of a KMS that wants proof: its challenge, evidence that binds a new key to it, and the
 * answer that only this key opens. */
#include <stdlib.h>

#include "attestation/attester.h"
#include "core/json.h"
#include "providers/aliyun_session.h"

static enum lk_status answer(struct lk_aliyun *k, const struct lk_attester *attester,
			     const struct lk_keypair *key, char **ret, struct lk_error *err)
{
	LK_FREE struct lk_aliyun_challenge *challenge = calloc(1, sizeof(*challenge));
	LK_JSON *runtime = NULL;
	LK_JSON *evidence = NULL;
	struct lk_public_key public;
	uint8_t digest[48];
	enum lk_status st;

	if (!challenge)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	st = lk_aliyun_get_challenge(k, challenge, err);
	if (!st)
		st = lk_keypair_public(key, &public, err);
	if (!st)
		st = lk_aliyun_runtime_data(challenge, &public, &runtime, digest, err);
	if (st)
		return st;
	st = attester->evidence(attester, digest, sizeof(digest), &evidence, err);
	if (st)
		return lk_context(err, "make evidence");
	return lk_aliyun_recipient(attester->name, evidence, runtime, ret, err);
}

enum lk_status lk_aliyun_prove(struct lk_aliyun *k, const struct lk_attester *attester,
			       const char *name, const char *stage, const char *version,
			       struct lk_secret *ret, struct lk_error *err)
{
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *key = NULL;
	LK_JSON_TEXT *recipient = NULL;
	struct lk_aliyun_sealed sealed;
	enum lk_status st;

	st = lk_keypair_generate(LK_KEY_RSA2048, &key, err);
	if (!st)
		st = answer(k, attester, key, &recipient, err);
	if (!st)
		st = lk_aliyun_get_secret_for(k, name, stage, version, recipient, &sealed, err);
	if (st)
		return st;
	st = lk_rsa_oaep_open(key, sealed.data, sealed.len, ret, err);
	if (!st)
		return LK_OK;
	lk_raise_code(err, LK_C_REPLY_INVALID, "the answer is not sealed for this boot's key");
	return lk_context(err, "get secret '%.64s'", name);
}
