/* SPDX-License-Identifier: Apache-2.0 */
/* Running a program for its output: the child, its group, its deadline. */
#include "providers/exec_run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/config_files.h"
#include "core/interrupt.h"

enum lk_status lk_exec_check(const char *command, struct lk_error *err)
{
	if (!command || !*command || (command[0] != '/' && strchr(command, '/')))
		return lk_raise_code(err, LK_C_CONFIG_VALUE,
				     "command must be the absolute path of a program, or its name");
	return LK_OK;
}

enum lk_status lk_exec_find(char **command, struct lk_error *err)
{
	char *path = NULL;
	enum lk_status st;

	st = lk_command_find(*command, &path, err);
	if (st)
		return st;
	free(*command);
	*command = path;
	return LK_OK;
}

/* ---- the child ---- */

/* Only what is safe between fork and execve. */
__attribute__((noreturn)) static void become(char *const *argv, char *variable, int out)
{
	static char path[] = "PATH=" LK_COMMAND_PATH;
	static char locale[] = "LC_ALL=C";
	char *const env[] = { path, locale, variable, NULL };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t none;
	int i;

	sigemptyset(&none);
	for (i = 1; i < NSIG; i++)
		(void)signal(i, SIG_DFL);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (setpgid(0, 0) || null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(out, STDOUT_FILENO) < 0 || dup2(null, STDERR_FILENO) < 0)
		_exit(127);
	if (syscall(SYS_close_range, 3u, ~0u, 0u))
		_exit(127);
	execve(argv[0], argv, env);
	_exit(127);
}

/* ---- the parent ---- */

struct child {
	pid_t pid; /* also the group's */
	int out;
	struct lk_deadline deadline;
};

static void child_end(struct child *c)
{
	if (c->pid > 0) {
		(void)kill(-c->pid, SIGKILL);
		(void)kill(c->pid, SIGKILL);
		while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	lk_close_p(&c->out);
}

static enum lk_status child_start(const struct lk_exec *e, struct child *c, struct lk_error *err)
{
	LK_FREE char **argv = calloc(e->args->n + 2, sizeof(*argv));
	LK_FD int in = -1;
	int ends[2];

	if (!argv)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	argv[0] = e->command;
	if (e->args->n > 0)
		memcpy(argv + 1, e->args->items, e->args->n * sizeof(*argv));
	if (access(e->command, X_OK))
		return lk_raise_code(err, LK_C_EXEC_FAILED, "cannot run %s: %m", e->command);
	if (pipe2(ends, O_CLOEXEC))
		return lk_raise(err, LK_INTERNAL, "make a pipe: %m");
	c->out = ends[0];
	in = ends[1];
	c->pid = fork();
	if (c->pid == 0)
		become(argv, e->variable, in);
	if (c->pid < 0)
		return lk_raise(err, LK_INTERNAL, "fork: %m");
	/* both sides, so that the group exists whoever comes first */
	(void)setpgid(c->pid, c->pid);
	return LK_OK;
}

/* Wait until fd can be read, or the deadline, or Ctrl-C: that does not reach the program's group. */
static enum lk_status wait_for(int fd, struct lk_deadline deadline, struct lk_error *err)
{
	enum lk_status st = lk_interrupt_wait(fd, POLLIN, deadline, err);

	if (st == LK_TIMEOUT)
		return lk_raise(err, LK_TIMEOUT, "did not end within the deadline");
	return st;
}

static enum lk_status read_output(const struct child *c, size_t max, struct lk_secret *key,
				  struct lk_error *err)
{
	enum lk_status st;
	ssize_t n;

	/* one byte more than there may be, to know of it */
	st = lk_secret_alloc(key, max + 1, err);
	if (st)
		return st;
	for (;;) {
		st = wait_for(c->out, c->deadline, err);
		if (st)
			return st;
		n = read(c->out, key->data + key->len, key->cap - key->len);
		if (n < 0 && errno != EINTR)
			return lk_raise(err, LK_INTERNAL, "read a program's output: %m");
		if (n == 0)
			return LK_OK;
		key->len += n > 0 ? (size_t)n : 0;
		if (key->len > max)
			return lk_raise_code(err, LK_C_EXEC_FAILED,
					     "its output is longer than %zu bytes", max);
	}
}

static enum lk_status reap(struct child *c, struct lk_error *err)
{
	LK_FD int pidfd = (int)syscall(SYS_pidfd_open, c->pid, 0);
	enum lk_status st;
	int status;

	if (pidfd < 0)
		return lk_raise(err, LK_INTERNAL, "watch a program: %m");
	st = wait_for(pidfd, c->deadline, err);
	if (st)
		return st;
	(void)kill(-c->pid, SIGKILL); /* what it left behind */
	while (waitpid(c->pid, &status, 0) < 0)
		if (errno != EINTR)
			return lk_raise(err, LK_INTERNAL, "wait for a program: %m");
	c->pid = 0;
	if (WIFSIGNALED(status))
		return lk_raise_code(err, LK_C_EXEC_FAILED, "was ended by signal %d",
				     WTERMSIG(status));
	if (WEXITSTATUS(status) != 0)
		return lk_raise_code(err, LK_C_EXEC_FAILED, "ended with status %d",
				     WEXITSTATUS(status));
	return LK_OK;
}

static enum lk_status run(const struct lk_exec *e, struct lk_secret *output, struct lk_error *err)
{
	LK_CLEANUP(child_end) struct child c = { .out = -1, .deadline = e->deadline };
	enum lk_status st;

	st = child_start(e, &c, err);
	if (st)
		return st;
	st = read_output(&c, e->max, output, err);
	if (st)
		return st;
	return reap(&c, err);
}

enum lk_status lk_exec_run(const struct lk_exec *e, struct lk_secret *ret, struct lk_error *err)
{
	LK_SECRET output = { 0 };
	enum lk_status st;

	st = run(e, &output, err);
	if (st)
		return lk_context(err, "run %s", e->command);
	*ret = lk_secret_take(&output);
	return LK_OK;
}
