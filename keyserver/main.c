/* SPDX-License-Identifier: Apache-2.0 */
/* The program latchkeyd: a table of sub-commands, and nothing else. */
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/crypto.h"
#include "core/json.h"
#include "core/log.h"
#include "keyserver/commands.h"
#include "lk_build.h"

static int cmd_version(int argc, char **argv);

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *synopsis;
	const char *summary;
} commands[] = {
	{ "init", lk_cmd_init, "init [--state DIR] [--hostname NAME]...",
	  "make the state: keys, certificates, an empty store" },
	{ "serve", lk_cmd_serve, "serve [--state DIR] [--listen ADDR:PORT] ...",
	  "run the key server" },
	{ "resource", lk_cmd_resource, "resource put|get|delete NAME, resource list",
	  "store and look at what attested machines may have" },
	{ "policy", lk_cmd_policy, "policy set|show", "who may have what; denied unless allowed" },
	{ "audit", lk_cmd_audit, "audit list|verify", "what was asked, by whom, and how it ended" },
	{ "version", cmd_version, "version", "print the version" },
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static int cmd_version(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	printf("latchkeyd %s\n", LK_VERSION);
	return 0;
}

static void usage(FILE *to)
{
	size_t i;

	fprintf(to, "Usage: latchkeyd [--debug] COMMAND ...\n\n"
		    "Keep volume keys and hand them to machines that prove what they booted.\n\n");
	for (i = 0; i < N_COMMANDS; i++)
		fprintf(to, "  %-46s %s\n", commands[i].synopsis, commands[i].summary);
	fprintf(to, "\nExit status: 0 done, 1 configuration or usage, 2 absent, 3 try again,\n"
		    "4 denied, 5 tampered, 6 timed out, 7 internal. See latchkeyd(8).\n");
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
	lk_log_setup("latchkeyd", true, debug);
	(void)signal(SIGPIPE, SIG_IGN);
	command = optind < argc ? find(argv[optind]) : NULL;
	if (!command) {
		usage(stderr);
		return lk_exit_code(LK_CONFIG);
	}
	argc -= optind;
	argv += optind;
	optind = 0; /* start over, with the order of words free */
	return start(command, argc, argv);
}
