/* SPDX-License-Identifier: Apache-2.0 */
/*
 * X.509 certificates and revocation lists (RFC 5280) of those who sign evidence, over GnuTLS: one
 * step of a chain at a time, and what is in the extensions. Nothing here trusts anything; trust.h
 * does. Objects do not change once read and may be used from several threads.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/cleanup.h"
#include "core/crypto.h"
#include "core/error.h"

#define LK_X509_MAX    (16u * 1024) /* the longest text of one certificate */
#define LK_CRL_MAX     (1024u * 1024)
#define LK_X509_SERIAL 32
#define LK_X509_NAME   96

struct lk_cert;

/* One certificate, DER or PEM. LK_TAMPERED when it is none. */
enum lk_status lk_cert_read(const void *data, size_t n, struct lk_cert **ret, struct lk_error *err);
void lk_cert_free(struct lk_cert *c);
LK_DEFINE_CLEANUP(struct lk_cert *, lk_cert_free)
#define LK_CERT LK_CLEANUP(lk_cert_free_p) struct lk_cert

bool lk_cert_same(const struct lk_cert *a, const struct lk_cert *b);
/* The subject's common name, cut to fit; "" when there is none. */
void lk_cert_name(const struct lk_cert *c, char out[LK_X509_NAME]);
/* An extension's value, once; false when it is absent or longer than cap. */
bool lk_cert_extension(const struct lk_cert *c, const char *oid, uint8_t *out, size_t cap,
		       size_t *ret_n);
/* LK_TAMPERED when the key is not of P-256 or P-384. */
enum lk_status lk_cert_ec_key(const struct lk_cert *c, struct lk_public_key *ret,
			      struct lk_error *err);

/* Did issuer, a CA, sign cert, and are both valid at now (seconds since 1970)? LK_TAMPERED says
 * what does not fit. Signatures by SHA-1 or keys below 112 bits of strength do not. */
bool lk_cert_names_issuer(const struct lk_cert *cert, const struct lk_cert *issuer);
enum lk_status lk_cert_check(const struct lk_cert *cert, const struct lk_cert *issuer, int64_t now,
			     struct lk_error *err);

struct lk_crl;
/* One list, DER or PEM. */
enum lk_status lk_crl_read(const void *data, size_t n, struct lk_crl **ret, struct lk_error *err);
void lk_crl_free(struct lk_crl *crl);
LK_DEFINE_CLEANUP(struct lk_crl *, lk_crl_free)

enum lk_revocation {
	LK_NOT_LISTED, /* this list is another issuer's, or not signed by this one, or not yet valid */
	LK_GOOD,
	LK_GOOD_STALE, /* the list's next update is past */
	LK_REVOKED,
};
/* May this issuer sign lists? One that may not has none, and nothing to say of those below it. */
bool lk_cert_signs_lists(const struct lk_cert *issuer);
enum lk_revocation lk_crl_look(const struct lk_crl *crl, const struct lk_cert *cert,
			       const struct lk_cert *issuer, int64_t now);

/* A signature of RSASSA-PKCS1-v1_5 with SHA-256 by a key of 2048 to 4096 bits. LK_TAMPERED. */
enum lk_status lk_rsa_verify_sha256(const struct lk_public_key *key, const void *data, size_t n,
				    const uint8_t *sig, size_t sig_len, struct lk_error *err);
/* A DER SubjectPublicKeyInfo: RSA of 2048 to 4096 bits, P-256 or P-384. LK_TAMPERED. */
enum lk_status lk_spki_read(const void *der, size_t n, struct lk_public_key *ret,
			    struct lk_error *err);
