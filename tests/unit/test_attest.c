/* SPDX-License-Identifier: Apache-2.0 */
/* keyserver/verifier*.c: evidence that does not fit is refused, and claims are made of checked
 * values only. */
#include "tests/check.h"

#include "core/json.h"
#include "keyserver/verifier.h"

static struct lk_error err;
static uint8_t digest[48]; /* zeros: 64 times 'A' in base64 */

#define REPORT "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static enum lk_status verify(const char *text, struct json_t **ret)
{
	const struct lk_verifier *v = lk_verifier_find("sample");
	const struct lk_appraisal a = { .digest = digest, .n = sizeof(digest) };
	LK_JSON *evidence = NULL;

	CHECK(v && v->insecure);
	CHECK_OK(lk_json_parse(text, strlen(text), &evidence, &err));
	return v->verify(&a, evidence, ret, &err);
}

static void refused(const char *text, const char *why)
{
	struct json_t *claims = NULL;
	char line[2048];

	if (verify(text, &claims) != LK_DENIED)
		check_fail(__FILE__, __LINE__, "%s passes for evidence", text);
	CHECK(!claims);
	CHECK_HAS(lk_error_format(&err, line, sizeof(line)), why);
}

TEST(no_verifier)
{
	CHECK(!lk_verifier_find(""));
	CHECK(!lk_verifier_find("sgx"));
	CHECK(!lk_verifier_find("Sample"));
}

TEST(bad_evidence)
{
	refused("[]", "svn");
	refused("{}", "svn");
	refused("{\"svn\":1,\"report_data\":\"" REPORT "\"}", "svn");
	refused("{\"svn\":\"1\"}", "digest");
	refused("{\"svn\":\"1\",\"report_data\":null}", "report_data");
	refused("{\"svn\":\"1\",\"report_data\":\"\"}", "digest");
	refused("{\"svn\":\"1\",\"report_data\":\"AAAA\"}", "digest");
	refused("{\"svn\":\"1\",\"report_data\":\"" REPORT "AAAA\"}", "digest");
	refused("{\"svn\":\"1\",\"report_data\":\"B" REPORT "\"}", "base64");
	refused("{\"svn\":\"1\",\"report_data\":\" " REPORT "\"}", "base64");
	digest[47] = 1;
	refused("{\"svn\":\"1\",\"report_data\":\"" REPORT "\"}", "digest");
	digest[47] = 0;
}

TEST(claims_of_checked_values)
{
	struct json_t *claims = NULL;
	LK_JSON_TEXT *text = NULL;
	size_t n;

	CHECK_OK(verify("{\"svn\":\"1\",\"report_data\":\"" REPORT "\",\"phase\":\"initrd\","
			"\"sample\":{\"debug\":false},\"launch_digest\":\"x\"}",
			&claims));
	CHECK_OK(lk_json_dump(claims, LK_JSON_CANONICAL, &text, &n, &err));
	CHECK_STR(text, "{\"sample\":{\"report_data\":\"" REPORT "\",\"svn\":\"1\"}}");
	lk_json_free(claims);
}

TESTS(no_verifier, bad_evidence, claims_of_checked_values)
