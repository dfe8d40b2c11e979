/* SPDX-License-Identifier: Apache-2.0 */
/* The resource policy: reading its rules whole, refusing what it does not know, and deciding. */
#include "keyserver/policy.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/json.h"
#include "keyserver/policy_clause.h"
#include "keyserver/resource_name.h"

#define RULES_MAX	256
#define CLAUSES_MAX	32
#define SETS_MAX	64
#define SET_MEMBERS_MAX 4096
#define TEE_MAX		31
#define MEMBER_MAX	1024

struct rule {
	const char *resource, *tee, *phase; /* tee, phase: NULL = not named */
	struct lk_clause *clauses;
	size_t n_clauses;
};

struct lk_policy {
	struct json_t *doc; /* owns every string */
	struct rule *rules;
	size_t n_rules;
};

void lk_policy_free(struct lk_policy *p)
{
	size_t i;

	if (!p)
		return;
	for (i = 0; i < p->n_rules; i++)
		free(p->rules[i].clauses);
	free(p->rules);
	lk_json_free(p->doc);
	free(p);
}

static enum lk_status invalid(struct lk_error *err, const char *what)
{
	return lk_raise_code(err, LK_C_POLICY_INVALID, "%s", what);
}

/* TEEs whose evidence anybody's key can sign: a rule that does not say which key gives its resource
 * to everybody. */
static const struct {
	const char *tee, *claim;
} keyed[] = {
	{ "tpm", "tpm.ak" },
};

/* What a rule must name to be meant for a TEE; NULL if nothing. */
static const char *key_claim(const char *tee)
{
	size_t i;

	for (i = 0; i < sizeof(keyed) / sizeof(keyed[0]); i++)
		if (strcmp(keyed[i].tee, tee) == 0)
			return keyed[i].claim;
	return NULL;
}

static bool is_key_clause(const struct lk_clause *c, const char *claim)
{
	return strcmp(c->claim, claim) == 0 && (c->op == LK_OP_EQ || c->op == LK_OP_IN);
}

static bool names_key(const struct rule *r, const char *claim)
{
	size_t i;

	for (i = 0; i < r->n_clauses; i++)
		if (is_key_clause(&r->clauses[i], claim))
			return true;
	return false;
}

/* --- reading ----------------------------------------------------------------------------------- */

static enum lk_status optional_string(const struct json_t *obj, const char *name, size_t max,
				      const char **ret, struct lk_error *err)
{
	if (!lk_json_has(obj, name))
		return LK_OK;
	if (lk_json_get_string(obj, name, max, ret, err) || **ret == '\0')
		return lk_raise_code(err, LK_C_POLICY_INVALID, "%s is not a short string", name);
	return LK_OK;
}

static enum lk_status read_clauses(const struct json_t *rule, const struct json_t *sets,
				   struct rule *r, struct lk_error *err)
{
	struct json_t *all;
	size_t n;
	enum lk_status st;

	if (!lk_json_has(rule, "all"))
		return LK_OK;
	if (lk_json_get_array(rule, "all", &all, err) || lk_json_count(all) > CLAUSES_MAX)
		return invalid(err, "all is not a list of at most 32 clauses");
	n = lk_json_count(all);
	r->clauses = calloc(n ? n : 1, sizeof(*r->clauses));
	if (!r->clauses)
		return lk_raise(err, LK_INTERNAL, "no memory for a policy");
	for (; r->n_clauses < n; r->n_clauses++) {
		st = lk_clause_read(lk_json_at(all, r->n_clauses), sets, &r->clauses[r->n_clauses],
				    err);
		if (st)
			return lk_context(err, "clause %zu", r->n_clauses + 1);
	}
	return LK_OK;
}

static enum lk_status check_key(const struct rule *r, struct lk_error *err)
{
	const char *claim = r->tee ? key_claim(r->tee) : NULL;

	if (claim && !names_key(r, claim))
		return lk_raise_code(err, LK_C_POLICY_INVALID,
				     "a rule for %s needs a clause that says by eq or in what %s "
				     "may be: anybody can make such a key",
				     r->tee, claim);
	return LK_OK;
}

static enum lk_status read_rule(const struct json_t *rule, const struct json_t *sets,
				struct rule *r, struct lk_error *err)
{
	static const char *const members[] = { "resource", "tee", "phase", "all", "comment", NULL };
	enum lk_status st;

	if (!lk_json_is_object(rule))
		return invalid(err, "not an object");
	if (lk_json_only(rule, members, err))
		return invalid(err, "other members than resource, tee, phase, all, comment");
	if (lk_json_get_string(rule, "resource", LK_RESOURCE_NAME_MAX, &r->resource, err) ||
	    !lk_resource_glob_ok(r->resource))
		return invalid(err, "resource is not a pattern of three segments such as a/b/*");
	st = optional_string(rule, "tee", TEE_MAX, &r->tee, err);
	if (st)
		return st;
	st = optional_string(rule, "phase", TEE_MAX, &r->phase, err);
	if (st)
		return st;
	if (r->phase && strcmp(r->phase, "initrd") != 0 && strcmp(r->phase, "system") != 0)
		return invalid(err, "phase is neither initrd nor system");
	st = read_clauses(rule, sets, r, err);
	return st ? st : check_key(r, err);
}

static enum lk_status read_rules(struct lk_policy *p, const struct json_t *sets,
				 struct lk_error *err)
{
	struct json_t *rules;
	size_t n;
	enum lk_status st;

	if (lk_json_get_array(p->doc, "rules", &rules, err) || lk_json_count(rules) > RULES_MAX)
		return invalid(err, "rules is not a list of at most 256 rules");
	n = lk_json_count(rules);
	p->rules = calloc(n ? n : 1, sizeof(*p->rules));
	if (!p->rules)
		return lk_raise(err, LK_INTERNAL, "no memory for a policy");
	while (p->n_rules < n) {
		struct rule *r = &p->rules[p->n_rules++];

		st = read_rule(lk_json_at(rules, p->n_rules - 1), sets, r, err);
		if (st)
			return lk_context(err, "rule %zu", p->n_rules);
	}
	return LK_OK;
}

static bool set_ok(const struct json_t *set)
{
	size_t i, n;

	if (!lk_json_is_array(set) || lk_json_count(set) > SET_MEMBERS_MAX)
		return false;
	n = lk_json_count(set);
	for (i = 0; i < n; i++) {
		const char *s = lk_json_string_value(lk_json_at(set, i));
		int64_t number;

		if (s ? strlen(s) > MEMBER_MAX : !lk_json_int_value(lk_json_at(set, i), &number))
			return false;
	}
	return true;
}

static enum lk_status read_sets(struct lk_policy *p, struct json_t **ret, struct lk_error *err)
{
	struct json_t *sets, *set;
	const char *name;
	void *iter = NULL;

	if (!lk_json_has(p->doc, "reference_sets"))
		return LK_OK;
	if (lk_json_get_object(p->doc, "reference_sets", &sets, err) ||
	    lk_json_count(sets) > SETS_MAX)
		return invalid(err, "reference_sets is not an object of at most 64 lists");
	while (lk_json_next(sets, &iter, &name, &set))
		if (!set_ok(set))
			return lk_raise_code(err, LK_C_POLICY_INVALID,
					     "reference set '%s' is not a list of strings and "
					     "integers",
					     name);
	*ret = sets;
	return LK_OK;
}

static enum lk_status read_policy(struct lk_policy *p, struct lk_error *err)
{
	static const char *const members[] = { "version", "rules", "reference_sets", "comment",
					       NULL };
	struct json_t *sets = NULL;
	int64_t version;
	enum lk_status st;

	if (!lk_json_is_object(p->doc))
		return invalid(err, "not a JSON object");
	if (lk_json_only(p->doc, members, err))
		return invalid(err, "other members than version, rules, reference_sets, comment");
	if (lk_json_get_int(p->doc, "version", 1, 1, &version, err))
		return invalid(err, "version is not 1");
	st = read_sets(p, &sets, err);
	if (st)
		return st;
	return read_rules(p, sets, err);
}

enum lk_status lk_policy_parse(const char *text, size_t len, struct lk_policy **ret,
			       struct lk_error *err)
{
	LK_CLEANUP(lk_policy_free_p) struct lk_policy *p = calloc(1, sizeof(*p));
	enum lk_status st;

	if (!p)
		return lk_raise(err, LK_INTERNAL, "no memory for a policy");
	if (len > LK_POLICY_TEXT_MAX)
		return invalid(err, "the policy is longer than 256 KiB");
	st = lk_json_parse(text, len, &p->doc, err);
	if (st == LK_INTERNAL)
		return st;
	if (st) {
		char why[LK_ERROR_TEXT];

		(void)snprintf(why, sizeof(why), "%s",
			       err->n_frames ? err->frames[0].text : "no JSON");
		return invalid(err, why);
	}
	st = read_policy(p, err);
	if (st)
		return lk_context(err, "read the policy");
	*ret = lk_take(p);
	return LK_OK;
}

/* --- deciding ---------------------------------------------------------------------------------- */

struct reason {
	char *text;
	size_t len;
};

__attribute__((format(printf, 2, 3))) static void say(struct reason *r, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(r->text + r->len, LK_POLICY_REASON - r->len, fmt, ap);
	va_end(ap);
	if (n > 0)
		r->len += (size_t)n;
	if (r->len >= LK_POLICY_REASON)
		r->len = LK_POLICY_REASON - 1;
}

static bool tee_allowed(const struct rule *r, const char *tee)
{
	const char *claim = key_claim(tee);

	if (!r->tee)
		return strcmp(tee, "sample") != 0 && (!claim || names_key(r, claim));
	return strcmp(r->tee, tee) == 0;
}

static bool rule_allows(const struct rule *r, const struct lk_policy_question *q, char *why,
			size_t n)
{
	size_t i;

	if (!tee_allowed(r, q->tee)) {
		(void)snprintf(why, n, "tee is %s, the rule %s%s", q->tee,
			       r->tee ? "wants " : "names none", r->tee ? r->tee : "");
		return false;
	}
	if (r->phase && (!q->phase || strcmp(r->phase, q->phase) != 0)) {
		(void)snprintf(why, n, "phase is %s, the rule wants %s",
			       q->phase ? q->phase : "not proved", r->phase);
		return false;
	}
	for (i = 0; i < r->n_clauses; i++)
		if (!lk_clause_holds(&r->clauses[i], q->claims, why, n))
			return false;
	return true;
}

static bool rule_knows_key(const struct rule *r, const char *tee, const char *claim,
			   const struct json_t *claims, char *why, size_t n)
{
	bool named = false;
	size_t i;

	if (r->tee && strcmp(r->tee, tee) != 0)
		return false;
	for (i = 0; i < r->n_clauses; i++) {
		if (!is_key_clause(&r->clauses[i], claim))
			continue;
		named = true;
		if (!lk_clause_holds(&r->clauses[i], claims, why, n))
			return false;
	}
	return named;
}

bool lk_policy_knows_key(const struct lk_policy *p, const char *tee, const struct json_t *claims,
			 char *why, size_t n)
{
	const char *claim = key_claim(tee);
	size_t i;

	if (!claim)
		return true;
	(void)snprintf(why, n, "no rule names a %s", claim);
	for (i = 0; i < p->n_rules; i++)
		if (rule_knows_key(&p->rules[i], tee, claim, claims, why, n))
			return true;
	return false;
}

bool lk_policy_decide(const struct lk_policy *p, const struct lk_policy_question *q,
		      char reason[LK_POLICY_REASON])
{
	struct reason out = { .text = reason };
	char why[256];
	size_t i;

	reason[0] = '\0';
	for (i = 0; i < p->n_rules; i++) {
		if (!lk_resource_glob_match(p->rules[i].resource, q->resource))
			continue;
		if (rule_allows(&p->rules[i], q, why, sizeof(why))) {
			(void)snprintf(reason, LK_POLICY_REASON, "rule %zu", i + 1);
			return true;
		}
		say(&out, "%srule %zu: %s", out.len ? "; " : "", i + 1, why);
	}
	if (out.len == 0)
		say(&out, "no rule is about this resource");
	return false;
}
