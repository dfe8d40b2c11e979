/* SPDX-License-Identifier: Apache-2.0 */
/* keyserver/policy*.c: which policies are refused, what they deny and why, and what they allow. */
#include "tests/check.h"

#include "core/json.h"
#include "keyserver/policy.h"

static struct lk_error err;

static struct lk_policy *policy(const char *text)
{
	struct lk_policy *p = NULL;

	CHECK_OK(lk_policy_parse(text, strlen(text), &p, &err));
	return p;
}

static void refused(const char *text, const char *why)
{
	struct lk_policy *p = NULL;
	char line[2048];

	if (lk_policy_parse(text, strlen(text), &p, &err) != LK_CONFIG)
		check_fail(__FILE__, __LINE__, "%s passes for a policy", text);
	CHECK(!p);
	CHECK_EQ(err.code, LK_C_POLICY_INVALID);
	CHECK_HAS(lk_error_format(&err, line, sizeof(line)), why);
}

TEST(other_documents)
{
	refused("", "");
	refused("[]", "not a JSON object");
	refused("{", "");
	refused("{}", "version is not 1");
	refused("{\"version\":1}", "rules");
	refused("{\"version\":2,\"rules\":[]}", "version is not 1");
	refused("{\"version\":\"1\",\"rules\":[]}", "version is not 1");
	refused("{\"version\":1,\"rules\":{}}", "rules");
	refused("{\"version\":1,\"rules\":[],\"default\":true}", "other members");
	refused("{\"version\":1,\"rules\":[],\"rules\":[]}", "");
	refused("{\"version\":1,\"rules\":[]}x", "");
}

#define RULE(rule)                                                                                 \
	"{\"version\":1,\"rules\":[" rule "],\"reference_sets\":{\"s\":[\"1\",2],\"e\":[]}}"
#define CLAUSE(clause) RULE("{\"resource\":\"a/b/c\",\"tee\":\"sample\",\"all\":[" clause "]}")

TEST(bad_rules)
{
	refused(RULE("1"), "rule 1: not an object");
	refused(RULE("{}"), "rule 1: resource");
	refused(RULE("{\"resource\":\"a/b\"}"), "rule 1: resource");
	refused(RULE("{\"resource\":\"a/b/c\"},{\"resource\":\"**\"}"), "rule 2: resource");
	refused(RULE("{\"resource\":\"a/b/c\",\"tee\":1}"), "tee");
	refused(RULE("{\"resource\":\"a/b/c\",\"tee\":\"\"}"), "tee");
	refused(RULE("{\"resource\":\"a/b/c\",\"tee\":null}"), "tee");
	refused(RULE("{\"resource\":\"a/b/c\",\"phase\":\"boot\"}"), "phase");
	refused(RULE("{\"resource\":\"a/b/c\",\"any\":[]}"), "other members");
	refused(RULE("{\"resource\":\"a/b/c\",\"all\":{}}"), "all");
	refused("{\"version\":1,\"rules\":[],\"reference_sets\":[]}", "reference_sets");
	refused("{\"version\":1,\"rules\":[],\"reference_sets\":{\"x\":\"y\"}}",
		"reference set 'x'");
	refused("{\"version\":1,\"rules\":[],\"reference_sets\":{\"x\":[[]]}}",
		"reference set 'x'");
}

TEST(bad_clauses)
{
	refused(CLAUSE("1"), "clause 1: a clause is not an object");
	refused(CLAUSE("{}"), "claim");
	refused(CLAUSE("{\"claim\":\"\",\"op\":\"absent\"}"), "claim");
	refused(CLAUSE("{\"claim\":\".x\",\"op\":\"absent\"}"), "claim");
	refused(CLAUSE("{\"claim\":\"x.\",\"op\":\"absent\"}"), "claim");
	refused(CLAUSE("{\"claim\":\"x..y\",\"op\":\"absent\"}"), "claim");
	refused(CLAUSE("{\"claim\":\"x y\",\"op\":\"absent\"}"), "claim");
	refused(CLAUSE("{\"claim\":\"x\"}"), "op is missing");
	refused(CLAUSE("{\"claim\":\"x\",\"op\":\"le\",\"value\":1}"), "op is none of");
	refused(CLAUSE("{\"claim\":\"x\",\"op\":\"absent\",\"value\":1}"), "takes no value");
	refused(CLAUSE("{\"claim\":\"x\",\"op\":\"eq\"}"), "claim x: value");
	refused(CLAUSE("{\"claim\":\"x\",\"op\":\"eq\",\"value\":null}"), "value");
	refused(CLAUSE("{\"claim\":\"x\",\"op\":\"eq\",\"value\":[1]}"), "value");
	refused(CLAUSE("{\"claim\":\"x\",\"op\":\"eq\",\"value\":1.5}"), "value");
	refused(CLAUSE("{\"claim\":\"x\",\"op\":\"in\",\"value\":\"1\"}"), "value");
	refused(CLAUSE("{\"claim\":\"x\",\"op\":\"in\",\"value\":[]}"), "value");
	refused(CLAUSE("{\"claim\":\"x\",\"op\":\"ge\",\"value\":\"x\"}"), "value");
	refused(CLAUSE("{\"claim\":\"x\",\"op\":\"ge\",\"value\":{}}"), "value");
	refused(CLAUSE("{\"claim\":\"x\",\"op\":\"ge\",\"value\":{\"a\":\"b\"}}"), "value");
	refused(CLAUSE("{\"claim\":\"x\",\"op\":\"prefix\",\"value\":\"\"}"), "value");
	refused(CLAUSE("{\"claim\":\"x\",\"op\":\"in\",\"value\":\"@none\"}"),
		"no reference set 'none'");
	refused(CLAUSE("{\"claim\":\"x\",\"op\":\"eq\",\"value\":1,\"unless\":2}"),
		"other members");
}

TEST(too_much)
{
	size_t n = LK_POLICY_TEXT_MAX + 1;
	char *text = malloc(n);
	struct lk_policy *p = NULL;

	memset(text, ' ', n);
	memcpy(text, "{\"version\":1,\"rules\":[]}", 24);
	CHECK_EQ(lk_policy_parse(text, n, &p, &err), LK_CONFIG);
	CHECK_OK(lk_policy_parse(text, n - 1, &p, &err));
	lk_policy_free(p);
	free(text);
}

/* What the evidence says in all tests below. */
static const char claims_text[] =
	"{\"sample\":{\"svn\":\"7\",\"debug\":false,\"on\":true,\"name\":\"alpha\",\"n\":-3,"
	"\"tcb\":{\"boot\":3,\"snp\":\"12\"},\"list\":[1,2,3],\"at\":\"@s\",\"null\":null,"
	"\"odd\":\"a\\u0001\\u00fc\"},\"events\":{\"header\":[\"aa\",\"ab\"],\"none\":[],"
	"\"odd\":[\"aa\",[\"aa\"]]},\"tpm\":{\"ak\":\"k1\"},\"runtime_data_claims\":{}}";

static bool allows(const char *text, const char *tee, const char *phase,
		   char reason[LK_POLICY_REASON])
{
	struct lk_policy *p = policy(text);
	struct json_t *claims = NULL;
	struct lk_policy_question q = { .resource = "a/b/c", .tee = tee, .phase = phase };
	bool yes;

	CHECK_OK(lk_json_parse(claims_text, strlen(claims_text), &claims, &err));
	q.claims = claims;
	yes = lk_policy_decide(p, &q, reason);
	lk_json_free(claims);
	lk_policy_free(p);
	return yes;
}

static void denied(const char *text, const char *why)
{
	char reason[LK_POLICY_REASON];

	if (allows(text, "sample", NULL, reason))
		check_fail(__FILE__, __LINE__, "%s allows", text);
	CHECK_STR(reason, why);
}

static void allowed(const char *text)
{
	char reason[LK_POLICY_REASON];

	if (!allows(text, "sample", NULL, reason))
		check_fail(__FILE__, __LINE__, "%s denies: %s", text, reason);
}

TEST(denied_unless_allowed)
{
	char reason[LK_POLICY_REASON];

	denied(RULE(""), "no rule is about this resource");
	denied(RULE("{\"resource\":\"a/b/d\",\"tee\":\"sample\"}"),
	       "no rule is about this resource");
	denied(RULE("{\"resource\":\"*/*/*\"}"), "rule 1: tee is sample, the rule names none");
	denied(RULE("{\"resource\":\"a/b/c\",\"tee\":\"snp\"},{\"resource\":\"x/y/z\",\"tee\":\"sample\"},"
		    "{\"resource\":\"a/*/c\",\"tee\":\"sample\",\"phase\":\"initrd\"}"),
	       "rule 1: tee is sample, the rule wants snp; "
	       "rule 3: phase is not proved, the rule wants initrd");
	CHECK(!allows(RULE("{\"resource\":\"a/b/c\",\"phase\":\"initrd\"}"), "tdx", "system",
		      reason));
	CHECK_STR(reason, "rule 1: phase is system, the rule wants initrd");
	CHECK(!allows(RULE("{\"resource\":\"a/b/c\",\"phase\":\"initrd\"}"), "tdx", NULL, reason));
	CHECK(allows(RULE("{\"resource\":\"a/b/c\",\"phase\":\"initrd\"}"), "tdx", "initrd",
		     reason));
	CHECK_STR(reason, "rule 1");
	CHECK(allows(RULE("{\"resource\":\"*/*/*\"}"), "tdx", NULL, reason));
	allowed(RULE(
		"{\"resource\":\"a/b/c\",\"tee\":\"snp\"},{\"resource\":\"a/b/*\",\"tee\":\"sample\"}"));
}

#define CLAIM(claim, op, value)                                                                    \
	CLAUSE("{\"claim\":\"sample." claim "\",\"op\":\"" op "\",\"value\":" value "}")

TEST(clauses_that_fail)
{
	denied(CLAIM("none", "eq", "1"), "rule 1: claim sample.none is missing");
	denied(CLAIM("svn.x", "eq", "1"), "rule 1: claim sample.svn.x is missing");
	denied(CLAIM("svn", "eq", "7"), "rule 1: claim sample.svn is \"7\", which fails eq");
	denied(CLAIM("svn", "eq", "\"8\""), "rule 1: claim sample.svn is \"7\", which fails eq");
	denied(CLAIM("debug", "eq", "true"), "rule 1: claim sample.debug is false, which fails eq");
	denied(CLAIM("debug", "eq", "0"), "rule 1: claim sample.debug is false, which fails eq");
	denied(CLAIM("null", "eq", "\"\""),
	       "rule 1: claim sample.null is no plain value, which fails eq");
	denied(CLAIM("name", "in", "[\"beta\"]"),
	       "rule 1: claim sample.name is \"alpha\", which fails in");
	denied(CLAIM("name", "in", "\"@e\""),
	       "rule 1: claim sample.name is \"alpha\", which fails in");
	denied(CLAIM("name", "prefix", "\"alphabet\""),
	       "rule 1: claim sample.name is \"alpha\", which fails prefix");
	denied(CLAIM("n", "ge", "-2"), "rule 1: claim sample.n is -3, which fails ge");
	denied(CLAIM("svn", "ge", "8"), "rule 1: claim sample.svn is \"7\", which fails ge");
	denied(CLAIM("name", "ge", "0"), "rule 1: claim sample.name is \"alpha\", which fails ge");
	denied(CLAIM("tcb", "ge", "1"),
	       "rule 1: claim sample.tcb is no plain value, which fails ge");
	denied(CLAIM("odd", "eq", "1"), "rule 1: claim sample.odd is \"a???\", which fails eq");
	denied(CLAUSE("{\"claim\":\"sample.svn\",\"op\":\"absent\"}"),
	       "rule 1: claim sample.svn is \"7\", which fails absent");
	denied(CLAIM("at", "eq", "\"@@x\""), "rule 1: claim sample.at is \"@s\", which fails eq");
}

TEST(each_part_counts)
{
	char reason[LK_POLICY_REASON];

	allowed(CLAIM("tcb", "ge", "{\"boot\":3,\"snp\":12}"));
	allowed(CLAIM("tcb", "ge", "{\"boot\":1}"));
	CHECK(!allows(CLAIM("tcb", "ge", "{\"boot\":4,\"snp\":1}"), "sample", NULL, reason));
	CHECK(!allows(CLAIM("tcb", "ge", "{\"boot\":1,\"snp\":13}"), "sample", NULL, reason));
	CHECK(!allows(CLAIM("tcb", "ge", "{\"boot\":1,\"tee\":0}"), "sample", NULL, reason));
	allowed(CLAIM("list", "ge", "[1,2,3]"));
	allowed(CLAIM("list", "ge", "[0,0,0]"));
	CHECK(!allows(CLAIM("list", "ge", "[1,3,3]"), "sample", NULL, reason));
	CHECK(!allows(CLAIM("list", "ge", "[1,2]"), "sample", NULL, reason));
	CHECK(!allows(CLAIM("list", "ge", "[1,2,3,0]"), "sample", NULL, reason));
}

TEST(clauses_that_hold)
{
	allowed(CLAIM("svn", "eq", "\"7\""));
	allowed(CLAIM("debug", "eq", "false"));
	allowed(CLAIM("on", "eq", "true"));
	allowed(CLAIM("n", "eq", "-3"));
	allowed(CLAIM("svn", "ge", "7"));
	allowed(CLAIM("svn", "ge", "\"6\""));
	allowed(CLAIM("name", "in", "[\"beta\",\"alpha\"]"));
	allowed(CLAIM("name", "prefix", "\"alp\""));
	allowed(CLAIM("at", "eq", "\"@@s\""));
	allowed(CLAIM("svn", "ge", "\"@s\""));
	allowed(CLAUSE("{\"claim\":\"sample.none\",\"op\":\"absent\"}"));
	allowed(CLAUSE("{\"claim\":\"none.at.all\",\"op\":\"absent\"}"));
	allowed(CLAUSE("{\"claim\":\"sample.svn\",\"op\":\"eq\",\"value\":\"7\"},"
		       "{\"claim\":\"sample.debug\",\"op\":\"eq\",\"value\":false}"));
	allowed(CLAUSE(""));
}

/* Of several events none may be one that the rule does not know. */
TEST(lists)
{
#define EVENT(claim, op, value)                                                                    \
	CLAUSE("{\"claim\":\"events." claim "\",\"op\":\"" op "\",\"value\":" value "}")
	allowed(EVENT("header", "in", "[\"ab\",\"aa\",\"xx\"]"));
	allowed(EVENT("header", "prefix", "\"a\""));
	denied(EVENT("header", "eq", "\"aa\""),
	       "rule 1: claim events.header is \"ab\", which fails eq");
	denied(EVENT("header", "in", "[\"ab\",\"xx\"]"),
	       "rule 1: claim events.header is \"aa\", which fails in");
	denied(EVENT("none", "eq", "\"aa\""),
	       "rule 1: claim events.none is no plain value, which fails eq");
	denied(EVENT("odd", "eq", "\"aa\""),
	       "rule 1: claim events.odd is no plain value, which fails eq");
	denied(CLAUSE("{\"claim\":\"events.none\",\"op\":\"absent\"}"),
	       "rule 1: claim events.none is no plain value, which fails absent");
}

/* Anybody can make a key that signs quotes: a rule says whose it means. */
TEST(keys_of_tpms)
{
	static const char needs[] = "needs a clause that says by eq or in what tpm.ak may be";
	char reason[LK_POLICY_REASON];

#define AK(tee, op, value)                                                                         \
	RULE("{\"resource\":\"a/b/c\"," tee "\"all\":[{\"claim\":\"tpm.ak\",\"op\":\"" op          \
	     "\",\"value\":" value "}]}")
#define TPM "\"tee\":\"tpm\","
	refused(RULE("{\"resource\":\"a/b/c\",\"tee\":\"tpm\"}"), needs);
	refused(RULE("{\"resource\":\"a/b/c\",\"tee\":\"tpm\",\"all\":["
		     "{\"claim\":\"tpm.pcr.4\",\"op\":\"eq\",\"value\":\"00\"}]}"),
		needs);
	refused(AK(TPM, "prefix", "\"k\""), needs);
	CHECK(allows(AK(TPM, "eq", "\"k1\""), "tpm", NULL, reason));
	CHECK(allows(AK(TPM, "in", "[\"k0\",\"k1\"]"), "tpm", NULL, reason));
	CHECK(!allows(AK(TPM, "eq", "\"k2\""), "tpm", NULL, reason));
	CHECK_STR(reason, "rule 1: claim tpm.ak is \"k1\", which fails eq");
	/* a rule that names no TEE means a TPM only if it names its key */
	CHECK(!allows(RULE("{\"resource\":\"*/*/*\"}"), "tpm", NULL, reason));
	CHECK_STR(reason, "rule 1: tee is tpm, the rule names none");
	CHECK(allows(AK("", "eq", "\"k1\""), "tpm", NULL, reason));
}

static bool knows(const char *text, const char *tee, char why[128])
{
	struct lk_policy *p = policy(text);
	struct json_t *claims = NULL;
	bool yes;

	CHECK_OK(lk_json_parse(claims_text, strlen(claims_text), &claims, &err));
	why[0] = '\0';
	yes = lk_policy_knows_key(p, tee, claims, why, 128);
	lk_json_free(claims);
	lk_policy_free(p);
	return yes;
}

TEST(known_keys)
{
	char why[128];

	CHECK(knows(RULE(""), "tdx", why));
	CHECK(!knows(RULE(""), "tpm", why));
	CHECK_STR(why, "no rule names a tpm.ak");
	CHECK(!knows(RULE("{\"resource\":\"*/*/*\"}"), "tpm", why));
	CHECK(!knows(AK(TPM, "eq", "\"k2\""), "tpm", why));
	CHECK_STR(why, "claim tpm.ak is \"k1\", which fails eq");
	CHECK(knows(AK(TPM, "in", "[\"k2\",\"k1\"]"), "tpm", why));
	CHECK(knows(AK("", "eq", "\"k1\""), "tpm", why));
	CHECK(!knows(AK("\"tee\":\"snp\",", "eq", "\"k1\""), "tpm", why));
}

TEST(reasons_stay_short)
{
	char text[8192] = "{\"version\":1,\"rules\":[", reason[LK_POLICY_REASON];
	unsigned i;

	for (i = 0; i < 100; i++)
		strcat(text, i ? ",{\"resource\":\"*/*/*\",\"tee\":\"tdx\"}"
			       : "{\"resource\":\"*/*/*\",\"tee\":\"tdx\"}");
	strcat(text, "]}");
	CHECK(!allows(text, "sample", NULL, reason));
	CHECK_EQ(strlen(reason), LK_POLICY_REASON - 1);
}

static bool rego(const char *text)
{
	const char *json;

	if (lk_policy_from_rego(text, strlen(text), &json, &err)) {
		CHECK_EQ(err.code, LK_C_POLICY_REGO);
		return false;
	}
	lk_policy_free(policy(json));
	return true;
}

TEST(rego_that_needs_an_interpreter)
{
	CHECK(!rego(""));
	CHECK(!rego("package policy"));
	CHECK(!rego("default allow = true"));
	CHECK(!rego("package policies default allow = true"));
	CHECK(!rego("package policy default allow = true allow { false }"));
	CHECK(!rego("package policy default allow = false allow { input }"));
	CHECK(!rego("package policy default allow == true"));
	CHECK(!rego("package policy default allow = truer"));
	CHECK(!rego("package policy default allow = \"true\""));
	CHECK(!rego("package policy default allow = # true"));
	CHECK(!rego("package policy import data.x default allow = true"));
}

TEST(rego_that_does_not)
{
	const char *json;

	CHECK(rego("package policy\n\ndefault allow = true\n"));
	CHECK(rego("# comment\npackage policy # x\nimport rego.v1\n\tdefault allow:=true"));
	CHECK_OK(lk_policy_from_rego("package policy default allow = false", 36, &json, &err));
	denied(json, "no rule is about this resource");
	CHECK_OK(lk_policy_from_rego("package policy default allow = true", 35, &json, &err));
	denied(json, "rule 1: tee is sample, the rule names none");
}

TESTS(other_documents, bad_rules, bad_clauses, too_much, denied_unless_allowed, clauses_that_fail,
      each_part_counts, clauses_that_hold, lists, keys_of_tpms, known_keys, reasons_stay_short,
      rego_that_needs_an_interpreter, rego_that_does_not)
