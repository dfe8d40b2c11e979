/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the file system of a new volume. */

#include "agent/makefs.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/config_files.h"
#include "core/guid.h"
#include "providers/exec_run.h"

#define OUTPUT_MAX     (64u * 1024)
#define SWAP_MAGIC     "SWAPSPACE2"
#define SWAP_PAGES_MIN 10

/* What a program is called and how it is told: in the order of enum lk_filesystem. */
static const struct kind {
	const char *program;
	const char *quiet[4]; /* in front of everything */
	const char *complete; /* options so that it writes all that is read later; NULL: it does */
	const char *label;
	size_t label_max;
	bool capitals;
} kinds[] = {
	[LK_FS_SWAP] = { .label_max = 15 },
	[LK_FS_EXT4] = { "mkfs.ext4",
			 { "-q", "-F", "-E", NULL },
			 "lazy_itable_init=0,lazy_journal_init=0,nodiscard",
			 "-L",
			 16,
			 false },
	[LK_FS_XFS] = { "mkfs.xfs", { "-q", "-f", "-K", NULL }, NULL, "-L", 12, false },
	[LK_FS_VFAT] = { "mkfs.vfat", { NULL }, NULL, "-n", 11, true },
};
#define EXT4_LAZY "lazy_itable_init=1,lazy_journal_init=1,nodiscard"

const char *lk_makefs_program(enum lk_filesystem fs)
{
	return kinds[fs].program;
}

/* What of a volume's name fits; file systems differ in what they take. */
static void make_label(const struct kind *k, const char *name, char out[LK_MAKEFS_LABEL])
{
	size_t i;

	for (i = 0; i < k->label_max && name[i]; i++)
		out[i] = (char)(k->capitals ? toupper((unsigned char)name[i]) : name[i]);
	out[i] = '\0';
}

void lk_makefs_arguments(const struct lk_makefs *m, char label[LK_MAKEFS_LABEL],
			 const char *args[LK_MAKEFS_ARGS])
{
	const struct kind *k = &kinds[m->fs];
	size_t i, n = 0;

	make_label(k, m->label, label);
	for (i = 0; k->quiet[i]; i++)
		args[n++] = k->quiet[i];
	if (k->complete)
		args[n++] = m->write_all ? k->complete : EXT4_LAZY;
	args[n++] = k->label;
	args[n++] = label;
	args[n++] = m->node;
	args[n] = NULL;
}

/* The program's own words are never told, so the class and what to look at must do. */
static enum lk_status program_fault(const struct lk_makefs *m, struct lk_error *err)
{
	char text[LK_ERROR_TEXT];

	if (err->code != LK_C_EXEC_FAILED)
		return err->status;
	snprintf(text, sizeof(text), "%s", err->frames[0].text);
	return lk_raise_code(err, LK_C_MAKEFS_FAILED, "%s on %s: %s", kinds[m->fs].program, m->node,
			     text);
}

static enum lk_status run_program(const struct lk_makefs *m, struct lk_deadline deadline,
				  struct lk_error *err)
{
	const char *name = kinds[m->fs].program;
	const char *args[LK_MAKEFS_ARGS];
	char label[LK_MAKEFS_LABEL];
	/* Borrowed: nobody changes or frees them. */
	struct lk_strings list = { .items = (char **)(uintptr_t)args };
	struct lk_exec run = { .args = &list, .deadline = deadline, .max = OUTPUT_MAX };
	LK_FREE char *path = NULL;
	LK_SECRET said = { 0 };
	enum lk_status st;

	st = lk_command_find(name, &path, err);
	if (st)
		return st;
	lk_makefs_arguments(m, label, args);
	while (args[list.n])
		list.n++;
	run.command = path;
	st = lk_exec_run(&run, &said, err);
	return st ? program_fault(m, err) : LK_OK;
}

/* ---- swap ---- */

static void put_u32(uint8_t *at, uint32_t v)
{
	memcpy(at, &v, sizeof(v)); /* the kernel's own byte order */
}

enum lk_status lk_swap_header(uint64_t size, const uint8_t uuid[16], const char *label,
			      uint8_t page[LK_SWAP_PAGE], struct lk_error *err)
{
	enum layout { AT_VERSION = 1024, AT_LAST_PAGE = 1028, AT_UUID = 1036, AT_LABEL = 1052 };
	const uint64_t pages = size / LK_SWAP_PAGE;
	char text[LK_MAKEFS_LABEL];

	if (pages < SWAP_PAGES_MIN)
		return lk_raise_code(err, LK_C_DEVICE_SIZE, "%llu bytes are too few for swap space",
				     (unsigned long long)size);
	make_label(&kinds[LK_FS_SWAP], label, text);
	memset(page, 0, LK_SWAP_PAGE);
	put_u32(page + AT_VERSION, 1);
	put_u32(page + AT_LAST_PAGE, pages - 1 < UINT32_MAX ? (uint32_t)(pages - 1) : UINT32_MAX);
	memcpy(page + AT_UUID, uuid, 16);
	memcpy(page + AT_LABEL, text, strlen(text));
	memcpy(page + LK_SWAP_PAGE - strlen(SWAP_MAGIC), SWAP_MAGIC, strlen(SWAP_MAGIC));
	return LK_OK;
}

static enum lk_status make_swap(const struct lk_makefs *m, struct lk_error *err)
{
	uint8_t page[LK_SWAP_PAGE];
	struct lk_guid uuid;
	LK_FD int fd = open(m->node, O_RDWR | O_CLOEXEC);
	enum lk_status st;
	uint64_t size;

	if (sysconf(_SC_PAGESIZE) != LK_SWAP_PAGE)
		return lk_raise_code(err, LK_C_MAKEFS_FAILED,
				     "swap space needs pages of %d bytes, this kernel's differ",
				     LK_SWAP_PAGE);
	if (fd < 0 || ioctl(fd, BLKGETSIZE64, &size) != 0)
		return lk_raise_code(err, LK_C_DEVICE_FAILED, "open %s: %s", m->node,
				     strerror(errno));
	st = lk_guid_random(&uuid, err);
	if (!st)
		st = lk_swap_header(size, uuid.bytes, m->label, page, err);
	if (st)
		return st;
	if (pwrite(fd, page, sizeof(page), 0) != (ssize_t)sizeof(page) || fsync(fd) != 0)
		return lk_raise_code(err, LK_C_DEVICE_FAILED, "write %s: %s", m->node,
				     strerror(errno));
	return LK_OK;
}

enum lk_status lk_makefs(const struct lk_makefs *m, struct lk_deadline deadline,
			 struct lk_error *err)
{
	return m->fs == LK_FS_SWAP ? make_swap(m, err) : run_program(m, deadline, err);
}
