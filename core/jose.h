/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JOSE objects as the KBS protocol uses them: public JWK (RFC 7517), flattened JWE (RFC 7516)
 * with A256GCM and ECDH-ES+A256KW (P-256, P-521) or RSA-OAEP-256, compact JWS (RFC 7515) with
 * ES256, JWK thumbprints (RFC 7638). Parsing is separate from the cryptography and pure.
 */
#pragma once

#include "core/crypto.h"
#include "core/json.h"

/* The JWK of a public key with exactly {kty, crv, alg, x, y} or {kty, alg, n, e}, in that order;
 * alg may be NULL to leave it out. Caller owns the result. */
enum lk_status lk_jwk_from_public(const struct lk_public_key *k, const char *alg,
				  struct json_t **ret, struct lk_error *err);
/* Read a public JWK: full-length coordinates, known curves, RSA 2048 to 4096. Private members are
 * an error (LK_CONFIG: "holds a private key"). Unknown members are left alone. */
enum lk_status lk_jwk_to_public(const struct json_t *jwk, struct lk_public_key *ret,
				struct lk_error *err);
/* A private JWK (EC d, RSA n e d p q ...). */
enum lk_status lk_jwk_to_keypair(const struct json_t *jwk, struct lk_keypair **ret,
				 struct lk_error *err);
/* "ECDH-ES+A256KW" or "RSA-OAEP-256"; never NULL. */
const char *lk_jwe_alg(enum lk_key_kind kind);
#define LK_THUMBPRINT_SIZE 44
enum lk_status lk_jwk_thumbprint(const struct lk_public_key *k, char out[LK_THUMBPRINT_SIZE],
				 struct lk_error *err);

/* Flattened JWE, checked for shape first: lengths, alphabets, alg, enc, epk. All that does not fit
 * is LK_TAMPERED with LK_C_JWE_INVALID. An empty plaintext is a secret of length 0. */
#define LK_JWE_MAX (4u * 1024 * 1024)
enum lk_status lk_jwe_open(const struct lk_keypair *k, const char *text, size_t len,
			   struct lk_secret *ret, struct lk_error *err);
/* The same of old brokers (protocol 0.1.x): RSAES-PKCS1-v1_5, `protected` is JSON in the clear and
 * not authenticated, `tag` is empty and the tag ends the ciphertext. Whether the padding or the tag
 * did not fit cannot be told from outside. */
#define LK_JWE_LEGACY_ALG "RSA1_5"
enum lk_status lk_jwe_open_legacy(const struct lk_keypair *k, const char *text, size_t len,
				  struct lk_secret *ret, struct lk_error *err);
/* text: compact JSON with members in the order real clients insist on (protected, encrypted_key,
 * iv, ciphertext, tag; header alg, enc, epk{crv,kty,x,y}). LK_CONFIG for a key on P-384 and for
 * more than about 3 MiB; LK_TAMPERED for a key that is no point of its curve. */
enum lk_status lk_jwe_seal(const struct lk_public_key *k, const void *data, size_t n, char **ret,
			   size_t *ret_len, struct lk_error *err);

/* Compact JWS over payload with header {"typ":..,"alg":"ES256","kid":..}; typ and kid may be NULL
 * to leave them out. *ret is a malloc'ed string. */
#define LK_JWS_MAX (1024u * 1024)
enum lk_status lk_jws_sign(const struct lk_keypair *k, const char *typ, const char *kid,
			   const char *payload, size_t n, char **ret, struct lk_error *err);
/* Which key a token says that it was signed with, before any is chosen. Parses the whole token; only
 * its header must name a key (REPLY_INVALID), at most LK_JWS_KID_MAX bytes. Believe nothing yet. */
#define LK_JWS_KID_MAX 255
enum lk_status lk_jws_kid(const char *token, size_t len, char ret[LK_JWS_KID_MAX + 1],
			  struct lk_error *err);
/* Verify with the one key the caller trusts; header alg must be ES256, a `jwk` member is ignored,
 * kid must match when the header has one and kid is not NULL. *ret_payload is malloc'ed and
 * terminated; whether it is JSON is the caller's to find out. */
enum lk_status lk_jws_verify(const struct lk_public_key *k, const char *kid, const char *token,
			     size_t len, char **ret_payload, size_t *ret_len, struct lk_error *err);
