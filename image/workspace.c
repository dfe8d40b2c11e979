/* SPDX-License-Identifier: Apache-2.0 */
/* The private work folder. */
#include "image/workspace.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "image/files.h"

#define WORK_PREFIX ".latchkey-image-"

static enum lk_status make_folder(struct lk_workspace *ws, const char *out, struct lk_error *err)
{
	char folder[PATH_MAX] = ".", real[PATH_MAX];
	const char *slash = strrchr(out, '/');
	int n;

	if (slash)
		n = snprintf(folder, sizeof(folder), "%.*s", (int)(slash - out + 1), out);
	else
		n = 1;
	if (n >= (int)sizeof(folder) || !realpath(folder, real))
		return lk_raise(err, LK_CONFIG, "the folder of '%s': %s", out, strerror(errno));
	n = snprintf(ws->path, sizeof(ws->path), "%s/" WORK_PREFIX "XXXXXX", real);
	if (n >= (int)sizeof(ws->path) - 128) {
		ws->path[0] = '\0';
		return lk_raise(err, LK_CONFIG, "the path of '%s' is too long", out);
	}
	if (!mkdtemp(ws->path)) {
		ws->path[0] = '\0';
		return lk_raise(err, LK_CONFIG, "make a work folder in '%s': %s", real,
				strerror(errno));
	}
	return LK_OK;
}

enum lk_status lk_workspace_open(struct lk_workspace *ws, const char *out, struct lk_error *err)
{
	char log[LK_PATH_MAX];
	enum lk_status st;

	st = make_folder(ws, out, err);
	if (st)
		return st;
	st = lk_workspace_path(ws, "log", log, err);
	if (st)
		return st;
	ws->log = open(log, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
	if (ws->log < 0 || flock(ws->log, LOCK_EX | LOCK_NB) != 0)
		return lk_raise(err, LK_CONFIG, "create '%s': %s", log, strerror(errno));
	return LK_OK;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	(void)remove(path); /* what stays behind is seen by the rmdir above it */
	return 0;
}

static void remove_all(const char *path)
{
	(void)nftw(path, remove_one, 64, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

/* A folder of ours whose log nobody holds. */
static void sweep_one(const char *path)
{
	char log[2 * LK_PATH_MAX + 8];
	LK_FD int fd = -1;
	struct stat sb;

	if (lstat(path, &sb) != 0 || !S_ISDIR(sb.st_mode) || sb.st_uid != geteuid() ||
	    (sb.st_mode & 0777) != 0700)
		return;
	snprintf(log, sizeof(log), "%s/log", path);
	fd = open(log, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
		remove_all(path);
}

void lk_workspace_sweep(const struct lk_workspace *ws)
{
	char parent[LK_PATH_MAX], path[2 * LK_PATH_MAX];
	const struct dirent *entry;
	DIR *folder;

	snprintf(parent, sizeof(parent), "%.*s", (int)(strrchr(ws->path, '/') - ws->path),
		 ws->path);
	folder = opendir(*parent ? parent : "/");
	while (folder && (entry = readdir(folder))) {
		if (strncmp(entry->d_name, WORK_PREFIX, strlen(WORK_PREFIX)) != 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", parent, entry->d_name);
		sweep_one(path);
	}
	if (folder)
		closedir(folder);
}

void lk_workspace_close(struct lk_workspace *ws)
{
	if (ws->path[0])
		remove_all(ws->path);
	ws->path[0] = '\0';
	if (ws->log >= 0)
		close(ws->log);
	ws->log = -1;
}

enum lk_status lk_workspace_path(const struct lk_workspace *ws, const char *name,
				 char out[LK_PATH_MAX], struct lk_error *err)
{
	if (snprintf(out, LK_PATH_MAX, "%s/%s", ws->path, name) >= LK_PATH_MAX)
		return lk_raise(err, LK_INTERNAL, "a path in the work folder is too long");
	return LK_OK;
}

enum lk_status lk_workspace_write(const struct lk_workspace *ws, const char *name, unsigned mode,
				  const void *data, size_t n, struct lk_error *err)
{
	char path[LK_PATH_MAX];
	LK_FD int fd = -1;
	enum lk_status st;

	st = lk_workspace_path(ws, name, path, err);
	if (st)
		return st;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0)
		return lk_raise(err, LK_CONFIG, "create '%s': %s", path, strerror(errno));
	st = lk_file_write_at(fd, data, n, 0, err);
	if (st)
		return lk_context(err, "write '%s'", name);
	if (fsync(fd) != 0)
		return lk_raise(err, LK_CONFIG, "write '%s': %s", path, strerror(errno));
	return LK_OK;
}

void lk_workspace_log_tail(const struct lk_workspace *ws, char *buf, size_t size)
{
	off_t end = ws->log < 0 ? 0 : lseek(ws->log, 0, SEEK_END), from;
	ssize_t n;

	buf[0] = '\0';
	if (end <= 0)
		return;
	from = end > (off_t)size - 1 ? end - (off_t)size + 1 : 0;
	n = pread(ws->log, buf, size - 1, from);
	if (n <= 0)
		return;
	buf[n] = '\0';
	if (from > 0) { /* begin with a whole line */
		const char *line = strchr(buf, '\n');

		if (line)
			memmove(buf, line + 1, strlen(line + 1) + 1);
	}
}
