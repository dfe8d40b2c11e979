/* SPDX-License-Identifier: Apache-2.0 */
/* Entering a user namespace with as many ids as the system grants (user_namespaces(7)). */
#include "image/namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "image/files.h"
#include "image/tools.h"

#define ID_FILE_MAX (1u << 20)
#define LEAST_IDS   65535ul /* all 16-bit ids but root's own */

/* Digits up to the end of the line or a colon; *at moves behind them. */
static bool read_number(const char **at, unsigned long *ret)
{
	size_t n = strspn(*at, "0123456789");
	unsigned long value = 0;

	if (n == 0 || n > 10 || !strchr(":\n", (*at)[n]))
		return false;
	for (; n > 0; n--)
		value = value * 10 + (unsigned long)(*(*at)++ - '0');
	*ret = value;
	return true;
}

/* "owner:start:count" */
static bool read_range(const char *line, const char *name, const char *number, unsigned long *start,
		       unsigned long *count)
{
	size_t n = strcspn(line, ":\n");
	const char *at = line + n;

	if (n == 0)
		return false;
	if ((strlen(name) != n || memcmp(line, name, n) != 0) &&
	    (strlen(number) != n || memcmp(line, number, n) != 0))
		return false;
	return *at++ == ':' && read_number(&at, start) && *at++ == ':' && read_number(&at, count) &&
	       *start > 0 && *count >= LEAST_IDS && *start <= UINT32_MAX - *count;
}

bool lk_namespace_find_range(const char *text, const char *name, unsigned uid,
			     unsigned long *ret_start, unsigned long *ret_count)
{
	unsigned long start, count;
	char number[16];

	snprintf(number, sizeof(number), "%u", uid);
	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		if (!read_range(text, name, number, &start, &count))
			continue;
		*ret_start = start;
		*ret_count = LEAST_IDS;
		return true;
	}
	return false;
}

struct range {
	unsigned id; /* ours */
	unsigned long start, count;
};

static bool find_range(const char *file, unsigned id, struct range *ret)
{
	const struct passwd *pw = getpwuid(getuid());
	struct lk_error ignored = { 0 };
	LK_FREE char *text = NULL;
	size_t n = 0;

	if (lk_file_read(file, ID_FILE_MAX, &text, &n, &ignored))
		return false;
	ret->id = id;
	return lk_namespace_find_range(text, pw ? pw->pw_name : "", getuid(), &ret->start,
				       &ret->count);
}

/* newuidmap PID 0 OURS 1 1 START COUNT, from outside the namespace. */
static enum lk_status map_with_tool(const char *tool, pid_t pid, const struct range *r, int log,
				    struct lk_error *err)
{
	char text[4][24];
	const char *argv[] = { tool, text[0], "0", text[1], "1", "1", text[2], text[3], NULL };

	snprintf(text[0], sizeof(text[0]), "%d", (int)pid);
	snprintf(text[1], sizeof(text[1]), "%u", r->id);
	snprintf(text[2], sizeof(text[2]), "%lu", r->start);
	snprintf(text[3], sizeof(text[3]), "%lu", r->count);
	return lk_tool_run(&(struct lk_tool){ .argv = argv, .log = log }, err);
}

static enum lk_status write_text(const char *path, const char *text, struct lk_error *err)
{
	LK_FD int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		return lk_raise(err, LK_CONFIG, "write '%s': %s", path, strerror(errno));
	return LK_OK;
}

static enum lk_status map_single(unsigned uid, unsigned gid, struct lk_error *err)
{
	char map[32];
	enum lk_status st;

	st = write_text("/proc/self/setgroups", "deny", err);
	snprintf(map, sizeof(map), "0 %u 1", uid);
	if (!st)
		st = write_text("/proc/self/uid_map", map, err);
	snprintf(map, sizeof(map), "0 %u 1", gid);
	return st ? st : write_text("/proc/self/gid_map", map, err);
}

/* The child that stays outside until we are inside, then writes our maps. */
static enum lk_status map_ranges(const struct range *users, const struct range *groups, int log,
				 struct lk_error *err)
{
	struct lk_error failed = { 0 };
	pid_t pid, self = getpid();
	LK_FD int from = -1;
	LK_FD int to = -1;
	LK_FD int answer = -1;
	int go[2], done[2];
	char c = 0;

	if (pipe2(go, O_CLOEXEC) != 0 || pipe2(done, O_CLOEXEC) != 0)
		return lk_raise(err, LK_INTERNAL, "make a pipe: %s", strerror(errno));
	from = go[0];
	to = go[1];
	answer = done[0];
	pid = fork();
	if (pid < 0)
		return lk_raise(err, LK_INTERNAL, "fork: %s", strerror(errno));
	if (pid == 0) {
		close(lk_take_fd(to));
		if (read(from, &c, 1) == 1 &&
		    !map_with_tool("newuidmap", self, users, log, &failed))
			(void)map_with_tool("newgidmap", self, groups, log, &failed);
		_exit(write(done[1], &failed, sizeof(failed)) == (ssize_t)sizeof(failed) ? 0 : 1);
	}
	close(done[1]);
	if (unshare(CLONE_NEWUSER) != 0)
		lk_raise(err, LK_CONFIG, "make a user namespace: %s", strerror(errno));
	else if (write(to, "g", 1) != 1 || read(answer, &failed, sizeof(failed)) != sizeof(failed))
		lk_raise(err, LK_INTERNAL, "the helper that maps ids ended early");
	else
		*err = failed;
	close(lk_take_fd(to));
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return err->status;
}

enum lk_status lk_namespace_enter(int log, enum lk_identity *ret, struct lk_error *err)
{
	unsigned uid = geteuid(), gid = getegid();
	struct range users, groups;
	struct lk_error ignored = { 0 };
	enum lk_identity id = LK_ID_SUBORDINATE;
	enum lk_status st;

	if (uid == 0) {
		*ret = LK_ID_ROOT;
		return LK_OK;
	}
	if (find_range("/etc/subuid", uid, &users) && find_range("/etc/subgid", gid, &groups) &&
	    !lk_tool_check("newuidmap", &ignored) && !lk_tool_check("newgidmap", &ignored)) {
		st = map_ranges(&users, &groups, log, err);
	} else {
		id = LK_ID_SINGLE;
		if (unshare(CLONE_NEWUSER) != 0)
			st = lk_raise(err, LK_CONFIG, "make a user namespace: %s", strerror(errno));
		else
			st = map_single(uid, gid, err);
	}
	if (!st && (setresgid(0, 0, 0) != 0 || setresuid(0, 0, 0) != 0))
		st = lk_raise(err, LK_INTERNAL, "become root inside: %s", strerror(errno));
	if (!st && unshare(CLONE_NEWNS) != 0)
		st = lk_raise(err, LK_CONFIG, "make a mount namespace: %s", strerror(errno));
	if (st)
		return lk_context(err, "become root in a user namespace (or run as root)");
	*ret = id;
	return LK_OK;
}
