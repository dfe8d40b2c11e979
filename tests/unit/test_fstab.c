/* SPDX-License-Identifier: Apache-2.0 */
/* agent/fstab.c: the lines of fstab(5). */
#include "tests/check.h"

#include <stdio.h>
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

static const char *unit(const char *file)
{
	static char name[LK_FSTAB_UNIT];
	char text[600];

	snprintf(text, sizeof(text), "/dev/mapper/data0 %s ext4\n", file);
	CHECK(next(text));
	return lk_fstab_mount_unit(&line, name) ? name : NULL;
}

/* As systemd-escape --path --suffix=mount has it. */
TEST(units_of_mounts)
{
	char longest[600];

	CHECK_STR(unit("/"), "-.mount");
	CHECK_STR(unit("//./"), "-.mount");
	CHECK_STR(unit("/srv/data"), "srv-data.mount");
	CHECK_STR(unit("//srv/./data/"), "srv-data.mount");
	CHECK_STR(unit("/srv/a-b\\040c"), "srv-a\\x2db\\x20c.mount");
	CHECK_STR(unit("/.hidden/.x:y"), "\\x2ehidden-.x:y.mount");
	CHECK_STR(unit("/\\303\\244\\134"), "\\xc3\\xa4\\x5c.mount");
	CHECK(!unit("none"));
	CHECK(!unit("/srv/../etc"));
	CHECK(!unit("/srv\\000x"));
	CHECK(next("/dev/mapper/data0 /srv swap\n"));
	CHECK(!lk_fstab_mount_unit(&line, longest));
	memset(longest, 'a', sizeof(longest));
	longest[0] = '/';
	longest[240] = '\0';
	CHECK_EQ(strlen(unit(longest)), 239 + strlen(".mount"));
	longest[240] = 'a';
	longest[250] = '\0';
	CHECK(!unit(longest));
	longest[250] = 'a';
	longest[500] = '\0';
	CHECK(!unit(longest));
	memset(longest + 1, '-', 100);
	longest[101] = '\0';
	CHECK(!unit(longest));
}

TESTS(fields_and_numbers, options_with_values, escapes, long_lines_and_no_last_newline,
      units_of_mounts)
