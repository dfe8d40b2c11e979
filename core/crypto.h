/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hashes, key pairs, key agreement, key wrap and authenticated encryption, over mbedTLS.
 * Failures are LK_INTERNAL unless a line says otherwise; LK_TAMPERED always means that a tag,
 * signature, padding or point did not fit. core/crypto*.c are the only users of mbedTLS.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/cleanup.h"
#include "core/error.h"
#include "core/secret.h"

/* Once per program, before any other call; also makes libcurl's use of PSA safe. */
enum lk_status lk_crypto_setup(struct lk_error *err);

enum lk_status lk_random(void *out, size_t n, struct lk_error *err);
enum lk_status lk_random_secret(struct lk_secret *ret, size_t n, struct lk_error *err);

enum lk_hash { LK_SHA256, LK_SHA384, LK_SHA512 };
#define LK_HASH_MAX 64
size_t lk_hash_size(enum lk_hash alg);
enum lk_status lk_hash(enum lk_hash alg, const void *data, size_t n, uint8_t out[LK_HASH_MAX],
		       struct lk_error *err);
/* Incremental form, for files. */
struct lk_hasher;
enum lk_status lk_hasher_new(enum lk_hash alg, struct lk_hasher **ret, struct lk_error *err);
enum lk_status lk_hasher_add(struct lk_hasher *h, const void *data, size_t n, struct lk_error *err);
enum lk_status lk_hasher_end(struct lk_hasher *h, uint8_t out[LK_HASH_MAX], struct lk_error *err);
void lk_hasher_free(struct lk_hasher *h);
LK_DEFINE_CLEANUP(struct lk_hasher *, lk_hasher_free)

enum lk_status lk_hmac_sha256(const void *key, size_t key_len, const void *data, size_t n,
			      uint8_t out[32], struct lk_error *err);
/* Only for protocols that prescribe it. */
enum lk_status lk_hmac_sha1(const void *key, size_t key_len, const void *data, size_t n,
			    uint8_t out[20], struct lk_error *err);
/* HKDF-SHA256 (RFC 5869) with an empty salt. */
enum lk_status lk_hkdf_sha256(const struct lk_secret *key, const char *info, uint8_t *out, size_t n,
			      struct lk_error *err);

/* An asymmetric key pair; the private part never leaves mbedTLS' own memory, which is wiped. */
enum lk_key_kind { LK_KEY_P256, LK_KEY_P384, LK_KEY_P521, LK_KEY_RSA2048 };
struct lk_keypair;
enum lk_status lk_keypair_generate(enum lk_key_kind kind, struct lk_keypair **ret,
				   struct lk_error *err);
/* From a private scalar, big-endian and full length (vectors, stored server keys); EC only. */
enum lk_status lk_keypair_from_scalar(enum lk_key_kind kind, const uint8_t *d, size_t n,
				      struct lk_keypair **ret, struct lk_error *err);
/* From RSA n, e, d, p, q (big-endian), any size from 2048 to 4096 bits. */
struct lk_rsa_parts {
	const uint8_t *n, *e, *d, *p, *q;
	size_t n_len, e_len, d_len, p_len, q_len;
};
enum lk_status lk_keypair_from_rsa(const struct lk_rsa_parts *parts, struct lk_keypair **ret,
				   struct lk_error *err);
/* From an RSA key in PKCS#8 (DER). LK_TAMPERED when it is not one. */
enum lk_status lk_keypair_from_pkcs8(const uint8_t *der, size_t n, struct lk_keypair **ret,
				     struct lk_error *err);
/* From an EC key on P-256 as PEM text, not encrypted. LK_CONFIG when it is not one. */
enum lk_status lk_keypair_from_pem(const char *text, struct lk_keypair **ret, struct lk_error *err);
enum lk_status lk_keypair_scalar(const struct lk_keypair *k, struct lk_secret *ret,
				 struct lk_error *err); /* EC only */
void lk_keypair_free(struct lk_keypair *k);
LK_DEFINE_CLEANUP(struct lk_keypair *, lk_keypair_free)
enum lk_key_kind lk_keypair_kind(const struct lk_keypair *k);

/* A public key as JOSE names it. EC: x and y are full field length. RSA: minimal big-endian. */
struct lk_public_key {
	enum lk_key_kind kind; /* LK_KEY_RSA2048 stands for RSA of any allowed size */
	uint8_t x[66], y[66];
	size_t xy_len;
	uint8_t n[512];
	size_t n_len;
	uint8_t e[8];
	size_t e_len;
};
enum lk_status lk_keypair_public(const struct lk_keypair *k, struct lk_public_key *ret,
				 struct lk_error *err);

/* ECDH: the shared x coordinate, full field length. LK_TAMPERED when peer is not a valid point
 * of the key's curve. */
enum lk_status lk_ecdh(const struct lk_keypair *k, const struct lk_public_key *peer,
		       struct lk_secret *ret, struct lk_error *err);
/* RSA-OAEP with SHA-256 for label and MGF1, empty label (RFC 8017 7.1). */
enum lk_status lk_rsa_oaep_open(const struct lk_keypair *k, const uint8_t *in, size_t n,
				struct lk_secret *ret, struct lk_error *err);
enum lk_status lk_rsa_oaep_seal(const struct lk_public_key *k, const uint8_t *in, size_t n,
				uint8_t out[512], size_t *ret_n, struct lk_error *err);
/* RSAES-PKCS1-v1_5 (RFC 8017 7.2) of a secret of n_out bytes, for a protocol that prescribes it.
 * Where the padding or the length does not fit, *ret is random: what is opened with it then fails
 * as with any wrong key, and nobody learns more (RFC 3218, 2.3.2). */
enum lk_status lk_rsa_pkcs1_open(const struct lk_keypair *k, const uint8_t *in, size_t n,
				 size_t n_out, struct lk_secret *ret, struct lk_error *err);
/* RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 8.2). */
enum lk_status lk_rsa_sign_sha256(const struct lk_keypair *k, const void *data, size_t n,
				  uint8_t sig[512], size_t *ret_n, struct lk_error *err);
/* ECDSA with the curve's JOSE hash (ES256, ES384, ES512); raw r || s. Verify: LK_TAMPERED. */
enum lk_status lk_ecdsa_sign(const struct lk_keypair *k, const void *data, size_t n,
			     uint8_t sig[132], size_t *ret_n, struct lk_error *err);
enum lk_status lk_ecdsa_verify(const struct lk_public_key *k, const void *data, size_t n,
			       const uint8_t *sig, size_t sig_len, struct lk_error *err);

/* P-256 by other means, for a program that has a faster one at hand; the functions above then use it
 * and promise the same. Numbers are big-endian and of full length; digest is SHA-256. Points and
 * private numbers out of range, and signatures that do not fit: LK_TAMPERED. */
#define LK_P256_SIZE 32
struct lk_p256 {
	enum lk_status (*public_of)(const uint8_t d[LK_P256_SIZE], uint8_t x[LK_P256_SIZE],
				    uint8_t y[LK_P256_SIZE], struct lk_error *err);
	/* z: the shared x coordinate */
	enum lk_status (*agree)(const uint8_t d[LK_P256_SIZE], const uint8_t x[LK_P256_SIZE],
				const uint8_t y[LK_P256_SIZE], uint8_t z[LK_P256_SIZE],
				struct lk_error *err);
	enum lk_status (*sign)(const uint8_t d[LK_P256_SIZE], const uint8_t digest[LK_P256_SIZE],
			       uint8_t sig[2 * LK_P256_SIZE], struct lk_error *err);
	enum lk_status (*verify)(const uint8_t x[LK_P256_SIZE], const uint8_t y[LK_P256_SIZE],
				 const uint8_t digest[LK_P256_SIZE],
				 const uint8_t sig[2 * LK_P256_SIZE], struct lk_error *err);
};
/* Before any thread; NULL: mbedTLS again. */
void lk_crypto_use_p256(const struct lk_p256 *p256);

/* AES key wrap of RFC 3394, default IV. kek: 16, 24 or 32 bytes. Unwrap: LK_TAMPERED. */
enum lk_status lk_aes_kw_seal(const struct lk_secret *kek, const struct lk_secret *key,
			      uint8_t *out, size_t cap, size_t *ret_n, struct lk_error *err);
enum lk_status lk_aes_kw_open(const struct lk_secret *kek, const uint8_t *in, size_t n,
			      struct lk_secret *ret, struct lk_error *err);
/* AES-GCM, 12-byte IV, 16-byte tag; key 16 or 32 bytes. open: LK_TAMPERED, output wiped. */
enum lk_status lk_aes_gcm_seal(const struct lk_secret *key, const uint8_t iv[12], const void *aad,
			       size_t aad_len, const void *in, size_t n, uint8_t *out,
			       uint8_t tag[16], struct lk_error *err);
enum lk_status lk_aes_gcm_open(const struct lk_secret *key, const uint8_t iv[12], const void *aad,
			       size_t aad_len, const void *in, size_t n, const uint8_t tag[16],
			       struct lk_secret *ret, struct lk_error *err);

/* AES-256-CTR, which proves nothing: encrypts and decrypts alike. key: 32 bytes; out may be in. */
enum lk_status lk_aes_ctr(const struct lk_secret *key, const uint8_t iv[16], const void *in,
			  size_t n, uint8_t *out, struct lk_error *err);

/* AES-XTS encryption of whole sectors as dm-crypt's aes-xts-plain64 does: the tweak is the sector
 * number in 512-byte units, little-endian. key: 32 or 64 bytes. n is a multiple of sector_size.
 * In place if out == in. */
struct lk_xts;
enum lk_status lk_xts_new(const struct lk_secret *key, struct lk_xts **ret, struct lk_error *err);
enum lk_status lk_xts_encrypt(struct lk_xts *x, uint64_t sector512, uint32_t sector_size,
			      const uint8_t *in, uint8_t *out, size_t n, struct lk_error *err);
void lk_xts_free(struct lk_xts *x);
LK_DEFINE_CLEANUP(struct lk_xts *, lk_xts_free)

/* SPKI pin of a PEM certificate: "sha256//<std base64>", as CURLOPT_PINNEDPUBLICKEY takes it. */
#define LK_SPKI_PIN_SIZE 64
enum lk_status lk_x509_spki_pin(const char *pem, char out[LK_SPKI_PIN_SIZE], struct lk_error *err);
/* Count of certificates in a PEM bundle that parse; LK_CONFIG when one does not or there is none. */
enum lk_status lk_x509_check_bundle(const char *pem, unsigned *ret_n, struct lk_error *err);
/* For an mbedtls_ssl_config handed out by libcurl: certificates signed with SHA-256 or better, by EC
 * keys of 256 bits or RSA keys of 2048 bits at least. libcurl by itself takes SHA-1 and 1024. */
void lk_tls_strong_chains(void *ssl_config);
/* For the same: verify as always, but do not evaluate dates. */
void lk_tls_ignore_dates(void *ssl_config);
