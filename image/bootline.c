/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel command line of a built disk: which extra words are refused and why. */
#include "image/bootline.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/cmdline.h"

#define BLANKS	   " \t"
#define LINE_LIMIT 2047u /* COMMAND_LINE_SIZE of x86 is 2048 */

/* Families of words that steer systemd and dracut: everything in them is refused but these. A star
 * stands for any ending. systemd reads '-' as '_'. */
static const char *const families[] = { "rd.*", "systemd.*", "luks*", "latchkey*", NULL };
static const char *const harmless[] = {
	"rd.neednet",
	"rd.net.*",
	"rd.timeout",
	"rd.retry",
	"rd.driver.*",
	"rd.udev.log_level",
	"rd.systemd.log_*",
	"rd.systemd.show_status",
	"rd.systemd.journald.*",
	"systemd.log_*",
	"systemd.journald.*",
	"systemd.show_status",
	"systemd.hostname",
	"systemd.machine_id",
	"systemd.firstboot",
	"systemd.status_unit_format",
	"latchkey.debug",
	NULL,
};
/* Single words that choose another root or another first program, open a shell or a debugger,
 * switch memory wiping off, create mappings, or reach programs as environment. */
static const char *const refused[] = {
	"root",	  "rootflags",	 "roothash",  "usrhash",   "mount.usr*", "rw",		"rdinit",
	"initrd", "noinitrd",	 "emergency", "rescue",	   "single",	 "s",		"S",
	"1",	  "2",		 "3",	      "4",	   "5",		 "_s",		"_b",
	"__",	  "debug_shell", "fstab",     "init_on_*", "verity*",	 "overlayroot", "dm_mod.*",
	"kgdb*",  "mem_encrypt", "LD_*",      "SYSTEMD_*", "PATH",	 NULL,
};

static bool matches(const char *key, const char *pattern)
{
	size_t n = strcspn(pattern, "*");

	return pattern[n] ? strncmp(key, pattern, n) == 0 : strcmp(key, pattern) == 0;
}

static bool listed(const char *key, const char *const *patterns)
{
	for (; *patterns; patterns++)
		if (matches(key, *patterns))
			return true;
	return false;
}

static enum lk_status check_word(const char *word, size_t n, struct lk_error *err)
{
	char key[128];
	size_t i;

	for (i = 0; i < n; i++)
		if ((unsigned char)word[i] < 0x21 || (unsigned char)word[i] > 0x7e ||
		    strchr("\"'", word[i]))
			return lk_raise_code(
				err, LK_C_CMDLINE,
				"extra words may not hold quotes or control characters");
	for (i = 0; i < n && word[i] != '=' && i < sizeof(key) - 1; i++)
		key[i] = word[i] == '-' ? '_' : word[i];
	key[i] = '\0';
	if (listed(key, refused) || (listed(key, families) && !listed(key, harmless)))
		return lk_raise_code(err, LK_C_CMDLINE,
				     "'%.*s' would undo the protection of the boot",
				     (int)(n < 80 ? n : 80), word);
	return LK_OK;
}

static enum lk_status check_extra(const char *extra, struct lk_error *err)
{
	enum lk_status st;
	size_t n;

	for (extra += strspn(extra, BLANKS); *extra; extra += strspn(extra, BLANKS)) {
		n = strcspn(extra, BLANKS);
		st = check_word(extra, n, err);
		if (st)
			return st;
		extra += n;
	}
	return LK_OK;
}

enum lk_status lk_bootline_build(const char *mapper, const char *extra, char **ret,
				 struct lk_error *err)
{
	char line[LINE_LIMIT + 1], *text;
	enum lk_status st;
	size_t i, n;

	st = check_extra(extra ? extra : "", err);
	if (st)
		return lk_context(err, "extend the kernel command line");

	n = (size_t)snprintf(line, sizeof(line), "root=/dev/mapper/%s", mapper);
	for (i = 0; lk_cmdline_required[i] && n < sizeof(line); i++)
		n += (size_t)snprintf(line + n, sizeof(line) - n, " %s", lk_cmdline_required[i]);
	if (extra && *extra && n < sizeof(line))
		n += (size_t)snprintf(line + n, sizeof(line) - n, " %s", extra);
	if (n >= sizeof(line))
		return lk_raise_code(err, LK_C_CMDLINE,
				     "the kernel command line is longer than %u characters",
				     LINE_LIMIT);
	st = lk_cmdline_check(line, mapper, NULL, err); /* what the agent will ask for */
	if (st)
		return lk_context(err, "check the kernel command line");

	text = strdup(line);
	if (!text)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	*ret = text;
	return LK_OK;
}
