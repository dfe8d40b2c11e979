/* SPDX-License-Identifier: Apache-2.0 */
/* Sealed secrets: any text. What parses is whole and within its bounds; what was not signed gives
 * no payload. */
#include <stdlib.h>
#include <string.h>

#include "providers/sealed.h"
#include "tests/unit/sealed_vectors.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct lk_public_key key;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct lk_error err = { 0 };
	LK_JSON *jwk = NULL;

	(void)argc;
	(void)argv;
	lk_json_setup();
	if (lk_json_parse(SEALED_TEST_JWK, strlen(SEALED_TEST_JWK), &jwk, &err) ||
	    lk_jwk_to_public(jwk, &key, &err))
		abort();
	return 0;
}

static void parse(const char *text, size_t n)
{
	struct lk_error err = { 0 };
	LK_SEALED s = { 0 };

	if (lk_sealed_parse(text, n, &s, &err)) {
		if (s.doc || s.key || s.data)
			abort();
		return;
	}
	if (!*s.name || s.vault != !s.data || (!s.vault && (!s.key_len || !s.key_iv_len)) ||
	    (!s.vault && !s.ctr && s.data_len <= 16) || lk_sealed_form(text, n) != LK_SEALED_BARE)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	char kid[LK_JWS_KID_MAX + 1];
	struct lk_error err = { 0 };
	LK_FREE char *json = NULL;
	size_t n;

	parse(text, size);
	if (lk_sealed_kid(text, size, kid, &err) == LK_OK &&
	    (lk_sealed_form(text, size) != LK_SEALED_JWS || strlen(kid) > LK_JWS_KID_MAX))
		abort();
	if (lk_sealed_verify(text, size, &key, &json, &n, &err) == LK_OK &&
	    (n != strlen(SEALED_ENVELOPE_PAYLOAD) || memcmp(json, SEALED_ENVELOPE_PAYLOAD, n) != 0))
		abort();
	return 0;
}
