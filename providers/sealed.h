/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sealed secrets, as confidential containers have them: "sealed." and a compact JWS whose payload
 * says where a secret is (vault), or holds it encrypted under a key that a KMS keeps (envelope); or
 * the payload alone, bare, which only a measured file may hold. Pure: nothing here asks anybody.
 *
 * Errors are SEALED_INVALID for what does not have the form (they name the member),
 * SEALED_SIGNER for a signature that does not fit.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/crypto.h"
#include "core/jose.h"

#define LK_SEALED_MAX	   (64u * 1024) /* bytes of either form */
#define LK_SEALED_VERSION  "0.1.0"
#define LK_SEALED_DEK_SIZE 32

enum lk_sealed_form {
	LK_SEALED_NOT,	/* any other bytes */
	LK_SEALED_JWS,	/* begins with "sealed." */
	LK_SEALED_BARE, /* a JSON object with the members version, type and provider */
};
enum lk_sealed_form lk_sealed_form(const void *data, size_t n);

enum lk_sealed_vendor { LK_SEALED_ALIYUN, LK_SEALED_KBS };

/* What provider_settings select; NULL where the member is absent. */
struct lk_sealed_settings {
	const char *client_type, *client_key_id, *kms_instance_id, *region_id, *token_path;
};

struct lk_sealed {	    /* `= { 0 }`; the strings live in doc */
	struct json_t *doc; /* owned */
	bool vault;
	enum lk_sealed_vendor vendor;
	const char *name; /* vault: of the secret or resource; envelope: of the KMS' key */
	struct lk_sealed_settings settings;
	/* vault at aliyun; may be NULL */
	const char *version_stage, *version_id;
	/* envelope: the data key as the KMS gave it, and the IV that it needs */
	uint8_t *key; /* owned */
	size_t key_len;
	uint8_t key_iv[64];
	size_t key_iv_len;
	/* envelope: the secret under the data key; with GCM the last 16 bytes are the tag */
	bool ctr;
	uint8_t iv[16];
	uint8_t *data; /* owned */
	size_t data_len;
};
/* The payload. Members that the form does not name are refused. */
enum lk_status lk_sealed_parse(const char *json, size_t n, struct lk_sealed *ret,
			       struct lk_error *err);
void lk_sealed_free(struct lk_sealed *s); /* fine on { 0 } */
#define LK_SEALED LK_CLEANUP(lk_sealed_free) struct lk_sealed

/* Which key the header names; nothing is verified yet. White space at the end is passed over. */
enum lk_status lk_sealed_kid(const char *text, size_t n, char ret[LK_JWS_KID_MAX + 1],
			     struct lk_error *err);
/* The payload of a text whose signature (ES256) that key made. *ret is malloc'ed. */
enum lk_status lk_sealed_verify(const char *text, size_t n, const struct lk_public_key *key,
				char **ret, size_t *ret_len, struct lk_error *err);
/* An envelope's secret, under the data key that the KMS decrypted. */
enum lk_status lk_sealed_open(const struct lk_sealed *s, const struct lk_secret *dek,
			      struct lk_secret *ret, struct lk_error *err);
