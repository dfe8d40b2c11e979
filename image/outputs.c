/* SPDX-License-Identifier: Apache-2.0 */
/* Naming and publishing the files of a build. */
#include "image/outputs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "image/files.h"

const char *const lk_output_work_names[LK_N_OUTPUTS] = {
	"vmlinuz", "initrd", "cmdline", "manifest.json", "escrow.jwe", "disk",
};

static const char *const suffixes[LK_N_OUTPUTS] = {
	".vmlinuz", ".initrd", ".cmdline", ".json", ".escrow.jwe", NULL,
};

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n > m && strcmp(text + n - m, end) == 0 && text[n - m - 1] != '/';
}

enum lk_status lk_outputs_name(struct lk_outputs *o, const char *disk, const char *escrow,
			       struct lk_error *err)
{
	size_t i, stem = strlen(disk);

	if (stem == 0 || disk[stem - 1] == '/')
		return lk_raise(err, LK_CONFIG, "--out wants the name of a file");
	if (stem > LK_PATH_MAX - 32 || (escrow && strlen(escrow) >= LK_PATH_MAX))
		return lk_raise(err, LK_CONFIG, "the path of an output is too long");
	if (ends_with(disk, ".img") || ends_with(disk, ".raw"))
		stem -= 4;
	memset(o, 0, sizeof(*o));
	for (i = 0; i < LK_N_OUTPUTS; i++)
		if (suffixes[i] && (i != LK_OUT_ESCROW || escrow))
			snprintf(o->final[i], LK_PATH_MAX, "%.*s%s", (int)stem, disk, suffixes[i]);
	if (escrow && *escrow)
		snprintf(o->final[LK_OUT_ESCROW], LK_PATH_MAX, "%s", escrow);
	snprintf(o->final[LK_OUT_DISK], LK_PATH_MAX, "%s", disk);
	return LK_OK;
}

enum lk_status lk_outputs_absent(const struct lk_outputs *o, struct lk_error *err)
{
	struct stat sb;
	size_t i;

	for (i = 0; i < LK_N_OUTPUTS; i++)
		if (o->final[i][0] && lstat(o->final[i], &sb) == 0)
			return lk_raise(err, LK_CONFIG, "'%s' exists already (--force replaces it)",
					o->final[i]);
	return LK_OK;
}

static void folder_of(const char *path, char out[LK_PATH_MAX])
{
	const char *slash = strrchr(path, '/');

	if (slash)
		snprintf(out, LK_PATH_MAX, "%.*s", (int)(slash - path + 1), path);
	else
		snprintf(out, LK_PATH_MAX, ".");
}

static enum lk_status sync_path(const char *path, struct lk_error *err)
{
	LK_FD int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) != 0)
		return lk_raise(err, LK_CONFIG, "sync '%s': %s", path, strerror(errno));
	return LK_OK;
}

/* Another file system: a synced copy under a temporary name in the right folder. */
static enum lk_status bring_over(const char *from, const char *to, char temp[LK_PATH_MAX],
				 struct lk_error *err)
{
	uint64_t size = 0;
	enum lk_status st;
	LK_FD int in = -1;
	LK_FD int out = -1;

	st = lk_file_open(from, &in, &size, err);
	if (st)
		return st;
	if (snprintf(temp, LK_PATH_MAX, "%s.XXXXXX", to) >= LK_PATH_MAX)
		return lk_raise(err, LK_CONFIG, "the path '%s' is too long", to);
	out = mkostemp(temp, O_CLOEXEC);
	if (out < 0)
		return lk_raise(err, LK_CONFIG, "create '%s': %s", temp, strerror(errno));
	st = lk_file_copy(in, 0, size, out, 0, err);
	if (!st && fsync(out) != 0)
		st = lk_raise(err, LK_CONFIG, "sync '%s': %s", temp, strerror(errno));
	if (st)
		(void)unlink(temp);
	return st;
}

static int move(const char *from, const char *to, bool force)
{
	return renameat2(AT_FDCWD, from, AT_FDCWD, to, force ? 0 : RENAME_NOREPLACE);
}

static enum lk_status publish_one(const char *from, const char *to, bool force,
				  struct lk_error *err)
{
	char temp[LK_PATH_MAX], folder[LK_PATH_MAX];
	enum lk_status st;
	int saved;

	st = sync_path(from, err);
	if (st)
		return st;
	if (move(from, to, force) != 0) {
		if (errno != EXDEV)
			return lk_raise(err, LK_CONFIG, "move a file to '%s': %s", to,
					strerror(errno));
		st = bring_over(from, to, temp, err);
		if (st)
			return st;
		if (move(temp, to, force) != 0) {
			saved = errno;
			(void)unlink(temp);
			return lk_raise(err, LK_CONFIG, "move a file to '%s': %s", to,
					strerror(saved));
		}
	}
	folder_of(to, folder);
	return sync_path(folder, err);
}

enum lk_status lk_outputs_publish(const struct lk_outputs *o, const struct lk_workspace *ws,
				  bool force, struct lk_error *err)
{
	char from[LK_PATH_MAX];
	enum lk_status st;
	size_t i;

	for (i = 0; i < LK_N_OUTPUTS; i++) {
		if (!o->final[i][0])
			continue;
		st = lk_workspace_path(ws, lk_output_work_names[i], from, err);
		if (!st)
			st = publish_one(from, o->final[i], force, err);
		if (!st)
			continue;
		while (i-- > 0)
			if (o->final[i][0])
				(void)unlink(o->final[i]);
		return lk_context(err, "put the files into place");
	}
	return LK_OK;
}
