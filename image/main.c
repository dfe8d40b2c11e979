/* SPDX-License-Identifier: Apache-2.0 */
/* The program latchkey-image: a table of sub-commands, and nothing else. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/crypto.h"
#include "core/json.h"
#include "core/log.h"
#include "image/commands.h"
#include "image/interrupt.h"
#include "image/luks_format.h"
#include "lk_build.h"

static int cmd_help(int argc, char **argv);
static int cmd_version(int argc, char **argv);

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary;
} commands[] = {
	{ "build", lk_image_cmd_build, "make an encrypted, verified disk of a root tree" },
	{ "version", cmd_version, "print the version" },
	{ "help", cmd_help, "print this" },
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void usage(FILE *to)
{
	size_t i;

	fprintf(to, "Usage: latchkey-image COMMAND ...\n\n"
		    "Make encrypted, measured disks for machines that latchkey opens.\n\n");
	for (i = 0; i < N_COMMANDS; i++)
		fprintf(to, "  %-10s %s\n", commands[i].name, commands[i].summary);
	fprintf(to, "\nlatchkey-image build --help lists its options. See latchkey-image(8).\n");
}

static int cmd_help(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	usage(stdout);
	return 0;
}

static int cmd_version(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	printf("latchkey-image %s\n", LK_VERSION);
	return 0;
}

int lk_image_fail(const struct lk_error *err)
{
	const char *advice = lk_code_help(err->code);
	char line[LK_ERROR_FRAMES * LK_ERROR_TEXT];

	lk_log(LK_LOG_ERROR, "%s", lk_error_format(err, line, sizeof(line)));
	if (advice)
		lk_log(LK_LOG_ERROR, "%s", advice);
	return lk_exit_code(err->status);
}

static const struct command *find(const char *name)
{
	size_t i;

	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
		name = "help";
	if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0)
		name = "version";
	for (i = 0; i < N_COMMANDS; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

int main(int argc, char **argv)
{
	const struct command *command = argc > 1 ? find(argv[1]) : NULL;
	struct lk_error err = { 0 };

	if (!command) {
		usage(stderr);
		return lk_exit_code(LK_CONFIG);
	}
	lk_log_setup("latchkey-image", false, false);
	lk_json_setup();
	if (lk_crypto_setup(&err))
		return lk_image_fail(&err);
	(void)umask(022);
	lk_luks_quiet();
	lk_interrupt_setup();
	return command->run(argc - 1, argv + 1);
}
