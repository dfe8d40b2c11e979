/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a volume's key by the commands themselves: runs inside a virtual machine, started by
 * tests/powercut/run.
 *
 *	keys_vm commands	everything, on the LUKS2 volume /dev/vda
 *	keys_vm latchkey ...	the command line of `latchkey volume`
 */
#include <sys/wait.h>
#include <unistd.h>

#include "agent/commands.h"
#include "agent/dm.h"
#include "agent/header_backup.h"
#include "agent/recovery_key.h"
#include "agent/rotate.h"
#include "core/base64.h"
#include "core/jose.h"
#include "core/textfile.h"
#include "tests/powercut/keys_kit.h"

#define FIRST  "correct horse"
#define NOW    "/keys/now" /* what the provider gives out */
#define ESCROW "/keys/new.jwe"
#define PUBLIC "/keys/operator.jwk"
#define ANSWER "/keys/answer" /* what a command says */

static struct lk_keypair *operator;

/* The exit status of `latchkey volume ...`; input and output are files or NULL. */
static int command(const char *const *words, const char *input, const char *output)
{
	const char *argv[16] = { "keys_vm", "latchkey", "volume" };
	int status, fd;
	size_t n = 3;
	pid_t pid;

	while (*words)
		argv[n++] = *words++;
	argv[n++] = "--config";
	argv[n] = "/keys/etc";
	pid = fork();
	if (pid == 0) {
		fd = open(input ? input : "/dev/null", O_RDONLY);
		dup2(fd, STDIN_FILENO);
		fd = open(output ? output : "/dev/null", O_WRONLY | O_CREAT | O_TRUNC, 0600);
		dup2(fd, STDOUT_FILENO);
		execv("/proc/self/exe", (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	return WEXITSTATUS(status);
}
#define RUN(...) command((const char *const[]){ __VA_ARGS__, NULL }, NULL, NULL)
#define ROTATE	 RUN("rotate", NAME, "--escrow-to", PUBLIC, "--escrow-out", ESCROW)

TEST(setup)
{
	static const char agent[] = "[agent]\n";
	static const char data[] = "volume = \"" NAME "\"\ndev = \"" DEVICE "\"\n"
				   "fallback = \"recovery-key\"\n[encrypt.exec]\n"
				   "command = \"/bin/busybox\"\nargs = [\"cat\", \"" NOW "\"]\n";
	struct lk_public_key public;
	LK_JSON *jwk = NULL;
	LK_JSON_TEXT *text = NULL;
	size_t n;

	prepare_program();
	CHECK(mkdir("/keys", 0700) == 0 && mkdir("/keys/etc", 0755) == 0 &&
	      mkdir("/keys/etc/volumes.d", 0755) == 0);
	put("/keys/etc/latchkey.conf", agent, strlen(agent));
	put("/keys/etc/volumes.d/data0.conf", data, strlen(data));
	put(NOW, FIRST, strlen(FIRST));
	CHECK_OK(lk_keypair_generate(LK_KEY_P256, &operator, & err));
	CHECK_OK(lk_keypair_public(operator, & public, &err));
	CHECK_OK(lk_jwk_from_public(&public, NULL, &jwk, &err));
	CHECK_OK(lk_json_dump(jwk, LK_JSON_COMPACT, &text, &n, &err));
	put(PUBLIC, text, n);
}

/* The operator brings what was escrowed to where the provider takes it from. */
static void operate(void)
{
	LK_FREE char *text = NULL;
	LK_SECRET secret = { 0 };
	size_t n;

	CHECK_OK(lk_textfile_read(ESCROW, KEY_MAX, &text, &n, &err));
	CHECK_OK(lk_jwe_open(operator, text, n, &secret, &err));
	put(NOW, secret.data, secret.len);
	CHECK_EQ(unlink(ESCROW), 0);
}

TEST(a_rotation_waits_for_the_operator)
{
	LK_SECRET old = { 0 };
	LK_SECRET fresh = { 0 };

	CHECK_OK(lk_secret_from(&old, FIRST, strlen(FIRST), &err));
	CHECK_EQ(ROTATE, 1); /* the provider still gives out the old one */
	CHECK(opens(&old));
	operate();
	fresh = get(NOW);
	CHECK(opens(&old) && opens(&fresh));
	CHECK_EQ(ROTATE, 0);
	CHECK(!opens(&old) && opens(&fresh));
}

TEST(a_volume_in_use_rotates_too)
{
	const struct lk_luks_rules rules = lk_volume_rules(&volume);
	LK_CLEANUP(lk_luks_prepared_free_p) struct lk_luks_prepared *p = NULL;
	struct lk_volume_key key = { .bytes = get(NOW) };
	LK_BLOCKDEV dev = device(DEVICE);
	LK_FD int fd = -1;
	char text[512] = "what lies in it", again[512];

	CHECK_OK(lk_luks_prepare(&dev, &rules, &p, &err));
	CHECK_OK(lk_luks_open(p, &dev, NAME, &key, 0, lk_deadline_in(20000), &err));
	lk_secret_wipe(&key.bytes);
	fd = open("/dev/mapper/" NAME, O_RDWR | O_CLOEXEC);
	CHECK_EQ(pwrite(fd, text, sizeof(text), 0), sizeof(text));
	CHECK_EQ(fsync(fd), 0);
	CHECK_EQ(ROTATE, 1);
	operate();
	CHECK_EQ(ROTATE, 0);
	CHECK_EQ(pread(fd, again, sizeof(again), 0), sizeof(again));
	CHECK_MEM(text, again, sizeof(text));
	close(lk_take_fd(fd));
	CHECK_OK(lk_luks_close(NAME, NULL, lk_deadline_in(20000), &err));
}

TEST(a_recovery_key_is_printed_once)
{
	LK_SECRET said = { 0 };
	static const char *const words[] = { "recovery-key", NAME, NULL };

	CHECK_EQ(command(words, NULL, ANSWER), 0);
	said = get(ANSWER);
	CHECK_EQ(said.len, LK_RECOVERY_KEY_LEN + 1);
	lk_recovery_key_normalise(&said);
	CHECK(opens(&said));
	CHECK_EQ(command(words, NULL, NULL), 1); /* there is one */
}

TEST(the_recovery_key_brings_a_new_secret)
{
	static const char *const check[] = { "recover", NAME, "--check", NULL };
	static const char *const recover[] = { "recover",      NAME,   "--escrow-to", PUBLIC,
					       "--escrow-out", ESCROW, NULL };
	LK_SECRET lost = get(NOW);

	put(NOW, "lost", 4);
	CHECK_EQ(command(check, NOW, NULL), 5);
	CHECK_EQ(command(check, ANSWER, NULL), 0);
	CHECK_EQ(ROTATE, 5);
	CHECK(command(recover, ANSWER, NULL) != 0); /* nobody has it yet */
	operate();
	CHECK_EQ(command(recover, ANSWER, NULL), 0);
	CHECK(!opens(&lost));
	lk_secret_wipe(&lost);
	lost = get(NOW);
	CHECK(opens(&lost));
}

TEST(a_header_comes_back)
{
	static const char zeros[65536];
	LK_SECRET key = get(NOW);
	LK_FD int fd = open(DEVICE, O_RDWR | O_CLOEXEC);

	CHECK_EQ(RUN("header", "backup", NAME, "/keys/header"), 0);
	CHECK_EQ(RUN("header", "backup", NAME, "/keys/header"), 1);
	CHECK_EQ(pwrite(fd, zeros, sizeof(zeros), 0), sizeof(zeros));
	CHECK_EQ(fsync(fd), 0);
	CHECK_EQ(RUN("header", "restore", NAME, "/keys/header"), 0);
	CHECK(opens(&key));
	CHECK_EQ(ROTATE, 1);
	operate();
	CHECK_EQ(ROTATE, 0);
	CHECK_EQ(RUN("header", "restore", NAME, "/keys/header"), 5); /* older than the disk's */
}

static int run_commands(void)
{
	void (*const run[])(void) = { setup,
				      a_rotation_waits_for_the_operator,
				      a_volume_in_use_rotates_too,
				      a_recovery_key_is_printed_once,
				      the_recovery_key_brings_a_new_secret,
				      a_header_comes_back };

	return check_main(run, sizeof(run) / sizeof(run[0]),
			  "setup, a_rotation_waits_for_the_operator, a_volume_in_use_rotates_too, "
			  "a_recovery_key_is_printed_once, the_recovery_key_brings_a_new_secret, "
			  "a_header_comes_back");
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc > 3 && strcmp(argv[1], "latchkey") == 0) {
		prepare_program();
		return lk_cmd_volume(argc - 2, argv + 2);
	}
	if (argc == 2 && strcmp(argv[1], "commands") == 0)
		return run_commands();
	return EXIT_FAILURE;
}
