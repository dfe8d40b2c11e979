/* SPDX-License-Identifier: Apache-2.0 */
/* What the programs have in common: dispatch by a table, and how a command reports. */
#include "core/program.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "core/crypto.h"
#include "core/json.h"
#include "core/log.h"

static const char *program_name = "latchkey";

int lk_cmd_fail(const struct lk_error *err)
{
	const char *help = lk_code_help(err->code);
	char line[LK_ERROR_FRAMES * LK_ERROR_TEXT];

	lk_log(LK_LOG_ERROR, "%s", lk_error_format(err, line, sizeof(line)));
	if (help)
		lk_log(LK_LOG_ERROR, "%s", help);
	return lk_exit_code(err->status);
}

int lk_cmd_usage(const char *usage)
{
	lk_log(LK_LOG_ERROR, "usage: %s %s", program_name, usage);
	return lk_exit_code(LK_CONFIG);
}

static int print_version(const struct lk_program *p)
{
	printf("%s %s\n", p->name, p->version);
	return 0;
}

static void usage(const struct lk_program *p, FILE *to)
{
	const struct lk_command *c;
	int width = (int)strlen("version");

	for (c = p->commands; c->name; c++)
		if ((int)strlen(c->synopsis) > width)
			width = (int)strlen(c->synopsis);
	fprintf(to, "Usage: %s [--debug] COMMAND ...\n\n%s\n\n", p->name, p->about);
	for (c = p->commands; c->name; c++)
		fprintf(to, "  %-*s  %s\n", width, c->synopsis, c->summary);
	fprintf(to, "  %-*s  %s\n", width, "version", "print the version");
	fprintf(to,
		"\nExit status: 0 done, 1 configuration or usage, 2 absent, 3 try again,\n"
		"4 denied, 5 tampered, 6 timed out, 7 internal. See %s(8).\n",
		p->name);
}

static const struct lk_command *find(const struct lk_program *p, const char *name)
{
	const struct lk_command *c;

	for (c = p->commands; c->name; c++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

/* Called through a link: PROGRAM-COMMAND is what PROGRAM COMMAND is. */
static const struct lk_command *called_as(const struct lk_program *p, const char *argv0)
{
	const char *slash = argv0 ? strrchr(argv0, '/') : NULL;
	const char *name = slash ? slash + 1 : argv0;
	const size_t n = strlen(p->name);

	if (!name || strncmp(name, p->name, n) != 0 || name[n] != '-')
		return NULL;
	return find(p, name + n + 1);
}

static int run(const struct lk_command *command, int argc, char **argv)
{
	struct lk_error err = { 0 };

	lk_json_setup();
	if (lk_crypto_setup(&err))
		return lk_cmd_fail(&err);
	optind = 0; /* start over: the options before ended at the command's name */
	return command->run(argc, argv);
}

int lk_program_main(const struct lk_program *p, int argc, char **argv)
{
	static const struct option options[] = {
		{ "debug", no_argument, NULL, 'd' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	const struct lk_command *command;
	bool debug = false;
	int c;

	program_name = p->name;
	command = called_as(p, argc > 0 ? argv[0] : NULL);
	if (command) {
		lk_log_setup(p->name, p->journal, false);
		return run(command, argc, argv);
	}
	while ((c = getopt_long(argc, argv, "+hV", options, NULL)) != -1) {
		if (c == 'V')
			return print_version(p);
		if (c == 'h')
			usage(p, stdout);
		if (c != 'd')
			return c == 'h' ? 0 : lk_exit_code(LK_CONFIG);
		debug = true;
	}
	lk_log_setup(p->name, p->journal, debug);
	if (optind < argc && strcmp(argv[optind], "version") == 0)
		return print_version(p);
	command = optind < argc ? find(p, argv[optind]) : NULL;
	if (!command) {
		usage(p, stderr);
		return lk_exit_code(LK_CONFIG);
	}
	return run(command, argc - optind, argv + optind);
}
