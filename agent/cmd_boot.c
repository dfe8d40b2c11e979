/* SPDX-License-Identifier: Apache-2.0 */
/* latchkey boot: what the units run. In the initramfs `root` unlocks and `overlay` lays the writable
 * layer over the mounted root and hands over; in the system `volumes` opens, `opened` says of one
 * whether it is open, and `close` closes (agent/boot_system.c). */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "agent/artefact.h"
#include "agent/commands.h"
#include "agent/failure.h"
#include "agent/harden.h"
#include "agent/layer.h"
#include "agent/stages.h"
#include "core/cleanup.h"
#include "core/cmdline.h"
#include "core/log.h"

#define USAGE	"boot root|overlay|volumes|opened NAME|close [--config DIR]"
#define SYSROOT "/sysroot"
/* on_unreachable = "wait": the pause between two whole tries grows up to this. */
#define ROUND_PAUSE_MAX_MS 300000

/* latchkey.debug is the one word of ours on the command line that a unit cannot act on. */
static void look_at_cmdline(void)
{
	LK_FILE FILE *f = fopen("/proc/cmdline", "re");
	char text[8192];

	if (!f || !fgets(text, sizeof(text), f))
		return;
	if (lk_cmdline_has(text, "latchkey.debug"))
		lk_log_setup("latchkey", true, true);
}

static void write_report(const struct lk_run *run)
{
	struct lk_error err = { 0 };
	char line[512];

	if (lk_report_write(&run->report, LK_REPORT_PATH, &err))
		lk_log(LK_LOG_ERROR, "%s", lk_error_format(&err, line, sizeof(line)));
}

/* What the configuration wants for this failure; power off when there is no configuration. */
static enum lk_failure_action action_for(const struct lk_run *run, enum lk_status status,
					 int64_t *ret_delay)
{
	const struct lk_settings *s = run->settings;

	*ret_delay = s ? s->failure_delay_ms : 10000;
	if (!s)
		return LK_FAIL_POWEROFF;
	return lk_failure_is_unreachable(status) ? s->on_unreachable : s->on_denied;
}

static int fail(struct lk_run *run, const struct lk_error *err)
{
	int64_t delay;
	enum lk_failure_action action = action_for(run, err->status, &delay);
	int code = lk_cmd_fail(err);

	if (action == LK_FAIL_POWEROFF || action == LK_FAIL_REBOOT)
		lk_log(LK_LOG_ERROR, "root stays locked; %s in %lld s",
		       action == LK_FAIL_POWEROFF ? "power off" : "reboot",
		       (long long)delay / 1000);
	lk_run_end(run);
	lk_failure_act(action, delay);
	return code;
}

/* The root is mapped. Is everything else? */
static int succeed(struct lk_run *run)
{
	const size_t n = run->report.n_volumes, open = lk_run_n_open(run);

	lk_run_end(run);
	if (open == n)
		return 0;
	lk_log(LK_LOG_WARNING, "%zu of %zu volumes open; the boot goes on without the others", open,
	       n);
	return LK_EXIT_PARTLY;
}

/* One whole unlock. *ret_again: it failed, and the configuration says to wait and try anew. */
static int unlock_once(const char *config_dir, bool *ret_again)
{
	struct lk_run run = { .config_dir = config_dir };
	struct lk_error err = { 0 };
	enum lk_status st;
	int64_t delay;

	*ret_again = false;
	st = lk_run_stages(&run, &err);
	write_report(&run);
	if (!st)
		return succeed(&run);
	if (lk_failure_is_unreachable(st) && action_for(&run, st, &delay) == LK_FAIL_WAIT) {
		*ret_again = true;
		lk_run_end(&run);
		return lk_cmd_fail(&err);
	}
	return fail(&run, &err);
}

static int boot_root(const char *config_dir)
{
	struct lk_error err = { 0 };
	unsigned round;
	bool again;
	int code;

	if (lk_artefact.banner)
		lk_log(LK_LOG_WARNING, "%s", lk_artefact.banner);
	look_at_cmdline();
	if (lk_harden(&err)) {
		struct lk_run none = { 0 };

		return fail(&none, &err);
	}
	for (round = 1;; round++) {
		code = unlock_once(config_dir, &again);
		if (!again)
			return code;
		lk_clock_sleep(lk_backoff_ms(round + 4, ROUND_PAUSE_MAX_MS, 0, UINT32_MAX));
	}
}

/* The end of the initramfs phase: whatever comes later is the system's. */
static int boot_overlay(const char *config_dir)
{
	struct lk_settings *settings = NULL;
	struct lk_register reg = { 0 };
	const char *found = NULL;
	struct lk_error err = { 0 };
	enum lk_status st;

	st = lk_harden(&err);
	if (!st)
		st = lk_settings_load(config_dir, &settings, &err);
	if (st)
		return lk_cmd_fail(&err);
	st = lk_layer_lay(settings, SYSROOT, &found, &err);
	if (!st)
		st = lk_register_parse(settings->reg, &reg, &err);
	lk_settings_free(settings);
	if (!st)
		st = lk_report_handoff(LK_REPORT_PATH, found, &reg, &err);
	return st ? lk_cmd_fail(&err) : 0;
}

int lk_cmd_boot(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ 0 },
	};
	const char *config_dir = NULL;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c != 'c')
			return lk_cmd_usage(USAGE);
		config_dir = optarg;
	}
	if (optind + 2 == argc && strcmp(argv[optind], "opened") == 0)
		return lk_boot_opened(argv[optind + 1]);
	if (optind + 1 != argc)
		return lk_cmd_usage(USAGE);
	if (strcmp(argv[optind], "root") == 0)
		return boot_root(config_dir);
	if (strcmp(argv[optind], "overlay") == 0)
		return boot_overlay(config_dir);
	if (strcmp(argv[optind], "volumes") == 0)
		return lk_boot_volumes(config_dir);
	if (strcmp(argv[optind], "close") == 0)
		return lk_boot_close();
	return lk_cmd_usage(USAGE);
}
