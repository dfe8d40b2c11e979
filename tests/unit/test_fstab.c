/* SPDX-License-Identifier: Apache-2.0 */
/* agent/fstab.c: the lines of fstab(5). */
#include "tests/check.h"

#include <string.h>

#include "agent/fstab.h"

static struct lk_fstab_line line;
static unsigned number;
static const char *at;

static bool next(const char *text)
{
	if (text) {
		at = text;
		number = 0;
	}
	return lk_fstab_next(&at, at + strlen(at), &number, &line);
}

TEST(fields_and_numbers)
{
	CHECK(next("# a comment\n"
		   "  # another one\n"
		   "\n"
		   "two fields\n"
		   "\t/dev/mapper/data0  /srv/data\\0400\text4 defaults,_netdev,nofail 0 2\n"
		   "/dev/mapper/swap0 none swap\n"));
	CHECK_EQ(line.number, 5);
	CHECK_STR(line.spec, "/dev/mapper/data0");
	CHECK_STR(lk_fstab_mapping(&line), "data0");
	CHECK_EQ(line.file_len, strlen("/srv/data\\0400"));
	CHECK(!lk_fstab_is_swap(&line));
	CHECK(lk_fstab_has(&line, "_netdev"));
	CHECK(lk_fstab_has(&line, "nofail"));
	CHECK(!lk_fstab_has(&line, "net"));
	CHECK(!lk_fstab_has(&line, "noauto"));
	CHECK(next(NULL));
	CHECK_EQ(line.number, 6);
	CHECK(lk_fstab_is_swap(&line));
	CHECK(!lk_fstab_has(&line, "_netdev"));
	CHECK(!next(NULL));
}

TEST(options_with_values)
{
	CHECK(next("UUID=1 / ext4 _netdevice,x-systemd.requires=_netdev,noauto=1"));
	CHECK(!lk_fstab_mapping(&line));
	CHECK(!lk_fstab_has(&line, "_netdev"));
	CHECK(lk_fstab_has(&line, "noauto"));
	CHECK(next("/dev/vda / ext4 ,,_netdev,"));
	CHECK(lk_fstab_has(&line, "_netdev"));
}

TEST(escapes)
{
	CHECK(next("/dev/mapper/data\\0550 / ext4"));
	CHECK_STR(lk_fstab_mapping(&line), "data-0");
	CHECK(next("/dev/mapper/d\\777\\04 / ext4"));
	CHECK_STR(lk_fstab_mapping(&line), "d\\777\\04");
	CHECK(next("/dev/mapper/d\\000x / ext4"));
	CHECK_STR(line.spec, "");
}

TEST(long_lines_and_no_last_newline)
{
	char text[400];

	memset(text, 'a', sizeof(text));
	memcpy(text, "/dev/mapper/", 12);
	memcpy(text + 380, " / ext4 _netdev\n", 17);
	CHECK(next(text));
	CHECK_STR(line.spec, "");
	CHECK(lk_fstab_has(&line, "_netdev"));
	CHECK(!next(""));
	CHECK(!next("\n\n"));
	CHECK(next("a b c"));
}

TESTS(fields_and_numbers, options_with_values, escapes, long_lines_and_no_last_newline)
