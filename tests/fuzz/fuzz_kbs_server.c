/* SPDX-License-Identifier: Apache-2.0 */
/* What clients send to the key server: requests, attestations with sample evidence, cookies, claims
 * of tokens. The first byte chooses; what is read must be whole, what is refused must have a class. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto.h"
#include "core/json.h"
#include "keyserver/kbs_messages.h"
#include "keyserver/resource_name.h"
#include "keyserver/session.h"
#include "keyserver/token.h"
#include "keyserver/verifier.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct lk_error err = { 0 };

	(void)argc;
	(void)argv;
	lk_json_setup();
	return lk_crypto_setup(&err) == LK_OK ? 0 : 1;
}

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void request(const char *text, size_t size)
{
	struct lk_kbs_request r = { 0 };
	struct lk_error err = { 0 };

	if (lk_kbs_request_read(text, size, &r, &err) == LK_OK)
		must(r.tee[0] && memchr(r.tee, '\0', sizeof(r.tee)));
	else
		must(err.status != LK_OK && !r.tee[0]);
}

static void attestation(const char *text, size_t size)
{
	LK_KBS_ATTESTATION a = { 0 };
	LK_JSON *runtime = NULL;
	LK_JSON *claims = NULL;
	uint8_t digest[LK_KBS_DIGEST_LEN];
	const struct lk_appraisal appraisal = { .digest = digest, .n = sizeof(digest) };
	struct lk_public_key key;
	struct lk_error err = { 0 };

	if (lk_kbs_attestation_read(text, size, &a, &err) != LK_OK) {
		must(err.status != LK_OK && !a.doc);
		return;
	}
	must(lk_kbs_runtime_data(&a, a.nonce, &runtime, &err) == LK_OK);
	must(lk_kbs_runtime_digest(runtime, digest, &err) == LK_OK);
	(void)lk_kbs_tee_key(a.tee_pubkey, &key, &err);
	/* nobody finds evidence for the digest by chance, but another's may be accepted for what
	 * it says */
	memset(digest, 0, sizeof(digest));
	if (lk_verifier_find("sample")->verify(&appraisal, a.evidence, &claims, &err) == LK_OK)
		must(lk_json_count(claims) == 1 && lk_json_has(claims, "sample"));
}

static void cookie(const char *text, size_t size)
{
	char id[LK_SESSION_ID_SIZE] = "", header[4096];

	if (size >= sizeof(header))
		return;
	memcpy(header, text, size);
	header[size] = '\0';
	if (lk_kbs_cookie_read(header, id))
		must(strlen(id) == 32 && strspn(id, "0123456789abcdef") == 32 &&
		     strstr(header, id));
	else
		must(!id[0]);
}

static void claims(const char *text, size_t size)
{
	LK_TOKEN_CLAIMS c = { 0 };
	struct lk_error err = { 0 };
	LK_FREE char *copy = strndup(text, size);

	if (copy && lk_token_claims_read(copy, &c, &err) == LK_OK)
		must(c.doc && c.tee && c.claims && c.tee_pubkey);
}

static void name(const char *text, size_t size)
{
	LK_FREE char *copy = strndup(text, size);

	if (copy && lk_resource_name_ok(copy)) {
		must(lk_resource_glob_ok(copy) && lk_resource_glob_match(copy, copy));
		must(lk_resource_glob_match("*/*/*", copy));
		must(!strchr(copy, '%') && !strstr(copy, "/.") && copy[0] != '.');
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const readers[])(const char *, size_t) = { request, attestation, cookie,
								 claims, name };
	static const char letters[] = "racln"; /* of the seeds */
	const char *which;

	if (size == 0)
		return 0;
	which = strchr(letters, data[0] ? data[0] : 'r');
	readers[which && *which ? (size_t)(which - letters) : data[0] % 5]((const char *)data + 1,
									   size - 1);
	return 0;
}
