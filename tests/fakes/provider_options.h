/* SPDX-License-Identifier: Apache-2.0 */
/* Filling a provider's options through its rows, as the configuration reader does (after
 * tests/check.h). */
#pragma once

#include "providers/provider.h"

static const struct lk_key *row_of(const struct lk_provider *p, const char *name)
{
	const struct lk_key *k;

	for (k = p->keys; k->name; k++)
		if (strcmp(k->name, name) == 0)
			return k;
	check_fail(__FILE__, __LINE__, "no row %s", name);
}

__attribute__((unused)) static char **option_string(const struct lk_provider *p, void *options,
						    const char *name)
{
	return (char **)(void *)((char *)options + row_of(p, name)->offset);
}

/* What the row's type takes: a string, a number, or a choice by its name. Borrowed. */
static void option_text(const struct lk_provider *p, void *options, const char *name,
			const char *text)
{
	const struct lk_key *k = row_of(p, name);
	char *at = (char *)options + k->offset;
	int i;

	if (k->type == LK_T_STRING) {
		memcpy(at, &text, sizeof(text));
		return;
	}
	if (k->type == LK_T_BOOL) {
		*(bool *)at = strcmp(text, "true") == 0;
		return;
	}
	CHECK_EQ(k->type, LK_T_CHOICE);
	for (i = 0; k->choices[i] && strcmp(k->choices[i], text) != 0; i++)
		;
	CHECK(k->choices[i]);
	*(int *)(void *)at = i;
}

__attribute__((unused)) static void option_list(const struct lk_provider *p, void *options,
						const char *name, char **items, size_t n)
{
	const struct lk_key *k = row_of(p, name);

	CHECK_EQ(k->type, LK_T_STRINGS);
	*(struct lk_strings *)(void *)((char *)options + k->offset) =
		(struct lk_strings){ items, n };
}

/* Every default that a row has. */
__attribute__((unused)) static void option_defaults(const struct lk_provider *p, void *options)
{
	const struct lk_key *k;

	for (k = p->keys; k->name; k++)
		if (k->fallback)
			option_text(p, options, k->name, k->fallback);
}
