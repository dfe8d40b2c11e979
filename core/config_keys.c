/* SPDX-License-Identifier: Apache-2.0 */
/* The fields behind a table of rows: freeing, comparing, the files they name, and the nearest
 * known name to a mistyped one. */
#include <stdlib.h>
#include <string.h>

#include "core/config_internal.h"
#include "core/secret.h"

size_t lk_type_size(enum lk_type type)
{
	static const size_t sizes[] = {
		[LK_T_STRING] = sizeof(char *),	   [LK_T_STRINGS] = sizeof(struct lk_strings),
		[LK_T_BOOL] = sizeof(bool),	   [LK_T_INT] = sizeof(int64_t),
		[LK_T_DURATION] = sizeof(int64_t), [LK_T_SIZE] = sizeof(int64_t),
		[LK_T_CHOICE] = sizeof(int),	   [LK_T_HEX] = sizeof(struct lk_bytes),
	};

	return sizes[type];
}

static void free_text(const struct lk_key *key, char *text)
{
	if (text && key_is_hidden_value(key))
		lk_wipe(text, strlen(text));
	free(text);
}

static void free_field(const struct lk_key *key, void *field)
{
	struct lk_strings *list = field;
	struct lk_bytes *bytes = field;
	size_t i;

	switch (key->type) {
	case LK_T_STRING:
		free_text(key, *(char **)field);
		*(char **)field = NULL;
		return;
	case LK_T_STRINGS:
		for (i = 0; i < list->n; i++)
			free_text(key, list->items[i]);
		free(list->items);
		*list = (struct lk_strings){ 0 };
		return;
	case LK_T_HEX:
		if (bytes->data)
			lk_wipe(bytes->data, bytes->len);
		free(bytes->data);
		*bytes = (struct lk_bytes){ 0 };
		return;
	case LK_T_BOOL:
		*(bool *)field = false;
		return;
	case LK_T_CHOICE:
		*(int *)field = 0;
		return;
	case LK_T_INT:
	case LK_T_DURATION:
	case LK_T_SIZE:
		*(int64_t *)field = 0;
	}
}

void lk_keys_free(const struct lk_key *keys, void *base)
{
	for (; keys->name; keys++)
		free_field(keys, key_field(keys, base));
}

const struct lk_key *lk_keys_find(const struct lk_key *keys, const char *name)
{
	for (; keys->name; keys++)
		if (strcmp(keys->name, name) == 0)
			return keys;
	return NULL;
}

static bool text_equal(const struct lk_key *key, const char *a, const char *b)
{
	if (!a || !b || key_is_hidden_value(key))
		return !a == !b;
	return strcmp(a, b) == 0;
}

static bool strings_equal(const struct lk_key *key, const struct lk_strings *a,
			  const struct lk_strings *b)
{
	size_t i;

	if (a->n != b->n)
		return false;
	for (i = 0; i < a->n; i++)
		if (!text_equal(key, a->items[i], b->items[i]))
			return false;
	return true;
}

static bool bytes_equal(const struct lk_bytes *a, const struct lk_bytes *b)
{
	return a->len == b->len && (!a->len || memcmp(a->data, b->data, a->len) == 0);
}

static bool field_equal(const struct lk_key *key, const void *a, const void *b)
{
	switch (key->type) {
	case LK_T_STRING:
		return text_equal(key, *(char *const *)a, *(char *const *)b);
	case LK_T_STRINGS:
		return strings_equal(key, a, b);
	case LK_T_HEX:
		return key_is_hidden_value(key) || bytes_equal(a, b);
	case LK_T_BOOL:
		return *(const bool *)a == *(const bool *)b;
	case LK_T_CHOICE:
		return *(const int *)a == *(const int *)b;
	case LK_T_INT:
	case LK_T_DURATION:
	case LK_T_SIZE:
		return *(const int64_t *)a == *(const int64_t *)b;
	}
	return false;
}

bool lk_keys_equal(const struct lk_key *keys, const void *a, const void *b)
{
	for (; keys->name; keys++)
		if (!field_equal(keys, key_field_const(keys, a), key_field_const(keys, b)))
			return false;
	return true;
}

bool lk_keys_given(const struct lk_key *keys, const void *base)
{
	for (; keys->name; keys++) {
		const void *field = key_field_const(keys, base);

		if (keys->fallback)
			continue;
		if (keys->type == LK_T_STRING && *(char *const *)field)
			return true;
		if (keys->type == LK_T_STRINGS && ((const struct lk_strings *)field)->items)
			return true;
		if (keys->type == LK_T_CHOICE && *(const int *)field >= 0)
			return true;
	}
	return false;
}

const char *lk_key_choice(const struct lk_key *key, const void *base)
{
	const int i = *(const int *)key_field_const(key, base);

	return i < 0 ? "" : key->choices[i];
}

static enum lk_status visit_text(const struct lk_key *key, const char *text,
				 const struct lk_file_visitor *visitor, struct lk_error *err)
{
	if (!text)
		return LK_OK;
	if (key->flags & LK_K_COMMAND)
		return visitor->visit(visitor->arg, LK_FILE_COMMAND, text, err);
	if (key->flags & LK_K_FILE_SECRET)
		return visitor->visit(visitor->arg, LK_FILE_CREDENTIAL, text, err);
	if (key->flags & (LK_K_FILE_CA | LK_K_PEM_OR_PATH) && *text == '/')
		return visitor->visit(visitor->arg, LK_FILE_CA, text, err);
	return LK_OK;
}

enum lk_status lk_keys_files(const struct lk_key *keys, const void *base,
			     const struct lk_file_visitor *visitor, struct lk_error *err)
{
	enum lk_status st = LK_OK;
	size_t i;

	for (; keys->name && !st; keys++) {
		const void *field = key_field_const(keys, base);

		if (keys->type == LK_T_STRING)
			st = visit_text(keys, *(char *const *)field, visitor, err);
		if (keys->type != LK_T_STRINGS)
			continue;
		for (i = 0; i < ((const struct lk_strings *)field)->n && !st; i++)
			st = visit_text(keys, ((const struct lk_strings *)field)->items[i], visitor,
					err);
	}
	return st;
}

const char *lk_file_kind_name(enum lk_file_kind kind)
{
	static const char *const names[] = { "config", "ca", "credential", "command" };

	return names[kind];
}

/* Edits (insert, delete, replace, swap neighbours) from a to b, both cut at 48 bytes. */
static unsigned distance(const char *a, const char *b)
{
	const size_t n = strnlen(a, LK_CONFIG_NAME_MAX), m = strnlen(b, LK_CONFIG_NAME_MAX);
	unsigned d[LK_CONFIG_NAME_MAX + 1][LK_CONFIG_NAME_MAX + 1];
	size_t i, j;

	for (i = 0; i <= n; i++)
		d[i][0] = (unsigned)i;
	for (j = 0; j <= m; j++)
		d[0][j] = (unsigned)j;
	for (i = 1; i <= n; i++) {
		for (j = 1; j <= m; j++) {
			unsigned best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);

			if (d[i - 1][j] + 1 < best)
				best = d[i - 1][j] + 1;
			if (d[i][j - 1] + 1 < best)
				best = d[i][j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    d[i - 2][j - 2] + 1 < best)
				best = d[i - 2][j - 2] + 1;
			d[i][j] = best;
		}
	}
	return d[n][m];
}

const char *lk_nearest(const char *name, const char *const *known, size_t n)
{
	unsigned best = UINT32_MAX;
	const char *near = NULL;
	size_t i;

	for (i = 0; i < n; i++) {
		unsigned d = distance(name, known[i]);

		if (d < best) {
			best = d;
			near = known[i];
		}
	}
	return near;
}
