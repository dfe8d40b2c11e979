/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The private key of a PKCS#12 file (RFC 7292) in the one shape that client keys have: MAC with
 * HMAC-SHA1, key bag under SHA-1 and triple DES of two or three keys, DER throughout. The MAC is
 * checked before anything is decrypted. Pure and bounded.
 *
 * Errors: LK_TAMPERED where the bytes are not such a file, or the password is wrong.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/crypto.h"

#define LK_PKCS12_MAX	     32768  /* bytes of a file */
#define LK_PKCS12_PASSWORD   256    /* characters, ASCII */
#define LK_PKCS12_ITERATIONS 200000 /* more is refused, not computed */

struct lk_span {
	const uint8_t *data;
	size_t len;
};

/* Where everything lies in the file; nothing of it is proved. */
struct lk_pkcs12 {
	struct lk_span content; /* what the MAC covers */
	struct lk_span mac, mac_salt;
	int mac_iterations;
	int two_keys;		  /* of triple DES, instead of three */
	struct lk_span salt, key; /* of the first key bag; key is ciphertext */
	int iterations;
};
enum lk_status lk_pkcs12_parse(const void *der, size_t n, struct lk_pkcs12 *ret,
			       struct lk_error *err);

/* Appendix B.2 with SHA-1. id: 1 key, 2 IV, 3 MAC key. */
enum lk_status lk_pkcs12_derive(const char *password, size_t password_len,
				const struct lk_span *salt, uint8_t id, int iterations,
				uint8_t *out, size_t n, struct lk_error *err);

/* The PrivateKeyInfo (PKCS#8) in the clear. */
enum lk_status lk_pkcs12_open(const void *der, size_t n, const char *password, size_t password_len,
			      struct lk_secret *ret, struct lk_error *err);
