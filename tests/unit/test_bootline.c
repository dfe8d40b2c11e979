/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the kernel command line that goes with a disk. */
#include "core/cleanup.h"
#include "core/cmdline.h"
#include "image/bootline.h"
#include "tests/check.h"

static bool refused(const char *extra)
{
	struct lk_error err = { 0 };
	LK_FREE char *line = NULL;

	return lk_bootline_build("root", extra, &line, &err) == LK_CONFIG &&
	       err.code == LK_C_CMDLINE && !line;
}

TEST(words_that_undo_the_protection_are_refused)
{
	static const char *const bad[] = {
		"root=/dev/sda1",
		"console=ttyS0 root=LABEL=x",
		"rd.shell",
		"rd.shell=1",
		"rd.break",
		"rd.break=pre-mount",
		"rd.emergency=reboot",
		"rd.luks=1",
		"rd.luks.uuid=x",
		"rd.latchkey=0",
		"rd.systemd.unit=emergency.target",
		"rd.systemd.debug_shell",
		"rd.systemd.debug-shell=1",
		"systemd.debug_shell=1",
		"systemd.debug-shell",
		"systemd.unit=rescue.target",
		"systemd.import-credentials=yes",
		"systemd.import_credentials",
		"systemd.set_credential=a:b",
		"systemd.gpt-auto=1",
		"systemd.mask=latchkey-root.service",
		"systemd.run=/bin/sh",
		"init_on_free=0",
		"init-on-free=0",
		"init_on_alloc=0",
		"rdinit=/bin/sh",
		"emergency",
		"rescue",
		"single",
		"S",
		"1",
		"-s",
		"-b",
		"--",
		"luks.key=x",
		"latchkey.url=x",
		"dm-mod.create=x",
		"LD_PRELOAD=/x",
		"SYSTEMD_SULOGIN_FORCE=1",
		"quiet \"root=x\"",
		"a='b'",
		"a\nroot=x",
		"a\x7f",
		"\xc3\xa4",
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (!refused(bad[i]))
			check_fail(__FILE__, __LINE__, "accepted: %s", bad[i]);
}

TEST(a_line_longer_than_the_kernel_takes_is_refused)
{
	char extra[2100];

	memset(extra, 'a', sizeof(extra) - 1);
	extra[sizeof(extra) - 1] = '\0';
	CHECK(refused(extra));
}

TEST(the_plain_line_is_the_designs)
{
	struct lk_error err = { 0 };
	LK_FREE char *line = NULL;

	CHECK_OK(lk_bootline_build("root", NULL, &line, &err));
	CHECK_STR(line, "root=/dev/mapper/root systemd.gpt_auto=0 rd.systemd.gpt_auto=0 "
			"systemd.import_credentials=no rd.shell=0 rd.emergency=poweroff rd.luks=0 "
			"rd.lvm=0 rd.md=0 rd.auto=0 init_on_free=1");
	CHECK_OK(lk_cmdline_check(line, "root", NULL, &err));
}

TEST(harmless_words_are_taken)
{
	struct lk_error err = { 0 };
	LK_FREE char *line = NULL;

	CHECK_OK(lk_bootline_build("vm",
				   "  console=ttyS0,115200 panic=-1 quiet\tinit=/sbin/x "
				   "rd.systemd.show_status=0 systemd.log_level=debug "
				   "latchkey.debug ip=dhcp rd.neednet=1",
				   &line, &err));
	CHECK(lk_cmdline_has(line, "console=ttyS0,115200"));
	CHECK(lk_cmdline_has(line, "latchkey.debug"));
	CHECK_OK(lk_cmdline_check(line, "vm", NULL, &err));
}

TESTS(words_that_undo_the_protection_are_refused, a_line_longer_than_the_kernel_takes_is_refused,
      the_plain_line_is_the_designs, harmless_words_are_taken)
