/* SPDX-License-Identifier: Apache-2.0 */
/* core/cmdline.c: what an attested boot must find on the kernel command line. */
#include "tests/check.h"

#include "core/cmdline.h"

#define GOOD                                                                                       \
	"root=/dev/mapper/root systemd.gpt_auto=0 rd.systemd.gpt_auto=0 "                          \
	"systemd.import_credentials=no rd.shell=0 rd.emergency=poweroff rd.luks=0 rd.lvm=0 "       \
	"rd.md=0 rd.auto=0 init_on_free=1"

static struct lk_error err;

static void refused(const char *text, const char *why)
{
	char line[1024];

	CHECK_EQ(lk_cmdline_check(text, "root", NULL, &err), LK_CONFIG);
	CHECK_EQ(err.code, LK_C_CMDLINE);
	CHECK_HAS(lk_error_format(&err, line, sizeof(line)), why);
}

TEST(each_missing_word_is_named)
{
	size_t i;

	for (i = 0; lk_cmdline_required[i]; i++) {
		char text[] = GOOD;
		char *at = strstr(text, lk_cmdline_required[i]);

		/* rd.systemd.gpt_auto=0 holds systemd.gpt_auto=0: blank the word, not its tail. */
		while (at && at != text && at[-1] != ' ')
			at = strstr(at + 1, lk_cmdline_required[i]);
		CHECK(at);
		memset(at, ' ', strlen(lk_cmdline_required[i]));
		refused(text, lk_cmdline_required[i]);
	}
}

TEST(a_word_said_twice_differently_is_refused)
{
	refused(GOOD " rd.shell=1", "rd.shell=0");
	refused("rd.shell " GOOD " rd.shell=", "rd.shell=0");
	refused(GOOD " root=/dev/sda1", "root=");
	refused(GOOD " rd.luks=1", "rd.luks=0");
	refused(GOOD " init_on_free=0", "init_on_free=1");
}

TEST(another_root_is_refused)
{
	refused("root=UUID=x systemd.gpt_auto=0 rd.systemd.gpt_auto=0 systemd.import_credentials=no "
		"rd.shell=0 rd.emergency=poweroff rd.luks=0 rd.lvm=0 rd.md=0 rd.auto=0 "
		"init_on_free=1",
		"root=/dev/mapper/root");
	CHECK_EQ(lk_cmdline_check(GOOD, "other", NULL, &err), LK_CONFIG);
}

TEST(quotes_are_refused)
{
	refused(GOOD " dyndbg=\"file x\"", "quotes");
	refused("'" GOOD "'", "quotes");
}

TEST(what_the_image_tool_writes_passes)
{
	CHECK_OK(lk_cmdline_check(GOOD "\n", "root", NULL, &err));
	CHECK_OK(lk_cmdline_check("console=ttyS0 " GOOD " quiet rd.shell=0", "root", NULL, &err));
}

static const char *group_refusal(const char *text)
{
	static char line[1024];

	CHECK_EQ(lk_cmdline_check(text, "root", "vg0", &err), LK_CONFIG);
	CHECK_EQ(err.code, LK_C_CMDLINE);
	return lk_error_format(&err, line, sizeof(line));
}

TEST(one_volume_group_in_place_of_none)
{
	CHECK_OK(lk_cmdline_check(GOOD " rd.lvm.vg=vg0", "root", "vg0", &err));
	CHECK_HAS(group_refusal(GOOD), "lacks 'rd.lvm.vg=vg0'");
	CHECK_HAS(group_refusal(GOOD " rd.lvm.vg=vg1"), "lacks 'rd.lvm.vg=vg0'");
	CHECK_HAS(group_refusal(GOOD " rd.lvm.vg=vg0 rd.lvm.vg=vg1"), "contradicts");
	CHECK_HAS(group_refusal(GOOD " rd.lvm.vg=vg0 rd.lvm.lv=vg1/x"), "'rd.lvm.lv='");
	CHECK_HAS(group_refusal("rd.lvm.vg=vg0 root=/dev/mapper/root"), "lacks '");
}

TEST(words_are_found_whole)
{
	CHECK(lk_cmdline_has("a latchkey.debug b", "latchkey.debug"));
	CHECK(!lk_cmdline_has("a latchkey.debugging b", "latchkey.debug"));
	CHECK(!lk_cmdline_has("xlatchkey.debug", "latchkey.debug"));
	CHECK(!lk_cmdline_has("", "latchkey.debug"));
}

TESTS(each_missing_word_is_named, a_word_said_twice_differently_is_refused, another_root_is_refused,
      quotes_are_refused, what_the_image_tool_writes_passes, one_volume_group_in_place_of_none,
      words_are_found_whole)
