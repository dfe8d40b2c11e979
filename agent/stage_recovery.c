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

bool lk_stage_fallback(const struct lk_run *run, size_t i)
{
	return run->settings->volumes[i].fallback == LK_FALLBACK_RECOVERY_KEY && !run->rehearse &&
	       lk_stage_wants(run, i) && run->volumes[i].prepared;
}

struct lk_deadline lk_keys_deadline(const struct lk_run *run)
{
	int64_t left = lk_deadline_left(run->deadline);
	bool any = false;

	for (size_t i = 0; i < run->settings->n_volumes; i++)
		any = any || lk_stage_fallback(run, i);
	if (!any)
		return run->deadline;
	left = left < 0 || left / 2 > PROVIDERS_MS_MAX ? PROVIDERS_MS_MAX : left / 2;
	return lk_deadline_in(left);
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

static enum lk_status ask(struct lk_run *run, size_t i, struct lk_error *err)
{
	struct lk_report_volume *note = &run->report.volumes[i];
	enum lk_status st = LK_OK;
	char line[512];

	lk_log(LK_LOG_WARNING, "volume '%s': asking for the recovery key: %s",
	       run->settings->volumes[i].name,
	       lk_error_format(&run->results[i].err, line, sizeof(line)));
	for (unsigned tries = 0; tries < TRIES; tries++) {
		st = ask_once(run, i, tries > 0, err);
		if (st != LK_TAMPERED)
			break;
	}
	if (st)
		return st;
	run->results[i].status = LK_OK;
	snprintf(note->provider, sizeof(note->provider), "recovery-key");
	*note->endpoint = '\0';
	return lk_events_add(&run->report.events, "recovery", run->settings->volumes[i].name, err);
}

/* Still without a key: the volume's own failure, or that of the whole run. */
static enum lk_status settle(struct lk_run *run, size_t i, enum lk_status failed,
			     struct lk_error *err)
{
	struct lk_error why = run->results[i].status ? run->results[i].err : *err;

	if (!lk_stage_wants(run, i) || run->results[i].key.bytes.len)
		return LK_OK;
	lk_context(&why, "fetch the key of volume '%s'", run->settings->volumes[i].name);
	if (lk_stage_alone(run, i, &why) == LK_OK)
		return LK_OK;
	if (failed)
		return failed; /* err tells why already */
	*err = why;
	return err->status;
}

enum lk_status lk_stage_recovery(struct lk_run *run, enum lk_status failed, struct lk_error *err)
{
	struct lk_error why = { 0 };
	enum lk_status st = LK_OK;
	char line[512];

	for (size_t i = 0; i < run->settings->n_volumes; i++) {
		if (!lk_stage_fallback(run, i) || is_open(run, i) || ask(run, i, &why) == LK_OK)
			continue;
		lk_log(LK_LOG_WARNING, "volume '%s': no recovery key: %s",
		       run->settings->volumes[i].name, lk_error_format(&why, line, sizeof(line)));
	}
	for (size_t i = 0; i < run->settings->n_volumes && !st; i++)
		st = settle(run, i, failed, err);
	return st;
}
