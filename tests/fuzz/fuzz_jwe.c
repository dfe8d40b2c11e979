/* SPDX-License-Identifier: Apache-2.0 */
/* JWE: parsing any text in either form, and opening what parses, with a fixed key; nothing but the
 * seeds' own plaintext may ever come out. */
#include <stdlib.h>
#include <string.h>

#include "core/base64.h"
#include "core/jose_internal.h"
#include "tests/unit/jose_vectors.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct lk_keypair *k;
static uint8_t plaintext[64];
static size_t plaintext_len;

__attribute__((destructor)) static void end(void)
{
	lk_keypair_free(k);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct lk_error err = { 0 };
	uint8_t d[32];
	size_t n;

	(void)argc;
	(void)argv;
	lk_json_setup();
	if (!lk_hex_decode(D_P256, strlen(D_P256), d, sizeof(d), &n) ||
	    !lk_hex_decode(JWE_PLAINTEXT, strlen(JWE_PLAINTEXT), plaintext, sizeof(plaintext),
			   &plaintext_len) ||
	    lk_keypair_from_scalar(LK_KEY_P256, d, n, &k, &err) != LK_OK)
		abort();
	return 0;
}

static void legacy(const uint8_t *data, size_t size)
{
	LK_CLEANUP(lk_jwe_free) struct lk_jwe jwe = { 0 };
	struct lk_error err = { 0 };
	LK_SECRET out = { 0 };

	if (lk_jwe_parse_legacy((const char *)data, size, &jwe, &err) == LK_OK &&
	    (!jwe.ciphertext || jwe.key_len > sizeof(jwe.key) ||
	     lk_jwe_open_legacy(k, (const char *)data, size, &out, &err) == LK_OK))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	LK_CLEANUP(lk_jwe_free) struct lk_jwe jwe = { 0 };
	struct lk_error err = { 0 };
	LK_SECRET out = { 0 };
	enum lk_status st;

	legacy(data, size);
	if (lk_jwe_parse((const char *)data, size, &jwe, &err) != LK_OK)
		return 0;
	st = lk_jwe_open(k, (const char *)data, size, &out, &err);
	if (st == LK_OK &&
	    (out.len != plaintext_len || memcmp(out.data, plaintext, plaintext_len) != 0))
		abort();
	if (st != LK_OK && (st != LK_TAMPERED || err.code != LK_C_JWE_INVALID || out.data))
		abort();
	return 0;
}
