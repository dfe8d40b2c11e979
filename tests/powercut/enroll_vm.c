/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A volume's key rotated and recovered against a latchkeyd that runs beside it: inside a virtual
 * machine, started by tests/powercut/run, which has started the server as well.
 *
 *	enroll_vm /dev/vda is a LUKS2 volume that opens with what the server holds; the command is
 *	          killed behind each of its steps, and run again.
 */
#include <signal.h>
#include <sys/wait.h>

#include "agent/commands.h"
#include "agent/luks_edit.h"
#include "agent/recovery_key.h"
#include "tests/powercut/keys_kit.h"

#define RESOURCE "default/disk/data0"
#define SOCKET	 "/keys/admin.sock"
#define SERVER	 "/usr/sbin/latchkeyd"
#define NOW	 "/keys/now"	  /* what the server holds, as read last */
#define RECOVERY "/keys/recovery" /* what `volume recovery-key` printed */
#define SAID	 "/keys/said"
#define ENROLL	 "--enroll", "latchkeyd", "--resource", RESOURCE, "--socket", SOCKET
#define STEPS	 4

static int status_of(pid_t child)
{
	int status = -1;

	CHECK_EQ(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void redirect(const char *input, const char *output)
{
	const int in = open(input, O_RDONLY);
	const int out = open(output, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (in < 0 || out < 0 || dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0)
		_exit(99);
}

/* `latchkeyd WORD1 WORD2 RESOURCE`, with its output in NOW. */
static int server(const char *verb)
{
	pid_t child = fork();

	if (child == 0) {
		redirect("/dev/null", NOW);
		execl(SERVER, SERVER, "resource", verb, RESOURCE, "--socket", SOCKET, NULL);
		_exit(127);
	}
	return status_of(child);
}

static struct lk_secret held(void)
{
	CHECK_EQ(server("get"), 0);
	return get(NOW);
}

/* ---- commands that are killed ---- */

static unsigned lines_left;

/* Each of the command's lines stands behind one of its steps, and is written at once. */
static ssize_t take_line(void *cookie, const char *text, size_t n)
{
	(void)cookie;
	if (--lines_left == 0)
		(void)kill(getpid(), SIGKILL);
	return write(STDOUT_FILENO, text, n);
}

/* `latchkey volume WORDS`, killed at its n-th line; 0: never. */
static int command(const char *const *words, const char *input, unsigned n)
{
	const cookie_io_functions_t way = { .write = take_line };
	const char *argv[16] = { "volume" };
	int argc = 1, status;
	pid_t child;

	while (*words)
		argv[argc++] = *words++;
	argv[argc++] = "--config";
	argv[argc++] = "/keys/etc";
	fflush(stdout);
	child = fork();
	if (child == 0) {
		redirect(input, SAID);
		lines_left = n;
		stdout = fopencookie(NULL, "w", way);
		if (!stdout)
			_exit(99);
		status = lk_cmd_volume(argc, (char **)(uintptr_t)argv);
		fflush(stdout);
		_exit(status);
	}
	return status_of(child);
}

static const char *const rotation[] = { "rotate", NAME, ENROLL, NULL };
static const char *const recovery[] = { "recover", NAME, ENROLL, NULL };

static struct lk_luks_header look(void)
{
	const struct lk_luks_rules rules = lk_volume_rules(&volume);
	LK_LUKS_EDIT e = { 0 };
	LK_BLOCKDEV dev = device(DEVICE);

	CHECK_OK(lk_luks_edit_begin(&dev, &rules, &e, &err));
	return e.header;
}

/* Cut behind step n: the server's key of that moment opens the volume; then the command ends well, and
 * the key from before opens nothing any more. */
static void cut(const char *const *words, const char *input, unsigned n, bool held_opens)
{
	LK_SECRET before = held();
	LK_SECRET between = { 0 };
	LK_SECRET after = { 0 };
	unsigned slots;

	CHECK_EQ(command(words, input, n), -SIGKILL);
	between = held();
	CHECK(opens(&between) == (held_opens || n >= 2));
	CHECK(lk_secret_equal(&before, &between) == (n < 2));
	CHECK_EQ(command(words, input, 0), 0);
	after = held();
	CHECK(opens(&after));
	CHECK(!held_opens || !opens(&before));
	slots = look().n_keyslots;
	CHECK(slots == 1 + (look().token.recovery != 0));
	CHECK_EQ(look().token.next, 0);
}

TEST(setup)
{
	LK_SECRET first = { 0 };

	prepare_program();
	first = held();
	CHECK(opens(&first));
}

TEST(a_rotation_brings_the_server_a_new_key)
{
	const uint64_t generation = look().token.generation;
	LK_SECRET before = held();
	LK_SECRET after = { 0 };

	if (command(rotation, "/dev/null", 0) != 0) {
		after = get(SAID);
		check_fail(__FILE__, __LINE__, "%.*s", (int)after.len, (const char *)after.data);
	}
	after = held();
	CHECK(opens(&after) && !opens(&before));
	CHECK_EQ(after.len, 32);
	CHECK_EQ(look().token.generation, generation + 1);
}

TEST(a_rotation_is_killed_behind_each_step)
{
	for (unsigned n = 1; n <= STEPS; n++)
		cut(rotation, "/dev/null", n, true);
}

TEST(a_recovery_key_is_made)
{
	static const char *const words[] = { "recovery-key", NAME, NULL };
	LK_SECRET said = { 0 };

	CHECK_EQ(command(words, "/dev/null", 0), 0);
	said = get(SAID);
	put(RECOVERY, said.data, said.len);
	lk_recovery_key_normalise(&said);
	CHECK(opens(&said));
	CHECK_EQ(look().n_keyslots, 2);
}

/* The server lost the key, and everything it gives out is wrong. */
static void lose(void)
{
	pid_t child = fork();

	if (child == 0) {
		redirect("/etc/hosts", SAID);
		execl(SERVER, SERVER, "resource", "put", RESOURCE, "--socket", SOCKET, NULL);
		_exit(127);
	}
	CHECK_EQ(status_of(child), 0);
}

/* Killed as well, where the server has the new key and the header still waits: argon2id leaves no time for
 * more of it in an emulated machine. */
TEST(what_the_server_lost_is_recovered)
{
	LK_SECRET before = held();

	CHECK_EQ(server("delete"), 0);
	CHECK_EQ(command(rotation, "/dev/null", 0), lk_exit_code(LK_DENIED));
	CHECK(opens(&before));
	lose();
	cut(recovery, RECOVERY, 2, false);
	CHECK_EQ(look().n_keyslots, 2);
}

TEST(without_the_server_nothing_changes)
{
	static const char *const words[] = { "rotate",	  NAME,		"--enroll",
					     "latchkeyd", "--resource", RESOURCE,
					     "--socket",  "/keys/none", NULL };
	const uint64_t generation = look().token.generation;
	LK_SECRET now = held();

	CHECK(command(words, "/dev/null", 0) > 0);
	CHECK(opens(&now));
	CHECK_EQ(look().token.generation, generation);
	CHECK_EQ(look().n_keyslots, 2);
}

TESTS(setup, a_rotation_brings_the_server_a_new_key, a_rotation_is_killed_behind_each_step,
      a_recovery_key_is_made, what_the_server_lost_is_recovered, without_the_server_nothing_changes)
