/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files of the configuration on hostile bytes: each kind in each grammar, under the tables
 * of the build's own providers. What is accepted shows as a text that reads as the same. */
#include <stdlib.h>
#include <string.h>

#include "agent/settings_internal.h"
#include "core/config_lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void ignore(void *arg, const struct lk_error *problem)
{
	(void)arg;
	must(problem->status == LK_CONFIG);
}

static enum lk_status parse(struct lk_settings *s, enum lk_settings_kind kind, const char *name,
			    const char *text, size_t size, struct lk_problems *problems)
{
	struct lk_error err = { 0 };
	enum lk_status st;

	st = lk_settings_parse(s, kind, name, text, size, 0600, problems, &err);
	if (!st)
		st = lk_settings_settle(s, problems, &err);
	must(st == LK_OK || st == LK_CONFIG);
	return st;
}

static char *show(const struct lk_settings *s)
{
	char *text = NULL;
	size_t len, i;
	FILE *out = open_memstream(&text, &len);

	must(out);
	for (i = 0; i < s->n_known; i++)
		lk_settings_show_volume(out, &s->volumes[i], false);
	if (!s->n_known)
		lk_settings_show_agent(out, s, false);
	fclose(out);
	return text;
}

/* Whatever was read, what is shown is a file of ours. */
static enum lk_settings_kind ours(const struct lk_settings *s, enum lk_settings_kind kind)
{
	if (s->n_known)
		return s->volumes[0].is_root ? LK_SETTINGS_FDE : LK_SETTINGS_VOLUME;
	return s->cryptpilot ? LK_SETTINGS_AGENT : kind;
}

static void try(enum lk_settings_kind kind, const char *name, const char *text, size_t size)
{
	struct lk_problems problems = { ignore, NULL, 0 };
	LK_SETTINGS *whole = calloc(1, sizeof(*whole)), *all = calloc(1, sizeof(*all));
	LK_SETTINGS *again = calloc(1, sizeof(*again));
	LK_FREE char *first = NULL, *second = NULL;
	enum lk_status st;

	must(whole && all && again);
	st = parse(whole, kind, name, text, size, NULL);
	/* going on finds a problem exactly if stopping at the first one does */
	must((parse(all, kind, name, text, size, &problems) || problems.n) == (st != LK_OK));
	if (st)
		return;
	first = show(whole);
	if (strlen(first) > LK_CONFIG_LINE_MAX)
		return; /* escapes may make a line too long */
	must(parse(again, ours(whole, kind), "shown.toml", first, strlen(first), NULL) == LK_OK);
	second = show(again);
	must(strcmp(first, second) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum lk_settings_kind kind;

	for (kind = LK_SETTINGS_AGENT; kind < LK_SETTINGS_KINDS; kind++) {
		try(kind, "f.conf", (const char *)data, size);
		try(kind, "f.toml", (const char *)data, size);
	}
	return 0;
}
