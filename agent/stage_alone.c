/* SPDX-License-Identifier: Apache-2.0 */
/* Volumes that go their own way: one that failed without the others, one that is open already. */
#include <stdio.h>
#include <string.h>

#include "agent/dm.h"
#include "agent/stage_steps.h"
#include "core/log.h"

static bool concerns_all(const struct lk_run *run, const struct lk_volume *v, enum lk_status st)
{
	if (run->rehearse || run->only)
		return true;
	if (run->phase == LK_PHASE_SYSTEM)
		return false;
	return v->is_root || st != LK_DENIED;
}

enum lk_status lk_stage_alone(struct lk_run *run, size_t i, struct lk_error *err)
{
	const struct lk_volume *v = &run->settings->volumes[i];
	struct lk_report_volume *note = &run->report.volumes[i];

	(void)snprintf(note->outcome, sizeof(note->outcome), "%s", lk_status_name(err->status));
	if (concerns_all(run, v, err->status))
		return err->status;
	lk_error_format(err, note->error, sizeof(note->error));
	lk_log(LK_LOG_WARNING, "volume '%s' stays closed: %s", v->name, note->error);
	run->volumes[i].failed = true;
	*err = (struct lk_error){ 0 };
	return LK_OK;
}

enum lk_status lk_stage_keep(struct lk_run *run, size_t i, bool *ret, struct lk_error *err)
{
	struct lk_report_volume *note = &run->report.volumes[i];
	const char *name = run->settings->volumes[i].name;
	struct lk_report_volume before = { 0 };
	enum lk_status st;

	*ret = false;
	if (!run->before || !lk_report_recall(run->before, name, &before) ||
	    strcmp(before.outcome, "open") != 0)
		return LK_OK;
	st = lk_dm_exists(name, ret, err);
	if (st || !*ret)
		return st;
	*note = before;
	run->volumes[i].kept = true;
	return LK_OK;
}
