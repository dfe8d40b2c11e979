/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the units of the running system call, against a real kernel: some volumes open, some do
 * not, each for itself; a second run leaves alone what is open; all of it is closed again. Each
 * call is a process of its own, as a unit's is. Disks as in volumes_vm.c.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/commands.h"
#include "agent/dm.h"
#include "agent/report.h"
#include "core/json.h"
#include "core/log.h"
#include "tests/check.h"
#include "tests/volumes/volumes_system.h"

#define CONFIG "/tmp/system"
#define LOG    "/tmp/system.log"
#define GOOD   "PARTUUID=0aa3a3a5-8b5e-4a3f-9a35-2f6f6d2a1e11"

static struct lk_error err;

static void write_volume(const char *name, const char *device, const char *key)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), CONFIG "/volumes.d/%s.conf", name);
	f = fopen(path, "w");
	CHECK(f);
	fprintf(f,
		"volume = \"%s\"\ndev = \"%s\"\nauto_open = true\nphase = \"system\"\n"
		"[encrypt.exec]\ncommand = \"/bin/busybox\"\nargs = [\"printf\", \"%%s\", \"%s\"]\n",
		name, device, key);
	CHECK_EQ(fchmod(fileno(f), 0600), 0);
	fclose(f);
}

static int in_a_process(int (*call)(const char *), const char *argument)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		const int log = open(LOG, O_WRONLY | O_CREAT | O_TRUNC, 0600);

		if (log < 0 || dup2(log, 2) < 0)
			_exit(99);
		lk_log_setup("latchkey", true, false);
		_exit(call(argument));
	}
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int close_all(const char *unused)
{
	(void)unused;
	return lk_boot_close();
}

static const char *logged(void)
{
	static char text[8192];
	const int fd = open(LOG, O_RDONLY);
	const ssize_t n = read(fd, text, sizeof(text) - 1);

	CHECK(n >= 0);
	text[n] = '\0';
	close(fd);
	return text;
}

static bool mapped(const char *name)
{
	bool exists;

	CHECK_OK(lk_dm_exists(name, &exists, &err));
	return exists;
}

static const char *outcome(const char *name)
{
	static struct lk_report_volume v;
	LK_JSON *report = NULL;

	CHECK_OK(lk_report_read(LK_SYSTEM_REPORT_PATH, &report, &err));
	CHECK(lk_report_recall(report, name, &v));
	return v.outcome;
}

static void set_up(void)
{
	lk_json_setup();
	CHECK_EQ(mkdir(CONFIG, 0755), 0);
	CHECK_EQ(mkdir(CONFIG "/volumes.d", 0755), 0);
	/* In the order of reading: what fails comes before and after what does not. */
	write_volume("bare", "/dev/vdc", "correct horse");
	write_volume("good", GOOD, "correct horse");
	write_volume("wrong", "/dev/vdb", "incorrect horse");
}

TEST(nothing_ran_yet)
{
	set_up();
	CHECK_EQ(in_a_process(lk_boot_opened, "good"), lk_exit_code(LK_ABSENT));
	CHECK_HAS(logged(), "volume 'good' is not open: latchkey-volumes.service did not run");
	CHECK_EQ(in_a_process(close_all, NULL), 0);
}

TEST(each_volume_fails_for_itself)
{
	CHECK_EQ(in_a_process(lk_boot_volumes, CONFIG), 0);
	CHECK_HAS(logged(), "volume 'bare' stays closed: ");
	CHECK_HAS(logged(), "volume 'wrong' stays closed: ");
	CHECK_HAS(logged(), "key-wrong");
	CHECK_HAS(logged(), "1 of 3 volumes open");
	CHECK(mapped("good") && !mapped("wrong") && !mapped("bare"));
	CHECK_EQ(in_a_process(lk_boot_opened, "good"), 0);
	CHECK(in_a_process(lk_boot_opened, "wrong") != 0);
	CHECK_HAS(logged(), "volume 'wrong' is not open: unlock volume 'wrong': ");
	CHECK_STR(outcome("bare"), "TAMPERED");
}

TEST(a_second_run_leaves_alone_what_is_open)
{
	const int held = open("/dev/mapper/good", O_RDONLY);

	CHECK(held >= 0);
	write_volume("wrong", "/dev/vdb", "correct horse");
	CHECK_EQ(in_a_process(lk_boot_volumes, CONFIG), 0);
	CHECK_HAS(logged(), "2 of 3 volumes open");
	CHECK(mapped("good") && mapped("wrong"));
	CHECK_STR(outcome("good"), "open");
	CHECK_EQ(in_a_process(lk_boot_opened, "wrong"), 0);
	close(held);
}

/* A run that comes to nothing must not make the others forgotten. */
TEST(a_broken_configuration_changes_nothing)
{
	write_volume("bare", "not a device", "x");
	CHECK_EQ(in_a_process(lk_boot_volumes, CONFIG), lk_exit_code(LK_CONFIG));
	CHECK_STR(outcome("good"), "open");
	CHECK(mapped("good") && mapped("wrong"));
}

TEST(what_is_in_use_is_told_and_the_others_close)
{
	const int held = open("/dev/mapper/good", O_RDONLY);

	CHECK(held >= 0);
	CHECK_EQ(in_a_process(close_all, NULL), lk_exit_code(LK_TIMEOUT));
	CHECK_HAS(logged(), "mapping 'good' is still in use");
	CHECK_HAS(logged(), "volume 'wrong' is closed");
	CHECK(mapped("good") && !mapped("wrong"));
	close(held);
	CHECK_EQ(in_a_process(close_all, NULL), 0);
	CHECK(!mapped("good"));
	CHECK_STR(outcome("good"), "closed");
	CHECK(in_a_process(lk_boot_opened, "good") != 0);
}

TEST(nothing_open_is_a_failure)
{
	write_volume("bare", "/dev/vdc", "correct horse");
	write_volume("good", GOOD, "incorrect horse");
	write_volume("wrong", "/dev/vdc", "correct horse");
	CHECK_EQ(in_a_process(lk_boot_volumes, CONFIG), lk_exit_code(LK_ABSENT));
	CHECK_HAS(logged(), "0 of 3 volumes open");
}

int run_system(void)
{
	void (*const run[])(void) = {
		nothing_ran_yet,
		each_volume_fails_for_itself,
		a_second_run_leaves_alone_what_is_open,
		a_broken_configuration_changes_nothing,
		what_is_in_use_is_told_and_the_others_close,
		nothing_open_is_a_failure,
	};

	return check_main(run, sizeof(run) / sizeof(run[0]),
			  "nothing_ran_yet, each_volume_fails_for_itself, "
			  "a_second_run_leaves_alone_what_is_open, "
			  "a_broken_configuration_changes_nothing, "
			  "what_is_in_use_is_told_and_the_others_close, nothing_open_is_a_failure");
}
