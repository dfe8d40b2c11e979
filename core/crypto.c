/* SPDX-License-Identifier: Apache-2.0 */
/* Setting mbedTLS up, random bytes, hashes and what is made of them. */
#include "core/crypto.h"

#include <errno.h>
#include <mbedtls/entropy.h>
#include <mbedtls/hkdf.h>
#include <mbedtls/md.h>
#include <psa/crypto.h>
#include <string.h>
#include <sys/random.h>

#include "core/crypto_internal.h"

enum lk_status lk_crypto_setup(struct lk_error *err)
{
	psa_status_t rc = psa_crypto_init();

	if (rc != PSA_SUCCESS)
		return lk_crypto_raise(err, "set up cryptography", (int)rc);
	return LK_OK;
}

enum lk_status lk_crypto_raise(struct lk_error *err, const char *what, int rc)
{
	return lk_raise(err, LK_INTERNAL, "%s: mbedTLS error -0x%04x", what, (unsigned)-rc);
}

int lk_crypto_rng(void *unused, unsigned char *out, size_t n)
{
	ssize_t got;

	(void)unused;
	while (n) {
		got = getrandom(out, n, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return MBEDTLS_ERR_ENTROPY_SOURCE_FAILED;
		out += got;
		n -= (size_t)got;
	}
	return 0;
}

enum lk_status lk_random(void *out, size_t n, struct lk_error *err)
{
	if (lk_crypto_rng(NULL, out, n))
		return lk_raise(err, LK_INTERNAL, "get random bytes from the kernel: %s",
				strerror(errno));
	return LK_OK;
}

enum lk_status lk_random_secret(struct lk_secret *ret, size_t n, struct lk_error *err)
{
	LK_SECRET s = { 0 };
	enum lk_status st;

	st = lk_secret_alloc(&s, n, err);
	if (st)
		return st;
	st = lk_random(s.data, n, err);
	if (st)
		return st;
	s.len = n;
	*ret = lk_secret_take(&s);
	return LK_OK;
}

static const struct {
	mbedtls_md_type_t md;
	size_t size;
} hashes[] = {
	[LK_SHA256] = { MBEDTLS_MD_SHA256, 32 },
	[LK_SHA384] = { MBEDTLS_MD_SHA384, 48 },
	[LK_SHA512] = { MBEDTLS_MD_SHA512, 64 },
};

size_t lk_hash_size(enum lk_hash alg)
{
	return hashes[alg].size;
}

static const mbedtls_md_info_t *md_info(enum lk_hash alg)
{
	return mbedtls_md_info_from_type(hashes[alg].md);
}

enum lk_status lk_hash(enum lk_hash alg, const void *data, size_t n, uint8_t out[LK_HASH_MAX],
		       struct lk_error *err)
{
	int rc = mbedtls_md(md_info(alg), data, n, out);

	return rc ? lk_crypto_raise(err, "hash", rc) : LK_OK;
}

struct lk_hasher {
	mbedtls_md_context_t md;
};

enum lk_status lk_hasher_new(enum lk_hash alg, struct lk_hasher **ret, struct lk_error *err)
{
	LK_CLEANUP(lk_hasher_free_p) struct lk_hasher *h = calloc(1, sizeof(*h));
	int rc;

	if (!h)
		return lk_raise(err, LK_INTERNAL, "hash: out of memory");
	mbedtls_md_init(&h->md);
	rc = mbedtls_md_setup(&h->md, md_info(alg), 0);
	if (!rc)
		rc = mbedtls_md_starts(&h->md);
	if (rc)
		return lk_crypto_raise(err, "hash", rc);
	*ret = lk_take(h);
	return LK_OK;
}

enum lk_status lk_hasher_add(struct lk_hasher *h, const void *data, size_t n, struct lk_error *err)
{
	int rc = mbedtls_md_update(&h->md, data, n);

	return rc ? lk_crypto_raise(err, "hash", rc) : LK_OK;
}

enum lk_status lk_hasher_end(struct lk_hasher *h, uint8_t out[LK_HASH_MAX], struct lk_error *err)
{
	int rc = mbedtls_md_finish(&h->md, out);

	return rc ? lk_crypto_raise(err, "hash", rc) : LK_OK;
}

void lk_hasher_free(struct lk_hasher *h)
{
	if (!h)
		return;
	mbedtls_md_free(&h->md);
	free(h);
}

enum lk_status lk_hmac_sha256(const void *key, size_t key_len, const void *data, size_t n,
			      uint8_t out[32], struct lk_error *err)
{
	int rc = mbedtls_md_hmac(md_info(LK_SHA256), key, key_len, data, n, out);

	return rc ? lk_crypto_raise(err, "HMAC", rc) : LK_OK;
}

enum lk_status lk_hmac_sha1(const void *key, size_t key_len, const void *data, size_t n,
			    uint8_t out[20], struct lk_error *err)
{
	int rc = mbedtls_md_hmac(mbedtls_md_info_from_type(MBEDTLS_MD_SHA1), key, key_len, data, n,
				 out);

	return rc ? lk_crypto_raise(err, "HMAC", rc) : LK_OK;
}

enum lk_status lk_hkdf_sha256(const struct lk_secret *key, const char *info, uint8_t *out, size_t n,
			      struct lk_error *err)
{
	int rc = mbedtls_hkdf(md_info(LK_SHA256), NULL, 0, key->data, key->len,
			      (const unsigned char *)info, strlen(info), out, n);

	return rc ? lk_crypto_raise(err, "HKDF", rc) : LK_OK;
}
