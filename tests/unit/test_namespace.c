/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of finding subordinate ids, and of programs that fail. */
#include "image/namespace.h"
#include "image/tools.h"
#include "tests/check.h"

#include <fcntl.h>
#include <unistd.h>

static unsigned long start, count;

static bool found(const char *text)
{
	start = count = 0;
	return lk_namespace_find_range(text, "ann", 1000, &start, &count);
}

TEST(ranges_of_others_or_too_small_are_not_taken)
{
	CHECK(!found(""));
	CHECK(!found("bob:100000:65536\n"));
	CHECK(!found("annie:100000:65536\n"));
	CHECK(!found("ann:100000:1000\n"));
	CHECK(!found("ann:0:65536\n"));
	CHECK(!found(":100000:65536\n"));
	CHECK(!found("ann:100000\n65536\n"));
	CHECK(!found("ann:100000:65536x\n"));
	CHECK(!found("ann:-1:65536\n"));
	CHECK(!found("ann:99999999999:65536\n"));
	CHECK(!found("ann:x:65536\n"));
	CHECK(!found("ann:4294967290:65536\n"));
	CHECK(!found("# ann\nann\n"));
}

TEST(own_ranges_are_found)
{
	CHECK(found("bob:1:65536\nann:100000:65536\n"));
	CHECK_EQ(start, 100000);
	CHECK_EQ(count, 65535);
	CHECK(found("ann:5:1\n1000:200000:65536"));
	CHECK_EQ(start, 200000);
}

static enum lk_status run(const char *const *argv, char *line, size_t size)
{
	int log = open("/dev/null", O_WRONLY | O_CLOEXEC);
	struct lk_error err = { 0 };
	enum lk_status st = lk_tool_run(&(struct lk_tool){ .argv = argv, .log = log }, &err);

	close(log);
	lk_error_format(&err, line, size);
	return st;
}

TEST(failing_programs_are_named)
{
	char line[512];

	CHECK_EQ(run((const char *const[]){ "lk-no-such-program", NULL }, line, sizeof(line)),
		 LK_CONFIG);
	CHECK_HAS(line, "lk-no-such-program is not installed");
	CHECK_EQ(run((const char *const[]){ "false", NULL }, line, sizeof(line)), LK_CONFIG);
	CHECK_HAS(line, "false ended with status 1");
	CHECK_EQ(run((const char *const[]){ "sh", "-c", "kill -9 $$", NULL }, line, sizeof(line)),
		 LK_CONFIG);
	CHECK_HAS(line, "signal 9");
	CHECK_EQ(run((const char *const[]){ "/nowhere/x", NULL }, line, sizeof(line)), LK_CONFIG);
	CHECK_HAS(line, "/nowhere/x");
	CHECK_EQ(run((const char *const[]){ "true", NULL }, line, sizeof(line)), LK_OK);
}

TEST(programs_get_the_fixed_environment)
{
	char line[512];
	const char *const argv[] = { "sh", "-c",
				     "test \"$LC_ALL\" = C && test -z \"$LK_LEAK\" && ! read x",
				     NULL };

	setenv("LK_LEAK", "1", 1);
	CHECK_EQ(run(argv, line, sizeof(line)), LK_OK);
}

TESTS(ranges_of_others_or_too_small_are_not_taken, own_ranges_are_found, failing_programs_are_named,
      programs_get_the_fixed_environment)
