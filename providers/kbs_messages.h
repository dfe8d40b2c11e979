/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The messages of the key broker protocol (RCAR): Request, Challenge, Attestation, Response and
 * typed errors, built and parsed. Pure: no I/O, no clock, no randomness.
 *
 * What a server sends is closed: members that the protocol does not name are refused
 * (REPLY_INVALID), except inside extra-params, its own place for extensions.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/crypto.h"
#include "core/json.h"
#include "providers/kbs_protocol.h"

/* Limits on what is taken, in bytes. */
#define LK_KBS_CHALLENGE_MAX 16384
#define LK_KBS_TOKEN_MAX     (256u * 1024)
#define LK_KBS_RESOURCE_MAX  (128u * 1024)
#define LK_KBS_ERROR_MAX     16384
#define LK_KBS_NONCE_MIN     16
#define LK_KBS_NONCE_MAX     1024
#define LK_KBS_COOKIE_MAX    4096

/* POST /auth. *ret: free with lk_json_text_free, as all texts here. */
enum lk_status lk_kbs_request_build(enum lk_kbs_protocol protocol, const char *tee, char **ret,
				    size_t *ret_len, struct lk_error *err);

struct lk_kbs_challenge {
	char nonce[LK_KBS_NONCE_MAX + 1]; /* opaque: goes back as the very same string */
	enum lk_hash hash;		  /* SHA-384 unless the server selects another */
	enum lk_kbs_protocol protocol;	  /* in which the handshake goes on */
};
enum lk_status lk_kbs_challenge_parse(enum lk_kbs_protocol protocol, const void *text, size_t len,
				      struct lk_kbs_challenge *ret, struct lk_error *err);

/* HASH over the canonical form of {additional-evidence, nonce, tee-pubkey}, the first from 0.4.0
 * on: what the evidence of the primary TEE carries. tee_key: from lk_jwk_from_public with its alg. */
enum lk_status lk_kbs_report_data(const struct lk_kbs_challenge *c, struct json_t *tee_key,
				  uint8_t out[LK_HASH_MAX], struct lk_error *err);
/* POST /attest. Borrows tee_key and evidence. */
#define LK_KBS_ATTESTATION_MAX (2u * 1024 * 1024)
enum lk_status lk_kbs_attestation_build(const struct lk_kbs_challenge *c, struct json_t *tee_key,
					struct json_t *evidence, char **ret, size_t *ret_len,
					struct lk_error *err);
/* The answer of /attest: {"token": three parts, the second a JSON object}. Its signature is the
 * server's business: what protects the key is that only the TEE key opens the answer. *ret_life_s
 * is exp - iat, which asks no clock; 0 where one of them is missing. ret: the token, terminated; NULL
 * if it is not wanted. */
enum lk_status lk_kbs_token_parse(const void *text, size_t len, struct lk_secret *ret,
				  int64_t *ret_life_s, struct lk_error *err);

/* The session id out of a raw header block; LK_TAMPERED when the cookie is there but malformed,
 * LK_ABSENT when there is none. */
enum lk_status lk_kbs_cookie_parse(const void *head, size_t len, char out[LK_KBS_COOKIE_MAX + 1],
				   struct lk_error *err);

/* Raise what an answer other than 200 means. `detail` and foreign bodies are never quoted. */
enum lk_kbs_step { LK_KBS_AUTH, LK_KBS_ATTEST, LK_KBS_RESOURCE };
enum lk_status lk_kbs_refusal(enum lk_kbs_step step, int http_status, const void *body, size_t len,
			      struct lk_error *err);
