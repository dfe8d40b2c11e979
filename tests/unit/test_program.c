/* SPDX-License-Identifier: Apache-2.0 */
/* core/program.c: which command runs, with which words, and what else there is to answer. */
#include "tests/check.h"

#include <getopt.h>

#include "core/program.h"

static int seen_argc;
static const char *seen_flag;

static int cmd_probe(int argc, char **argv)
{
	static const struct option options[] = { { "flag", required_argument, NULL, 'f' }, { 0 } };
	int c;

	seen_argc = argc;
	seen_flag = NULL;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c != 'f')
			return lk_cmd_usage("probe [--flag X] WORD");
		seen_flag = optarg;
	}
	return optind + 1 == argc && strcmp(argv[optind], "word") == 0 ? 42 : 43;
}

static int cmd_fails(int argc, char **argv)
{
	struct lk_error err;

	(void)argc;
	(void)argv;
	lk_raise_code(&err, LK_C_KBS_DENIED, "no");
	return lk_cmd_fail(&err);
}

static const struct lk_command commands[] = {
	{ "probe", cmd_probe, "probe WORD", "look" },
	{ "fails", cmd_fails, "fails", "fail" },
	{ 0 },
};
static const struct lk_program program = {
	.name = "test", .version = "1", .about = "Test.", .commands = commands
};

/* argv as the system hands it over: writable and terminated. */
static int call_as(const char *name, const char *a, const char *b, const char *c, const char *d,
		   const char *e)
{
	const char *words[] = { name, a, b, c, d, e };
	char *argv[7] = { NULL };
	int argc = 0, i, status;

	while (argc < 6 && words[argc]) {
		argv[argc] = strdup(words[argc]);
		argc++;
	}
	optind = 0; /* a new process would begin so */
	status = lk_program_main(&program, argc, argv);
	for (i = 0; i < argc; i++)
		free(argv[i]);
	return status;
}

static int call(const char *a, const char *b, const char *c, const char *d, const char *e)
{
	return call_as("test", a, b, c, d, e);
}

TEST(a_link_names_the_command)
{
	CHECK_EQ(call_as("/usr/lib/test-probe", "word", NULL, NULL, NULL, NULL), 42);
	CHECK_EQ(seen_argc, 2);
	CHECK_EQ(call_as("test-probe", "--flag", "x", "word", NULL, NULL), 42);
	CHECK(seen_flag);
	CHECK_EQ(call_as("test-no-such-command", "fails", NULL, NULL, NULL, NULL),
		 lk_exit_code(LK_DENIED));
	CHECK_EQ(call_as("testprobe", "fails", NULL, NULL, NULL, NULL), lk_exit_code(LK_DENIED));
}

TEST(no_command_or_an_unknown_one_is_wrong_usage)
{
	CHECK_EQ(call(NULL, NULL, NULL, NULL, NULL), 1);
	CHECK_EQ(call("prob", NULL, NULL, NULL, NULL), 1);
	CHECK_EQ(call("--no-such", "probe", "word", NULL, NULL), 1);
}

TEST(a_command_reads_its_own_words_in_any_order)
{
	CHECK_EQ(call("probe", "word", NULL, NULL, NULL), 42);
	CHECK_EQ(seen_argc, 2);
	CHECK_EQ(call("probe", "word", "--flag", "x", NULL), 42);
	CHECK(seen_flag);
	CHECK_EQ(call("--debug", "probe", "--flag", "x", "word"), 42);
	CHECK_EQ(seen_argc, 4);
	CHECK_EQ(call("probe", "--no-such", "word", NULL, NULL), 1);
}

TEST(a_failure_ends_with_its_class)
{
	CHECK_EQ(call("fails", NULL, NULL, NULL, NULL), lk_exit_code(LK_DENIED));
}

TEST(help_and_version_are_answers)
{
	CHECK_EQ(call("--help", NULL, NULL, NULL, NULL), 0);
	CHECK_EQ(call("--version", NULL, NULL, NULL, NULL), 0);
	CHECK_EQ(call("version", NULL, NULL, NULL, NULL), 0);
}

TESTS(a_link_names_the_command, no_command_or_an_unknown_one_is_wrong_usage,
      a_command_reads_its_own_words_in_any_order, a_failure_ends_with_its_class,
      help_and_version_are_answers)
