/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Volume keys from the standard output of a program, byte for byte. For tests and for adapters
 * that somebody else vouches for: no shell, nothing inherited, a deadline for the whole group of
 * processes, and nothing the program says is ever repeated.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/config_files.h"
#include "providers/key_bytes.h"
#include "providers/provider.h"

#define KEY_MAX 8192

struct exec_options {
	char *command;
	struct lk_strings args;
};

#define AT(field) offsetof(struct exec_options, field)
static const struct lk_key keys[] = {
	{ .name = "command",
	  .type = LK_T_STRING,
	  .flags = LK_K_REQUIRED | LK_K_COMMAND,
	  .offset = AT(command),
	  .help = "Program whose standard output is the key, byte for byte: its absolute path, or "
		  "a name in the usual folders. For testing.",
	  .example = "\"/usr/local/bin/print-key\"" },
	{ .name = "args",
	  .type = LK_T_STRINGS,
	  .flags = LK_K_SECRET,
	  .offset = AT(args),
	  .help = "Its arguments; no shell sees them." },
	{ 0 },
};
#undef AT

static enum lk_status exec_check(const void *options, struct lk_error *err)
{
	const struct exec_options *o = options;

	if (!o->command || !*o->command || (o->command[0] != '/' && strchr(o->command, '/')))
		return lk_raise_code(err, LK_C_CONFIG_VALUE,
				     "command must be the absolute path of a program, or its name");
	return LK_OK;
}

/* A plain name is looked up where the dracut module looked, and nowhere else. */
static enum lk_status exec_load(void *options, struct lk_error *err)
{
	struct exec_options *o = options;
	char *path = NULL;
	enum lk_status st;

	st = lk_command_find(o->command, &path, err);
	if (st)
		return st;
	free(o->command);
	o->command = path;
	return LK_OK;
}

/* ---- the child ---- */

/* Only what is safe between fork and execve. */
__attribute__((noreturn)) static void become(char *const *argv, int out)
{
	static char path[] = "PATH=" LK_COMMAND_PATH;
	static char locale[] = "LC_ALL=C";
	static char *const env[] = { path, locale, NULL };
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

static enum lk_status child_start(const struct exec_options *o, struct child *c,
				  struct lk_error *err)
{
	LK_FREE char **argv = calloc(o->args.n + 2, sizeof(*argv));
	LK_FD int in = -1;
	int ends[2];

	if (!argv)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	argv[0] = o->command;
	if (o->args.n > 0)
		memcpy(argv + 1, o->args.items, o->args.n * sizeof(*argv));
	if (access(o->command, X_OK))
		return lk_raise_code(err, LK_C_EXEC_FAILED, "cannot run %s: %m", o->command);
	if (pipe2(ends, O_CLOEXEC))
		return lk_raise(err, LK_INTERNAL, "make a pipe: %m");
	c->out = ends[0];
	in = ends[1];
	c->pid = fork();
	if (c->pid == 0)
		become(argv, in);
	if (c->pid < 0)
		return lk_raise(err, LK_INTERNAL, "fork: %m");
	/* both sides, so that the group exists whoever comes first */
	(void)setpgid(c->pid, c->pid);
	return LK_OK;
}

/* Wait until fd can be read, or the deadline. */
static enum lk_status wait_for(int fd, struct lk_deadline deadline, struct lk_error *err)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int n;

	do {
		n = poll(&p, 1, lk_deadline_left(deadline));
		if (n > 0)
			return LK_OK;
		if (n < 0 && errno != EINTR)
			return lk_raise(err, LK_INTERNAL, "wait for a program: %m");
	} while (!lk_deadline_passed(deadline));
	return lk_raise(err, LK_TIMEOUT, "did not end within the deadline");
}

static enum lk_status read_key(const struct child *c, struct lk_secret *key, struct lk_error *err)
{
	enum lk_status st;
	ssize_t n;

	/* one byte more than a key may have, to know of it */
	st = lk_secret_alloc(key, KEY_MAX + 1, err);
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
		if (key->len > KEY_MAX)
			return lk_raise_code(err, LK_C_EXEC_FAILED,
					     "its output is longer than %d bytes", KEY_MAX);
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

static enum lk_status run(const struct exec_options *o, struct lk_deadline deadline,
			  struct lk_secret *key, struct lk_error *err)
{
	LK_CLEANUP(child_end) struct child c = { .out = -1, .deadline = deadline };
	enum lk_status st;

	st = child_start(o, &c, err);
	if (st)
		return st;
	st = read_key(&c, key, err);
	if (st)
		return st;
	return reap(&c, err);
}

/* ---- contract ---- */

static enum lk_status exec_prepare(const struct lk_batch *batch, void **ret_session,
				   struct lk_error *err)
{
	struct lk_batch *copy = malloc(sizeof(*copy));

	if (!copy)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	*copy = *batch;
	*ret_session = copy;
	return LK_OK;
}

static enum lk_status exec_fetch(void *session, size_t i, struct lk_volume_key *ret,
				 struct lk_fetch_note *note, struct lk_error *err)
{
	const struct lk_batch *b = session;
	const struct exec_options *o = b->items[i].options;
	LK_SECRET key = { 0 };
	enum lk_status st;

	(void)note;
	st = exec_check(o, err);
	if (st)
		return st;
	st = run(o, b->deadline, &key, err);
	if (st)
		return lk_context(err, "run %s", o->command);
	if (lk_key_is_blank(&key))
		return lk_raise_code(err, LK_C_EXEC_FAILED, "%s wrote %s", o->command,
				     key.len ? "only zeros" : "nothing");
	ret->bytes = lk_secret_take(&key);
	ret->form = LK_KEY_PASSPHRASE;
	return LK_OK;
}

static void exec_finish(void *session)
{
	free(session);
}

extern const struct lk_provider lk_provider_exec;
const struct lk_provider lk_provider_exec = {
	.name = "exec",
	.summary = "the output of a program; for testing",
	.runs_programs = true,
	.keys = keys,
	.options_size = sizeof(struct exec_options),
	.check = exec_check,
	.load = exec_load,
	.prepare = exec_prepare,
	.fetch = exec_fetch,
	.finish = exec_finish,
};
