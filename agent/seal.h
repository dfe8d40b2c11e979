/* SPDX-License-Identifier: Apache-2.0 */
/* Making sealed secrets (providers/sealed.h): the payload of an envelope or vault secret, and the
 * signature around it. What is made has been read back before it is given out. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/crypto.h"
#include "core/error.h"

#define LK_SEAL_PLAIN_MAX (32u * 1024)

/* Where and with what credential an envelope's data key is encrypted; files may be anybody's who may
 * read them, those with secrets 0600. */
struct lk_seal_kms {
	const char *instance, *client_key_file, *password_file, *ca_file;
	const char *endpoint; /* NULL: the instance's usual one */
};

/* What a KMS made of a data key. */
struct lk_seal_wrapped {
	char client_key_id[129];
	uint8_t key[8192], iv[64];
	size_t key_len, iv_len;
};
/* agent/seal_aliyun.c; agent/seal_nowhere.c in builds without the provider kms */
enum lk_status lk_seal_wrap(const struct lk_seal_kms *kms, const char *key_id,
			    const struct lk_secret *dek, struct lk_seal_wrapped *ret,
			    struct lk_error *err);

/* *ret: JSON text, for lk_json_text_free. */
enum lk_status lk_seal_envelope(const struct lk_seal_kms *kms, const char *key_id, bool ctr,
				const struct lk_secret *plain, char **ret, size_t *ret_n,
				struct lk_error *err);
/* settings, annotations: JSON objects as texts; NULL for empty ones. */
enum lk_status lk_seal_vault(const char *name, const char *provider, const char *settings,
			     const char *annotations, char **ret, size_t *ret_n,
			     struct lk_error *err);
/* "sealed." and the JWS over the payload. key: private key on P-256, PEM or JWK. kid: NULL for that of
 * the JWK. *ret is malloc'ed. */
enum lk_status lk_seal_sign(const char *payload, size_t n, const char *key, const char *kid,
			    char **ret, struct lk_error *err);
