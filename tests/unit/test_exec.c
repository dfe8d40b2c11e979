/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the exec provider, with programs of the test's own. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/deadline.h"
#include "core/interrupt.h"
#include "providers/provider.h"
#include "tests/check.h"
#include "tests/fakes/provider_options.h"

static char dir[64], program[96];

static const struct lk_provider *ex(void)
{
	return lk_provider_find("exec");
}

/* A script in a folder of its own; returns its path. */
static char *script(const char *body)
{
	FILE *f;

	if (!dir[0]) {
		snprintf(dir, sizeof(dir), "/tmp/lk-test-XXXXXX");
		CHECK(mkdtemp(dir));
	}
	snprintf(program, sizeof(program), "%s/key", dir);
	unlink(program);
	f = fopen(program, "w");
	CHECK(f);
	fprintf(f, "#!/bin/sh\n%s\n", body);
	fclose(f);
	CHECK(!chmod(program, 0700));
	return program;
}

static struct lk_volume_key key;
static struct lk_error err;

static enum lk_status run(const char *command, char **args, size_t n_args, int64_t ms)
{
	_Alignas(16) char options[256] = { 0 };
	struct lk_batch_item item = { "root", options };
	const struct lk_batch batch = { .items = &item,
					.n_items = 1,
					.deadline = lk_deadline_in(ms) };
	struct lk_fetch_note note = { 0 };
	void *session = NULL;
	enum lk_status st;

	CHECK(ex()->options_size <= sizeof(options));
	lk_secret_wipe(&key.bytes);
	err = (struct lk_error){ 0 };
	option_text(ex(), options, "command", command);
	option_list(ex(), options, "args", args, n_args);
	st = ex()->prepare(&batch, &session, &err);
	CHECK_EQ(st, LK_OK);
	st = ex()->fetch(session, 0, &key, &note, &err);
	ex()->finish(session);
	CHECK(st == LK_OK || !key.bytes.data);
	return st;
}

static void fails(const char *body)
{
	char text[2048];

	CHECK_EQ(run(script(body), NULL, 0, 10000), LK_CONFIG);
	CHECK_EQ(err.code, LK_C_EXEC_FAILED);
	CHECK(!strstr(lk_error_format(&err, text, sizeof(text)), "confidential"));
}

TEST(failures_are_failures_and_quote_nothing)
{
	fails("printf confidential; exit 1");
	fails("echo confidential >&2; exit 3");
	fails("printf confidential; kill -9 $$");
	fails("exit 0");
	fails("head -c 32 /dev/zero");
	fails("head -c 8193 /dev/urandom");
	fails("yes confidential");
	CHECK_EQ(run("/nonexistent/program", NULL, 0, 5000), LK_CONFIG);
	CHECK_EQ(err.code, LK_C_EXEC_FAILED);
	CHECK_EQ(run("/etc/passwd", NULL, 0, 5000), LK_CONFIG);
	CHECK_EQ(run("/tmp", NULL, 0, 5000), LK_CONFIG);
}

TEST(no_program_relative_to_here)
{
	CHECK_EQ(run("sh", NULL, 0, 5000), LK_CONFIG); /* not looked up by load */
	CHECK_EQ(run("./key", NULL, 0, 5000), LK_CONFIG);
	CHECK_EQ(err.code, LK_C_CONFIG_VALUE);
	CHECK_EQ(run("", NULL, 0, 5000), LK_CONFIG);
	CHECK_EQ(err.code, LK_C_CONFIG_VALUE);
}

TEST(a_plain_name_is_looked_up_before_the_cage)
{
	struct {
		char *command;
		struct lk_strings args;
	} options = { .command = strdup("cat") };

	CHECK_OK(ex()->load(&options, LK_TRUST_CALLER, &err));
	CHECK(options.command[0] == '/');
	CHECK_HAS(options.command, "/cat");
	free(options.command);
	options.command = strdup("no-such-program-anywhere");
	CHECK_EQ(ex()->load(&options, LK_TRUST_CALLER, &err), LK_CONFIG);
	CHECK_EQ(err.code, LK_C_CONFIG_MISSING);
	free(options.command);
}

TEST(output_is_the_key_byte_for_byte)
{
	CHECK_OK(run(script("printf '\\000 key\\n\\n\\377'"), NULL, 0, 10000));
	CHECK_EQ(key.bytes.len, 8);
	CHECK_MEM(key.bytes.data, "\0 key\n\n\377", 8);
	CHECK_EQ(key.form, LK_KEY_PASSPHRASE);
	CHECK_OK(run(script("head -c 8192 /dev/urandom"), NULL, 0, 10000));
	CHECK_EQ(key.bytes.len, 8192);
}

TEST(no_shell_sees_the_arguments)
{
	char a[] = "$(id) ; x", b[] = "*", c[] = "";
	char *args[] = { a, b, c };

	CHECK_OK(run(script("printf '%s|' \"$#\" \"$@\""), args, 3, 10000));
	CHECK_EQ(key.bytes.len, 15);
	CHECK_MEM(key.bytes.data, "3|$(id) ; x|*||", 15);
}

TEST(nothing_is_inherited)
{
	int fd = open("/etc/passwd", O_RDONLY), high = fcntl(fd, F_DUPFD, 77);

	CHECK(fd >= 0 && high == 77);
	setenv("CANARY", "1", 1);
	signal(SIGTERM, SIG_IGN);
	CHECK_OK(run(script("[ -z \"$CANARY\" ] || exit 11\n"
			    "[ \"$LC_ALL\" = C ] || exit 12\n"
			    "[ ! -e /proc/$$/fd/77 ] || exit 13\n"
			    "[ -z \"$(cat)\" ] || exit 14\n"
			    "[ \"$(readlink /proc/$$/fd/2)\" = /dev/null ] || exit 15\n"
			    "sh -c 'kill -TERM $$; exit 0' && exit 16\n"
			    "echo yes"),
		     NULL, 0, 10000));
	signal(SIGTERM, SIG_DFL);
	close(fd);
	close(high);
	CHECK_EQ(key.bytes.len, 4);
	CHECK_MEM(key.bytes.data, "yes\n", 4);
}

static pid_t read_pid(const char *name)
{
	char path[128];
	FILE *f;
	int pid = 0;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "r");
	CHECK(f && fscanf(f, "%d", &pid) == 1);
	fclose(f);
	unlink(path);
	return pid;
}

/* Killed, that is: within a moment. */
static bool gone(pid_t pid)
{
	struct pollfd p = { .fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN };
	bool ended;

	if (p.fd < 0)
		return errno == ESRCH;
	ended = poll(&p, 1, 5000) == 1;
	close(p.fd);
	return ended;
}

TEST(the_deadline_ends_the_whole_group)
{
	int64_t began = lk_clock_ms();
	char body[256];

	script("");
	snprintf(body, sizeof(body), "sleep 60 & echo $! > %s/pid; sleep 60", dir);
	CHECK_EQ(run(script(body), NULL, 0, 500), LK_TIMEOUT);
	CHECK(lk_clock_ms() - began < 5000);
	CHECK(gone(read_pid("pid")));
}

TEST(what_a_program_leaves_behind_is_ended)
{
	char body[256];

	script("");
	snprintf(body, sizeof(body), "sleep 60 >/dev/null & echo $! > %s/pid; echo key", dir);
	CHECK_OK(run(script(body), NULL, 0, 10000));
	CHECK(gone(read_pid("pid")));
}

/* Ctrl-C reaches the agent's group alone: the agent ends the program's. */
TEST(an_interrupt_ends_the_program)
{
	const int64_t began = lk_clock_ms();
	char body[256];

	lk_interrupt_setup();
	script("");
	snprintf(body, sizeof(body), "echo $$ > %s/pid; kill -INT $PPID; exec sleep 60", dir);
	CHECK_EQ(run(script(body), NULL, 0, 60000), LK_AGAIN);
	CHECK(lk_clock_ms() - began < 30000);
	CHECK(gone(read_pid("pid")));
}

TEST(tidy_up)
{
	lk_secret_wipe(&key.bytes);
	unlink(program);
	CHECK(!rmdir(dir));
}

TESTS(failures_are_failures_and_quote_nothing, no_program_relative_to_here,
      a_plain_name_is_looked_up_before_the_cage, output_is_the_key_byte_for_byte,
      no_shell_sees_the_arguments, nothing_is_inherited, the_deadline_ends_the_whole_group,
      what_a_program_leaves_behind_is_ended, an_interrupt_ends_the_program, tidy_up)
