/* SPDX-License-Identifier: Apache-2.0 */
/* Sample evidence: {"svn": "1", "report_data": <base64 of the digest>}. It is bound to the session
 * like real evidence and proves nothing else, least of all a phase. */
#include "keyserver/verifier_sample.h"

#include <string.h>

#include "core/base64.h"
#include "core/json.h"
#include "core/secret.h"

#define SVN_MAX	   64
#define REPORT_MAX 128

static enum lk_status check_binding(const char *report_data, const uint8_t *digest, size_t n,
				    struct lk_error *err)
{
	uint8_t report[REPORT_MAX];
	size_t len;

	if (!lk_b64_decode(LK_B64_STD, report_data, strlen(report_data), report, sizeof(report),
			   &len))
		return lk_raise(err, LK_DENIED, "report_data is not base64");
	if (len != n || !lk_equal_ct(report, digest, n))
		return lk_raise(err, LK_DENIED,
				"report_data is not the digest of this session's "
				"nonce and key");
	return LK_OK;
}

static enum lk_status verify(const struct lk_appraisal *a, const struct json_t *evidence,
			     struct json_t **ret, struct lk_error *err)
{
	const char *svn, *report_data = "";
	LK_JSON *claims = NULL;
	LK_JSON *sample = NULL;
	enum lk_status st;

	if (!lk_json_is_object(evidence) || lk_json_get_string(evidence, "svn", SVN_MAX, &svn, err))
		return lk_raise(err, LK_DENIED, "sample evidence without svn");
	if (lk_json_has(evidence, "report_data") &&
	    lk_json_get_string(evidence, "report_data", 2 * REPORT_MAX, &report_data, err))
		return lk_raise(err, LK_DENIED, "report_data is not a string, or too long");
	st = check_binding(report_data, a->digest, a->n, err);
	if (st)
		return st;
	claims = lk_json_object();
	sample = lk_json_object();
	if (!claims || !sample || !lk_json_set_string(sample, "svn", svn) ||
	    !lk_json_set_string(sample, "report_data", report_data) ||
	    !lk_json_set(claims, "sample", lk_take(sample)))
		return lk_raise(err, LK_INTERNAL, "no memory for claims");
	*ret = lk_take(claims);
	return LK_OK;
}

const struct lk_verifier lk_verifier_sample = {
	.tee = "sample",
	.insecure = true,
	.verify = verify,
};
