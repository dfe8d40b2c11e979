/* SPDX-License-Identifier: Apache-2.0 */
/* Opening what a configuration consists of, under rules about owners and modes. */
#include "core/config_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/config_lines.h"
#include "core/secret.h"

#define DIR_FLAGS (O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

static enum lk_status check_owner(const struct stat *sb, enum lk_trust trust, struct lk_error *err)
{
	if (sb->st_uid && trust == LK_TRUST_ROOT)
		return lk_raise_code(err, LK_C_CONFIG_FILE_MODE, "owned by user %u, not by root",
				     sb->st_uid);
	if (sb->st_uid && sb->st_uid != geteuid())
		return lk_raise_code(err, LK_C_CONFIG_FILE_MODE,
				     "owned by user %u, neither root nor the caller", sb->st_uid);
	/* nobody can replace what somebody else has in a sticky directory, such as /tmp */
	if (trust == LK_TRUST_CALLER && S_ISDIR(sb->st_mode) && sb->st_mode & S_ISVTX)
		return LK_OK;
	if (sb->st_mode & (S_IWGRP | S_IWOTH))
		return lk_raise_code(err, LK_C_CONFIG_FILE_MODE,
				     "mode %04o: others than the owner may write",
				     sb->st_mode & 07777);
	return LK_OK;
}

static enum lk_status check_dir(int fd, enum lk_trust trust, struct lk_error *err)
{
	struct stat sb;

	if (fstat(fd, &sb))
		return lk_raise(err, LK_INTERNAL, "%s", strerror(errno));
	return check_owner(&sb, trust, err);
}

static enum lk_status check_regular(int fd, enum lk_trust trust, struct stat *sb,
				    struct lk_error *err)
{
	if (fstat(fd, sb))
		return lk_raise(err, LK_INTERNAL, "%s", strerror(errno));
	if (!S_ISREG(sb->st_mode))
		return lk_raise_code(err, LK_C_CONFIG_FILE_MODE, "not a regular file");
	return check_owner(sb, trust, err);
}

static enum lk_status refuse_open(int error, struct lk_error *err)
{
	if (error == ENOENT)
		return lk_raise_code(err, LK_C_CONFIG_MISSING, "no such file");
	if (error == ELOOP || error == ENOTDIR)
		return lk_raise_code(err, LK_C_CONFIG_FILE_MODE,
				     "a symbolic link, or no directory on the way");
	return lk_raise_code(err, LK_C_CONFIG_FILE_MODE, "%s", strerror(error));
}

/* Open the directory of an absolute path one step at a time, looking at each. up_to: bytes of
 * path. LK_OK and -1: it does not exist. */
static enum lk_status walk(const char *path, size_t up_to, enum lk_trust trust, int *ret_fd,
			   struct lk_error *err)
{
	LK_FD int fd = open("/", O_RDONLY | DIR_FLAGS);
	size_t at = 0, n;
	enum lk_status st;

	if (fd < 0)
		return lk_raise(err, LK_INTERNAL, "/: %s", strerror(errno));
	st = check_dir(fd, trust, err);
	if (st)
		return lk_context(err, "/");
	for (at = strspn(path, "/"); at < up_to; at += n + strspn(path + at + n, "/")) {
		LK_FREE char *step = NULL;
		int next;

		n = strcspn(path + at, "/");
		step = strndup(path + at, n);
		if (!step)
			return lk_raise(err, LK_INTERNAL, "out of memory");
		if (strcmp(step, "..") == 0)
			return lk_raise_code(err, LK_C_CONFIG_VALUE, "'..' in a path");
		next = openat(fd, step, O_RDONLY | DIR_FLAGS);
		if (next < 0 && errno == ENOENT) {
			*ret_fd = -1;
			return LK_OK;
		}
		if (next < 0) {
			refuse_open(errno, err);
			return lk_context(err, "%.*s", (int)(at + n), path);
		}
		close(fd);
		fd = next;
		st = check_dir(fd, trust, err);
		if (st)
			return lk_context(err, "%.*s", (int)(at + n), path);
	}
	*ret_fd = lk_take_fd(fd);
	return LK_OK;
}

static enum lk_status open_named(const char *path, int *ret_fd, struct lk_error *err)
{
	LK_FD int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum lk_status st;

	if (fd < 0 && errno != ENOENT) {
		lk_raise_code(err, LK_C_CONFIG_FILE_MODE, "%s", strerror(errno));
		return lk_context(err, "%s", path);
	}
	if (fd >= 0) {
		st = check_dir(fd, LK_TRUST_CALLER, err);
		if (st)
			return lk_context(err, "%s", path);
	}
	*ret_fd = lk_take_fd(fd);
	return LK_OK;
}

enum lk_status lk_config_dir_open(const char *path, enum lk_trust trust, struct lk_config_dir *ret,
				  struct lk_error *err)
{
	LK_CONFIG_DIR dir = { .fd = -1, .trust = trust, .path = strdup(path) };
	enum lk_status st;
	size_t n;

	if (!dir.path)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	for (n = strlen(dir.path); n > 1 && dir.path[n - 1] == '/'; n--)
		dir.path[n - 1] = 0;
	if (trust == LK_TRUST_ROOT && *path != '/')
		return lk_raise(err, LK_INTERNAL, "'%s' is not absolute", path);
	st = trust == LK_TRUST_ROOT ? walk(dir.path, strlen(dir.path), trust, &dir.fd, err)
				    : open_named(dir.path, &dir.fd, err);
	if (st)
		return st;
	*ret = dir;
	dir = (struct lk_config_dir)LK_CONFIG_DIR_NONE;
	return LK_OK;
}

enum lk_status lk_config_dir_sub(const struct lk_config_dir *dir, const char *name,
				 struct lk_config_dir *ret, struct lk_error *err)
{
	LK_CONFIG_DIR sub = { .fd = -1, .trust = dir->trust };
	enum lk_status st = LK_OK;

	if (asprintf(&sub.path, "%s/%s", dir->path, name) < 0) {
		sub.path = NULL;
		return lk_raise(err, LK_INTERNAL, "out of memory");
	}
	if (dir->fd >= 0)
		sub.fd = openat(dir->fd, name, O_RDONLY | DIR_FLAGS);
	if (dir->fd >= 0 && sub.fd < 0 && errno != ENOENT)
		st = refuse_open(errno, err);
	else if (sub.fd >= 0)
		st = check_dir(sub.fd, dir->trust, err);
	if (st)
		return lk_context(err, "%s", sub.path);
	*ret = sub;
	sub = (struct lk_config_dir)LK_CONFIG_DIR_NONE;
	return LK_OK;
}

void lk_config_dir_close(struct lk_config_dir *dir)
{
	lk_close_p(&dir->fd);
	free(dir->path);
	*dir = (struct lk_config_dir)LK_CONFIG_DIR_NONE;
}

void lk_strings_free(struct lk_strings *list)
{
	while (list->n)
		free(list->items[--list->n]);
	free(list->items);
	list->items = NULL;
}

static bool has_end(const char *name, const char *const *ends)
{
	const size_t n = strlen(name);

	for (; *ends; ends++)
		if (n > strlen(*ends) && strcmp(name + n - strlen(*ends), *ends) == 0)
			return true;
	return false;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void close_stream(DIR **stream)
{
	if (*stream)
		closedir(*stream);
}

enum lk_status lk_config_dir_list(const struct lk_config_dir *dir, const char *const *ends,
				  struct lk_strings *ret, struct lk_error *err)
{
	LK_CLEANUP(lk_strings_free) struct lk_strings list = { 0 };
	LK_FD int fd = dir->fd >= 0 ? openat(dir->fd, ".", O_RDONLY | DIR_FLAGS) : -1;
	LK_CLEANUP(close_stream) DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *entry;

	list.items = calloc(LK_CONFIG_DIR_MAX, sizeof(*list.items));
	if (!list.items || (dir->fd >= 0 && !stream))
		return lk_raise(err, LK_INTERNAL, "list %s: %s", dir->path, strerror(errno));
	if (stream)
		(void)lk_take_fd(fd); /* the stream's now */
	while (stream && (entry = readdir(stream))) {
		if (*entry->d_name == '.' || !has_end(entry->d_name, ends))
			continue;
		if (list.n == LK_CONFIG_DIR_MAX)
			return lk_raise_code(err, LK_C_CONFIG_SYNTAX, "%s: more than %d files",
					     dir->path, LK_CONFIG_DIR_MAX);
		list.items[list.n] = strdup(entry->d_name);
		if (!list.items[list.n])
			return lk_raise(err, LK_INTERNAL, "out of memory");
		list.n++;
	}
	if (list.n)
		qsort(list.items, list.n, sizeof(*list.items), by_name);
	*ret = list;
	list = (struct lk_strings){ 0 };
	return LK_OK;
}

/* The whole of a file that may grow while it is read. */
static enum lk_status read_all(int fd, char *buf, size_t max, size_t *ret_len, struct lk_error *err)
{
	size_t n = 0;

	for (;;) {
		ssize_t got = read(fd, buf + n, max + 1 - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return lk_raise_code(err, LK_C_CONFIG_FILE_MODE, "read: %s",
					     strerror(errno));
		n += (size_t)got;
		if (n > max)
			return lk_raise_code(err, LK_C_CONFIG_SYNTAX, "larger than 256 KiB");
		if (got == 0)
			break;
	}
	*ret_len = n;
	return LK_OK;
}

static enum lk_status read_checked(const struct lk_config_dir *dir, const char *name, char *buf,
				   size_t *ret_len, mode_t *ret_mode, struct lk_error *err)
{
	LK_FD int fd =
		openat(dir->fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat sb;
	enum lk_status st;

	if (fd < 0)
		return refuse_open(errno, err);
	st = check_regular(fd, dir->trust, &sb, err);
	if (st)
		return st;
	st = read_all(fd, buf, LK_CONFIG_FILE_MAX, ret_len, err);
	if (st)
		return st;
	*ret_mode = sb.st_mode & 07777;
	return LK_OK;
}

enum lk_status lk_config_file_read(const struct lk_config_dir *dir, const char *name,
				   char **ret_text, size_t *ret_len, mode_t *ret_mode,
				   struct lk_error *err)
{
	char *buf = malloc(LK_CONFIG_FILE_MAX + 1);
	size_t len = 0;
	enum lk_status st;

	if (!buf)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	st = read_checked(dir, name, buf, &len, ret_mode, err);
	if (st) {
		lk_wipe(buf, LK_CONFIG_FILE_MAX + 1);
		free(buf);
		return lk_context(err, "%s/%s", dir->path, name);
	}
	buf[len] = 0;
	*ret_text = buf;
	*ret_len = len;
	return LK_OK;
}

enum lk_status lk_secret_mode_check(mode_t mode, struct lk_error *err)
{
	if (mode & 0177)
		return lk_raise_code(err, LK_C_CONFIG_FILE_MODE,
				     "holds a secret, but its mode is %04o, not 0600", mode);
	return LK_OK;
}

/* Open a credential through directories that nobody else may write. */
static enum lk_status open_credential(const char *path, enum lk_trust trust, int *ret_fd,
				      struct lk_error *err)
{
	const char *name = strrchr(path, '/') + 1;
	LK_FD int dir = -1;
	enum lk_status st;

	st = walk(path, (size_t)(name - path), trust, &dir, err);
	if (st)
		return st;
	*ret_fd = dir < 0 ? -1 : openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (*ret_fd < 0)
		return refuse_open(dir < 0 ? ENOENT : errno, err);
	return LK_OK;
}

static enum lk_status check_named(const char *path, enum lk_file_kind kind, enum lk_trust trust,
				  mode_t *ret_mode, struct lk_error *err)
{
	LK_FD int fd = -1;
	struct stat sb;
	enum lk_status st;

	if (*path != '/')
		return lk_raise_code(err, LK_C_CONFIG_VALUE, "not an absolute path");
	if (kind == LK_FILE_CREDENTIAL) {
		st = open_credential(path, trust, &fd, err);
		if (st)
			return st;
	} else {
		fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		if (fd < 0)
			return refuse_open(errno, err);
	}
	st = check_regular(fd, trust, &sb, err);
	if (!st && kind == LK_FILE_CREDENTIAL)
		st = lk_secret_mode_check(sb.st_mode & 07777, err);
	if (st)
		return st;
	*ret_mode = sb.st_mode & 07777;
	return LK_OK;
}

enum lk_status lk_named_file_check(const char *path, enum lk_file_kind kind, enum lk_trust trust,
				   mode_t *ret_mode, struct lk_error *err)
{
	enum lk_status st = check_named(path, kind, trust, ret_mode, err);

	return st ? lk_context(err, "%s", path) : LK_OK;
}

static enum lk_status read_credential(int fd, const char *path, enum lk_trust trust, size_t max,
				      char **ret, struct lk_error *err)
{
	LK_SECRET text = { 0 };
	struct stat sb;
	enum lk_status st;

	st = check_regular(fd, trust, &sb, err);
	if (!st)
		st = lk_secret_mode_check(sb.st_mode & 07777, err);
	if (!st)
		st = lk_secret_read_fd(&text, fd, max, err);
	if (st)
		return st;
	if (memchr(text.data, 0, text.len))
		return lk_raise_code(err, LK_C_CONFIG_VALUE, "holds a NUL");
	*ret = strndup((const char *)text.data, text.len);
	return *ret ? LK_OK : lk_raise(err, LK_INTERNAL, "out of memory for %s", path);
}

enum lk_status lk_credential_read(const char *path, enum lk_trust trust, size_t max, char **ret,
				  struct lk_error *err)
{
	LK_FD int fd = -1;
	enum lk_status st;

	if (*path != '/')
		return lk_raise_code(err, LK_C_CONFIG_VALUE, "%s: not an absolute path", path);
	st = open_credential(path, trust, &fd, err);
	if (!st)
		st = read_credential(fd, path, trust, max, ret, err);
	return st ? lk_context(err, "%s", path) : LK_OK;
}
