/* SPDX-License-Identifier: Apache-2.0 */
/* The last stage: dm-crypt, dm-verity, one volume after another. */
#include <stdio.h>
#include <string.h>

#include "agent/dm.h"
#include "agent/stage_steps.h"
#include "agent/unlock.h"
#include "agent/verity.h"
#include "core/base64.h"
#include "core/log.h"

const char *lk_inner_name(const struct lk_volume *v, char buf[LK_MAP_NAME])
{
	snprintf(buf, LK_MAP_NAME, "%s%s", v->name, v->has_verity ? "-crypt" : "");
	return buf;
}

static enum lk_status open_verity(struct lk_run *run, size_t i, struct lk_error *err)
{
	const struct lk_volume *v = &run->settings->volumes[i];
	LK_BLOCKDEV inner = LK_BLOCKDEV_NONE;
	const struct lk_blockdev *dev = &run->volumes[i].dev;
	char name[LK_MAP_NAME], node[LK_MAP_NAME + sizeof("/dev/mapper/")];
	enum lk_status st;

	if (v->encrypted) {
		snprintf(node, sizeof(node), "/dev/mapper/%s", lk_inner_name(v, name));
		st = lk_blockdev_open(node, &inner, err);
		if (st)
			return st;
		dev = &inner;
	}
	st = lk_verity_open(dev, v->verity.hash_device ? &run->volumes[i].hash : NULL,
			    lk_verity_name(v, name), &v->verity,
			    lk_volume_has_snapshot(v) ? LK_VERITY_PRIVATE : 0, run->deadline, err);
	if (st)
		return lk_context(err, "verify volume '%s'", v->name);
	run->volumes[i].verity_open = true;
	return LK_OK;
}

/* How the volume is mapped, and the reason, which goes into the report. */
static unsigned choose_flags(struct lk_run *run, size_t i)
{
	const struct lk_volume *v = &run->settings->volumes[i];
	const struct lk_volume_state *state = &run->volumes[i];
	struct lk_report_volume *note = &run->report.volumes[i];
	const struct lk_tuning_facts facts = lk_tuning_facts_here(state->dev.number);
	const struct lk_tuning tuning = lk_tuning_choose((enum lk_workqueues)v->workqueues, &facts);

	lk_tuning_describe(lk_luks_prepared_header(state->prepared)->sector_size, v->allow_discards,
			   tuning.bypass, note->options);
	snprintf(note->options_why, sizeof(note->options_why), "%s", tuning.why);
	return (v->has_verity ? LK_LUKS_READONLY | LK_LUKS_PRIVATE : 0) |
	       (v->integrity && lk_volume_throw_away(v) ? LK_LUKS_NO_JOURNAL : 0) |
	       (v->allow_discards ? LK_LUKS_DISCARDS : 0) | (tuning.bypass ? LK_LUKS_BYPASS : 0);
}

static enum lk_status open_crypt(struct lk_run *run, size_t i, struct lk_error *err)
{
	const struct lk_volume *v = &run->settings->volumes[i];
	struct lk_volume_state *state = &run->volumes[i];
	char name[LK_MAP_NAME];
	enum lk_status st;

	st = lk_luks_open(state->prepared, &state->dev, lk_inner_name(v, name),
			  &run->results[i].key, choose_flags(run, i), run->deadline, err);
	lk_secret_wipe(&run->results[i].key.bytes);
	if (st)
		return lk_context(err, "unlock volume '%s'", v->name);
	state->crypt_open = true;
	return LK_OK;
}

/* Is it the volume that it should be? Its identity is measured before it is used. What was made in
 * this run out of nothing has none. */
static enum lk_status check_identity(struct lk_run *run, size_t i, struct lk_error *err)
{
	const struct lk_volume *v = &run->settings->volumes[i];
	struct lk_report_volume *note = &run->report.volumes[i];
	struct lk_header_identity identity;
	char hex[2 * sizeof(identity.mac) + 1];
	enum lk_status st;

	st = lk_volume_unlock(v, run->volumes[i].prepared, &run->results[i].key, &identity, err);
	if (st)
		return lk_context(err, "unlock volume '%s'", v->name);
	lk_hex_encode(identity.mac, sizeof(identity.mac), hex);
	snprintf(note->header_mac, sizeof(note->header_mac), "%s",
		 identity.has_mac ? "ok" : "absent");
	return lk_events_add(&run->report.events, "identity", hex, err);
}

/* What does not last has no header on the disk to report of, and a UUID while it is mapped. */
static enum lk_status make(struct lk_run *run, size_t i, struct lk_error *err)
{
	struct lk_report_volume *note = &run->report.volumes[i];
	enum lk_status st = lk_stage_make(run, i, err);

	if (st)
		return st;
	if (!lk_volume_throw_away(&run->settings->volumes[i]))
		return lk_stage_note_header(run, i, err);
	snprintf(note->luks_uuid, sizeof(note->luks_uuid), "%s",
		 lk_luks_prepared_header(run->volumes[i].prepared)->uuid);
	return LK_OK;
}

static enum lk_status open_volume(struct lk_run *run, size_t i, struct lk_error *err)
{
	const struct lk_volume *v = &run->settings->volumes[i];
	enum lk_status st = LK_OK;

	if (run->volumes[i].make)
		st = make(run, i, err);
	if (st || run->occasion != LK_OCCASION_BOOT)
		return st;
	if (v->encrypted && !lk_volume_throw_away(v))
		st = check_identity(run, i, err);
	if (!st && v->encrypted)
		st = open_crypt(run, i, err);
	if (!st && v->has_verity)
		st = open_verity(run, i, err);
	if (st)
		return st;
	return lk_events_add(&run->report.events, "unlock", v->name, err);
}

enum lk_status lk_stage_open(struct lk_run *run, char *detail, struct lk_error *err)
{
	bool verity = false;
	enum lk_status st;
	size_t i;

	for (i = 0; i < run->settings->n_volumes; i++) {
		struct lk_report_volume *note = &run->report.volumes[i];

		if (run->volumes[i].kept || run->volumes[i].failed)
			continue;
		if (run->settings->volumes[i].encrypted && run->results[i].key.bytes.len == 0)
			continue;
		if (open_volume(run, i, err)) {
			st = lk_stage_alone(run, i, err);
			if (st)
				return st;
			continue;
		}
		snprintf(note->outcome, sizeof(note->outcome), "%s",
			 run->occasion == LK_OCCASION_BOOT ? "open" : "made");
		note->open_ms = lk_clock_ms() - run->report.start_ms;
		verity = verity || run->settings->volumes[i].has_verity;
	}
	for (i = 0; i < run->settings->n_volumes; i++) {
		st = lk_stage_layer(run, i, err);
		if (st)
			return st;
	}
	snprintf(detail, LK_STAGE_DETAIL, "%s", verity ? "verity ok" : "dm-crypt");
	return LK_OK;
}
