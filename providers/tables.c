/* SPDX-License-Identifier: Apache-2.0 */
/* A provider's tables of rows, one after another, and what its options need. */
#include <stdio.h>

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
