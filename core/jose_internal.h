/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of core/jose*.c share: base64url members, and the parsed forms of JWE and JWS,
 * which fuzzers and unit tests look at too. Not for other rooms. */
#pragma once

#include "core/jose.h"

/* Decode a base64url member into at most cap bytes; LK_TAMPERED with the member's name. */
enum lk_status lk_jose_bytes(const struct json_t *obj, const char *name, uint8_t *out, size_t cap,
			     size_t *ret_n, struct lk_error *err);
/* The same into a secret. */
enum lk_status lk_jose_secret(const struct json_t *obj, const char *name, size_t cap,
			      struct lk_secret *ret, struct lk_error *err);
/* Decode base64url text into memory of its own, terminated; what: for messages. */
enum lk_status lk_jose_decode(const char *text, size_t len, const char *what, uint8_t **ret,
			      size_t *ret_n, struct lk_error *err);
/* Add a base64url member of at most 512 bytes. */
bool lk_jose_set_bytes(struct json_t *obj, const char *name, const void *data, size_t n);

struct lk_jwe {
	struct json_t *doc;	/* owned */
	const char *protected_; /* as received: the authenticated data; lives in doc */
	enum lk_key_kind kind;	/* of the key it was made for; any RSA size is LK_KEY_RSA2048 */
	struct lk_public_key epk;
	uint8_t key[512]; /* encrypted */
	size_t key_len;
	uint8_t iv[12], tag[16];
	uint8_t *ciphertext; /* owned */
	size_t ciphertext_len;
};
/* Pure: shape, lengths, alphabets, algorithms. Release with lk_jwe_free in any case. */
enum lk_status lk_jwe_parse(const char *text, size_t len, struct lk_jwe *jwe, struct lk_error *err);
/* The same for the form of protocol 0.1.x; protected_ is the header's JSON. */
enum lk_status lk_jwe_parse_legacy(const char *text, size_t len, struct lk_jwe *jwe,
				   struct lk_error *err);
void lk_jwe_free(struct lk_jwe *jwe);
/* The two forms are opened alike: parsed, then decrypted; what is not authentic is JWE_INVALID. */
struct lk_jwe_form {
	enum lk_status (*parse)(const char *text, size_t len, struct lk_jwe *jwe,
				struct lk_error *err);
	enum lk_status (*decrypt)(const struct lk_keypair *k, const struct lk_jwe *jwe,
				  struct lk_secret *ret, struct lk_error *err);
};
enum lk_status lk_jwe_open_form(const struct lk_jwe_form *form, const struct lk_keypair *k,
				const char *text, size_t len, struct lk_secret *ret,
				struct lk_error *err);
/* The key that wraps the content key, from the agreed secret (RFC 7518, 4.6.2). */
enum lk_status lk_jwe_kek(const struct lk_secret *z, struct lk_secret *ret, struct lk_error *err);

struct lk_jws {
	struct json_t *header; /* owned */
	size_t signed_len;     /* of the token, from its start */
	uint8_t *payload;      /* owned, terminated */
	size_t payload_len;
	uint8_t sig[64];
};
/* Pure: three parts, a header that says ES256 and asks for nothing critical. */
enum lk_status lk_jws_parse(const char *token, size_t len, struct lk_jws *jws,
			    struct lk_error *err);
void lk_jws_free(struct lk_jws *jws);
