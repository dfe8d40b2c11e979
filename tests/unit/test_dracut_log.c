/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of reading dracut's log: it succeeds although it left something out. */
#include "image/dracut.h"
#include "tests/check.h"

#include <stdbool.h>

static bool clean(const char *log)
{
	size_t n;

	return !lk_dracut_complaint(log, &n);
}

TEST(what_was_left_out_is_found)
{
	static const char log[] =
		"dracut: *** Including module: systemd ***\n"
		"dracut: dracut module 'latchkey' depends on 'network', which can't be installed\n"
		"dracut: *** Creating image file ***\n";
	size_t n = 0;
	const char *line = lk_dracut_complaint(log, &n);

	CHECK(line == strchr(log, '\n') + 1);
	CHECK_EQ(line[n], '\n');
	CHECK(!clean("dracut: dracut module 'latchkey' cannot be found or installed.\n"));
	CHECK(!clean("dracut-install: ERROR: installing 'dmsetup'"));
	CHECK(!clean("x\ndracut: FAILED: /usr/lib/dracut/dracut-install -D x"));
}

TEST(ordinary_lines_are_not_complaints)
{
	CHECK(clean(""));
	CHECK(clean("\n\n"));
	CHECK(clean(
		"dracut: Executing: /usr/bin/dracut --add latchkey\n"
		"dracut: dracut module 'x' will not be installed, because command 'x' could not "
		"be found!\n"));
}

TESTS(what_was_left_out_is_found, ordinary_lines_are_not_complaints)
