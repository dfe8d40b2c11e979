/* SPDX-License-Identifier: Apache-2.0 */
/* Where the run makes volumes: which ones is found out with the devices, and they are made once
 * their keys are there. */
#include <stdio.h>

#include "agent/stage_steps.h"
#include "core/log.h"

/* May anything of this volume be written? If not, nothing needs to be looked at. */
static bool may_make(const struct lk_run *run, const struct lk_volume *v)
{
	return v->encrypted && (run->occasion != LK_OCCASION_BOOT || v->format != LK_FORMAT_NEVER ||
				lk_volume_throw_away(v));
}

enum lk_status lk_stage_look(struct lk_run *run, size_t i, struct lk_error *err)
{
	const struct lk_volume *v = &run->settings->volumes[i];
	struct lk_volume_state *state = &run->volumes[i];
	enum lk_status st;

	if (!may_make(run, v))
		return LK_OK;
	st = lk_make_look(&state->dev, &state->look, err);
	if (!st)
		st = lk_make_decide(v, run->occasion, &state->look, &state->make, err);
	return st ? lk_context(err, "look at %s for volume '%s'", state->dev.path, v->name) : LK_OK;
}

enum lk_status lk_stage_explain(const struct lk_run *run, size_t i, struct lk_error *err)
{
	const struct lk_volume *v = &run->settings->volumes[i];
	struct lk_error ignored = { 0 };
	struct lk_look look;
	bool make;

	if (err->code != LK_C_HEADER_INVALID || v->is_root ||
	    lk_make_look(&run->volumes[i].dev, &look, &ignored) ||
	    (look.content != LK_CONTENT_BLANK && look.content != LK_CONTENT_LABEL))
		return err->status;
	return lk_make_decide(v, LK_OCCASION_BOOT, &look, &make, err) ? err->status : LK_INTERNAL;
}

enum lk_status lk_stage_make(struct lk_run *run, size_t i, struct lk_error *err)
{
	const struct lk_volume *v = &run->settings->volumes[i];
	struct lk_volume_state *state = &run->volumes[i];
	const struct lk_make make = {
		.volume = v,
		.dev = &state->dev,
		.look = &state->look,
		.occasion = run->occasion,
		/* An operator waits as long as it takes, and can interrupt it. */
		.deadline = run->occasion == LK_OCCASION_BOOT ? run->deadline
							      : lk_deadline_in(LK_FOREVER),
		.progress = run->progress,
	};

	if (!lk_volume_throw_away(v))
		lk_log(LK_LOG_INFO, "volume '%s' is being made on %s", v->name, state->dev.path);
	return lk_make_volume(&make, &run->results[i].key, &state->prepared, err);
}
