/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel command line of an attested boot. */
#include "core/cmdline.h"

#include <stdio.h>
#include <string.h>

#define NO_LVM "rd.lvm=0"

const char *const lk_cmdline_required[] = {
	"systemd.gpt_auto=0",
	"rd.systemd.gpt_auto=0",
	"systemd.import_credentials=no",
	"rd.shell=0",
	"rd.emergency=poweroff",
	"rd.luks=0",
	NO_LVM,
	"rd.md=0",
	"rd.auto=0",
	"init_on_free=1",
	NULL,
};

#define BLANKS " \t\n"

/* How often a word starting with the first n bytes of `word` appears, and how often as `word`. */
static void count(const char *text, const char *word, size_t n, unsigned *starts, unsigned *exact)
{
	const size_t whole = strlen(word);

	*starts = *exact = 0;
	for (text += strspn(text, BLANKS); *text; text += strspn(text, BLANKS)) {
		size_t len = strcspn(text, BLANKS);

		if (len >= n && strncmp(text, word, n) == 0)
			++*starts;
		if (len == whole && strncmp(text, word, whole) == 0)
			++*exact;
		text += len;
	}
}

/* The word is there, and no other word sets the same key to something else. */
static enum lk_status require(const char *text, const char *word, struct lk_error *err)
{
	unsigned starts, exact;

	count(text, word, strcspn(word, "=") + 1, &starts, &exact);
	if (exact == 0)
		return lk_raise_code(err, LK_C_CMDLINE, "the kernel command line lacks '%s'", word);
	if (starts != exact)
		return lk_raise_code(err, LK_C_CMDLINE, "the kernel command line contradicts '%s'",
				     word);
	return LK_OK;
}

/* dracut makes this group active and nothing else. */
static enum lk_status require_group(const char *text, const char *group, struct lk_error *err)
{
	static const char lone[] = "rd.lvm.lv=";
	unsigned starts, exact;
	char word[160];

	snprintf(word, sizeof(word), "rd.lvm.vg=%s", group);
	count(text, lone, strlen(lone), &starts, &exact);
	if (starts)
		return lk_raise_code(err, LK_C_CMDLINE,
				     "the kernel command line holds '%s'; say '%s' alone", lone,
				     word);
	return require(text, word, err);
}

enum lk_status lk_cmdline_check(const char *text, const char *name, const char *group,
				struct lk_error *err)
{
	char root[160];
	enum lk_status st = LK_OK;
	size_t i;

	if (strpbrk(text, "\"'"))
		return lk_raise_code(err, LK_C_CMDLINE, "the kernel command line holds quotes");
	for (i = 0; lk_cmdline_required[i] && !st; i++)
		if (!group || strcmp(lk_cmdline_required[i], NO_LVM) != 0)
			st = require(text, lk_cmdline_required[i], err);
	if (!st && group)
		st = require_group(text, group, err);
	if (st)
		return st;
	snprintf(root, sizeof(root), "root=/dev/mapper/%s", name);
	return require(text, root, err);
}

bool lk_cmdline_has(const char *text, const char *word)
{
	unsigned starts, exact;

	count(text, word, strlen(word), &starts, &exact);
	return exact > 0;
}
