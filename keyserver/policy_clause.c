/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and evaluating one clause. Whatever is missing, of another type or malformed is false. */
#include "keyserver/policy_clause.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "core/json.h"

#define CLAIM_MAX 128
#define TEXT_MAX  1024
#define PART_MAX  96

static const char *const op_names[LK_N_OPS] = {
	[LK_OP_EQ] = "eq",	   [LK_OP_IN] = "in",	      [LK_OP_GE] = "ge",
	[LK_OP_PREFIX] = "prefix", [LK_OP_ABSENT] = "absent",
};

struct scalar {
	enum { NOTHING, STRING, INTEGER, BOOLEAN } kind;
	const char *s;
	int64_t i;
};

static struct scalar scalar_of(const struct json_t *v)
{
	struct scalar x = { .kind = NOTHING };

	if (lk_json_is_string(v)) {
		x.kind = STRING;
		x.s = lk_json_string_value(v);
	} else if (v && lk_json_int_value(v, &x.i)) {
		x.kind = INTEGER;
	}
	return x;
}

/* Booleans can only be asked for by name. */
static struct scalar member(const struct json_t *obj, const char *name)
{
	struct scalar x = scalar_of(lk_json_get(obj, name));
	struct lk_error ignored = { 0 };
	bool b;

	if (x.kind == NOTHING && lk_json_get_bool(obj, name, &b, &ignored) == LK_OK) {
		x.kind = BOOLEAN;
		x.i = b;
	}
	return x;
}

static bool equal(struct scalar a, struct scalar b)
{
	if (a.kind != b.kind || a.kind == NOTHING)
		return false;
	return a.kind == STRING ? strcmp(a.s, b.s) == 0 : a.i == b.i;
}

/* An integer, also when evidence formats carry it as a string of decimal digits. */
static bool number(struct scalar x, int64_t *ret)
{
	int64_t n = 0;
	size_t i;

	if (x.kind == INTEGER) {
		*ret = x.i;
		return true;
	}
	if (x.kind != STRING || x.s[0] == '\0' || strlen(x.s) > 18)
		return false;
	for (i = 0; x.s[i]; i++) {
		if (x.s[i] < '0' || x.s[i] > '9')
			return false;
		n = n * 10 + (x.s[i] - '0');
	}
	*ret = n;
	return true;
}

static bool at_least(struct scalar claim, struct scalar floor)
{
	int64_t a, b;

	return number(claim, &a) && number(floor, &b) && a >= b;
}

static bool list_at_least(const struct json_t *claim, const struct json_t *floor)
{
	size_t i, n = lk_json_count(floor);

	if (!lk_json_is_array(claim) || lk_json_count(claim) != n)
		return false;
	for (i = 0; i < n; i++)
		if (!at_least(scalar_of(lk_json_at(claim, i)), scalar_of(lk_json_at(floor, i))))
			return false;
	return true;
}

static bool object_at_least(const struct json_t *claim, struct json_t *floor)
{
	void *iter = NULL;
	const char *name;
	struct json_t *part;

	if (!lk_json_is_object(claim))
		return false;
	while (lk_json_next(floor, &iter, &name, &part))
		if (!at_least(member(claim, name), scalar_of(part)))
			return false;
	return true;
}

/* A TCB's parts are independent: one newer part never makes up for an older one. */
static bool value_at_least(const struct json_t *claims, const char *name,
			   const struct json_t *holder)
{
	const struct json_t *claim = lk_json_get(claims, name);
	struct json_t *floor = lk_json_get(holder, "value");

	if (lk_json_is_array(floor))
		return list_at_least(claim, floor);
	if (lk_json_is_object(floor))
		return object_at_least(claim, floor);
	return at_least(scalar_of(claim), scalar_of(floor));
}

static bool compare(enum lk_clause_op op, struct scalar claim, struct scalar value)
{
	switch (op) {
	case LK_OP_EQ:
	case LK_OP_IN:
		return equal(claim, value);
	case LK_OP_GE:
		return at_least(claim, value);
	case LK_OP_PREFIX:
		return claim.kind == STRING && value.kind == STRING &&
		       strncmp(claim.s, value.s, strlen(value.s)) == 0;
	default:
		return false;
	}
}

/* --- reading ----------------------------------------------------------------------------------- */

static enum lk_status invalid(struct lk_error *err, const char *what)
{
	return lk_raise_code(err, LK_C_POLICY_INVALID, "%s", what);
}

static bool claim_ok(const char *claim)
{
	const char *p;

	for (p = claim; *p; p++)
		if (*p <= ' ' || *p >= 0x7f || (*p == '.' && (p == claim || p[1] == '.' || !p[1])))
			return false;
	return p != claim;
}

static bool list_ok(const struct json_t *list, bool numbers)
{
	int64_t n;
	size_t i;

	for (i = 0; i < lk_json_count(list); i++) {
		struct scalar x = scalar_of(lk_json_at(list, i));

		if (x.kind == NOTHING || (numbers && !number(x, &n)))
			return false;
	}
	return lk_json_count(list) > 0;
}

static bool parts_ok(struct json_t *parts)
{
	void *iter = NULL;
	const char *name;
	struct json_t *part;
	int64_t n;

	while (lk_json_next(parts, &iter, &name, &part))
		if (!number(scalar_of(part), &n))
			return false;
	return lk_json_count(parts) > 0;
}

/* Is the value of a kind that the op can use? */
static bool value_ok(enum lk_clause_op op, const struct json_t *holder)
{
	struct json_t *value = lk_json_get(holder, "value");
	struct scalar x = member(holder, "value");
	int64_t n;

	switch (op) {
	case LK_OP_EQ:
		return x.kind != NOTHING;
	case LK_OP_IN:
		return lk_json_is_array(value) && list_ok(value, false);
	case LK_OP_PREFIX:
		return x.kind == STRING && x.s[0] != '\0';
	case LK_OP_GE:
		if (lk_json_is_array(value))
			return list_ok(value, true);
		if (lk_json_is_object(value))
			return parts_ok(value);
		return number(x, &n);
	default:
		return false;
	}
}

static enum lk_status read_op(const struct json_t *clause, enum lk_clause_op *ret,
			      struct lk_error *err)
{
	const char *name;
	unsigned i;

	if (lk_json_get_string(clause, "op", 16, &name, err))
		return invalid(err, "op is missing or not a string");
	for (i = 0; i < LK_N_OPS; i++) {
		if (strcmp(op_names[i], name) == 0) {
			*ret = (enum lk_clause_op)i;
			return LK_OK;
		}
	}
	return invalid(err, "op is none of eq, in, ge, prefix, absent");
}

static enum lk_status read_set(const char *name, const struct json_t *sets, struct lk_clause *c,
			       struct lk_error *err)
{
	c->set = sets ? lk_json_get(sets, name) : NULL;
	if (!c->set)
		return lk_raise_code(err, LK_C_POLICY_INVALID, "no reference set '%s'", name);
	return LK_OK;
}

static enum lk_status read_value(const struct json_t *clause, const struct json_t *sets,
				 struct lk_clause *c, struct lk_error *err)
{
	struct scalar x = member(clause, "value");

	if (c->op == LK_OP_ABSENT) {
		if (lk_json_has(clause, "value"))
			return invalid(err, "op absent takes no value");
		return LK_OK;
	}
	if (x.kind == STRING && strlen(x.s) > TEXT_MAX)
		return invalid(err, "value is too long");
	if (x.kind == STRING && x.s[0] == '@' && x.s[1] != '@')
		return read_set(x.s + 1, sets, c, err);
	if (!value_ok(c->op, clause))
		return invalid(err, "value is missing, or of a kind that op cannot compare");
	c->holder = clause;
	if (c->op == LK_OP_IN)
		c->set = lk_json_get(clause, "value");
	return LK_OK;
}

enum lk_status lk_clause_read(const struct json_t *clause, const struct json_t *sets,
			      struct lk_clause *ret, struct lk_error *err)
{
	static const char *const members[] = { "claim", "op", "value", NULL };
	struct lk_clause c = { 0 };
	enum lk_status st;

	if (!lk_json_is_object(clause))
		return invalid(err, "a clause is not an object");
	if (lk_json_only(clause, members, err))
		return invalid(err, "a clause has other members than claim, op, value");
	if (lk_json_get_string(clause, "claim", CLAIM_MAX, &c.claim, err) || !claim_ok(c.claim))
		return invalid(err, "claim is not a dotted path such as sample.svn");
	st = read_op(clause, &c.op, err);
	if (st)
		return st;
	st = read_value(clause, sets, &c, err);
	if (st)
		return lk_context(err, "claim %s", c.claim);
	*ret = c;
	return LK_OK;
}

/* --- evaluating --------------------------------------------------------------------------------- */

/* Follow the path to the object that would hold the claim; its last part goes to name. */
static const struct json_t *walk(const struct json_t *claims, const char *path,
				 char name[CLAIM_MAX + 1])
{
	size_t n;

	for (;;) {
		n = strcspn(path, ".");
		memcpy(name, path, n);
		name[n] = '\0';
		if (!lk_json_is_object(claims) || !path[n])
			return lk_json_is_object(claims) ? claims : NULL;
		claims = lk_json_get(claims, name);
		path += n + 1;
	}
}

/* "@@x" is how a value says "@x". */
static struct scalar unescape(struct scalar x)
{
	if (x.kind == STRING && x.s[0] == '@')
		x.s++;
	return x;
}

static bool scalar_matches(const struct lk_clause *c, struct scalar x)
{
	size_t i;

	if (!c->set)
		return compare(c->op, x, unescape(member(c->holder, "value")));
	for (i = 0; i < lk_json_count(c->set); i++)
		if (compare(c->op, x, scalar_of(lk_json_at(c->set, i))))
			return true;
	return false;
}

/* Of several events none may be one that the rule does not know. */
static bool list_matches(const struct lk_clause *c, const struct json_t *list)
{
	size_t i;

	for (i = 0; i < lk_json_count(list); i++)
		if (!scalar_matches(c, scalar_of(lk_json_at(list, i))))
			return false;
	return lk_json_count(list) > 0;
}

static bool matches(const struct lk_clause *c, const struct json_t *parent, const char *name)
{
	const struct json_t *claim = lk_json_get(parent, name);

	if (c->op == LK_OP_GE && !c->set)
		return value_at_least(parent, name, c->holder);
	if (lk_json_is_array(claim))
		return list_matches(c, claim);
	return scalar_matches(c, member(parent, name));
}

/* What makes the clause false: the claim, or the first of its members that does. */
static struct scalar culprit(const struct lk_clause *c, const struct json_t *parent,
			     const char *name)
{
	const struct json_t *list = lk_json_get(parent, name);
	size_t i;

	if (!lk_json_is_array(list) || c->op == LK_OP_ABSENT || c->op == LK_OP_GE)
		return member(parent, name);
	for (i = 0; i < lk_json_count(list); i++)
		if (!scalar_matches(c, scalar_of(lk_json_at(list, i))))
			return scalar_of(lk_json_at(list, i));
	return member(parent, name);
}

/* What the claim is, for people: evidence is hostile, so only short printable text. */
static void describe(struct scalar x, char out[PART_MAX])
{
	size_t i;

	if (x.kind == INTEGER)
		(void)snprintf(out, PART_MAX, "is %lld", (long long)x.i);
	else if (x.kind == BOOLEAN)
		(void)snprintf(out, PART_MAX, "is %s", x.i ? "true" : "false");
	else if (x.kind == STRING)
		(void)snprintf(out, PART_MAX, "is \"%.64s\"", x.s);
	else
		(void)snprintf(out, PART_MAX, "is no plain value");
	for (i = 0; out[i]; i++)
		if (out[i] < ' ' || out[i] > '~')
			out[i] = '?';
}

bool lk_clause_holds(const struct lk_clause *c, const struct json_t *claims, char *why, size_t n)
{
	char name[CLAIM_MAX + 1], is[PART_MAX];
	const struct json_t *parent = walk(claims, c->claim, name);
	bool present = parent && lk_json_has(parent, name);

	if (c->op == LK_OP_ABSENT && !present)
		return true;
	if (!present) {
		(void)snprintf(why, n, "claim %s is missing", c->claim);
		return false;
	}
	if (c->op != LK_OP_ABSENT && matches(c, parent, name))
		return true;
	describe(culprit(c, parent, name), is);
	(void)snprintf(why, n, "claim %s %s, which fails %s", c->claim, is, op_names[c->op]);
	return false;
}
