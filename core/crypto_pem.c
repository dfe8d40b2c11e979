/* SPDX-License-Identifier: Apache-2.0 */
/* Private keys on P-256 as PEM holds them: "PRIVATE KEY" and "EC PRIVATE KEY", not encrypted. */
#include <mbedtls/ecp.h>
#include <mbedtls/pk.h>
#include <string.h>

#include "core/crypto_internal.h"

#define LK_PK LK_CLEANUP(mbedtls_pk_free) mbedtls_pk_context

enum lk_status lk_keypair_from_pem(const char *text, struct lk_keypair **ret, struct lk_error *err)
{
	LK_PK pk = { 0 };
	const mbedtls_ecp_keypair *ec;
	uint8_t d[LK_P256_SIZE];
	enum lk_status st;
	int rc;

	mbedtls_pk_init(&pk);
	rc = mbedtls_pk_parse_key(&pk, (const unsigned char *)text, strlen(text) + 1, NULL, 0,
				  lk_crypto_rng, NULL);
	if (rc || !mbedtls_pk_can_do(&pk, MBEDTLS_PK_ECDSA))
		return lk_raise(err, LK_CONFIG, "no private EC key in PEM, or an encrypted one");
	ec = mbedtls_pk_ec(pk);
	if (mbedtls_ecp_keypair_get_group_id(ec) != MBEDTLS_ECP_DP_SECP256R1)
		return lk_raise(err, LK_CONFIG, "a private key that is not on P-256");
	rc = mbedtls_ecp_write_key_ext(ec, &(size_t){ 0 }, d, sizeof(d));
	st = rc ? lk_crypto_raise(err, "read a private key", rc)
		: lk_keypair_from_scalar(LK_KEY_P256, d, sizeof(d), ret, err);
	lk_wipe(d, sizeof(d));
	return st;
}
