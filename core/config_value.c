/* SPDX-License-Identifier: Apache-2.0 */
/* From a value in the file, or a row's fallback, to a field: one function per type. The declared
 * type decides and never the look; no message holds a value. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base64.h"
#include "core/config_internal.h"
#include "core/json.h"
#include "core/secret.h"

struct value {
	enum { TEXT, SCALAR, ARRAY } form;
	const char *text; /* NULL for an array; a scalar as it was written */
	const struct json_t *array;
	bool text_too; /* a scalar may stand for text: .conf files and fallbacks */
};

#define refuse(key, err, fmt, ...)                                                                 \
	lk_raise_code((err), LK_C_CONFIG_VALUE, "'%s' " fmt, (key)->name, ##__VA_ARGS__)

static enum lk_status no_memory(struct lk_error *err)
{
	return lk_raise(err, LK_INTERNAL, "out of memory");
}

/* The text of a value for a type that is written in quotes; NULL if it has none. */
static const char *as_text(const struct value *v)
{
	return v->form == TEXT || (v->form == SCALAR && v->text_too) ? v->text : NULL;
}

static const char *quotes(const struct value *v)
{
	return v->form == SCALAR ? " in quotes" : "";
}

/* Index of text among the choices, -1 if it is none of them. */
static int choice_index(const struct lk_key *key, const char *text)
{
	int i;

	for (i = 0; key->choices[i]; i++)
		if (strcmp(key->choices[i], text) == 0)
			return i;
	return -1;
}

static enum lk_status refuse_choice(const struct lk_key *key, const struct value *v,
				    struct lk_error *err)
{
	char list[LK_ERROR_TEXT / 2];
	size_t i, n = 0;

	list[0] = 0;
	for (i = 0; key->choices[i] && n < sizeof(list); i++)
		n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s", i ? ", " : "",
				      key->choices[i]);
	return refuse(key, err, "takes one of%s: %s", quotes(v), list);
}

/* The rules of the row's flags for a text. */
static enum lk_status check_text(const struct lk_key *key, const char *text, struct lk_error *err)
{
	const bool is_path = key->flags & (LK_K_FILE_CA | LK_K_FILE_SECRET | LK_K_PEM_OR_PATH);
	const bool is_command = key->flags & LK_K_COMMAND;

	if (!*text && (key->flags & LK_K_REQUIRED || is_path || is_command))
		return refuse(key, err, "must not be empty");
	if (key->flags & LK_K_PEM_OR_PATH && is_pem(text)) {
		if (strstr(text, "-----BEGIN ") && strstr(text, "\n-----END "))
			return LK_OK;
		return refuse(key, err, "holds PEM text that is not whole");
	}
	if (is_path && *text != '/')
		return refuse(key, err, "takes an absolute path%s",
			      key->flags & LK_K_PEM_OR_PATH ? " or PEM text" : "");
	if (is_command && strchr(text, '/') && *text != '/')
		return refuse(key, err, "takes a program's name or its absolute path");
	if ((is_path || is_command) && strpbrk(text, "\n\t"))
		return refuse(key, err, "takes a path on one line, without tabs");
	return LK_OK;
}

static enum lk_status set_string(const struct lk_key *key, const struct value *v, void *field,
				 struct lk_error *err)
{
	const char *text = as_text(v);
	char *copy;
	enum lk_status st;

	if (!text)
		return refuse(key, err, "takes one text%s", quotes(v));
	if (key->choices && choice_index(key, text) < 0)
		return refuse_choice(key, v, err);
	st = check_text(key, text, err);
	if (st)
		return st;
	copy = strdup(text);
	if (!copy)
		return no_memory(err);
	*(char **)field = copy;
	return LK_OK;
}

static enum lk_status add_string(const struct lk_key *key, const char *text,
				 struct lk_strings *list, struct lk_error *err)
{
	enum lk_status st = check_text(key, text, err);

	if (st)
		return st;
	list->items[list->n] = strdup(text);
	if (!list->items[list->n])
		return no_memory(err);
	list->n++;
	return LK_OK;
}

static enum lk_status set_strings(const struct lk_key *key, const struct value *v, void *field,
				  struct lk_error *err)
{
	const bool one = v->form != ARRAY;
	const size_t n = one ? 1 : lk_json_count(v->array);
	struct lk_strings *list = field;
	enum lk_status st = LK_OK;
	size_t i;

	if (one && (!(key->flags & LK_K_ONE_OR_MANY) || !as_text(v)))
		return refuse(key, err, "takes %san array, [\"...\"]",
			      key->flags & LK_K_ONE_OR_MANY ? "a text in quotes or " : "");
	if (n == 0 && key->flags & LK_K_REQUIRED)
		return refuse(key, err, "must not be empty");
	if (n < (size_t)key->min || (key->max && n > (size_t)key->max))
		return refuse(key, err, "takes %" PRId64 " to %" PRId64 " items", key->min,
			      key->max ? key->max : (int64_t)LK_CONFIG_ITEMS_MAX);
	list->items = calloc(n + 1, sizeof(*list->items));
	if (!list->items)
		return no_memory(err);
	for (i = 0; i < n && !st; i++) {
		const char *text = one ? v->text : lk_json_string_value(lk_json_at(v->array, i));

		if (!text)
			return refuse(key, err, "takes texts, each in quotes");
		st = add_string(key, text, list, err);
	}
	return st;
}

static enum lk_status set_bool(const struct lk_key *key, const struct value *v, void *field,
			       struct lk_error *err)
{
	if (v->form != SCALAR || (strcmp(v->text, "true") && strcmp(v->text, "false")))
		return refuse(key, err, "takes true or false, without quotes");
	*(bool *)field = *v->text == 't';
	return LK_OK;
}

static bool in_range(const struct lk_key *key, int64_t n)
{
	return n >= key->min && (!key->max || n <= key->max);
}

/* "KEY must be at least MIN and at most MAX" in the type's own notation. */
static enum lk_status refuse_range(const struct lk_key *key, void (*print)(FILE *, int64_t),
				   struct lk_error *err)
{
	char text[96] = "";
	FILE *out = fmemopen(text, sizeof(text), "w");

	if (!out)
		return no_memory(err);
	fputs("at least ", out);
	print(out, key->min);
	if (key->max) {
		fputs(" and at most ", out);
		print(out, key->max);
	}
	fclose(out);
	return refuse(key, err, "must be %s", text);
}

static void print_int(FILE *out, int64_t n)
{
	fprintf(out, "%" PRId64, n);
}

static enum lk_status set_int(const struct lk_key *key, const struct value *v, void *field,
			      struct lk_error *err)
{
	int64_t n;

	if (v->form != SCALAR || strpbrk(v->text, "tf"))
		return refuse(key, err, "takes an integer, without quotes");
	n = strtoll(v->text, NULL, 10); /* the line reader saw that it fits */
	if (!in_range(key, n))
		return refuse_range(key, print_int, err);
	*(int64_t *)field = n;
	return LK_OK;
}

static enum lk_status set_duration(const struct lk_key *key, const struct value *v, void *field,
				   struct lk_error *err)
{
	const char *text = as_text(v);
	int64_t ms;

	if (!text || !lk_duration_parse(text, &ms))
		return refuse(key, err, "takes a duration%s: \"90s\", \"2m\", \"infinity\"",
			      quotes(v));
	if (!in_range(key, ms))
		return refuse_range(key, lk_duration_print, err);
	*(int64_t *)field = ms;
	return LK_OK;
}

static enum lk_status set_size(const struct lk_key *key, const struct value *v, void *field,
			       struct lk_error *err)
{
	const char *text = as_text(v);
	int64_t bytes;

	if (!text || !lk_size_parse(text, &bytes))
		return refuse(key, err, "takes a size%s: \"512M\", \"4096\"", quotes(v));
	if (!in_range(key, bytes))
		return refuse_range(key, lk_size_print, err);
	*(int64_t *)field = bytes;
	return LK_OK;
}

static enum lk_status set_choice(const struct lk_key *key, const struct value *v, void *field,
				 struct lk_error *err)
{
	const char *text = as_text(v);
	int i = text ? choice_index(key, text) : -1;

	if (i < 0)
		return refuse_choice(key, v, err);
	*(int *)field = i;
	return LK_OK;
}

static enum lk_status set_hex(const struct lk_key *key, const struct value *v, void *field,
			      struct lk_error *err)
{
	const char *text = as_text(v);
	struct lk_bytes *bytes = field;
	size_t cap = text ? strlen(text) / 2 : 0, n;
	uint8_t *data = malloc(cap + 1);

	if (!data)
		return no_memory(err);
	if (!text || !lk_hex_decode(text, strlen(text), data, cap, &n)) {
		free(data);
		return refuse(key, err, "takes hexadecimal digits%s, two for each byte", quotes(v));
	}
	bytes->data = data;
	bytes->len = n;
	if (!in_range(key, (int64_t)n))
		return refuse(key, err, "takes %" PRId64 " to %" PRId64 " bytes in hexadecimal",
			      key->min, key->max);
	return LK_OK;
}

static enum lk_status (*const setters[])(const struct lk_key *, const struct value *, void *,
					 struct lk_error *) = {
	[LK_T_STRING] = set_string, [LK_T_STRINGS] = set_strings,   [LK_T_BOOL] = set_bool,
	[LK_T_INT] = set_int,	    [LK_T_DURATION] = set_duration, [LK_T_SIZE] = set_size,
	[LK_T_CHOICE] = set_choice, [LK_T_HEX] = set_hex,
};

static enum lk_status set_fallback(const struct lk_key *key, void *base, struct lk_error *err)
{
	const bool bare = key->type == LK_T_BOOL || key->type == LK_T_INT;
	const struct value v = { bare ? SCALAR : TEXT, key->fallback, NULL, true };

	if (key->fallback)
		return setters[key->type](key, &v, key_field(key, base), err);
	if (key->type == LK_T_CHOICE)
		*(int *)key_field(key, base) = -1;
	return LK_OK;
}

enum lk_status lk_value_set(const struct lk_key *key, enum lk_grammar grammar, const char *value,
			    void *base, struct lk_error *err)
{
	LK_JSON *doc = NULL;
	struct value v = { SCALAR, value, NULL, grammar == LK_GRAMMAR_CONF };
	enum lk_status st;

	if (!value)
		return set_fallback(key, base, err);
	if (*value == '"' || *value == '[') {
		st = lk_json_parse(value, strlen(value), &doc, err);
		if (st) /* the line reader wrote it */
			return lk_raise(err, LK_INTERNAL, "the value of '%s' is no JSON",
					key->name);
		v.form = *value == '"' ? TEXT : ARRAY;
		v.text = lk_json_string_value(doc);
		v.array = doc;
	}
	return setters[key->type](key, &v, key_field(key, base), err);
}
