/* SPDX-License-Identifier: Apache-2.0 */
/* The key pair as the other rooms see it, whichever family is behind it. */
#include "core/crypto_internal.h"

enum lk_status lk_keypair_generate(enum lk_key_kind kind, struct lk_keypair **ret,
				   struct lk_error *err)
{
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *k = calloc(1, sizeof(*k));
	enum lk_status st;

	if (!k)
		return lk_raise(err, LK_INTERNAL, "generate a key pair: out of memory");
	k->kind = kind;
	st = kind == LK_KEY_RSA2048 ? lk_rsa_generate(&k->rsa, err)
				    : lk_ec_generate(kind, &k->ec, err);
	if (st)
		return st;
	*ret = lk_take(k);
	return LK_OK;
}

void lk_keypair_free(struct lk_keypair *k)
{
	if (!k)
		return;
	lk_ec_free(k->ec);
	lk_rsa_free(k->rsa);
	free(k);
}

enum lk_key_kind lk_keypair_kind(const struct lk_keypair *k)
{
	return k->kind;
}

enum lk_status lk_keypair_public(const struct lk_keypair *k, struct lk_public_key *ret,
				 struct lk_error *err)
{
	return k->rsa ? lk_rsa_public(k->rsa, ret, err) : lk_ec_public(k->kind, k->ec, ret, err);
}
