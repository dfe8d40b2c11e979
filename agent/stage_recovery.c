/* SPDX-License-Identifier: Apache-2.0 */
/* The recovery key in place of a provider's answer: only where fallback = "recovery-key" is configured,
 * and only once the provider has failed. */
#include <stdio.h>
#include <string.h>

#include "agent/ask_password.h"
#include "agent/recovery_key.h"
#include "agent/stage_steps.h"
#include "core/log.h"

/* Wrong keys before the provider's failure stands. */
#define TRIES 3
/* What the providers may use of the deadline when an operator may have to answer after them: half, and
 * of an endless one as much as of the default. */
#define PROVIDERS_MS_MAX 150000

bool lk_recovery_is_open(const struct lk_run *run, size_t i)
{
	return !run->rehearse && run->settings->volumes[i].fallback == LK_FALLBACK_RECOVERY_KEY &&
	       run->volumes[i].prepared && lk_stage_wants(run, i);
}

struct lk_deadline lk_recovery_deadline(const struct lk_run *run)
{
	const int half = lk_deadline_left(run->deadline) / 2;
	bool any = false;

	for (size_t i = 0; i < run->settings->n_volumes; i++)
		any = any || lk_recovery_is_open(run, i);
	if (!any)
		return run->deadline;
	return lk_deadline_in(half < PROVIDERS_MS_MAX ? half : PROVIDERS_MS_MAX);
}

/* A key that opens nothing is no answer either. */
static bool is_open(struct lk_run *run, size_t i)
{
	struct lk_fetch_result *r = &run->results[i];

	if (r->key.bytes.len == 0)
		return false;
	r->status = lk_luks_check_key(run->volumes[i].prepared, &r->key, &r->err);
	if (r->status)
		lk_secret_wipe(&r->key.bytes);
	return r->status == LK_OK;
}

/* The answer, if it opens the volume; otherwise the key stays empty. */
static enum lk_status ask_once(struct lk_run *run, size_t i, bool again, struct lk_error *err)
{
	const struct lk_volume *v = &run->settings->volumes[i];
	struct lk_volume_key key = { .form = LK_KEY_PASSPHRASE };
	char id[LK_VOLUME_NAME_MAX + 16], message[LK_VOLUME_NAME_MAX + 64];
	enum lk_status st;

	snprintf(id, sizeof(id), "latchkey:%s", v->name);
	snprintf(message, sizeof(message),
		 "%sRecovery key of volume %s:", again ? "That key does not fit. " : "", v->name);
	st = lk_ask_password(LK_ASK_PASSWORD_DIR, id, message, run->deadline, &key.bytes, err);
	if (st)
		return st;
	lk_recovery_key_normalise(&key.bytes);
	st = lk_luks_check_key(run->volumes[i].prepared, &key, err);
	if (!st)
		run->results[i].key =
			(struct lk_volume_key){ lk_secret_take(&key.bytes), key.form };
	lk_secret_wipe(&key.bytes);
	return st;
}

static enum lk_status note_recovery(struct lk_run *run, size_t i, struct lk_error *err)
{
	struct lk_report_volume *note = &run->report.volumes[i];

	run->results[i].status = LK_OK;
	snprintf(note->provider, sizeof(note->provider), "recovery-key");
	*note->endpoint = '\0';
	return lk_events_add(&run->report.events, "recovery", run->settings->volumes[i].name, err);
}

static enum lk_status ask(struct lk_run *run, size_t i, const struct lk_error *why,
			  struct lk_error *err)
{
	enum lk_status st = LK_OK;
	char line[512];

	lk_log(LK_LOG_WARNING, "volume '%s': asking for the recovery key: %s",
	       run->settings->volumes[i].name, lk_error_format(why, line, sizeof(line)));
	for (unsigned tries = 0; tries < TRIES; tries++) {
		st = ask_once(run, i, tries > 0, err);
		if (st != LK_TAMPERED)
			break;
	}
	if (st)
		return st;
	return note_recovery(run, i, err);
}

enum lk_status lk_recovery_ask(struct lk_run *run, struct lk_error *err)
{
	enum lk_status st = LK_OK;
	char line[512];

	for (size_t i = 0; i < run->settings->n_volumes && !st; i++) {
		struct lk_error why = { 0 }, asked = { 0 };

		if (!lk_recovery_is_open(run, i) || is_open(run, i))
			continue;
		why = run->results[i].err;
		if (!why.status)
			lk_raise(&why, LK_TIMEOUT, "no provider answered");
		if (ask(run, i, &why, &asked) == LK_OK)
			continue;
		lk_log(LK_LOG_WARNING, "volume '%s': no recovery key: %s",
		       run->settings->volumes[i].name, lk_error_format(&asked, line, sizeof(line)));
		*err = why;
		lk_context(err, "fetch the key of volume '%s'", run->settings->volumes[i].name);
		st = lk_stage_alone(run, i, err);
	}
	return st;
}

enum lk_status lk_recovery_take(struct lk_run *run, char *detail, struct lk_error *err)
{
	run->results[0].key =
		(struct lk_volume_key){ lk_secret_take(&run->given->bytes), run->given->form };
	snprintf(detail, LK_STAGE_DETAIL, "recovery-key");
	return note_recovery(run, 0, err);
}
