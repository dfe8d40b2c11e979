/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence that proves nothing, for tests of everything else; in its own artefact only. */
#include "attestation/attester.h"
#include "core/base64.h"
#include "core/json.h"

static bool always(void)
{
	return true;
}

static enum lk_status sample_evidence(const struct lk_attester *self, const uint8_t *digest,
				      size_t n, struct json_t **ret, struct lk_error *err)
{
	char text[LK_B64_SIZE(LK_ATTESTER_DIGEST_MAX)];
	LK_JSON *doc = NULL;

	(void)self;
	if (n > LK_ATTESTER_DIGEST_MAX)
		return lk_raise(err, LK_INTERNAL, "digest of %zu bytes", n);
	(void)lk_b64_encode(LK_B64_STD, digest, n, text);
	doc = lk_json_object();
	if (!doc || !lk_json_set_string(doc, "svn", "1") ||
	    !lk_json_set_string(doc, "report_data", text))
		return lk_raise(err, LK_INTERNAL, "out of memory for evidence");
	*ret = lk_take(doc);
	return LK_OK;
}

extern const struct lk_attester lk_attester_sample;
const struct lk_attester lk_attester_sample = {
	.name = "sample",
	.summary = "proves nothing; for tests",
	.insecure = true,
	.present = always,
	.evidence = sample_evidence,
};
