/* SPDX-License-Identifier: Apache-2.0 */
/* RSA private keys as PKCS#8 holds them (RFC 5208, RFC 8017 A.1.2). */
#include <mbedtls/asn1.h>
#include <string.h>

#include "core/crypto_internal.h"

#define SEQUENCE (MBEDTLS_ASN1_SEQUENCE | MBEDTLS_ASN1_CONSTRUCTED)

static bool enter(unsigned char **p, const unsigned char **end, int tag)
{
	size_t len;

	if (mbedtls_asn1_get_tag(p, *end, &len, tag))
		return false;
	*end = *p + len;
	return true;
}

/* A positive INTEGER without its sign byte. */
static bool number(unsigned char **p, const unsigned char *end, const uint8_t **ret, size_t *ret_n)
{
	size_t len;

	if (mbedtls_asn1_get_tag(p, end, &len, MBEDTLS_ASN1_INTEGER) || len == 0 || **p & 0x80)
		return false;
	*ret = *p;
	*ret_n = len;
	*p += len;
	while (*ret_n > 1 && **ret == 0) {
		(*ret)++;
		(*ret_n)--;
	}
	return true;
}

static bool algorithm(unsigned char **p, const unsigned char *end)
{
	static const uint8_t rsa[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01 };
	const unsigned char *stop = end;
	size_t len;
	bool ok;

	if (!enter(p, &stop, SEQUENCE))
		return false;
	ok = !mbedtls_asn1_get_tag(p, stop, &len, MBEDTLS_ASN1_OID) && len == sizeof(rsa) &&
	     memcmp(*p, rsa, len) == 0;
	*p += stop - *p;
	return ok;
}

static bool parse(unsigned char *p, const unsigned char *end, struct lk_rsa_parts *k)
{
	int version;

	return enter(&p, &end, SEQUENCE) && !mbedtls_asn1_get_int(&p, end, &version) &&
	       version == 0 && algorithm(&p, end) && enter(&p, &end, MBEDTLS_ASN1_OCTET_STRING) &&
	       enter(&p, &end, SEQUENCE) && !mbedtls_asn1_get_int(&p, end, &version) &&
	       version == 0 && number(&p, end, &k->n, &k->n_len) &&
	       number(&p, end, &k->e, &k->e_len) && number(&p, end, &k->d, &k->d_len) &&
	       number(&p, end, &k->p, &k->p_len) && number(&p, end, &k->q, &k->q_len);
}

enum lk_status lk_keypair_from_pkcs8(const uint8_t *der, size_t n, struct lk_keypair **ret,
				     struct lk_error *err)
{
	struct lk_rsa_parts parts = { 0 };

	if (n == 0 || !parse((unsigned char *)(uintptr_t)der, der + n, &parts))
		return lk_raise(err, LK_TAMPERED, "not an RSA private key in PKCS#8");
	return lk_keypair_from_rsa(&parts, ret, err);
}
