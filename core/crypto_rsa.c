/* SPDX-License-Identifier: Apache-2.0 */
/* RSA keys, RSA-OAEP with SHA-256, RSAES- and RSASSA-PKCS1-v1_5. Private operations are blinded. */
#include <mbedtls/rsa.h>
#include <stdbool.h>
#include <string.h>

#include "core/crypto_internal.h"

#define BITS_MIN	2048
#define BITS_MAX	4096
#define PUBLIC_EXPONENT 65537

LK_DEFINE_CLEANUP(mbedtls_rsa_context *, lk_rsa_free)
#define LK_RSA LK_CLEANUP(lk_rsa_free_p) mbedtls_rsa_context
#define LK_MPI LK_CLEANUP(mbedtls_mpi_free) mbedtls_mpi

static mbedtls_rsa_context *rsa_new(void)
{
	mbedtls_rsa_context *rsa = calloc(1, sizeof(*rsa));

	if (rsa) {
		mbedtls_rsa_init(rsa);
		(void)mbedtls_rsa_set_padding(rsa, MBEDTLS_RSA_PKCS_V21, MBEDTLS_MD_SHA256);
	}
	return rsa;
}

void lk_rsa_free(mbedtls_rsa_context *rsa)
{
	if (!rsa)
		return;
	mbedtls_rsa_free(rsa); /* wipes */
	free(rsa);
}

enum lk_status lk_rsa_generate(mbedtls_rsa_context **ret, struct lk_error *err)
{
	LK_RSA *rsa = rsa_new();
	int rc;

	if (!rsa)
		return lk_raise(err, LK_INTERNAL, "generate an RSA key: out of memory");
	rc = mbedtls_rsa_gen_key(rsa, lk_crypto_rng, NULL, BITS_MIN, PUBLIC_EXPONENT);
	if (rc)
		return lk_crypto_raise(err, "generate an RSA key", rc);
	*ret = lk_take(rsa);
	return LK_OK;
}

static enum lk_status check_size(const mbedtls_rsa_context *rsa, struct lk_error *err)
{
	size_t bits = mbedtls_rsa_get_bitlen(rsa);

	if (bits < BITS_MIN || bits > BITS_MAX)
		return lk_raise(err, LK_TAMPERED, "an RSA key of %zu bits, not %d to %d", bits,
				BITS_MIN, BITS_MAX);
	return LK_OK;
}

/* mbedTLS reports what is wrong with a key and what is wrong with itself in one number. */
static bool is_bad_key(int rc)
{
	return rc == MBEDTLS_ERR_RSA_KEY_CHECK_FAILED || rc == MBEDTLS_ERR_RSA_BAD_INPUT_DATA;
}

enum lk_status lk_keypair_from_rsa(const struct lk_rsa_parts *parts, struct lk_keypair **ret,
				   struct lk_error *err)
{
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *k = calloc(1, sizeof(*k));
	enum lk_status st;
	int rc;

	if (k)
		k->rsa = rsa_new();
	if (!k || !k->rsa)
		return lk_raise(err, LK_INTERNAL, "read an RSA key: out of memory");
	rc = mbedtls_rsa_import_raw(k->rsa, parts->n, parts->n_len, parts->p, parts->p_len,
				    parts->q, parts->q_len, parts->d, parts->d_len, parts->e,
				    parts->e_len);
	if (!rc)
		rc = mbedtls_rsa_complete(k->rsa);
	if (!rc)
		rc = mbedtls_rsa_check_privkey(k->rsa);
	if (is_bad_key(rc))
		return lk_raise(err, LK_TAMPERED, "an RSA key whose parts do not fit together");
	if (rc)
		return lk_crypto_raise(err, "read an RSA key", rc);
	st = check_size(k->rsa, err);
	if (st)
		return st;
	k->kind = LK_KEY_RSA2048;
	*ret = lk_take(k);
	return LK_OK;
}

enum lk_status lk_rsa_public(const mbedtls_rsa_context *rsa, struct lk_public_key *ret,
			     struct lk_error *err)
{
	struct lk_public_key pub = { .kind = LK_KEY_RSA2048 };
	LK_MPI n = { 0 };
	LK_MPI e = { 0 };
	int rc;

	rc = mbedtls_rsa_export(rsa, &n, NULL, NULL, NULL, &e);
	if (rc)
		return lk_crypto_raise(err, "write an RSA public key", rc);
	pub.n_len = mbedtls_mpi_size(&n);
	pub.e_len = mbedtls_mpi_size(&e);
	if (pub.n_len > sizeof(pub.n) || pub.e_len > sizeof(pub.e))
		return lk_raise(err, LK_INTERNAL, "an RSA public key that is too long");
	rc = mbedtls_mpi_write_binary(&n, pub.n, pub.n_len);
	if (!rc)
		rc = mbedtls_mpi_write_binary(&e, pub.e, pub.e_len);
	if (rc)
		return lk_crypto_raise(err, "write an RSA public key", rc);
	*ret = pub;
	return LK_OK;
}

/* Did the ciphertext not fit, rather than something here break? */
static bool is_bad_ciphertext(int rc)
{
	return rc == MBEDTLS_ERR_RSA_INVALID_PADDING ||
	       rc == MBEDTLS_ERR_RSA_PRIVATE_FAILED + MBEDTLS_ERR_MPI_BAD_INPUT_DATA;
}

enum lk_status lk_rsa_oaep_open(const struct lk_keypair *k, const uint8_t *in, size_t n,
				struct lk_secret *ret, struct lk_error *err)
{
	LK_SECRET s = { 0 };
	enum lk_status st;
	size_t got = 0;
	int rc;

	if (!k->rsa)
		return lk_raise(err, LK_INTERNAL, "RSA-OAEP with a key that is not RSA");
	if (n != mbedtls_rsa_get_len(k->rsa))
		return lk_raise(err, LK_TAMPERED, "an RSA ciphertext of %zu bytes, not %zu", n,
				mbedtls_rsa_get_len(k->rsa));
	st = lk_secret_alloc(&s, n, err);
	if (st)
		return st;
	rc = mbedtls_rsa_rsaes_oaep_decrypt(k->rsa, lk_crypto_rng, NULL, NULL, 0, &got, in, s.data,
					    s.cap);
	if (is_bad_ciphertext(rc))
		return lk_raise(err, LK_TAMPERED, "an RSA ciphertext that does not fit the key");
	if (rc)
		return lk_crypto_raise(err, "open an RSA ciphertext", rc);
	s.len = got;
	*ret = lk_secret_take(&s);
	return LK_OK;
}

enum lk_status lk_rsa_oaep_seal(const struct lk_public_key *k, const uint8_t *in, size_t n,
				uint8_t out[512], size_t *ret_n, struct lk_error *err)
{
	LK_RSA *rsa = rsa_new();
	enum lk_status st;
	int rc;

	if (!rsa)
		return lk_raise(err, LK_INTERNAL, "seal with RSA: out of memory");
	if (k->kind != LK_KEY_RSA2048)
		return lk_raise(err, LK_INTERNAL, "RSA-OAEP with a key that is not RSA");
	rc = mbedtls_rsa_import_raw(rsa, k->n, k->n_len, NULL, 0, NULL, 0, NULL, 0, k->e, k->e_len);
	if (!rc)
		rc = mbedtls_rsa_complete(rsa);
	if (!rc)
		rc = mbedtls_rsa_check_pubkey(rsa);
	if (is_bad_key(rc))
		return lk_raise(err, LK_TAMPERED, "an RSA public key that cannot be one");
	if (rc)
		return lk_crypto_raise(err, "read an RSA public key", rc);
	st = check_size(rsa, err);
	if (st)
		return st;
	rc = mbedtls_rsa_rsaes_oaep_encrypt(rsa, lk_crypto_rng, NULL, NULL, 0, n, in, out);
	if (rc)
		return lk_crypto_raise(err, "seal with RSA", rc);
	*ret_n = mbedtls_rsa_get_len(rsa);
	return LK_OK;
}

/* The key's own padding is OAEP's; a copy gets the other. */
static int pkcs1_copy(mbedtls_rsa_context *copy, const mbedtls_rsa_context *rsa)
{
	int rc = mbedtls_rsa_copy(copy, rsa);

	return rc ? rc : mbedtls_rsa_set_padding(copy, MBEDTLS_RSA_PKCS_V15, MBEDTLS_MD_NONE);
}

/* Decrypt into s, which holds n_out random bytes: they stay unless n_out bytes come out. */
static enum lk_status pkcs1_decrypt(mbedtls_rsa_context *rsa, const uint8_t *in, size_t n_out,
				    struct lk_secret *s, struct lk_error *err)
{
	LK_SECRET out = { 0 };
	enum lk_status st;
	size_t got = 0, i;
	uint8_t keep;
	int rc;

	st = lk_secret_alloc(&out, mbedtls_rsa_get_len(rsa), err);
	if (st)
		return st;
	rc = mbedtls_rsa_rsaes_pkcs1_v15_decrypt(rsa, lk_crypto_rng, NULL, &got, in, out.data,
						 out.cap);
	if (rc && !is_bad_ciphertext(rc) && rc != MBEDTLS_ERR_RSA_OUTPUT_TOO_LARGE)
		return lk_crypto_raise(err, "open an RSA ciphertext", rc);
	/* no branch on what came out */
	keep = (uint8_t)(0 - (unsigned)((rc != 0) | (got != n_out)));
	for (i = 0; i < n_out; i++)
		s->data[i] = (uint8_t)((s->data[i] & keep) | (out.data[i] & (uint8_t)~keep));
	return LK_OK;
}

enum lk_status lk_rsa_pkcs1_open(const struct lk_keypair *k, const uint8_t *in, size_t n,
				 size_t n_out, struct lk_secret *ret, struct lk_error *err)
{
	LK_RSA *rsa = rsa_new();
	LK_SECRET s = { 0 };
	enum lk_status st;
	int rc;

	if (!rsa)
		return lk_raise(err, LK_INTERNAL, "open with RSA: out of memory");
	if (!k->rsa)
		return lk_raise(err, LK_INTERNAL, "RSA1_5 with a key that is not RSA");
	if (n != mbedtls_rsa_get_len(k->rsa) || n_out > n)
		return lk_raise(err, LK_TAMPERED, "an RSA ciphertext of %zu bytes, not %zu", n,
				mbedtls_rsa_get_len(k->rsa));
	rc = pkcs1_copy(rsa, k->rsa);
	if (rc)
		return lk_crypto_raise(err, "open an RSA ciphertext", rc);
	st = lk_random_secret(&s, n_out, err);
	if (!st)
		st = pkcs1_decrypt(rsa, in, n_out, &s, err);
	if (st)
		return st;
	*ret = lk_secret_take(&s);
	return LK_OK;
}

enum lk_status lk_rsa_sign_sha256(const struct lk_keypair *k, const void *data, size_t n,
				  uint8_t sig[512], size_t *ret_n, struct lk_error *err)
{
	LK_RSA *rsa = rsa_new();
	uint8_t digest[LK_HASH_MAX];
	enum lk_status st;
	int rc;

	if (!rsa)
		return lk_raise(err, LK_INTERNAL, "sign with RSA: out of memory");
	if (!k->rsa)
		return lk_raise(err, LK_INTERNAL, "an RSA signature with a key that is not RSA");
	st = lk_hash(LK_SHA256, data, n, digest, err);
	if (st)
		return st;
	rc = pkcs1_copy(rsa, k->rsa);
	if (!rc)
		rc = mbedtls_rsa_rsassa_pkcs1_v15_sign(rsa, lk_crypto_rng, NULL, MBEDTLS_MD_SHA256,
						       32, digest, sig);
	if (rc)
		return lk_crypto_raise(err, "sign with RSA", rc);
	*ret_n = mbedtls_rsa_get_len(k->rsa);
	return LK_OK;
}
