/* SPDX-License-Identifier: Apache-2.0 */
/* The first two stages: the configuration, and the volumes it names. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/grow.h"
#include "agent/stage_steps.h"
#include "agent/unlock.h"
#include "agent/verity_superblock.h"
#include "core/base64.h"
#include "core/cleanup.h"
#include "core/cmdline.h"
#include "core/log.h"

#define CMDLINE_MAX 8192

/* Images that cryptpilot made have their parts in this group, and nothing of ours makes it active. */
static const char *volume_group(const struct lk_settings *settings)
{
	static const char start[] = "/dev/mapper/" LK_CRYPTPILOT_GROUP "-";
	size_t i;

	for (i = 0; settings->cryptpilot && i < settings->n_volumes; i++)
		if (strncmp(settings->volumes[i].device, start, strlen(start)) == 0)
			return LK_CRYPTPILOT_GROUP;
	return NULL;
}

/* An attested boot is only worth its measurement if the rest of the initramfs takes nothing from
 * the host: the measured command line must say so. */
static enum lk_status check_cmdline(const struct lk_settings *settings, struct lk_error *err)
{
	LK_FILE FILE *f = fopen("/proc/cmdline", "re");
	char text[CMDLINE_MAX];
	size_t i, n;

	if (!f)
		return lk_raise(err, LK_INTERNAL, "open /proc/cmdline: %m");
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	for (i = 0; i < settings->n_volumes; i++)
		if (settings->volumes[i].is_root)
			return lk_cmdline_check(text, settings->volumes[i].name,
						volume_group(settings), err);
	return LK_OK;
}

static bool any(const struct lk_settings *settings, bool (*is)(const struct lk_volume *v))
{
	size_t i;

	for (i = 0; i < settings->n_volumes; i++)
		if (is(&settings->volumes[i]))
			return true;
	return lk_sealing_attested(settings);
}

static enum lk_status allocate(struct lk_run *run, struct lk_error *err)
{
	const size_t n = run->settings->n_volumes;
	size_t i;

	run->volumes = calloc(n, sizeof(*run->volumes));
	run->results = calloc(n, sizeof(*run->results));
	run->report.volumes = calloc(n, sizeof(*run->report.volumes));
	if (!run->volumes || !run->results || !run->report.volumes)
		return lk_raise(err, LK_INTERNAL, "out of memory for %zu volumes", n);
	run->report.n_volumes = n;
	for (i = 0; i < n; i++) {
		run->volumes[i].dev.fd = run->volumes[i].hash.fd = -1;
		snprintf(run->report.volumes[i].name, sizeof(run->report.volumes[i].name), "%s",
			 run->settings->volumes[i].name);
		snprintf(run->report.volumes[i].outcome, sizeof(run->report.volumes[i].outcome),
			 "closed");
	}
	return LK_OK;
}

enum lk_status lk_stage_configuration(struct lk_run *run, char *detail, struct lk_error *err)
{
	enum lk_status st;

	if (!run->settings) {
		st = lk_settings_load(run->config_dir, &run->settings, err);
		if (st)
			return st;
	}
	if (run->settings->verbose && !run->rehearse)
		lk_log_setup("latchkey", true, true);
	if (!run->only)
		lk_settings_take_phase(run->settings, run->phase);
	else if (lk_settings_take_volume(run->settings, run->only, err))
		return err->status;
	run->deadline = lk_deadline_in(run->settings->deadline_ms);
	run->report.reg = run->settings->reg;
	st = lk_register_parse(run->settings->reg, &run->report.events.reg, err);
	if (st)
		return st;
	if (run->settings->n_volumes == 0)
		return lk_raise_code(err, LK_C_CONFIG_MISSING, "no volume is configured%s",
				     run->settings->n_known ? " to be opened now" : "");
	st = allocate(run, err);
	if (st)
		return st;
	if (any(run->settings, lk_volume_attested) && !run->rehearse && !run->given) {
		st = check_cmdline(run->settings, err);
		if (st)
			return st;
	}
	if (any(run->settings, lk_volume_needs_attester) && !run->given) {
		st = lk_attester_pick(run->settings->tee, &run->attester, err);
		if (st)
			return st;
		run->report.tee = run->attester->name;
	}
	st = run->given ? LK_OK
			: lk_fetcher_start(run->settings, run->attester, &run->fetcher, err);
	if (st)
		return st;
	snprintf(detail, LK_STAGE_DETAIL, "%zu volume%s", run->settings->n_volumes,
		 run->settings->n_volumes == 1 ? "" : "s");
	return LK_OK;
}

/* A volume opens at its old size as well: what keeps it from growing is told and stops nothing. */
static void grow(struct lk_run *run, const struct lk_volume *v, struct lk_volume_state *state,
		 struct lk_report_volume *note)
{
	struct lk_error err = { 0 };
	bool grown = false;
	char line[512];
	enum lk_status st;

	st = lk_grow_partition(&state->dev, run->deadline, &grown, &err);
	if (st)
		lk_log(LK_LOG_WARNING, "volume '%s' keeps its size: %s", v->name,
		       lk_error_format(&err, line, sizeof(line)));
	snprintf(note->growth, sizeof(note->growth), "%s",
		 st	 ? lk_error_code_name(&err)
		 : grown ? "grown"
			 : "unchanged");
}

enum lk_status lk_stage_note_header(struct lk_run *run, size_t i, struct lk_error *err)
{
	const struct lk_luks_header *header = lk_luks_prepared_header(run->volumes[i].prepared);
	struct lk_report_volume *note = &run->report.volumes[i];
	uint8_t digest[32];
	enum lk_status st;

	st = lk_luks_header_digest(header, digest, err);
	if (st)
		return lk_context(err, "digest the header of volume '%s'", note->name);
	lk_hex_encode(digest, sizeof(digest), note->header_digest);
	snprintf(note->luks_uuid, sizeof(note->luks_uuid), "%s", header->uuid);
	note->header_degraded = header->degraded != LK_LUKS_BOTH_GOOD;
	return LK_OK;
}

/* Two volumes on one device would destroy each other: neither is opened, but for what the root needs. */
static enum lk_status check_alone(struct lk_run *run, size_t i, struct lk_error *err)
{
	struct lk_error other;
	size_t j;

	for (j = 0; j < i; j++) {
		if (run->volumes[j].dev.fd < 0 ||
		    run->volumes[j].dev.number != run->volumes[i].dev.number)
			continue;
		lk_raise_code(err, LK_C_CONFIG_VALUE, "volumes '%s' and '%s' are both on %s",
			      run->settings->volumes[j].name, run->settings->volumes[i].name,
			      run->volumes[i].dev.path);
		other = *err;
		if (!lk_stage_needed(run, j) && !run->volumes[j].failed)
			(void)lk_stage_alone(run, j, &other);
		return err->status;
	}
	return LK_OK;
}

static enum lk_status prepare(struct lk_run *run, size_t i, struct lk_deadline wait,
			      struct lk_error *err)
{
	const struct lk_volume *v = &run->settings->volumes[i];
	const struct lk_luks_rules rules = lk_volume_rules(v);
	struct lk_volume_state *state = &run->volumes[i];
	enum lk_status st;

	st = lk_blockdev_find(v->device, wait, &state->dev, err);
	if (!st && v->verity.hash_device)
		st = lk_blockdev_find(v->verity.hash_device, wait, &state->hash, err);
	if (!st && v->verity.superblock)
		st = lk_verity_superblock_read(&state->hash, &run->settings->volumes[i].verity,
					       err);
	if (st)
		return lk_context(err, "find volume '%s'", v->name);
	st = check_alone(run, i, err);
	if (st)
		return st;
	if (v->grow)
		grow(run, v, state, &run->report.volumes[i]);
	st = lk_stage_look(run, i, err);
	if (st || state->make || !v->encrypted)
		return st;
	st = lk_luks_prepare(&state->dev, &rules, &state->prepared, err);
	if (st && lk_stage_explain(run, i, err))
		return lk_context(err, "check the header of volume '%s' on %s", v->name,
				  state->dev.path);
	return lk_stage_note_header(run, i, err);
}

enum lk_status lk_stage_volumes(struct lk_run *run, char *detail, struct lk_error *err)
{
	struct lk_deadline wait = run->deadline;
	const char *worst = "";
	enum lk_status st;
	bool kept;
	size_t i;

	/* What is needed comes first in the settings. */
	for (i = 0; i < run->settings->n_volumes; i++) {
		if (!lk_stage_needed(run, i) || run->phase == LK_PHASE_SYSTEM)
			wait = lk_deadline_within(wait, LK_STAGE_PATIENCE_MS);
		st = lk_stage_keep(run, i, &kept, err);
		if (!st && !kept && prepare(run, i, wait, err))
			st = lk_stage_alone(run, i, err);
		if (st)
			return st;
		if (kept || run->volumes[i].failed)
			continue;
		if (run->report.volumes[i].header_degraded)
			worst = lk_luks_degraded_text(
				lk_luks_prepared_header(run->volumes[i].prepared)->degraded);
	}
	snprintf(detail, LK_STAGE_DETAIL, "header %s%s", *worst ? "degraded: " : "ok", worst);
	return LK_OK;
}
