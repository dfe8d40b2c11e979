/* SPDX-License-Identifier: Apache-2.0 */
/* JSON over jansson: strict parsing, reads that name what is missing, and memory that is wiped
 * when it is freed. */
#include "core/json.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "core/json_memory.h"
#include "core/secret.h"

#define NAME_SHOWN 64 /* of a foreign member name in a message */

void lk_json_setup(void)
{
	size_t seed = 0;

	json_set_alloc_funcs(lk_json_alloc, lk_json_release);
	/* unpredictable hashing; should the pool be empty, jansson finds a seed by itself */
	(void)getrandom(&seed, sizeof(seed), GRND_NONBLOCK);
	json_object_seed(seed);
}

/* Brackets outside strings never nest deeper than allowed. Malformed text is the parser's. */
static bool depth_allowed(const char *text, size_t len)
{
	size_t i, depth = 0;
	bool in_string = false;

	for (i = 0; i < len; i++) {
		if (in_string && text[i] == '\\') {
			i++;
		} else if (text[i] == '"') {
			in_string = !in_string;
		} else if (in_string) {
			continue;
		} else if (text[i] == '{' || text[i] == '[') {
			if (++depth > LK_JSON_DEPTH)
				return false;
		} else if ((text[i] == '}' || text[i] == ']') && depth) {
			depth--;
		}
	}
	return true;
}

/* jansson's own text quotes the document, which may hold a secret. */
static const char *parse_error(const json_error_t *e)
{
	switch (json_error_code(e)) {
	case json_error_duplicate_key:
		return "a member occurs twice";
	case json_error_premature_end_of_input:
		return "the text ends too early";
	case json_error_end_of_input_expected:
		return "something follows the value";
	case json_error_invalid_utf8:
		return "not UTF-8";
	case json_error_null_character:
	case json_error_null_byte_in_key:
		return "a string holds a NUL character";
	case json_error_numeric_overflow:
		return "a number is too large";
	default:
		return "not JSON";
	}
}

/* *ret = NULL: not JSON, as *e says. LK_INTERNAL when memory runs out. */
static enum lk_status load(const char *text, size_t len, json_t **ret, json_error_t *e,
			   struct lk_error *err)
{
	struct lk_json_parse parse;

	lk_json_parse_begin(&parse);
	if (setjmp(parse.escape)) {
		lk_json_parse_abandon(&parse);
		return lk_raise(err, LK_INTERNAL, "parse JSON: out of memory");
	}
	*ret = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, e);
	lk_json_parse_end(&parse);
	return LK_OK;
}

enum lk_status lk_json_parse(const char *text, size_t len, struct json_t **ret,
			     struct lk_error *err)
{
	json_error_t e;
	json_t *doc = NULL;
	enum lk_status st;

	if (!depth_allowed(text, len))
		return lk_raise_code(err, LK_C_REPLY_INVALID,
				     "parse JSON: nested deeper than %d levels", LK_JSON_DEPTH);
	st = load(text, len, &doc, &e, err);
	if (doc)
		*ret = doc;
	else if (!st)
		st = lk_raise_code(err, LK_C_REPLY_INVALID, "parse JSON: line %d column %d: %s",
				   e.line, e.column, parse_error(&e));
	lk_wipe(&e, sizeof(e));
	return st;
}

void lk_json_free(struct json_t *doc)
{
	json_decref(doc);
}

static enum lk_status member(const json_t *obj, const char *name, json_t **ret,
			     struct lk_error *err)
{
	if (!json_is_object(obj))
		return lk_raise_code(err, LK_C_REPLY_INVALID, "no object to hold member '%s'",
				     name);
	*ret = json_object_get(obj, name);
	if (!*ret)
		return lk_raise_code(err, LK_C_REPLY_INVALID, "member '%s' is missing", name);
	return LK_OK;
}

static enum lk_status wrong_type(const char *name, const char *wanted, struct lk_error *err)
{
	return lk_raise_code(err, LK_C_REPLY_INVALID, "member '%s' is not %s", name, wanted);
}

enum lk_status lk_json_get_string(const struct json_t *obj, const char *name, size_t max,
				  const char **ret, struct lk_error *err)
{
	enum lk_status st;
	json_t *v;

	st = member(obj, name, &v, err);
	if (st)
		return st;
	if (!json_is_string(v))
		return wrong_type(name, "a string", err);
	if (json_string_length(v) > max)
		return lk_raise_code(err, LK_C_REPLY_INVALID,
				     "member '%s' is longer than %zu bytes", name, max);
	*ret = json_string_value(v);
	return LK_OK;
}

enum lk_status lk_json_get_int(const struct json_t *obj, const char *name, int64_t min, int64_t max,
			       int64_t *ret, struct lk_error *err)
{
	enum lk_status st;
	json_t *v;

	st = member(obj, name, &v, err);
	if (st)
		return st;
	if (!json_is_integer(v))
		return wrong_type(name, "an integer", err);
	if (json_integer_value(v) < min || json_integer_value(v) > max)
		return lk_raise_code(err, LK_C_REPLY_INVALID,
				     "member '%s' is not between %lld and %lld", name,
				     (long long)min, (long long)max);
	*ret = json_integer_value(v);
	return LK_OK;
}

enum lk_status lk_json_get_bool(const struct json_t *obj, const char *name, bool *ret,
				struct lk_error *err)
{
	enum lk_status st;
	json_t *v;

	st = member(obj, name, &v, err);
	if (st)
		return st;
	if (!json_is_boolean(v))
		return wrong_type(name, "true or false", err);
	*ret = json_is_true(v);
	return LK_OK;
}

enum lk_status lk_json_get_object(const struct json_t *obj, const char *name, struct json_t **ret,
				  struct lk_error *err)
{
	enum lk_status st;
	json_t *v;

	st = member(obj, name, &v, err);
	if (st)
		return st;
	if (!json_is_object(v))
		return wrong_type(name, "an object", err);
	*ret = v;
	return LK_OK;
}

enum lk_status lk_json_get_array(const struct json_t *obj, const char *name, struct json_t **ret,
				 struct lk_error *err)
{
	enum lk_status st;
	json_t *v;

	st = member(obj, name, &v, err);
	if (st)
		return st;
	if (!json_is_array(v))
		return wrong_type(name, "an array", err);
	*ret = v;
	return LK_OK;
}

static bool parse_u64(const char *s, uint64_t max, uint64_t *ret)
{
	uint64_t v = 0, digit;

	if (!*s || (s[0] == '0' && s[1]))
		return false;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return false;
		digit = (uint64_t)(*s - '0');
		if (v > (max - digit) / 10 || digit > max)
			return false;
		v = v * 10 + digit;
	}
	*ret = v;
	return true;
}

enum lk_status lk_json_get_u64_string(const struct json_t *obj, const char *name, uint64_t max,
				      uint64_t *ret, struct lk_error *err)
{
	enum lk_status st;
	const char *s;

	st = lk_json_get_string(obj, name, 20, &s, err);
	if (st)
		return st;
	if (!parse_u64(s, max, ret))
		return lk_raise_code(err, LK_C_REPLY_INVALID,
				     "member '%s' is not a decimal number up to %llu", name,
				     (unsigned long long)max);
	return LK_OK;
}

struct json_t *lk_json_get(const struct json_t *obj, const char *name)
{
	return json_object_get(obj, name);
}

bool lk_json_has(const struct json_t *obj, const char *name)
{
	return lk_json_get(obj, name) != NULL;
}

bool lk_json_is_object(const struct json_t *v)
{
	return json_is_object(v);
}

bool lk_json_is_array(const struct json_t *v)
{
	return json_is_array(v);
}

bool lk_json_is_string(const struct json_t *v)
{
	return json_is_string(v);
}

bool lk_json_is_null(const struct json_t *v)
{
	return json_is_null(v);
}

const char *lk_json_string_value(const struct json_t *v)
{
	return json_string_value(v);
}

bool lk_json_int_value(const struct json_t *v, int64_t *ret)
{
	if (!json_is_integer(v))
		return false;
	*ret = json_integer_value(v);
	return true;
}

static bool listed(const char *name, const char *const *names)
{
	for (; *names; names++) {
		if (strcmp(name, *names) == 0)
			return true;
	}
	return false;
}

enum lk_status lk_json_only(const struct json_t *obj, const char *const *names,
			    struct lk_error *err)
{
	/* iterators of a table that is only read */
	json_t *o = (json_t *)(uintptr_t)obj;
	const char *name;
	void *i;

	if (!json_is_object(obj))
		return lk_raise_code(err, LK_C_REPLY_INVALID, "not an object");
	for (i = json_object_iter(o); i; i = json_object_iter_next(o, i)) {
		name = json_object_iter_key(i);
		if (!listed(name, names))
			return lk_raise_code(err, LK_C_REPLY_INVALID,
					     "member '%.*s' does not belong here", NAME_SHOWN,
					     name);
	}
	return LK_OK;
}

size_t lk_json_count(const struct json_t *v)
{
	return json_is_array(v) ? json_array_size(v) : json_object_size(v);
}

struct json_t *lk_json_at(const struct json_t *array, size_t i)
{
	return json_array_get(array, i);
}

bool lk_json_next(struct json_t *obj, void **iter, const char **name, struct json_t **value)
{
	*iter = *iter ? json_object_iter_next(obj, *iter) : json_object_iter(obj);
	if (!*iter)
		return false;
	*name = json_object_iter_key(*iter);
	*value = json_object_iter_value(*iter);
	return true;
}
