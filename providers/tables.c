/* SPDX-License-Identifier: Apache-2.0 */
/* Providers by name, their tables of rows, one after another, and what their options need. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "providers/provider.h"

struct lk_provider_needs lk_provider_needs(const struct lk_provider *p, const void *options)
{
	struct lk_provider_needs needs = {
		.network = p->needs_network,
		.attester = p->needs_attester,
		.programs = p->runs_programs,
	};

	if (p->needs)
		p->needs(options, &needs);
	return needs;
}

const struct lk_key *lk_provider_keys(const struct lk_provider *p, size_t i,
				      char ret_section[LK_PROVIDER_SECTION])
{
	const struct lk_provider_table *t = p->tables;
	const struct lk_key *keys = p->keys;
	const char *name = "";

	for (; i > 0; i--, t++) {
		if (!t || !t->name)
			return NULL;
		keys = t->keys;
		name = t->name;
	}
	if (ret_section)
		(void)snprintf(ret_section, LK_PROVIDER_SECTION, "encrypt.%s%s%s", p->name,
			       *name ? "." : "", name);
	return keys;
}

const struct lk_provider *lk_provider_find(const char *name)
{
	size_t i;

	for (i = 0; lk_providers[i]; i++)
		if (strcmp(lk_providers[i]->name, name) == 0)
			return lk_providers[i];
	return NULL;
}

enum lk_status lk_provider_set(const struct lk_provider *p, void *options, const char *key,
			       const char *text, struct lk_error *err)
{
	const struct lk_key *row = lk_keys_find(p->keys, key);
	char *copy, **field;

	if (!row || row->type != LK_T_STRING)
		return lk_raise(err, LK_INTERNAL, "provider '%s' has no text '%s'", p->name, key);
	copy = strdup(text);
	if (!copy)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	field = (char **)(void *)((char *)options + row->offset);
	free(*field);
	*field = copy;
	return LK_OK;
}
