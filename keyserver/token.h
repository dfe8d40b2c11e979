/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attestation tokens: what a verifier found out, signed (ES256, EAR claims in a JWT), so that it
 * can be shown again within its lifetime. Only our own key verifies them, found by its kid; a key
 * that a token brings along is never looked at.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/cleanup.h"
#include "core/crypto.h"
#include "core/error.h"

struct json_t;

#define LK_TOKEN_LIFETIME_S 300
#define LK_TOKEN_MAX	    (3u * 1024 * 1024) /* evidence's claims are inside */

struct lk_token_signer; /* may be used from several threads */

/* Takes the key, also when it fails. P-256. */
enum lk_status lk_token_signer_new(struct lk_keypair *key, struct lk_token_signer **ret,
				   struct lk_error *err);
void lk_token_signer_free(struct lk_token_signer *s);
LK_DEFINE_CLEANUP(struct lk_token_signer *, lk_token_signer_free)
const char *lk_token_kid(const struct lk_token_signer *s);

struct lk_token_subject {
	const char *tee;
	struct json_t *claims;	     /* the verifier's */
	struct json_t *runtime_data; /* holds the TEE's public key */
};
/* now: seconds since 1970. *ret_payload is the JSON text that was signed. */
enum lk_status lk_token_make(const struct lk_token_signer *s, const struct lk_token_subject *about,
			     int64_t now, char **ret_token, char **ret_payload,
			     struct lk_error *err);
/* LK_DENIED: not ours, altered, expired. *ret_payload is malloc'ed JSON text. */
enum lk_status lk_token_verify(const struct lk_token_signer *s, const char *token, size_t len,
			       int64_t now, char **ret_payload, struct lk_error *err);

/* What a payload says; borrows from doc, which the caller frees after use. */
struct lk_token_claims {
	struct json_t *doc;
	const char *tee, *phase;	 /* phase: NULL = not proved */
	const struct json_t *claims;	 /* the verifier's */
	const struct json_t *tee_pubkey; /* a JWK */
};
void lk_token_claims_clear(struct lk_token_claims *c);
#define LK_TOKEN_CLAIMS LK_CLEANUP(lk_token_claims_clear) struct lk_token_claims
enum lk_status lk_token_claims_read(const char *payload, struct lk_token_claims *ret,
				    struct lk_error *err);
