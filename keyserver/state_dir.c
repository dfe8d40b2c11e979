/* SPDX-License-Identifier: Apache-2.0 */
/* The state folder: making it, checking who can read it, locking it. */
#include "keyserver/state_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

static const struct {
	const char *name;
	bool private, optional;
} entries[] = {
	{ LK_STATE_TLS, true, false },	       { LK_STATE_ROOT_KEY, true, false },
	{ LK_STATE_STORE, true, false },       { LK_STATE_STORE "-wal", true, true },
	{ LK_STATE_STORE "-shm", true, true }, { LK_STATE_CA, false, true },
	{ LK_STATE_CA_KEY, true, true },       { LK_STATE_SERVER, false, false },
	{ LK_STATE_SERVER_KEY, true, false },
};

#define N_ENTRIES (sizeof(entries) / sizeof(entries[0]))
#define FOLDER	  (O_RDONLY | O_DIRECTORY | O_CLOEXEC)

void lk_state_close(struct lk_state *s)
{
	if (!s->path)
		return;
	lk_close_p(&s->tls);
	lk_close_p(&s->fd); /* and with it the lock */
	free(s->path);
	*s = (struct lk_state){ 0 };
}

enum lk_status lk_state_path(const struct lk_state *s, const char *name, char **ret,
			     struct lk_error *err)
{
	if (asprintf(ret, "%s/%s", s->path, name) < 0) {
		*ret = NULL;
		return lk_raise(err, LK_INTERNAL, "no memory for a path");
	}
	return LK_OK;
}

static enum lk_status start(const char *path, struct lk_state *s, struct lk_error *err)
{
	*s = (struct lk_state){ .path = strdup(path), .fd = -1, .tls = -1 };
	if (!s->path)
		return lk_raise(err, LK_INTERNAL, "no memory for a path");
	return LK_OK;
}

static enum lk_status open_and_lock(struct lk_state *s, struct lk_error *err)
{
	s->fd = open(s->path, FOLDER);
	if (s->fd < 0 && errno == ENOENT)
		return lk_raise_code(err, LK_C_STATE_ABSENT, "%s is not there", s->path);
	if (s->fd < 0)
		return lk_raise(err, LK_CONFIG, "open %s: %s", s->path, strerror(errno));
	if (flock(s->fd, LOCK_EX | LOCK_NB) != 0)
		return lk_raise_code(err, LK_C_STATE_BUSY, "%s is in use", s->path);
	return LK_OK;
}

/* --- making ------------------------------------------------------------------------------------- */

/* A file system's own lost+found does not make a folder used. */
static enum lk_status check_empty(const struct lk_state *s, struct lk_error *err)
{
	int fd = dup(s->fd);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *e;
	bool empty = true;

	if (!dir)
		return lk_raise(err, LK_INTERNAL, "list %s: %s", s->path, strerror(errno));
	while (empty && (e = readdir(dir)))
		empty = strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
			strcmp(e->d_name, "lost+found") == 0;
	closedir(dir);
	if (!empty)
		return lk_raise_code(err, LK_C_STATE_EXISTS, "%s is not empty", s->path);
	return LK_OK;
}

enum lk_status lk_state_create(const char *path, struct lk_state *ret, struct lk_error *err)
{
	LK_STATE s = { 0 };
	enum lk_status st;

	st = start(path, &s, err);
	if (st)
		return st;
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return lk_raise(err, LK_CONFIG, "create %s: %s", path, strerror(errno));
	st = open_and_lock(&s, err);
	if (st)
		return st;
	st = check_empty(&s, err);
	if (st)
		return st;
	if (fchmod(s.fd, 0700) != 0 || mkdirat(s.fd, LK_STATE_TLS, 0700) != 0)
		return lk_raise(err, LK_CONFIG, "prepare %s: %s", path, strerror(errno));
	s.tls = openat(s.fd, LK_STATE_TLS, FOLDER);
	if (s.tls < 0)
		return lk_raise(err, LK_INTERNAL, "open %s/tls: %s", path, strerror(errno));
	*ret = s;
	s = (struct lk_state){ 0 };
	return LK_OK;
}

enum lk_status lk_state_hand_over(struct lk_state *s, struct lk_error *err)
{
	struct stat sb;
	size_t i;

	if (fstat(s->fd, &sb) != 0)
		return lk_raise(err, LK_INTERNAL, "stat %s: %s", s->path, strerror(errno));
	if (sb.st_uid == geteuid())
		return LK_OK;
	for (i = 0; i < N_ENTRIES; i++)
		if (fchownat(s->fd, entries[i].name, sb.st_uid, sb.st_gid, AT_SYMLINK_NOFOLLOW) !=
			    0 &&
		    errno != ENOENT)
			return lk_raise(err, LK_CONFIG, "hand %s/%s to uid %u: %s", s->path,
					entries[i].name, (unsigned)sb.st_uid, strerror(errno));
	return LK_OK;
}

void lk_state_discard(struct lk_state *s)
{
	size_t i;

	for (i = N_ENTRIES; i-- > 0;)
		(void)unlinkat(s->fd, entries[i].name,
			       strcmp(entries[i].name, LK_STATE_TLS) == 0 ? AT_REMOVEDIR : 0);
	(void)rmdir(s->path);
	lk_state_close(s);
}

/* --- checking ----------------------------------------------------------------------------------- */

static enum lk_status check_mode(const struct lk_state *s, const char *name, const struct stat *st,
				 bool private, struct lk_error *err)
{
	mode_t closed = private ? 077 : 022;

	if (!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode))
		return lk_raise_code(err, LK_C_STATE_FILE_MODE, "%s/%s is no plain file", s->path,
				     name);
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return lk_raise_code(err, LK_C_STATE_FILE_MODE, "%s/%s belongs to uid %u", s->path,
				     name, (unsigned)st->st_uid);
	if (st->st_mode & closed)
		return lk_raise_code(err, LK_C_STATE_FILE_MODE,
				     "%s/%s has mode %04o and is open to others", s->path, name,
				     (unsigned)st->st_mode & 07777);
	return LK_OK;
}

static enum lk_status check_all(const struct lk_state *s, struct lk_error *err)
{
	enum lk_status st;
	struct stat sb;
	size_t i;

	if (fstat(s->fd, &sb) != 0)
		return lk_raise(err, LK_INTERNAL, "stat %s: %s", s->path, strerror(errno));
	st = check_mode(s, ".", &sb, true, err);
	for (i = 0; st == LK_OK && i < N_ENTRIES; i++) {
		if (fstatat(s->fd, entries[i].name, &sb, AT_SYMLINK_NOFOLLOW) == 0)
			st = check_mode(s, entries[i].name, &sb, entries[i].private, err);
		else if (errno != ENOENT)
			st = lk_raise(err, LK_INTERNAL, "stat %s/%s: %s", s->path, entries[i].name,
				      strerror(errno));
		else if (!entries[i].optional)
			st = lk_raise_code(err, LK_C_STATE_ABSENT, "%s/%s is not there", s->path,
					   entries[i].name);
	}
	return st;
}

enum lk_status lk_state_open(const char *path, struct lk_state *ret, struct lk_error *err)
{
	LK_STATE s = { 0 };
	enum lk_status st;

	st = start(path, &s, err);
	if (st)
		return st;
	st = open_and_lock(&s, err);
	if (st)
		return st;
	st = check_all(&s, err);
	if (st)
		return st;
	s.tls = openat(s.fd, LK_STATE_TLS, FOLDER | O_NOFOLLOW);
	if (s.tls < 0)
		return lk_raise(err, LK_INTERNAL, "open %s/tls: %s", path, strerror(errno));
	*ret = s;
	s = (struct lk_state){ 0 };
	return LK_OK;
}
