/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates: pins, bundles, and verification where no clock can be believed. */
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>
#include <string.h>

#include "core/base64.h"
#include "core/crypto_internal.h"

#define LK_CRT LK_CLEANUP(mbedtls_x509_crt_free) mbedtls_x509_crt

/* All certificates of a text, each of which must be sound. */
static enum lk_status parse(const char *pem, mbedtls_x509_crt *crt, struct lk_error *err)
{
	int rc;

	rc = mbedtls_x509_crt_parse(crt, (const unsigned char *)pem, strlen(pem) + 1);
	if (rc > 0)
		return lk_raise(err, LK_CONFIG, "%d of the certificates cannot be read", rc);
	if (rc == MBEDTLS_ERR_X509_ALLOC_FAILED)
		return lk_crypto_raise(err, "read certificates", rc);
	if (rc || !crt->raw.p)
		return lk_raise(err, LK_CONFIG, "no certificate in PEM format");
	return LK_OK;
}

enum lk_status lk_x509_spki_pin(const char *pem, char out[LK_SPKI_PIN_SIZE], struct lk_error *err)
{
	static const char scheme[] = "sha256//";
	uint8_t digest[LK_HASH_MAX];
	LK_CRT crt = { 0 };
	enum lk_status st;

	st = parse(pem, &crt, err);
	if (st)
		return st;
	st = lk_hash(LK_SHA256, crt.pk_raw.p, crt.pk_raw.len, digest, err);
	if (st)
		return st;
	memcpy(out, scheme, sizeof(scheme));
	lk_b64_encode(LK_B64_STD, digest, 32, out + sizeof(scheme) - 1);
	return LK_OK;
}

enum lk_status lk_x509_check_bundle(const char *pem, unsigned *ret_n, struct lk_error *err)
{
	const mbedtls_x509_crt *at;
	LK_CRT crt = { 0 };
	enum lk_status st;
	unsigned n = 0;

	st = parse(pem, &crt, err);
	if (st)
		return st;
	for (at = &crt; at; at = at->next)
		n++;
	*ret_n = n;
	return LK_OK;
}

void lk_tls_strong_chains(void *ssl_config)
{
	mbedtls_ssl_conf_cert_profile(ssl_config, &mbedtls_x509_crt_profile_default);
}

static int clear_dates(void *unused, mbedtls_x509_crt *crt, int depth, uint32_t *flags)
{
	(void)unused;
	(void)crt;
	(void)depth;
	*flags &= ~(uint32_t)(MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE |
			      MBEDTLS_X509_BADCRL_EXPIRED | MBEDTLS_X509_BADCRL_FUTURE);
	return 0;
}

void lk_tls_ignore_dates(void *ssl_config)
{
	mbedtls_ssl_conf_verify(ssl_config, clear_dates, NULL);
}
