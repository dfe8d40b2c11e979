/* SPDX-License-Identifier: Apache-2.0 */
/* The commands and the stages of a boot over making volumes. */
#include <errno.h>
#include <pty.h>
#include <sys/swap.h>
#include <sys/wait.h>

#include "agent/commands.h"
#include "agent/stages.h"
#include "core/log.h"
#include "tests/volumes/make_kit.h"
#include "tests/volumes/make_parts.h"

/* /tmp/conf/volumes.d/NAME.conf: a volume whose key a program prints, or a random one. */
static void configure(const char *name, const char *serial, const char *keys, bool random)
{
	char path[64];
	FILE *f;

	(void)mkdir("/tmp/conf", 0700);
	(void)mkdir("/tmp/conf/volumes.d", 0700);
	snprintf(path, sizeof(path), "/tmp/conf/volumes.d/%s.conf", name);
	f = fopen(path, "we");
	CHECK(f);
	fprintf(f, "volume = \"%s\"\ndev = \"%s\"\n%s", name, disk(serial), keys);
	if (random)
		fprintf(f, "[encrypt.otp]\n");
	else
		fprintf(f,
			"[encrypt.exec]\ncommand = \"/bin/printf\"\nargs = [\"" RANDOM_1 "\"]\n");
	CHECK_EQ(fclose(f), 0);
	CHECK_EQ(chmod(path, 0600), 0);
}

/* `latchkey volume WORDS --config /tmp/conf`: this process ends with its status. */
__attribute__((noreturn)) static void become(const char *words)
{
	char line[256], *argv[16], *save = NULL;
	int argc = 0, status;

	snprintf(line, sizeof(line), "volume %s --config /tmp/conf", words);
	for (char *w = strtok_r(line, " ", &save); w; w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	argv[argc] = NULL;
	status = lk_cmd_volume(argc, argv);
	fflush(stdout);
	_exit(status);
}

static int status_of(pid_t child)
{
	int status = -1;

	CHECK_EQ(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* What the next commands read from their standard input. */
static void feed(const char *text)
{
	LK_FILE FILE *f = fopen("/tmp/fed", "we");

	CHECK(f && fputs(text, f) >= 0);
}

/* In a process of its own; its output goes to /tmp/said. */
static int command(const char *words)
{
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		if (!freopen("/tmp/said", "we", stdout) || dup2(STDOUT_FILENO, STDERR_FILENO) < 0 ||
		    (access("/tmp/fed", F_OK) == 0 && !freopen("/tmp/fed", "re", stdin)))
			_exit(99);
		become(words);
	}
	return status_of(child);
}

static const char *said(void)
{
	static char text[4096];
	LK_FILE FILE *f = fopen("/tmp/said", "re");

	CHECK(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	return text;
}

static void check_command(const char *words, int status, const char *part)
{
	int got = command(words);

	if (got != status || !strstr(said(), part))
		check_fail(__FILE__, __LINE__, "volume %s: %d, '%s'", words, got, said());
}

TEST(a_volume_is_made_opened_shown_and_closed)
{
	blank("lasting");
	configure("data0", "lasting", "makefs = \"ext4\"\nkey_entropy = \"full\"\n", false);
	check_command("show", 0, "data0: blank");
	check_command("open data0", 5, "the device is blank, and format = never");
	check_command("init data0", 0, "data0: made on /dev/vd");
	CHECK(!mapped("data0"));
	check_command("show data0", 0, "data0: closed");
	check_command("init data0", 1, "not-blank");
	check_command("open data0", 0, "/dev/mapper/data0");
	put_file("ext4", "by command");
	check_command("open data0", 1, "name-taken");
	check_command("init data0 --erase", 1, "device-busy");
	check_command("show --json", 0, "\"state\": \"open\"");
	CHECK_HAS(said(), "\"sector_size\": 4096");
	CHECK_HAS(said(), "sector_size:4096");
	CHECK_HAS(said(),
		  "\"options_chosen\": \"sector_size:4096 no_read_workqueue no_write_workqueue\"");
	CHECK_HAS(said(), "\"options_why\": \"no work queues: AES instructions, a guest\"");
	CHECK(!strstr(said(), "logon") && !strstr(said(), RANDOM_1));
	check_command("close data0", 0, "closed");
	CHECK(!mapped("data0"));
	check_command("open data0", 0, "open");
	check_file("ext4", "by command");
	check_command("close data0", 0, "closed");
	check_command("init data0 --erase", 0, "made");
	check_command("show nobody", 1, "no volume 'nobody'");
	CHECK_EQ(unlink("/tmp/conf/volumes.d/data0.conf"), 0);
}

/* ---- a terminal ---- */

static char shown[64 * 1024]; /* what the terminal of the last command showed */

/* The same in front of a terminal; Ctrl-C is typed once when it shows `cue`. */
static int on_terminal(const char *words, const char *cue)
{
	const char ctrl_c = 3;
	size_t n = 0;
	ssize_t got;
	int terminal;
	pid_t child;

	fflush(stdout);
	child = forkpty(&terminal, NULL, NULL, NULL);
	if (child == 0)
		become(words);
	CHECK(child > 0);
	while ((got = read(terminal, shown + n, sizeof(shown) - 1 - n)) > 0) {
		n += (size_t)got;
		shown[n] = '\0';
		if (cue && strstr(shown, cue)) {
			CHECK_EQ(write(terminal, &ctrl_c, 1), 1);
			cue = NULL;
		}
	}
	close(terminal);
	return status_of(child);
}

TEST(an_operator_sees_how_far_it_is)
{
	CHECK(mkdir("/dev/pts", 0755) == 0 || errno == EEXIST);
	CHECK_EQ(mount("devpts", "/dev/pts", "devpts", 0, "ptmxmode=0666"), 0);
	blank("lasting");
	configure("data0", "lasting",
		  "makefs = \"ext4\"\nintegrity = true\nkey_entropy = \"full\"\n", false);
	if (on_terminal("init data0", NULL) != 0)
		check_fail(__FILE__, __LINE__, "%s", shown);
	CHECK_HAS(shown, "[1/3] label and header");
	CHECK_HAS(shown, "[2/3] wipe");
	CHECK_HAS(shown, "###...........................");
	CHECK_HAS(shown, "############################## 100 %");
	CHECK_HAS(shown, "[3/3] make the file system");
	CHECK_HAS(shown, "data0: made on /dev/vd");
	CHECK(!strstr(shown, RANDOM_1));
}

TEST(ctrl_c_leaves_the_volume_unmade_and_says_so)
{
	CHECK_EQ(on_terminal("init data0 --erase", " %"), lk_exit_code(LK_AGAIN));
	CHECK_HAS(shown, "failed");
	CHECK_HAS(shown, "volume 'data0' is not made");
	CHECK_HAS(shown, "interrupted");
	CHECK(!strstr(shown, "data0: made on"));
	CHECK(!mapped("data0") && !mapped("data0_dif"));
	CHECK_EQ(content_of("lasting"), LK_CONTENT_LABEL);
	check_command("open data0", 1, "making the volume was cut short");
}

TEST(a_second_init_works_and_draws_no_bar_unasked)
{
	if (on_terminal("init data0 --no-progress", NULL) != 0)
		check_fail(__FILE__, __LINE__, "%s", shown);
	CHECK_HAS(shown, "data0: made on /dev/vd");
	CHECK(!strstr(shown, "wipe") && !strstr(shown, " %"));
	check_command("init data0 --erase", 0, "data0: made on");
	CHECK(!strstr(said(), "wipe") && !strstr(said(), " %")); /* no terminal, no bar */
	check_command("open data0", 0, "open");
	put_file("ext4", "at last");
	check_command("close data0", 0, "closed");
	CHECK_EQ(unlink("/tmp/conf/volumes.d/data0.conf"), 0);
}

/* ---- boots ---- */

#define TRACING "/sys/kernel/tracing"

static void write_text(const char *path, const char *text)
{
	LK_FILE FILE *f = fopen(path, "we");

	if (!f || fputs(text, f) < 0 || fflush(f) != 0)
		check_fail(__FILE__, __LINE__, "write %s: %s", path, strerror(errno));
}

/* From here on the kernel notes every program that anybody starts. */
static void watch_programs(void)
{
	if (access(TRACING "/trace", F_OK) != 0)
		CHECK_EQ(mount("tracefs", TRACING, "tracefs", 0, NULL), 0);
	write_text(TRACING "/events/sched/sched_process_exec/enable", "1");
	write_text(TRACING "/trace", "");
}

/* Their paths, each followed by a space. */
static const char *programs_started(void)
{
	static char list[1024];
	LK_FILE FILE *f = fopen(TRACING "/trace", "re");
	char line[512], *at;

	CHECK(f);
	list[0] = '\0';
	while (fgets(line, sizeof(line), f)) {
		at = strstr(line, "filename=");
		if (!at)
			continue;
		at += strlen("filename=");
		snprintf(list + strlen(list), sizeof(list) - strlen(list), "%.*s ",
			 (int)strcspn(at, " \n"), at);
	}
	return list;
}

TEST(the_recovery_key_opens_where_it_is_configured)
{
	static const char opted_in[] = "key_entropy = \"full\"\nfallback = \"recovery-key\"\n";
	char key[128];

	blank("lasting");
	configure("data0", "lasting", opted_in, false);
	check_command("init data0", 0, "made");
	check_command("recovery-key data0", 0, "-");
	snprintf(key, sizeof(key), "%s", said());
	feed(key);
	check_command("recover data0 --check", 0, "the key opens the volume, header MAC ok");
	CHECK(!mapped("data0"));
	check_command("recover data0 --open", 0, "/dev/mapper/data0, by its recovery key");
	CHECK(mapped("data0"));
	check_command("recover data0 --open", 1, "name-taken");
	check_command("close data0", 0, "closed");
	check_command("recover data0 --open --check", 1, "usage: ");
	key[0] = key[0] == 'c' ? 'b' : 'c';
	feed(key);
	check_command("recover data0 --open", 5, "key-wrong");
	CHECK(!mapped("data0"));
	configure("data0", "lasting", "key_entropy = \"full\"\n", false);
	check_command("recover data0 --open", 1, "fallback = \"recovery-key\" is not configured");
	CHECK(!mapped("data0"));
	CHECK_EQ(unlink("/tmp/fed"), 0);
	CHECK_EQ(unlink("/tmp/conf/volumes.d/data0.conf"), 0);
}

TEST(a_boot_makes_what_is_blank_and_what_starts_empty)
{
	struct lk_run first = { .config_dir = "/tmp/conf" }, second = first;

	blank("lasting");
	blank("gone");
	configure(
		"data0", "lasting",
		"auto_open = true\nformat = \"blank\"\nmakefs = \"ext4\"\nkey_entropy = \"full\"\n",
		false);
	configure("swap0", "gone", "auto_open = true\nmakefs = \"swap\"\n", true);
	watch_programs();
	CHECK_OK(lk_run_stages(&first, &err));
	CHECK(mapped("data0") && mapped("swap0"));
	CHECK_STR(programs_started(), "/bin/printf /usr/sbin/mkfs.ext4 ");
	CHECK_EQ(first.report.n_volumes, 2);
	CHECK_STR(first.report.volumes[0].outcome, "open");
	CHECK_STR(first.report.volumes[0].header_mac, "ok");
	CHECK(strlen(first.report.volumes[0].header_digest) == 64);
	CHECK_EQ(strlen(first.report.volumes[1].luks_uuid), 36);
	lk_run_end(&first);
	put_file("ext4", "first boot");
	CHECK_EQ(swapon("/dev/mapper/swap0", 0), 0);
	CHECK_EQ(swapoff("/dev/mapper/swap0"), 0);
	close_volume();
	CHECK_OK(lk_luks_close("swap0", NULL, soon(), &err));

	/* what formats nothing starts nothing but the provider's own command */
	watch_programs();
	CHECK_OK(lk_run_stages(&second, &err));
	lk_run_end(&second);
	CHECK_STR(programs_started(), "/bin/printf ");
	check_file("ext4", "first boot");
	close_volume();
	CHECK_OK(lk_luks_close("swap0", NULL, soon(), &err));
}

/* The rule on work queues asks neither for integrity nor for a journal: both go well without. */
TEST(integrity_goes_without_work_queues_too)
{
	static const char *const wanted[] = { "auto", "on", "off" };
	char keys[256];
	LK_DM_LIVE live = { 0 };

	CHECK_EQ(unlink("/tmp/conf/volumes.d/swap0.conf"), 0);
	blank("lasting");
	for (size_t i = 0; i < 3; i++) {
		snprintf(
			keys, sizeof(keys),
			"auto_open = true\nformat = \"blank\"\nmakefs = \"ext4\"\nintegrity = true\n"
			"key_entropy = \"full\"\nworkqueues = \"%s\"\n",
			wanted[i]);
		configure("data0", "lasting", keys, false);
		check_command("open data0", 0, "open");
		CHECK_OK(lk_dm_table("data0", &live, &err));
		CHECK_HAS(live.params, "integrity:32:aead");
		CHECK_EQ(!strstr(live.params, "no_read_workqueue no_write_workqueue"), i == 1);
		lk_dm_live_wipe(&live);
		if (i == 0)
			put_file("ext4", "checked");
		check_file("ext4", "checked");
		CHECK_EQ(unreadable(), 0);
		check_command("close data0", 0, "closed");
	}
	flip(disk("lasting"), 40 * MIB);
	check_command("open data0", 0, "open");
	CHECK_EQ(unreadable(), 1);
	check_command("close data0", 0, "closed");
}

static int close_all(const char *unused)
{
	(void)unused;
	return lk_boot_close();
}

/* What a unit runs, in a process of its own; its output goes to /tmp/said. */
static int unit(int (*call)(const char *), const char *argument)
{
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		if (!freopen("/tmp/said", "we", stdout) || dup2(STDOUT_FILENO, STDERR_FILENO) < 0)
			_exit(99);
		lk_log_setup("latchkey", true, false);
		_exit(call(argument));
	}
	return status_of(child);
}

/* An integrity volume, whose two mappings are opened and closed by the units of the system. */
TEST(the_system_closes_what_it_opened_and_nothing_else)
{
	static const struct lk_dm_line foreign = { 0, 2048, "error", "" };

	CHECK_EQ(unlink("/tmp/conf/volumes.d/data0.conf"), 0);
	configure("swap0", "gone", "auto_open = true\nphase = \"system\"\nintegrity = true\n",
		  true);
	CHECK_EQ(unit(lk_boot_volumes, "/tmp/conf"), 0);
	CHECK(mapped("swap0") && mapped("swap0_dif"));
	CHECK_EQ(unit(lk_boot_opened, "swap0"), 0);
	CHECK_EQ(unit(close_all, NULL), 0);
	CHECK(!mapped("swap0") && !mapped("swap0_dif"));

	CHECK_EQ(unit(lk_boot_volumes, "/tmp/conf"), 0);
	CHECK_OK(lk_luks_close("swap0", NULL, soon(), &err));
	CHECK(!mapped("swap0") && !mapped("swap0_dif"));
	CHECK_OK(lk_dm_create("swap0", &foreign, 1, 0, soon(), &err));
	CHECK_OK(lk_dm_create("swap0_dif", &foreign, 1, 0, soon(), &err));
	CHECK(unit(lk_boot_opened, "swap0") != 0);
	CHECK_HAS(said(), "somebody has closed it");
	CHECK_EQ(unit(close_all, NULL), lk_exit_code(LK_CONFIG));
	CHECK_HAS(said(), "the mapping 'swap0' is not the one of this volume");
	CHECK(mapped("swap0") && mapped("swap0_dif"));
	CHECK_OK(lk_dm_close("swap0", soon(), &err));
	CHECK_EQ(unit(close_all, NULL), 0);
	CHECK(mapped("swap0_dif"));
	CHECK_OK(lk_dm_close("swap0_dif", soon(), &err));
	configure("data0", "lasting", "auto_open = true\nkey_entropy = \"full\"\n", false);
}

TEST(two_volumes_on_one_device_open_nothing)
{
	struct lk_run run = { .config_dir = "/tmp/conf" };

	configure("swap0", "lasting", "auto_open = true\nformat = \"always\"\n", true);
	CHECK_OK(lk_run_stages(&run, &err));
	for (size_t i = 0; i < 2; i++) {
		CHECK_STR(run.report.volumes[i].outcome, "CONFIG");
		CHECK_HAS(run.report.volumes[i].error, "volumes 'data0' and 'swap0' are both on");
	}
	CHECK_STR(run.report.outcome, "failed");
	CHECK(!mapped("data0") && !mapped("swap0"));
	lk_run_end(&run);
	CHECK_EQ(content_of("lasting"), LK_CONTENT_LUKS);
}

int run_make_commands(void)
{
	void (*const run[])(void) = {
		kit_setup,
		a_volume_is_made_opened_shown_and_closed,
		an_operator_sees_how_far_it_is,
		ctrl_c_leaves_the_volume_unmade_and_says_so,
		a_second_init_works_and_draws_no_bar_unasked,
		the_recovery_key_opens_where_it_is_configured,
		a_boot_makes_what_is_blank_and_what_starts_empty,
		the_system_closes_what_it_opened_and_nothing_else,
		two_volumes_on_one_device_open_nothing,
		integrity_goes_without_work_queues_too,
	};

	return check_main(run, sizeof(run) / sizeof(run[0]),
			  "kit_setup, a_volume_is_made_opened_shown_and_closed, "
			  "an_operator_sees_how_far_it_is, "
			  "ctrl_c_leaves_the_volume_unmade_and_says_so, "
			  "a_second_init_works_and_draws_no_bar_unasked, "
			  "the_recovery_key_opens_where_it_is_configured, "
			  "a_boot_makes_what_is_blank_and_what_starts_empty, "
			  "the_system_closes_what_it_opened_and_nothing_else, "
			  "two_volumes_on_one_device_open_nothing, "
			  "integrity_goes_without_work_queues_too");
}
