/* SPDX-License-Identifier: Apache-2.0 */
/* What reaches stderr: one printable line per call, priorities for the journal, levels. */
#include "core/log.h"

#include <unistd.h>

#include "tests/check.h"

static char captured[8192];
static int kept, ends[2];

static void capture(void)
{
	fflush(stderr);
	kept = dup(STDERR_FILENO);
	if (pipe(ends) != 0 || dup2(ends[1], STDERR_FILENO) < 0)
		abort();
	close(ends[1]);
}

static const char *release(void)
{
	ssize_t n;

	dup2(kept, STDERR_FILENO);
	close(kept);
	n = read(ends[0], captured, sizeof(captured) - 1);
	close(ends[0]);
	captured[n > 0 ? n : 0] = '\0';
	return captured;
}

TEST(nothing_starts_a_second_line)
{
	capture();
	lk_log_setup("test", false, false);
	lk_log(LK_LOG_ERROR, "peer said %s", "\"a\nb\r\x1b[31m\x9b\"");
	CHECK_STR(release(), "test: peer said \"a?b??[31m?\"\n");
}

TEST(long_lines_are_cut)
{
	char text[4096];

	memset(text, 'z', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	capture();
	lk_log(LK_LOG_INFO, "%s", text);
	CHECK_EQ(strlen(release()), 1023);
	CHECK_EQ(captured[1022], '\n');
	CHECK_EQ(captured[1021], 'z');
}

TEST(debug_is_off_unless_asked)
{
	capture();
	lk_log_setup("test", false, false);
	lk_debug("hidden");
	CHECK_STR(release(), "");
	CHECK(!lk_log_debugging());
	capture();
	lk_log_setup("test", false, true);
	lk_debug("shown");
	CHECK_STR(release(), "test: shown\n");
	CHECK(lk_log_debugging());
}

TEST(journal_gets_priorities)
{
	capture();
	lk_log_setup("test", true, true);
	lk_log(LK_LOG_ERROR, "e");
	lk_log(LK_LOG_WARNING, "w");
	lk_log(LK_LOG_INFO, "i");
	lk_debug("d");
	CHECK_STR(release(), "<3>test: e\n<4>test: w\n<6>test: i\n<7>test: d\n");
}

TESTS(nothing_starts_a_second_line, long_lines_are_cut, debug_is_off_unless_asked,
      journal_gets_priorities)
