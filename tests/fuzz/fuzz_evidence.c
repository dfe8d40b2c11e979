/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence as clients send it: what is accepted says what recorded evidence says, since nobody else
 * can sign; what is refused has a reason and no claims. The first byte chooses the TEE. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "attestation/tdx_quote.h"
#include "core/base64.h"
#include "core/crypto.h"
#include "core/json.h"
#include "keyserver/snp_report.h"
#include "keyserver/trust.h"
#include "keyserver/verifier.h"

#define IN_2025 1756000000

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct lk_trust *trust;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct lk_error err = { 0 };

	(void)argc;
	(void)argv;
	lk_json_setup();
	return lk_crypto_setup(&err) == LK_OK && lk_trust_new(&trust, &err) == LK_OK ? 0 : 1;
}

static void must(bool holds)
{
	if (!holds)
		abort();
}

static bool one_of(const char *text, const char *const *list)
{
	for (; text && *list; list++)
		if (strncmp(text, *list, strlen(*list)) == 0)
			return true;
	return false;
}

static void ask(const char *tee, const struct lk_appraisal *a, const struct json_t *evidence,
		struct json_t **ret)
{
	struct lk_error err = { 0 };
	enum lk_status st = lk_verifier_find(tee)->verify(a, evidence, ret, &err);

	must((st == LK_OK) == (*ret != NULL));
	must(st == LK_OK || st == err.status);
	must(st == LK_OK || (st == LK_DENIED && err.frames[0].text[0]));
}

/* The digest is the report's own, so that what comes after its comparison is reached. */
static void snp(const struct json_t *evidence)
{
	static const char *const recorded[] = { "a1f3930413247bb3", "8922ebbdd00ec2c5", NULL };
	struct lk_snp_report report;
	struct lk_appraisal a = { .trust = trust, .now = IN_2025, .limits.snp_vmpl = 3 };
	struct lk_error err = { 0 };
	LK_JSON *claims = NULL;

	if (!lk_json_is_object(evidence) ||
	    lk_snp_report_from_json(lk_json_get(evidence, "attestation_report"), &report, &err))
		return;
	a.digest = report.bytes + LK_SNP_REPORT_DATA;
	a.n = 64;
	ask("snp", &a, evidence, &claims);
	if (claims)
		must(one_of(lk_json_string_value(
				    lk_json_get(lk_json_get(claims, "snp"), "measurement")),
			    recorded));
}

static void tdx(const struct json_t *evidence)
{
	static const char *const recorded[] = { "395aefe7bac15b24", "9b529f3689e2e8eb", NULL };
	const char *text = lk_json_is_object(evidence)
				   ? lk_json_string_value(lk_json_get(evidence, "quote"))
				   : NULL;
	struct lk_appraisal a = { .trust = trust, .now = IN_2025 };
	static uint8_t quote[64 * 1024];
	struct lk_tdx_quote q;
	struct lk_error err = { 0 };
	LK_JSON *claims = NULL;
	const struct json_t *body;
	size_t n;

	if (!text || !lk_b64_decode(LK_B64_STD, text, strlen(text), quote, sizeof(quote), &n) ||
	    lk_tdx_quote_parse(quote, n, &q, &err))
		return;
	a.digest = q.report_data;
	a.n = 64;
	ask("tdx", &a, evidence, &claims);
	if (!claims)
		return;
	body = lk_json_get(lk_json_get(lk_json_get(claims, "tdx"), "quote"), "body");
	must(one_of(lk_json_string_value(lk_json_get(body, "rtmr_0")), recorded));
}

/* The nonce of the seed, whose key we do not have: PCRs and clock are what it says or refused. */
static void tpm(const struct json_t *evidence)
{
	uint8_t digest[32];
	struct lk_appraisal a = { .digest = digest, .n = sizeof(digest), .now = IN_2025 };
	LK_JSON *claims = NULL;
	size_t i;

	for (i = 0; i < sizeof(digest); i++)
		digest[i] = (uint8_t)(i + 1);
	ask("tpm", &a, evidence, &claims);
	if (claims)
		must(lk_json_has(lk_json_get(claims, "tpm"), "ak") &&
		     lk_json_count(lk_json_get(lk_json_get(claims, "tpm"), "pcr")) == 24);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	LK_JSON *evidence = NULL;
	struct lk_error err = { 0 };

	if (size == 0 || lk_json_parse((const char *)data + 1, size - 1, &evidence, &err))
		return 0;
	if (data[0] == 't')
		tpm(evidence);
	else if (data[0] == 'x')
		tdx(evidence);
	else
		snp(evidence);
	return 0;
}
