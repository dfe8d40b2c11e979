/* SPDX-License-Identifier: Apache-2.0 */
/* The logical-line reader on hostile bytes, in both grammars. What it leaves must be what it
 * promises: as many lines as it says, each a section or a name with JSON, and itself a text that
 * reads as the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/config.h"
#include "core/config_lines.h"
#include "core/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void check_value(const char *value, size_t n)
{
	struct lk_error err = { 0 };
	LK_JSON *doc = NULL;

	if (*value == '"' || *value == '[')
		must(lk_json_parse(value, n, &doc, &err) == LK_OK);
	else
		must(n && strspn(value, "-0123456789truefals") == n);
}

static void check_lines(const struct lk_lines *lines)
{
	const char *p = lines->text;
	size_t n = 0, len;

	for (; *p; p += len + 1, n++) {
		const char *equals = strstr(p, " = ");

		len = strcspn(p, "\n");
		must(p[len] == '\n' && len <= LK_CONFIG_LINE_MAX);
		must(n == 0 || lines->physical[n] > lines->physical[n - 1]);
		if (*p == '[') {
			must(p[len - 1] == ']' && len - 2 <= LK_CONFIG_NAME_MAX);
			continue;
		}
		must(equals && (size_t)(equals - p) <= LK_CONFIG_NAME_MAX);
		check_value(equals + 3, len - (size_t)(equals - p) - 3);
	}
	must(n == lines->n && (size_t)(p - lines->text) == lines->len);
}

static void try(enum lk_grammar grammar, const char *name, const char *text, size_t size)
{
	LK_LINES lines = { 0 }, again = { 0 };
	LK_CONFIG_FILE *cfg = NULL;
	struct lk_error err = { 0 };

	if (lk_lines_read("f", grammar, text, size, &lines, &err)) {
		must(err.status == LK_CONFIG && err.code == LK_C_CONFIG_SYNTAX && !lines.text);
		return;
	}
	check_lines(&lines);
	must(lk_lines_read("f", LK_GRAMMAR_TOML, lines.text, lines.len, &again, &err) == LK_OK);
	must(strcmp(lines.text, again.text) == 0);
	err = (struct lk_error){ 0 };
	if (lk_config_parse(name, text, size, &cfg, &err)) /* nothing twice, that is all */
		must(err.status == LK_CONFIG && err.code == LK_C_CONFIG_SYNTAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	try(LK_GRAMMAR_CONF, "f.conf", (const char *)data, size);
	try(LK_GRAMMAR_TOML, "f.toml", (const char *)data, size);
	return 0;
}
