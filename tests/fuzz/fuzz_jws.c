/* SPDX-License-Identifier: Apache-2.0 */
/* JWS: parsing any text, and verifying what parses; only a payload that was signed may come out. */
#include <stdlib.h>
#include <string.h>

#include "core/jose_internal.h"
#include "tests/unit/jose_vectors.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct lk_public_key k;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct lk_error err = { 0 };
	LK_JSON *jwk = NULL;

	(void)argc;
	(void)argv;
	lk_json_setup();
	if (lk_json_parse(JWK_SEALED, strlen(JWK_SEALED), &jwk, &err) != LK_OK ||
	    lk_jwk_to_public(jwk, &k, &err) != LK_OK)
		abort();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	LK_CLEANUP(lk_jws_free) struct lk_jws jws = { 0 };
	LK_FREE char *payload = NULL;
	struct lk_error err = { 0 };
	size_t n;

	if (lk_jws_parse((const char *)data, size, &jws, &err) != LK_OK)
		return 0;
	if (jws.signed_len >= size)
		abort();
	if (lk_jws_verify(&k, NULL, (const char *)data, size, &payload, &n, &err) == LK_OK &&
	    (n != strlen(SEALED_PAYLOAD) || memcmp(payload, SEALED_PAYLOAD, n) != 0))
		abort();
	return 0;
}
