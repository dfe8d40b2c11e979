/* SPDX-License-Identifier: Apache-2.0 */
/* The effective values of a filled struct as text that reads back as the same. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base64.h"
#include "core/config_internal.h"

#define HIDDEN "(hidden)"

void lk_quoted_print(FILE *out, const char *text)
{
	static const char plain[] = "\b\t\n\f\r\"\\", letters[] = "btnfr\"\\";

	fputc('"', out);
	for (; *text; text++) {
		const unsigned char c = (unsigned char)*text, after = (unsigned char)text[1];
		const char *hit = strchr(plain, c);

		if (hit)
			fprintf(out, "\\%c", letters[hit - plain]);
		else if (c < 0x20 || c == 0x7f)
			fprintf(out, "\\u%04x", c);
		else if (c == 0xc2 && after < 0xa0) /* the upper control characters */
			fprintf(out, "\\u%04x", (unsigned char)*++text);
		else
			fputc(c, out);
	}
	fputc('"', out);
}

static void print_text(FILE *out, const struct lk_key *key, const char *text)
{
	lk_quoted_print(out, key_is_hidden_value(key) ? HIDDEN : text);
}

static void print_strings(FILE *out, const struct lk_key *key, const struct lk_strings *list)
{
	size_t i;

	fputc('[', out);
	for (i = 0; i < list->n; i++) {
		fputs(i ? ", " : "", out);
		print_text(out, key, list->items[i]);
	}
	fputc(']', out);
}

/* A hidden one keeps its length only: it must read back. */
static void print_hex(FILE *out, const struct lk_key *key, const struct lk_bytes *bytes)
{
	size_t i;

	fputc('"', out);
	for (i = 0; i < bytes->len; i++)
		fprintf(out, "%02x", key_is_hidden_value(key) ? 0 : bytes->data[i]);
	fputc('"', out);
}

static void print_unit(FILE *out, void (*print)(FILE *, int64_t), int64_t n)
{
	fputc('"', out);
	print(out, n);
	fputc('"', out);
}

/* Has the field a value, or is it merely absent? */
static bool is_set(const struct lk_key *key, const void *field)
{
	switch (key->type) {
	case LK_T_STRING:
		return *(char *const *)field;
	case LK_T_STRINGS:
		return ((const struct lk_strings *)field)->items;
	case LK_T_HEX:
		return ((const struct lk_bytes *)field)->data;
	case LK_T_CHOICE:
		return *(const int *)field >= 0;
	default:
		return true;
	}
}

static void print_field(FILE *out, const struct lk_key *key, const void *field)
{
	switch (key->type) {
	case LK_T_STRING:
		print_text(out, key, *(char *const *)field);
		return;
	case LK_T_STRINGS:
		print_strings(out, key, field);
		return;
	case LK_T_BOOL:
		fputs(*(const bool *)field ? "true" : "false", out);
		return;
	case LK_T_INT:
		fprintf(out, "%" PRId64, *(const int64_t *)field);
		return;
	case LK_T_DURATION:
		print_unit(out, lk_duration_print, *(const int64_t *)field);
		return;
	case LK_T_SIZE:
		print_unit(out, lk_size_print, *(const int64_t *)field);
		return;
	case LK_T_CHOICE:
		lk_quoted_print(out, key->choices[*(const int *)field]);
		return;
	case LK_T_HEX:
		print_hex(out, key, field);
	}
}

/* Room for one field of any type. */
union any_field {
	char *text;
	struct lk_strings strings;
	struct lk_bytes bytes;
	bool flag;
	int choice;
	int64_t number;
};

static bool is_default(const struct lk_key *key, const void *base)
{
	struct lk_key alone[2] = { *key, { 0 } };
	union any_field wanted = { 0 }, actual;
	struct lk_error err = { 0 };
	bool same;

	if (key_is_hidden_value(key))
		return false;
	memcpy(&actual, key_field_const(key, base), lk_type_size(key->type));
	alone[0].offset = 0;
	same = lk_value_set(alone, LK_GRAMMAR_CONF, NULL, &wanted, &err) == LK_OK &&
	       lk_keys_equal(alone, &wanted, &actual);
	lk_keys_free(alone, &wanted);
	return same;
}

void lk_keys_show(FILE *out, const char *section, const struct lk_key *keys, const void *base,
		  bool notes)
{
	if (*section)
		fprintf(out, "[%s]\n", section);
	for (; keys->name; keys++) {
		const void *field = key_field_const(keys, base);

		if (!is_set(keys, field))
			continue;
		fprintf(out, "%s = ", keys->name);
		print_field(out, keys, field);
		fputs(notes && is_default(keys, base) ? " # default\n" : "\n", out);
	}
}
