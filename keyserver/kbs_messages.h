/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSON of the KBS attestation protocol 0.4.0 as a server sees it: reads what clients send,
 * builds what they expect. Pure. As strict as the protocol's reference server: what that one
 * ignores (members it does not know) is ignored here, what it refuses is refused.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/cleanup.h"
#include "core/error.h"
#include "core/jose.h"

#define LK_KBS_BODY_MAX	  (2u * 1024 * 1024)
#define LK_KBS_TEE_MAX	  31
#define LK_KBS_DIGEST_LEN 48 /* SHA-384 */

/* POST /auth. LK_CONFIG: malformed, or a version other than 0.4.0; the outermost frame is fit to
 * be sent to the client. */
struct lk_kbs_request {
	char tee[LK_KBS_TEE_MAX + 1]; /* a name of the protocol's list */
};
enum lk_status lk_kbs_request_read(const char *text, size_t len, struct lk_kbs_request *ret,
				   struct lk_error *err);

/* POST /attest. */
struct lk_kbs_attestation {
	struct json_t *doc; /* owns what the others point to */
	const char *nonce;
	const char *additional_evidence; /* the string as sent; "" when there is none */
	const struct json_t *evidence;	 /* primary_evidence, any value */
	struct json_t *tee_pubkey;	 /* owned: known members only, others are dropped */
	bool has_init_data;
};
void lk_kbs_attestation_clear(struct lk_kbs_attestation *a);
#define LK_KBS_ATTESTATION LK_CLEANUP(lk_kbs_attestation_clear) struct lk_kbs_attestation
enum lk_status lk_kbs_attestation_read(const char *text, size_t len, struct lk_kbs_attestation *ret,
				       struct lk_error *err);

/* The document that the evidence must carry the hash of: {additional-evidence, nonce, tee-pubkey}
 * with the session's own nonce. Caller owns *ret. */
enum lk_status lk_kbs_runtime_data(const struct lk_kbs_attestation *a, const char *nonce,
				   struct json_t **ret, struct lk_error *err);
/* SHA-384 over its canonical form (RFC 8785). */
enum lk_status lk_kbs_runtime_digest(const struct json_t *runtime_data,
				     uint8_t ret[LK_KBS_DIGEST_LEN], struct lk_error *err);

/* The TEE key as far as resources can be encrypted to it: EC P-256 and P-521 with ECDH-ES+A256KW,
 * RSA with RSA-OAEP-256. LK_CONFIG for others: a key may attest and still be of no use here. */
enum lk_status lk_kbs_tee_key(const struct json_t *tee_pubkey, struct lk_public_key *ret,
			      struct lk_error *err);

/* Answers; malloc'ed text. */
enum lk_status lk_kbs_challenge_text(const char *nonce, char **ret, size_t *ret_len,
				     struct lk_error *err);
enum lk_status lk_kbs_token_text(const char *token, char **ret, size_t *ret_len,
				 struct lk_error *err);
/* kind: the last part of the type's URL. */
enum lk_status lk_kbs_error_text(const char *kind, const char *detail, char **ret, size_t *ret_len,
				 struct lk_error *err);

/* "kbs-session-id=ID; Expires=Thu, 01 Jan 1970 00:00:00 GMT" */
#define LK_KBS_COOKIE_SIZE 96
void lk_kbs_cookie_text(const char *id, int64_t ends_wall, char ret[LK_KBS_COOKIE_SIZE]);
/* Find the session id in a Cookie header (RFC 6265 section 4.2); false if there is none or it is
 * not 32 lower-case hex digits. */
bool lk_kbs_cookie_read(const char *header, char *ret_id /* LK_SESSION_ID_SIZE */);
