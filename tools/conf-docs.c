/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Build step: what the tables of the configuration and the providers' rows know (agent/settings.h).
 *
 *	conf-docs FILE.in                 latchkey.conf(5): the prose, with the keys at @KEYS@
 *	conf-docs latchkey|fde|volume     a commented sample
 *	conf-docs providers               latchkey-providers(7)
 */
#include <stdio.h>
#include <string.h>

#include "agent/provider_docs.h"
#include "agent/settings.h"

static int manual(const char *path)
{
	FILE *prose = fopen(path, "r");
	char line[512];

	if (!prose) {
		perror(path);
		return 1;
	}
	while (fgets(line, sizeof(line), prose)) {
		if (strcmp(line, "@KEYS@\n") == 0)
			lk_settings_manual(stdout);
		else
			fputs(line, stdout);
	}
	fclose(prose);
	return 0;
}

int main(int argc, char **argv)
{
	static const char *const kinds[] = { "latchkey", "fde", "volume" };
	size_t i;

	if (argc != 2)
		return 1;
	if (strcmp(argv[1], "providers") == 0) {
		lk_providers_manual(stdout);
		return 0;
	}
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(argv[1], kinds[i]) == 0) {
			lk_settings_sample(stdout, (enum lk_settings_kind)i);
			return 0;
		}
	}
	return manual(argv[1]);
}
