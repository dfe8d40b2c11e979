/* SPDX-License-Identifier: Apache-2.0 */
/* The unlock, from configuration to mapped root: the table of stages and the run around it. */
#include "agent/stages.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/artefact.h"
#include "agent/stage_steps.h"
#include "core/log.h"

static const struct stage {
	const char *name;
	/* What was done goes into detail (LK_STAGE_DETAIL bytes), for the console and report. */
	enum lk_status (*run)(struct lk_run *run, char *detail, struct lk_error *err);
} stages[] = {
	{ "configuration", lk_stage_configuration },
	{ "volumes", lk_stage_volumes },
	{ "proof", lk_stage_proof },
	{ "keys", lk_stage_keys },
	{ "root mapped", lk_stage_open },
};

#define N_STAGES (sizeof(stages) / sizeof(stages[0]))

_Static_assert(N_STAGES <= LK_REPORT_STAGES, "the report has room for every stage");
_Static_assert(LK_STAGE_DETAIL == sizeof(((struct lk_report_stage *)0)->detail), "one size");

static void begin(struct lk_run *run)
{
	run->report.version = lk_artefact.version;
	run->report.start_ms = lk_clock_ms();
	run->report.clock = lk_clock_plausible() ? "trusted" : "untrusted";
	run->report.phase = run->phase == LK_PHASE_SYSTEM ? "system" : "initrd";
	run->report.outcome = "failed";
}

static enum lk_status run_stage(struct lk_run *run, size_t i, struct lk_error *err)
{
	struct lk_report_stage *note = &run->report.stages[i];
	enum lk_status st;

	snprintf(note->name, sizeof(note->name), "%s",
		 run->phase == LK_PHASE_SYSTEM && i == N_STAGES - 1 ? "mapped" : stages[i].name);
	st = stages[i].run(run, note->detail, err);
	note->ms = lk_clock_ms() - run->report.start_ms;
	run->report.n_stages = i + 1;
	if (st)
		return lk_context(err, "stage %zu of %zu, %s", i + 1, N_STAGES, note->name);
	lk_log(LK_LOG_INFO, "[%zu/%zu] %-14s %6lld ms   %s", i + 1, N_STAGES, note->name,
	       (long long)note->ms, note->detail);
	return LK_OK;
}

size_t lk_run_n_open(const struct lk_run *run)
{
	size_t i, n = 0;

	for (i = 0; i < run->report.n_volumes; i++)
		n += strcmp(run->report.volumes[i].outcome, "open") == 0;
	return n;
}

static const char *outcome(const struct lk_run *run)
{
	const size_t n = lk_run_n_open(run);

	if (n == run->report.n_volumes)
		return "open";
	return n ? "partly" : "failed";
}

enum lk_status lk_run_stages(struct lk_run *run, struct lk_error *err)
{
	enum lk_status st = LK_OK;
	size_t i;

	begin(run);
	for (i = 0; i < N_STAGES && !st; i++)
		st = run_stage(run, i, err);
	if (!st) {
		run->report.outcome = outcome(run);
		return LK_OK;
	}
	run->report.error = *err;
	for (i = 0; run->volumes && i < run->settings->n_volumes; i++)
		lk_stage_close(run, i);
	if (run->results)
		lk_fetch_results_clear(run->results, run->settings->n_volumes);
	return st;
}

/* The volume's phase decides which volumes the run is about. */
static enum lk_status find_rehearsed(struct lk_run *run, struct lk_error *err)
{
	size_t i;

	for (i = 0; i < run->settings->n_known; i++) {
		const struct lk_volume *v = &run->settings->volumes[i];

		if (strcmp(v->name, run->rehearse) != 0)
			continue;
		if (!v->auto_open)
			break;
		run->phase = (enum lk_phase)v->phase;
		return LK_OK;
	}
	return lk_raise(err, LK_CONFIG, "no volume '%s' is configured%s", run->rehearse,
			i < run->settings->n_known ? " to be opened at boot" : "");
}

enum lk_status lk_run_rehearse(struct lk_run *run, struct lk_fetch_result **ret,
			       struct lk_error *err)
{
	char detail[LK_STAGE_DETAIL];
	enum lk_status st;
	size_t i;

	begin(run);
	st = run->settings ? LK_OK : lk_settings_load_system(run->config_dir, &run->settings, err);
	if (!st)
		st = find_rehearsed(run, err);
	if (!st)
		st = lk_stage_configuration(run, detail, err);
	if (!st)
		st = lk_stage_keys(run, detail, err);
	if (st)
		return st;
	for (i = 0; strcmp(run->settings->volumes[i].name, run->rehearse) != 0; i++)
		;
	*ret = &run->results[i];
	return LK_OK;
}

void lk_run_end(struct lk_run *run)
{
	size_t i, n = run->settings ? run->settings->n_volumes : 0;

	lk_fetcher_stop(run->fetcher);
	for (i = 0; run->volumes && i < n; i++) {
		lk_luks_prepared_free(run->volumes[i].prepared);
		lk_blockdev_close(&run->volumes[i].dev);
		lk_blockdev_close(&run->volumes[i].hash);
	}
	if (run->results)
		lk_fetch_results_clear(run->results, n);
	free(run->results);
	free(run->volumes);
	free(run->report.volumes);
	lk_settings_free(run->settings);
	memset(run, 0, sizeof(*run));
}
