/* SPDX-License-Identifier: Apache-2.0 */
/* latchkey volume: a table of sub-commands, and nothing else. */
#include "agent/cmd_volume.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "agent/commands.h"

static const struct lk_command commands[] = {
	{ "show", lk_cmd_volume_show, "show [NAME] [--json]",
	  "what the volumes are, on their devices and in the kernel" },
	{ "init", lk_cmd_volume_init, "init NAME [--erase] [--no-progress]",
	  "make a volume on a blank device, or with --erase on whatever is there" },
	{ "open", lk_cmd_volume_open, "open NAME", "fetch the key and map the volume" },
	{ "close", lk_cmd_volume_close, "close NAME", "remove the mapping" },
	{ "grow", lk_cmd_volume_grow, "grow NAME | --all",
	  "grow mounted file systems to their devices" },
	{ "rotate", lk_cmd_volume_rotate, "rotate NAME PUBLISH",
	  "replace the secret that opens a volume" },
	{ "recover", lk_cmd_volume_recover, "recover NAME PUBLISH | --open | --check",
	  "give it a new one by its recovery key, or open it" },
	{ "recovery-key", lk_cmd_volume_recovery_key, "recovery-key NAME",
	  "make a recovery key and print it" },
	{ "header", lk_cmd_volume_header, "header backup|restore NAME FILE",
	  "keep a header in a file, put it back" },
	{ 0 },
};

static void usage(FILE *to)
{
	const struct lk_command *c;

	fprintf(to, "Usage: latchkey volume COMMAND ... [--config DIR]\n\n");
	for (c = commands; c->name; c++)
		fprintf(to, "  %s\n      %s\n", c->synopsis, c->summary);
}

int lk_cmd_volume(int argc, char **argv)
{
	const struct lk_command *c;

	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		usage(stdout);
		return 0;
	}
	optind = 0; /* start anew, on the sub-command's argv */
	for (c = commands; argc > 1 && c->name; c++)
		if (strcmp(c->name, argv[1]) == 0)
			return c->run(argc - 1, argv + 1);
	usage(stderr);
	return lk_exit_code(LK_CONFIG);
}
