/* SPDX-License-Identifier: Apache-2.0 */
/* From rows to prose: commented samples and manual entries. */
#include <string.h>

#include "core/config_internal.h"

#define TEXT_WIDTH 92

/* Words of text, each line behind the prefix. */
static void print_wrapped(FILE *out, const char *prefix, const char *text)
{
	size_t column = 0, n;

	for (; *text; text += n) {
		text += strspn(text, " ");
		n = strcspn(text, " ");
		if (column && column + 1 + n > TEXT_WIDTH) {
			fputc('\n', out);
			column = 0;
		}
		fprintf(out, "%s%.*s", column ? " " : prefix, (int)n, text);
		column += n + 1;
	}
	fputc('\n', out);
}

static void print_example(FILE *out, const struct lk_key *key)
{
	const bool bare = key->type == LK_T_BOOL || key->type == LK_T_INT;

	if (key->example)
		fputs(key->example, out);
	else if (key->fallback && bare)
		fputs(key->fallback, out);
	else if (key->fallback)
		lk_quoted_print(out, key->fallback);
	else if (bare)
		fputs(key->type == LK_T_BOOL ? "false" : "0", out);
	else if (key->choices)
		lk_quoted_print(out, key->choices[0]);
	else
		fputs(key->type == LK_T_STRINGS ? "[]" : "\"\"", out);
	fputc('\n', out);
}

void lk_section_sample(FILE *out, const struct lk_section *section, bool whole)
{
	const struct lk_key *key;

	fputc('\n', out);
	if (section->help)
		print_wrapped(out, "# ", section->help);
	if (*section->name)
		fprintf(out, "%s[%s]\n", whole ? "#" : "", section->name);
	for (key = section->keys; key->name; key++) {
		if (key->flags & LK_K_HIDDEN)
			continue;
		fputs(key == section->keys ? "" : "\n", out);
		print_wrapped(out, "# ", key->help);
		fprintf(out, "%s%s = ",
			whole || !(key->flags & (LK_K_REQUIRED | LK_K_SAMPLED)) ? "#" : "",
			key->name);
		print_example(out, key);
	}
}

/* Text for roff: backslashes and hyphens escaped, no line begins with a control character. */
static void print_roff(FILE *out, const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", out);
	for (; *text; text++) {
		if (*text == '\\')
			fputs("\\e", out);
		else if (*text == '-')
			fputs("\\-", out);
		else
			fputc(*text, out);
	}
}

static void print_kind(FILE *out, const struct lk_key *key)
{
	static const char *const kinds[] = {
		[LK_T_STRING] = "text",	       [LK_T_STRINGS] = "array of texts",
		[LK_T_BOOL] = "true or false", [LK_T_INT] = "integer",
		[LK_T_DURATION] = "duration",  [LK_T_SIZE] = "size",
		[LK_T_CHOICE] = "one of",      [LK_T_HEX] = "hexadecimal text",
	};
	size_t i;

	if (key->flags & LK_K_ONE_OR_MANY)
		fputs("text or array of texts", out);
	else if (key->flags & LK_K_PEM_OR_PATH)
		fputs("PEM text or absolute path", out);
	else
		fputs(key->choices ? "one of" : kinds[key->type], out);
	for (i = 0; key->choices && key->choices[i]; i++) {
		fputs(i ? ", " : " ", out);
		print_roff(out, key->choices[i]);
	}
}

static void print_entry(FILE *out, const struct lk_key *key)
{
	size_t i;

	fputs(".TP\n.B ", out);
	print_roff(out, key->name);
	fputs("\n(", out);
	print_kind(out, key);
	if (key->flags & LK_K_REQUIRED)
		fputs("; required", out);
	if (key->fallback) {
		fputs("; default ", out);
		print_roff(out, key->fallback);
	}
	fputs(")\n", out);
	print_roff(out, key->help);
	for (i = 0; key->aliases && key->aliases[i]; i++) {
		fputs(i ? ", " : "\nOlder spelling: ", out);
		print_roff(out, key->aliases[i]);
	}
	fputs(i ? ".\n" : "\n", out);
}

void lk_section_manual(FILE *out, const struct lk_section *section)
{
	const struct lk_key *key;

	fputs(".SS ", out);
	if (*section->name)
		fprintf(out, "\"[%s]\"\n", section->name);
	else
		fputs("\"Before the first section\"\n", out);
	if (section->help) {
		print_roff(out, section->help);
		fputc('\n', out);
	}
	for (key = section->keys; key->name; key++)
		if (!(key->flags & LK_K_HIDDEN))
			print_entry(out, key);
}
