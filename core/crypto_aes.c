/* SPDX-License-Identifier: Apache-2.0 */
/* AES: key wrap, authenticated encryption, and the sectors of dm-crypt. */
#include <mbedtls/aes.h>
#include <mbedtls/gcm.h>
#include <mbedtls/nist_kw.h>
#include <string.h>

#include "core/crypto_internal.h"

#define KW_BLOCK 8
#define KW_MIN	 16 /* of a key to wrap; RFC 3394, 2.2 */

#define LK_KW	 LK_CLEANUP(mbedtls_nist_kw_free) mbedtls_nist_kw_context
#define LK_GCM	 LK_CLEANUP(mbedtls_gcm_free) mbedtls_gcm_context

static enum lk_status kw_setup(mbedtls_nist_kw_context *kw, const struct lk_secret *kek, int wrap,
			       struct lk_error *err)
{
	int rc;

	if (kek->len != 16 && kek->len != 24 && kek->len != 32)
		return lk_raise(err, LK_INTERNAL, "AES key wrap with a key of %zu bytes", kek->len);
	rc = mbedtls_nist_kw_setkey(kw, MBEDTLS_CIPHER_ID_AES, kek->data, (unsigned)kek->len * 8,
				    wrap);
	return rc ? lk_crypto_raise(err, "AES key wrap", rc) : LK_OK;
}

enum lk_status lk_aes_kw_seal(const struct lk_secret *kek, const struct lk_secret *key,
			      uint8_t *out, size_t cap, size_t *ret_n, struct lk_error *err)
{
	LK_KW kw = { 0 };
	enum lk_status st;
	size_t n = 0;
	int rc;

	st = kw_setup(&kw, kek, 1, err);
	if (st)
		return st;
	rc = mbedtls_nist_kw_wrap(&kw, MBEDTLS_KW_MODE_KW, key->data, key->len, out, &n, cap);
	if (rc)
		return lk_crypto_raise(err, "AES key wrap", rc);
	*ret_n = n;
	return LK_OK;
}

enum lk_status lk_aes_kw_open(const struct lk_secret *kek, const uint8_t *in, size_t n,
			      struct lk_secret *ret, struct lk_error *err)
{
	LK_SECRET key = { 0 };
	LK_KW kw = { 0 };
	enum lk_status st;
	size_t got = 0;
	int rc;

	if (n < KW_MIN + KW_BLOCK || n % KW_BLOCK)
		return lk_raise(err, LK_TAMPERED, "a wrapped key of %zu bytes", n);
	st = kw_setup(&kw, kek, 0, err);
	if (st)
		return st;
	st = lk_secret_alloc(&key, n - KW_BLOCK, err);
	if (st)
		return st;
	rc = mbedtls_nist_kw_unwrap(&kw, MBEDTLS_KW_MODE_KW, in, n, key.data, &got, key.cap);
	if (rc == MBEDTLS_ERR_CIPHER_AUTH_FAILED)
		return lk_raise(err, LK_TAMPERED, "a wrapped key that does not fit");
	if (rc)
		return lk_crypto_raise(err, "AES key unwrap", rc);
	key.len = got;
	*ret = lk_secret_take(&key);
	return LK_OK;
}

static enum lk_status gcm_setup(mbedtls_gcm_context *gcm, const struct lk_secret *key,
				struct lk_error *err)
{
	int rc;

	if (key->len != 16 && key->len != 32)
		return lk_raise(err, LK_INTERNAL, "AES-GCM with a key of %zu bytes", key->len);
	rc = mbedtls_gcm_setkey(gcm, MBEDTLS_CIPHER_ID_AES, key->data, (unsigned)key->len * 8);
	return rc ? lk_crypto_raise(err, "AES-GCM", rc) : LK_OK;
}

enum lk_status lk_aes_gcm_seal(const struct lk_secret *key, const uint8_t iv[12], const void *aad,
			       size_t aad_len, const void *in, size_t n, uint8_t *out,
			       uint8_t tag[16], struct lk_error *err)
{
	LK_GCM gcm = { 0 };
	enum lk_status st;
	int rc;

	st = gcm_setup(&gcm, key, err);
	if (st)
		return st;
	rc = mbedtls_gcm_crypt_and_tag(&gcm, MBEDTLS_GCM_ENCRYPT, n, iv, 12, aad, aad_len, in, out,
				       16, tag);
	return rc ? lk_crypto_raise(err, "AES-GCM", rc) : LK_OK;
}

enum lk_status lk_aes_gcm_open(const struct lk_secret *key, const uint8_t iv[12], const void *aad,
			       size_t aad_len, const void *in, size_t n, const uint8_t tag[16],
			       struct lk_secret *ret, struct lk_error *err)
{
	LK_SECRET plain = { 0 };
	LK_GCM gcm = { 0 };
	enum lk_status st;
	int rc;

	st = gcm_setup(&gcm, key, err);
	if (st)
		return st;
	st = lk_secret_alloc(&plain, n ? n : 1, err);
	if (st)
		return st;
	rc = mbedtls_gcm_auth_decrypt(&gcm, n, iv, 12, aad, aad_len, tag, 16, in, plain.data);
	if (rc == MBEDTLS_ERR_GCM_AUTH_FAILED)
		return lk_raise(err, LK_TAMPERED, "an authentication tag that does not fit");
	if (rc)
		return lk_crypto_raise(err, "AES-GCM", rc);
	plain.len = n;
	*ret = lk_secret_take(&plain);
	return LK_OK;
}

enum lk_status lk_aes_ctr(const struct lk_secret *key, const uint8_t iv[16], const void *in,
			  size_t n, uint8_t *out, struct lk_error *err)
{
	LK_CLEANUP(mbedtls_aes_free) mbedtls_aes_context aes = { 0 };
	uint8_t counter[16], stream[16];
	size_t used = 0;
	int rc;

	if (key->len != 32)
		return lk_raise(err, LK_INTERNAL, "AES-CTR with a key of %zu bytes", key->len);
	memcpy(counter, iv, sizeof(counter));
	rc = mbedtls_aes_setkey_enc(&aes, key->data, 256);
	if (!rc)
		rc = mbedtls_aes_crypt_ctr(&aes, n, &used, counter, stream, in, out);
	lk_wipe(stream, sizeof(stream));
	return rc ? lk_crypto_raise(err, "AES-CTR", rc) : LK_OK;
}

struct lk_xts { /* its round keys begin with the key itself: it lives in the secret it holds */
	mbedtls_aes_xts_context aes;
	struct lk_secret home;
};

enum lk_status lk_xts_new(const struct lk_secret *key, struct lk_xts **ret, struct lk_error *err)
{
	LK_CLEANUP(lk_xts_free_p) struct lk_xts *x = NULL;
	LK_SECRET home = { 0 };
	enum lk_status st;
	int rc;

	if (key->len != 32 && key->len != 64)
		return lk_raise(err, LK_INTERNAL, "AES-XTS with a key of %zu bytes", key->len);
	st = lk_secret_alloc(&home, sizeof(*x), err);
	if (st)
		return lk_context(err, "AES-XTS");
	x = (struct lk_xts *)(void *)home.data;
	mbedtls_aes_xts_init(&x->aes);
	x->home = lk_secret_take(&home);
	rc = mbedtls_aes_xts_setkey_enc(&x->aes, key->data, (unsigned)key->len * 8);
	if (rc)
		return lk_crypto_raise(err, "AES-XTS", rc);
	*ret = lk_take(x);
	return LK_OK;
}

enum lk_status lk_xts_encrypt(struct lk_xts *x, uint64_t sector512, uint32_t sector_size,
			      const uint8_t *in, uint8_t *out, size_t n, struct lk_error *err)
{
	uint8_t tweak[16] = { 0 };
	unsigned i;
	size_t at;
	int rc;

	if (sector_size < 512 || sector_size > 4096 || (sector_size & (sector_size - 1)) ||
	    n % sector_size)
		return lk_raise(err, LK_INTERNAL, "AES-XTS of %zu bytes in sectors of %u", n,
				(unsigned)sector_size);
	for (at = 0; at < n; at += sector_size, sector512 += sector_size / 512) {
		for (i = 0; i < 8; i++)
			tweak[i] = (uint8_t)(sector512 >> (8 * i));
		rc = mbedtls_aes_crypt_xts(&x->aes, MBEDTLS_AES_ENCRYPT, sector_size, tweak,
					   in + at, out + at);
		if (rc)
			return lk_crypto_raise(err, "AES-XTS", rc);
	}
	return LK_OK;
}

void lk_xts_free(struct lk_xts *x)
{
	struct lk_secret home;

	if (!x)
		return;
	mbedtls_aes_xts_free(&x->aes); /* wipes */
	home = lk_secret_take(&x->home);
	lk_secret_wipe(&home);
}
