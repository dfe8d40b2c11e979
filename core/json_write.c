/* SPDX-License-Identifier: Apache-2.0 */
/* Building JSON documents and turning them into text: compact, canonical, or for people. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "core/secret.h"

#define MAX_SAFE_INTEGER 9007199254740991 /* RFC 8785: numbers are IEEE 754 doubles */

struct json_t *lk_json_object(void)
{
	return json_object();
}

struct json_t *lk_json_array(void)
{
	return json_array();
}

struct json_t *lk_json_ref(struct json_t *v)
{
	return json_incref(v);
}

bool lk_json_set(struct json_t *obj, const char *name, struct json_t *value)
{
	return json_object_set_new(obj, name, value) == 0;
}

bool lk_json_set_string(struct json_t *obj, const char *name, const char *value)
{
	return lk_json_set(obj, name, json_string(value));
}

bool lk_json_set_stringn(struct json_t *obj, const char *name, const char *value, size_t len)
{
	return lk_json_set(obj, name, json_stringn(value, len));
}

bool lk_json_set_base64(struct json_t *obj, const char *name, enum lk_b64 dialect, const void *data,
			size_t n)
{
	LK_JSON_TEXT *text = malloc(LK_B64_SIZE(n));

	return text && lk_json_set_stringn(obj, name, text, lk_b64_encode(dialect, data, n, text));
}

bool lk_json_set_int(struct json_t *obj, const char *name, int64_t value)
{
	return lk_json_set(obj, name, json_integer(value));
}

bool lk_json_set_bool(struct json_t *obj, const char *name, bool value)
{
	return lk_json_set(obj, name, json_boolean(value));
}

bool lk_json_set_null(struct json_t *obj, const char *name)
{
	return lk_json_set(obj, name, json_null());
}

bool lk_json_append(struct json_t *array, struct json_t *value)
{
	return json_array_append_new(array, value) == 0;
}

bool lk_json_append_string(struct json_t *array, const char *value)
{
	return lk_json_append(array, json_string(value));
}

bool lk_json_set_bytes(struct json_t *obj, const char *name, const uint8_t *bytes, size_t n)
{
	LK_JSON *array = lk_json_array();
	size_t i;

	for (i = 0; array && i < n; i++) {
		if (!lk_json_append(array, json_integer(bytes[i])))
			return false;
	}
	return lk_json_set(obj, name, lk_take(array));
}

static bool is_ascii(const char *s)
{
	for (; *s; s++) {
		if ((unsigned char)*s > 0x7f)
			return false;
	}
	return true;
}

/* Does sorting by bytes and jansson's way with numbers give what RFC 8785 asks for? */
static bool has_canonical_form(const json_t *v)
{
	json_t *o = (json_t *)(uintptr_t)v; /* its iterators want it so; nothing is changed */
	size_t i;
	void *at;

	if (json_is_integer(v))
		return json_integer_value(v) >= -MAX_SAFE_INTEGER &&
		       json_integer_value(v) <= MAX_SAFE_INTEGER;
	for (i = 0; i < json_array_size(v); i++) {
		if (!has_canonical_form(json_array_get(v, i)))
			return false;
	}
	for (at = json_object_iter(o); at; at = json_object_iter_next(o, at)) {
		if (!is_ascii(json_object_iter_key(at)) ||
		    !has_canonical_form(json_object_iter_value(at)))
			return false;
	}
	return !json_is_real(v);
}

/* jansson writes \u001F where RFC 8785 wants \u001f. Every backslash starts an escape. */
static void lower_escapes(char *text)
{
	unsigned i;

	for (; *text; text++) {
		if (*text != '\\')
			continue;
		text++;
		for (i = 1; *text == 'u' && i <= 4; i++) {
			if (text[i] >= 'A' && text[i] <= 'F')
				text[i] = (char)(text[i] - 'A' + 'a');
		}
	}
}

enum lk_status lk_json_dump(const struct json_t *v, enum lk_json_style style, char **ret,
			    size_t *ret_len, struct lk_error *err)
{
	static const size_t flags[] = {
		[LK_JSON_COMPACT] = JSON_ENCODE_ANY | JSON_COMPACT,
		[LK_JSON_CANONICAL] = JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS,
		[LK_JSON_PRETTY] = JSON_ENCODE_ANY | JSON_INDENT(2),
	};
	LK_JSON_TEXT *text = NULL;
	size_t n;

	if (!v)
		return lk_raise(err, LK_INTERNAL, "write JSON: the document could not be built");
	if (style == LK_JSON_CANONICAL && !has_canonical_form(v))
		return lk_raise(err, LK_INTERNAL, "write JSON: it has no canonical form here");
	/* measured first: growing a buffer would leave copies behind */
	n = json_dumpb(v, NULL, 0, flags[style]);
	if (!n)
		return lk_raise(err, LK_INTERNAL, "write JSON: out of memory");
	text = calloc(1, n + 1);
	if (!text)
		return lk_raise(err, LK_INTERNAL, "write JSON: out of memory");
	if (json_dumpb(v, text, n, flags[style]) != n)
		return lk_raise(err, LK_INTERNAL, "write JSON: out of memory");
	if (style == LK_JSON_CANONICAL)
		lower_escapes(text);
	if (ret_len)
		*ret_len = n;
	*ret = lk_take(text);
	return LK_OK;
}

void lk_json_text_free(char *text)
{
	if (!text)
		return;
	lk_wipe(text, strlen(text));
	free(text);
}
