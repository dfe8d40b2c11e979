/* SPDX-License-Identifier: Apache-2.0 */
/* Running programs without a shell. */
#include "image/tools.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/deadline.h"
#include "core/interrupt.h"

static const char *const folders[] = { "/usr/sbin", "/usr/bin",	       "/sbin",
				       "/bin",	    "/usr/local/sbin", "/usr/local/bin" };

static const char *const usual_env[] = {
	"PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin",
	"LC_ALL=C",
	"HOME=/",
	NULL,
};

/* Which Debian package has a program, for the message when it is missing. */
static const struct {
	const char *program, *package;
} packages[] = {
	{ "mkfs.erofs", "erofs-utils" }, { "mke2fs", "e2fsprogs" }, { "tar", "tar" },
	{ "newuidmap", "uidmap" },	 { "newgidmap", "uidmap" },
};

static const char *package_of(const char *program)
{
	size_t i;

	for (i = 0; i < sizeof(packages) / sizeof(packages[0]); i++)
		if (strcmp(packages[i].program, program) == 0)
			return packages[i].package;
	return program;
}

static bool find(const char *name, char *out, size_t size)
{
	size_t i;

	for (i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		snprintf(out, size, "%s/%s", folders[i], name);
		if (access(out, X_OK) == 0)
			return true;
	}
	return false;
}

enum lk_status lk_tool_check(const char *name, struct lk_error *err)
{
	char path[256];

	if (!find(name, path, sizeof(path)))
		return lk_raise(err, LK_CONFIG, "%s is not installed (package %s)", name,
				package_of(name));
	return LK_OK;
}

/* In the child: never returns. Errors before the program runs go through the pipe. */
__attribute__((noreturn)) static void child(const struct lk_tool *tool, const char *path,
					    int report)
{
	const struct sigaction usual = { .sa_handler = SIG_DFL };
	char *const *env = (char *const *)(uintptr_t)(tool->env ? tool->env : usual_env);
	char *const *argv = (char *const *)(uintptr_t)tool->argv;
	struct lk_error err = { 0 };
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)sigaction(SIGPIPE, &usual, NULL);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (null < 0 || dup2(null, 0) < 0 || dup2(tool->log, 1) < 0 || dup2(tool->log, 2) < 0)
		lk_raise(&err, LK_INTERNAL, "redirect the output of %s: %s", tool->argv[0],
			 strerror(errno));
	else if (!tool->enter || tool->enter(tool->data, &err) == LK_OK) {
		execve(path, argv, env);
		lk_raise(&err, LK_CONFIG, "run %s: %s", path, strerror(errno));
	}
	if (write(report, &err, sizeof(err)) != (ssize_t)sizeof(err))
		_exit(126);
	_exit(127);
}

static enum lk_status outcome(const char *name, int status, struct lk_error *err)
{
	if (WIFSIGNALED(status))
		return lk_raise(err, LK_CONFIG, "%s was ended by signal %d", name,
				WTERMSIG(status));
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return lk_raise(err, LK_CONFIG, "%s ended with status %d", name,
				WEXITSTATUS(status));
	return LK_OK;
}

/* A signal for us ends the program too, and with it whatever runs in its namespace. */
static enum lk_status wait_or_kill(pid_t pid, struct lk_error *err)
{
	LK_FD int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	enum lk_status st;

	if (fd < 0) /* Linux before 5.3: the program ends on its own */
		return LK_OK;
	st = lk_interrupt_wait(fd, POLLIN, lk_deadline_in(LK_FOREVER), err);
	if (st)
		(void)kill(pid, SIGKILL);
	return st;
}

static enum lk_status await(pid_t pid, const char *name, int report, struct lk_error *err)
{
	struct lk_error failed = { 0 };
	enum lk_status st;
	ssize_t n;
	int status;

	do
		n = read(report, &failed, sizeof(failed));
	while (n < 0 && errno == EINTR);
	st = wait_or_kill(pid, err);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return lk_raise(err, LK_INTERNAL, "wait for %s: %s", name, strerror(errno));
	if (st)
		return lk_context(err, "run %s", name);
	if (n == (ssize_t)sizeof(failed)) {
		*err = failed;
		return err->status;
	}
	return outcome(name, status, err);
}

enum lk_status lk_tool_run(const struct lk_tool *tool, struct lk_error *err)
{
	const char *name = tool->argv[0];
	char path[256];
	LK_FD int in = -1;
	LK_FD int out = -1;
	enum lk_status st;
	int ends[2];
	pid_t pid;

	if (name[0] != '/') {
		st = lk_tool_check(name, err);
		if (st)
			return st;
		(void)find(name, path, sizeof(path));
	} else {
		snprintf(path, sizeof(path), "%s", name);
	}
	if (pipe2(ends, O_CLOEXEC) != 0)
		return lk_raise(err, LK_INTERNAL, "make a pipe: %s", strerror(errno));
	in = ends[0];
	out = ends[1];
	pid = fork();
	if (pid < 0)
		return lk_raise(err, LK_INTERNAL, "fork: %s", strerror(errno));
	if (pid == 0)
		child(tool, path, out);
	close(lk_take_fd(out));
	return await(pid, name, in, err);
}
