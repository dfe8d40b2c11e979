/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of core/crypto*.c share: the random source handed to mbedTLS, the key pair, and
 * the two families behind it. Not for other rooms. */
#pragma once

#include "core/crypto.h"

struct mbedtls_rsa_context;
struct lk_ec_pair; /* core/crypto_ec.c */

struct lk_keypair {
	enum lk_key_kind kind;
	struct lk_ec_pair *ec; /* one of the two */
	struct mbedtls_rsa_context *rsa;
};

/* mbedTLS' signature for random sources; straight from the kernel, so that a forked child never
 * repeats its parent's bytes. */
int lk_crypto_rng(void *unused, unsigned char *out, size_t n);
/* LK_INTERNAL with mbedTLS' number. */
enum lk_status lk_crypto_raise(struct lk_error *err, const char *what, int rc);

enum lk_status lk_ec_generate(enum lk_key_kind kind, struct lk_ec_pair **ret, struct lk_error *err);
enum lk_status lk_ec_public(enum lk_key_kind kind, const struct lk_ec_pair *pair,
			    struct lk_public_key *ret, struct lk_error *err);
void lk_ec_free(struct lk_ec_pair *pair);

enum lk_status lk_rsa_generate(struct mbedtls_rsa_context **ret, struct lk_error *err);
enum lk_status lk_rsa_public(const struct mbedtls_rsa_context *rsa, struct lk_public_key *ret,
			     struct lk_error *err);
void lk_rsa_free(struct mbedtls_rsa_context *rsa);
