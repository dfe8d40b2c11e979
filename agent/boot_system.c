/* SPDX-License-Identifier: Apache-2.0 */
/* What the units of the running system do: open the volumes with phase = "system", say of one
 * whether it is open, close them all. The machine is left alone whatever fails. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "agent/artefact.h"
#include "agent/commands.h"
#include "agent/harden.h"
#include "agent/luks.h"
#include "agent/stages.h"
#include "core/json.h"
#include "core/log.h"

/* At shutdown: how long closing may take, all together. */
#define CLOSE_MS 10000

/* The report of an earlier run; *ret stays NULL when there was none. */
static enum lk_status read_before(struct json_t **ret, struct lk_error *err)
{
	enum lk_status st = lk_report_read(LK_SYSTEM_REPORT_PATH, ret, err);

	return st == LK_ABSENT ? LK_OK : st;
}

/* A run that came to nothing must not hide what an earlier one opened. */
static void write_report(const struct lk_run *run, enum lk_status st)
{
	struct lk_error err = { 0 };
	char line[512];

	if (st && run->before)
		return;
	if (lk_report_write(&run->report, LK_SYSTEM_REPORT_PATH, &err))
		lk_log(LK_LOG_ERROR, "%s", lk_error_format(&err, line, sizeof(line)));
}

static int finish(struct lk_run *run)
{
	const size_t n = run->report.n_volumes, open = lk_run_n_open(run);

	lk_log(LK_LOG_INFO, "%zu of %zu volumes open", open, n);
	lk_run_end(run);
	/* Only a unit that started is stopped again, and stopping it is what closes volumes. */
	return open ? 0 : lk_exit_code(LK_ABSENT);
}

int lk_boot_volumes(const char *config_dir)
{
	struct lk_run run = { .config_dir = config_dir, .phase = LK_PHASE_SYSTEM };
	struct lk_error err = { 0 };
	LK_JSON *before = NULL;
	enum lk_status st;

	if (lk_artefact.banner)
		lk_log(LK_LOG_WARNING, "%s", lk_artefact.banner);
	st = lk_harden(&err);
	if (!st)
		st = read_before(&before, &err);
	if (!st) {
		run.before = before;
		st = lk_settings_load_system(config_dir, &run.settings, &err);
	}
	if (!st) {
		st = lk_run_stages(&run, &err);
		write_report(&run, st);
	}
	if (!st)
		return finish(&run);
	lk_run_end(&run);
	return lk_cmd_fail(&err);
}

/* Why a volume is not open, if the report knows; else "". */
static enum lk_status check_open(const char *name, struct lk_report_volume *ret,
				 struct lk_error *err)
{
	LK_JSON *report = NULL;
	enum lk_status st;
	bool open;

	st = lk_report_read(LK_SYSTEM_REPORT_PATH, &report, err);
	if (st == LK_ABSENT)
		return lk_raise(err, LK_ABSENT,
				"latchkey-volumes.service did not run or opened nothing");
	if (st)
		return st;
	if (!lk_report_recall(report, name, ret))
		return lk_raise(err, LK_ABSENT, "latchkey-volumes.service did not come to it");
	if (strcmp(ret->outcome, "open") != 0)
		return lk_raise(err, LK_ABSENT, "%s", ret->outcome);
	st = lk_luks_is_open(name, ret->luks_uuid, &open, err);
	if (st)
		return st;
	return open ? LK_OK : lk_raise(err, LK_ABSENT, "somebody has closed it");
}

int lk_boot_opened(const char *name)
{
	struct lk_report_volume v = { 0 };
	struct lk_error err = { 0 };

	if (check_open(name, &v, &err) == LK_OK)
		return 0;
	if (!*v.error) {
		(void)lk_context(&err, "volume '%s' is not open", name);
		return lk_cmd_fail(&err);
	}
	lk_log(LK_LOG_ERROR, "volume '%s' is not open: %s", name, v.error);
	return lk_exit_code(LK_ABSENT);
}

/* Close what the report calls open, if it is what was opened. A mapping in use, or of somebody else
 * who took the name, is told and left, and the others go on. */
static enum lk_status close_volumes(struct json_t *report)
{
	const struct lk_deadline deadline = lk_deadline_in(CLOSE_MS);
	const struct json_t *volumes = lk_json_get(report, "volumes");
	enum lk_status st = LK_OK;
	size_t i;

	for (i = 0; i < lk_json_count(volumes); i++) {
		struct json_t *v = lk_json_at(volumes, i);
		const char *name = lk_json_string_value(lk_json_get(v, "name"));
		const char *outcome = lk_json_string_value(lk_json_get(v, "outcome"));
		const char *uuid = lk_json_string_value(lk_json_get(v, "luks_uuid"));
		struct lk_error err = { 0 };

		if (!name || !outcome || strcmp(outcome, "open") != 0)
			continue;
		if (lk_luks_close(name, uuid ? uuid : "", deadline, &err)) {
			(void)lk_cmd_fail(&err);
			st = err.status;
			continue;
		}
		lk_log(LK_LOG_INFO, "volume '%s' is closed", name);
		if (!lk_json_set_string(v, "outcome", "closed"))
			st = LK_INTERNAL;
	}
	return st;
}

int lk_boot_close(void)
{
	struct lk_error err = { 0 };
	LK_JSON *report = NULL;
	enum lk_status st;

	st = lk_report_read(LK_SYSTEM_REPORT_PATH, &report, &err);
	if (st == LK_ABSENT)
		return 0;
	if (st)
		return lk_cmd_fail(&err);
	st = close_volumes(report);
	if (lk_report_rewrite(report, LK_SYSTEM_REPORT_PATH, &err))
		return lk_cmd_fail(&err);
	return st ? lk_exit_code(st) : 0;
}
