/* SPDX-License-Identifier: Apache-2.0 */
/* The program latchkey: a table of sub-commands, and nothing else. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "agent/artefact.h"
#include "agent/commands.h"
#include "core/crypto.h"
#include "core/json.h"
#include "core/log.h"
#include "lk_build.h"

static int cmd_version(int argc, char **argv);

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *synopsis;
	const char *summary;
} commands[] = {
	{ "boot", lk_cmd_boot, "boot root|overlay", "unlock the root volume; units call this" },
	{ "config", lk_cmd_config, "config check|show|files|sample ...",
	  "check, print and explain the configuration" },
	{ "key", lk_cmd_key, "key fetch --volume NAME ...",
	  "fetch a key without opening anything" },
	{ "status", lk_cmd_status, "status [--json]", "print the report of the last unlock" },
	{ "version", cmd_version, "version", "print the version" },
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static int cmd_version(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	printf("latchkey %s%s\n", LK_VERSION, lk_artefact.suffix);
	return 0;
}

static void usage(FILE *to)
{
	size_t i;

	fprintf(to,
		"Usage: latchkey [--debug] COMMAND ...\n\n"
		"Fetch volume keys by remote attestation and open encrypted, measured disks.\n\n");
	for (i = 0; i < N_COMMANDS; i++)
		fprintf(to, "  %-36s %s\n", commands[i].synopsis, commands[i].summary);
	fprintf(to, "\nExit status: 0 done, 1 configuration or usage, 2 absent, 3 try again,\n"
		    "4 denied, 5 tampered, 6 timed out, 7 internal. See latchkey(8).\n");
}

static const struct command *find(const char *name)
{
	size_t i;

	for (i = 0; i < N_COMMANDS; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static int start(const struct command *command, int argc, char **argv)
{
	struct lk_error err = { 0 };

	lk_json_setup();
	if (lk_crypto_setup(&err))
		return lk_cmd_fail(&err);
	return command->run(argc, argv);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "debug", no_argument, NULL, 'd' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	const struct command *command;
	bool debug = false;
	int c;

	while ((c = getopt_long(argc, argv, "+hV", options, NULL)) != -1) {
		if (c == 'h') {
			usage(stdout);
			return 0;
		}
		if (c == 'V')
			return cmd_version(0, NULL);
		if (c != 'd')
			return lk_exit_code(LK_CONFIG);
		debug = true;
	}
	lk_log_setup("latchkey", true, debug);
	command = optind < argc ? find(argv[optind]) : NULL;
	if (!command) {
		usage(stderr);
		return lk_exit_code(LK_CONFIG);
	}
	argc -= optind;
	argv += optind;
	optind = 0; /* start over: the options above ended at the command's name */
	return start(command, argc, argv);
}
