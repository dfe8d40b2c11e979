/* SPDX-License-Identifier: Apache-2.0 */
/* Volumes that go their own way: one that failed without the others, one that others do not wait for,
 * one that is open already. */
#include <stdio.h>
#include <string.h>

#include "agent/dm.h"
#include "agent/snapshot.h"
#include "agent/stage_steps.h"
#include "core/log.h"

/* How long closing what was opened in vain may take. */
#define CLOSE_MS 10000

bool lk_stage_needed(const struct lk_run *run, size_t i)
{
	const struct lk_volume *v = &run->settings->volumes[i];

	if (run->rehearse || run->only)
		return true;
	return run->phase == LK_PHASE_INITRD && (v->is_root || v->is_delta);
}

struct lk_deadline lk_stage_patience(const struct lk_run *run, struct lk_deadline until)
{
	bool others = false;
	size_t i;

	for (i = 0; i < run->settings->n_volumes; i++) {
		if (run->volumes[i].failed || run->volumes[i].kept)
			continue;
		if (run->results[i].wanted && lk_stage_needed(run, i))
			return until;
		others = others || !run->results[i].wanted;
	}
	return others ? lk_deadline_within(until, LK_STAGE_PATIENCE_MS) : until;
}

/* Outermost mapping first. One that will not close is logged: the machine is about to end, or the
 * volume's name is taken until somebody looks. */
void lk_stage_close(struct lk_run *run, size_t i)
{
	const struct lk_volume *v = &run->settings->volumes[i];
	struct lk_volume_state *state = &run->volumes[i];
	const struct lk_deadline deadline = lk_deadline_in(CLOSE_MS);
	enum lk_status st = LK_OK;
	struct lk_error err = { 0 };
	char inner[LK_MAP_NAME], line[512];

	if (state->layer_open)
		st = lk_snapshot_close(v->name, deadline, &err);
	if (state->verity_open && !st)
		st = lk_dm_close(lk_verity_name(v, inner), deadline, &err);
	if (state->crypt_open && !st)
		st = lk_luks_close(lk_inner_name(v, inner), NULL, deadline, &err);
	if (st)
		lk_log(LK_LOG_ERROR, "close volume '%s': %s", v->name,
		       lk_error_format(&err, line, sizeof(line)));
	state->verity_open = state->crypt_open = state->layer_open = false;
}

enum lk_status lk_stage_alone(struct lk_run *run, size_t i, struct lk_error *err)
{
	struct lk_report_volume *note = &run->report.volumes[i];

	(void)snprintf(note->outcome, sizeof(note->outcome), "%s", lk_status_name(err->status));
	/* What cannot be measured any more is not this volume's affair. */
	if (lk_stage_needed(run, i) ||
	    (run->phase == LK_PHASE_INITRD && err->code == LK_C_REGISTER))
		return err->status;
	lk_error_format(err, note->error, sizeof(note->error));
	lk_log(LK_LOG_WARNING, "volume '%s' stays closed: %s", run->settings->volumes[i].name,
	       note->error);
	lk_stage_close(run, i);
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
	st = lk_luks_is_open(name, before.luks_uuid, ret, err);
	if (st || !*ret)
		return st;
	*note = before;
	run->volumes[i].kept = true;
	return LK_OK;
}
