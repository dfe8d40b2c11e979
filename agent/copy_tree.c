/* SPDX-License-Identifier: Apache-2.0 */
/* Copies and removes directory trees. */
#include "agent/copy_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <search.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "core/cleanup.h"

#define DEPTH_MAX  100 /* each level holds four descriptors */
#define XATTRS_MAX 65536
#define FD_PATH	   (NAME_MAX + 32)

LK_DEFINE_CLEANUP(DIR *, closedir)

/* A file with several names, and where the first one was copied to. */
struct seen {
	ino_t ino;
	char *path; /* below the top */
};

struct copy {
	dev_t dev;
	int top; /* of the copy */
	int depth;
	void *seen; /* tsearch(3) */
	char path[PATH_MAX];
};

static int by_inode(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;

	return x->ino < y->ino ? -1 : x->ino > y->ino;
}

static void free_seen(void *node)
{
	struct seen *s = node;

	free(s->path);
	free(s);
}

static enum lk_status fault(const struct copy *c, const char *what, const char *name,
			    struct lk_error *err)
{
	return lk_raise(err, errno == ENOSPC ? LK_ABSENT : LK_INTERNAL, "%s '%s%s%s': %s", what,
			c->path, *c->path ? "/" : "", name, strerror(errno));
}

/* An entry's name for calls that take no descriptor; the last part is not followed. */
static const char *entry_path(int dir, const char *name, char buf[FD_PATH])
{
	snprintf(buf, FD_PATH, "/proc/self/fd/%d/%s", dir, name);
	return buf;
}

static enum lk_status copy_xattrs(const struct copy *c, int from, int to, const char *name,
				  struct lk_error *err)
{
	LK_FREE char *names = malloc(XATTRS_MAX);
	LK_FREE char *value = malloc(XATTRS_MAX);
	char source[FD_PATH], target[FD_PATH];
	ssize_t n, size;

	if (!names || !value)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	entry_path(from, name, source);
	entry_path(to, name, target);
	n = llistxattr(source, names, XATTRS_MAX);
	if (n < 0 && errno == ENOTSUP)
		return LK_OK;
	if (n < 0)
		return fault(c, "read the attributes of", name, err);
	for (const char *at = names; at < names + n; at += strlen(at) + 1) {
		size = lgetxattr(source, at, value, XATTRS_MAX);
		if (size < 0 || lsetxattr(target, at, value, (size_t)size, 0) != 0)
			return fault(c, "copy the attributes of", name, err);
	}
	return LK_OK;
}

/* Owner before mode: a change of owner takes set-user-ID away. */
static enum lk_status copy_facts(const struct copy *c, int from, int to, const char *name,
				 const struct stat *s, struct lk_error *err)
{
	const struct timespec times[] = { s->st_atim, s->st_mtim };
	enum lk_status st;

	if (fchownat(to, name, s->st_uid, s->st_gid, AT_SYMLINK_NOFOLLOW) != 0)
		return fault(c, "copy the owner of", name, err);
	st = copy_xattrs(c, from, to, name, err);
	if (st)
		return st;
	if ((!S_ISLNK(s->st_mode) && fchmodat(to, name, s->st_mode & 07777, 0) != 0) ||
	    utimensat(to, name, times, AT_SYMLINK_NOFOLLOW) != 0)
		return fault(c, "copy the mode of", name, err);
	return LK_OK;
}

static enum lk_status copy_file(const struct copy *c, int from, int to, const char *name,
				const struct stat *s, struct lk_error *err)
{
	LK_FD int in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	LK_FD int out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	off_t left = s->st_size;
	ssize_t n;

	if (in < 0 || out < 0)
		return fault(c, "copy", name, err);
	while (left > 0) {
		n = sendfile(out, in, NULL, left > INT_MAX ? INT_MAX : (size_t)left);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fault(c, "copy", name, err);
		left -= n;
	}
	return LK_OK;
}

static enum lk_status copy_link(const struct copy *c, int from, int to, const char *name,
				struct lk_error *err)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(from, name, target, sizeof(target) - 1);

	if (n < 0)
		return fault(c, "read the link", name, err);
	target[n] = '\0';
	return symlinkat(target, to, name) == 0 ? LK_OK : fault(c, "make the link", name, err);
}

/* *ret_done: it is another name of a file that was copied, and is now one of the copy as well. */
static enum lk_status link_again(struct copy *c, int to, const char *name, const struct stat *s,
				 bool *ret_done, struct lk_error *err)
{
	struct seen *new = calloc(1, sizeof(*new));
	struct seen *const *found;

	*ret_done = false;
	if (!new)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	new->ino = s->st_ino;
	found = tsearch(new, &c->seen, by_inode);
	if (!found || *found != new) {
		free(new);
		*ret_done = found && linkat(c->top, (*found)->path, to, name, 0) == 0;
		return *ret_done ? LK_OK : fault(c, "link", name, err);
	}
	if (asprintf(&new->path, "%s%s%s", c->path, *c->path ? "/" : "", name) >= 0)
		return LK_OK;
	new->path = NULL;
	return lk_raise(err, LK_INTERNAL, "out of memory");
}

static enum lk_status copy_dir(struct copy *c, int from, int to, struct lk_error *err);

static enum lk_status copy_subdir(struct copy *c, int from, int to, const char *name,
				  const struct stat *s, struct lk_error *err)
{
	const size_t n = strlen(c->path);
	LK_FD int in = -1;
	LK_FD int out = -1;
	enum lk_status st;

	if (mkdirat(to, name, 0700) != 0)
		return fault(c, "make the directory", name, err);
	if (s->st_dev != c->dev)
		return LK_OK;
	in = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	out = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (in < 0 || out < 0)
		return fault(c, "open the directory", name, err);
	if (c->depth >= DEPTH_MAX || n + strlen(name) + 2 > sizeof(c->path))
		return lk_raise(err, LK_INTERNAL, "'%s/%s' lies too deep", c->path, name);
	snprintf(c->path + n, sizeof(c->path) - n, "%s%s", n ? "/" : "", name);
	c->depth++;
	st = copy_dir(c, in, out, err);
	c->depth--;
	c->path[n] = '\0';
	return st;
}

static enum lk_status copy_entry(struct copy *c, int from, int to, const char *name,
				 struct lk_error *err)
{
	enum lk_status st = LK_OK;
	bool done = false;
	struct stat s;

	if (fstatat(from, name, &s, AT_SYMLINK_NOFOLLOW) != 0)
		return fault(c, "look at", name, err);
	if (s.st_nlink > 1 && !S_ISDIR(s.st_mode))
		st = link_again(c, to, name, &s, &done, err);
	if (st || done)
		return st;
	if (S_ISDIR(s.st_mode))
		st = copy_subdir(c, from, to, name, &s, err);
	else if (S_ISREG(s.st_mode))
		st = copy_file(c, from, to, name, &s, err);
	else if (S_ISLNK(s.st_mode))
		st = copy_link(c, from, to, name, err);
	else if (mknodat(to, name, s.st_mode & S_IFMT, s.st_rdev) != 0)
		st = fault(c, "make", name, err);
	return st ? st : copy_facts(c, from, to, name, &s, err);
}

static bool is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static DIR *list(int fd)
{
	int own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = own < 0 ? NULL : fdopendir(own);

	if (!dir && own >= 0)
		close(own);
	return dir;
}

static enum lk_status copy_dir(struct copy *c, int from, int to, struct lk_error *err)
{
	LK_CLEANUP(closedir_p) DIR *dir = list(from);
	const struct dirent *e;
	enum lk_status st = LK_OK;

	if (!dir)
		return fault(c, "list", "", err);
	while (!st && (errno = 0, e = readdir(dir)))
		if (!is_dots(e->d_name))
			st = copy_entry(c, from, to, e->d_name, err);
	if (!st && errno)
		st = fault(c, "list", "", err);
	return st;
}

enum lk_status lk_tree_copy(int from, int to, struct lk_error *err)
{
	struct copy c = { .top = to };
	enum lk_status st;
	struct stat s;

	if (fstat(from, &s) != 0)
		return fault(&c, "look at", ".", err);
	c.dev = s.st_dev;
	st = copy_dir(&c, from, to, err);
	if (!st)
		st = copy_facts(&c, from, to, ".", &s, err);
	tdestroy(c.seen, free_seen);
	return st;
}

static enum lk_status remove_below(int dir, const char *name, int depth, struct lk_deadline until,
				   struct lk_error *err)
{
	LK_FD int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	LK_CLEANUP(closedir_p) DIR *entries = fd < 0 ? NULL : list(fd);
	const struct dirent *e;
	enum lk_status st = LK_OK;

	if (!entries || depth > DEPTH_MAX)
		return lk_raise(err, LK_INTERNAL, "remove '%s': %s", name, strerror(errno));
	while (!st && (e = readdir(entries))) {
		if (lk_deadline_passed(until))
			return lk_raise(err, LK_TIMEOUT, "remove '%s': not in time", name);
		if (is_dots(e->d_name) || unlinkat(fd, e->d_name, 0) == 0)
			continue;
		if (errno != EISDIR && errno != EPERM)
			return lk_raise(err, LK_INTERNAL, "remove '%s': %s", e->d_name,
					strerror(errno));
		st = remove_below(fd, e->d_name, depth + 1, until, err);
	}
	if (!st && unlinkat(dir, name, AT_REMOVEDIR) != 0)
		st = lk_raise(err, LK_INTERNAL, "remove '%s': %s", name, strerror(errno));
	return st;
}

enum lk_status lk_tree_remove(int dir, const char *name, struct lk_deadline until,
			      struct lk_error *err)
{
	if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
		return LK_OK;
	return remove_below(dir, name, 0, until, err);
}
