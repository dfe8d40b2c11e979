/* SPDX-License-Identifier: Apache-2.0 */
/* latchkey provider: what keys may come from in this build, and what that needs. */
#include <stdio.h>
#include <string.h>

#include "agent/commands.h"
#include "agent/provider_docs.h"
#include "core/config.h"

#define USAGE "provider list|show NAME"

static int unknown(const char *name)
{
	const char *known[32], *near;
	struct lk_error err = { 0 };
	size_t n;

	for (n = 0; lk_providers[n] && n < 32; n++)
		known[n] = lk_providers[n]->name;
	near = lk_nearest(name, known, n);
	lk_raise(&err, LK_CONFIG, "no provider '%.40s' in this build%s%s%s", name,
		 near ? "; the nearest is '" : "", near ? near : "", near ? "'" : "");
	return lk_cmd_fail(&err);
}

int lk_cmd_provider(int argc, char **argv)
{
	size_t i;

	if (argc == 2 && strcmp(argv[1], "list") == 0) {
		lk_providers_list(stdout);
		return 0;
	}
	if (argc != 3 || strcmp(argv[1], "show") != 0)
		return lk_cmd_usage(USAGE);
	for (i = 0; lk_providers[i]; i++)
		if (strcmp(lk_providers[i]->name, argv[2]) == 0) {
			lk_provider_show(stdout, lk_providers[i]);
			return 0;
		}
	return unknown(argv[2]);
}
