/* SPDX-License-Identifier: Apache-2.0 */
/* The third and fourth stage: what is measured before anybody is asked, and the keys, with the
 * only retry loop there is. */
#include <stdio.h>
#include <string.h>

#include "agent/stage_steps.h"
#include "core/base64.h"
#include "core/crypto.h"
#include "core/log.h"

/* The longest pause between two attempts, unless the service asks for more. */
#define PAUSE_MAX_MS 4000

static enum lk_status add_event(struct lk_run *run, const char *operation, const uint8_t *digest,
				size_t n, struct lk_error *err)
{
	char hex[2 * LK_HASH_MAX + 1];

	if (n > LK_HASH_MAX)
		return lk_raise(err, LK_INTERNAL, "a digest of %zu bytes", n);
	lk_hex_encode(digest, n, hex);
	return lk_events_add(&run->report.events, operation, hex, err);
}

static enum lk_status add_volume_events(struct lk_run *run, size_t i, struct lk_error *err)
{
	const struct lk_volume *v = &run->settings->volumes[i];
	struct lk_report_volume *note = &run->report.volumes[i];
	enum lk_status st;

	if (v->has_verity) {
		lk_hex_encode(v->verity.root_hash.data, v->verity.root_hash.len, note->root_hash);
		st = lk_events_add(&run->report.events, "root-hash", note->root_hash, err);
		if (st)
			return st;
	}
	if (!v->encrypted)
		return LK_OK;
	if (run->volumes[i].make)
		return lk_events_add(&run->report.events, "format", v->name, err);
	return lk_events_add(&run->report.events, "header", note->header_digest, err);
}

enum lk_status lk_stage_proof(struct lk_run *run, char *detail, struct lk_error *err)
{
	enum lk_status st = LK_OK;
	size_t i;

	if (run->phase == LK_PHASE_SYSTEM)
		st = lk_events_add(&run->report.events, "phase", "system", err);
	if (!st)
		st = add_event(run, "configuration", run->settings->digest,
			       sizeof(run->settings->digest), err);
	for (i = 0; i < run->settings->n_volumes && !st; i++)
		if (!run->volumes[i].kept && !run->volumes[i].failed)
			st = add_volume_events(run, i, err);
	if (st)
		return st;
	snprintf(detail, LK_STAGE_DETAIL, "%s%s%.24s",
		 run->attester ? run->attester->name : "none asked for",
		 run->report.events.reg.kind ? ", measured into " : "",
		 run->report.events.reg.kind ? run->settings->reg : "");
	return LK_OK;
}

static void note_result(struct lk_run *run, size_t i)
{
	const struct lk_fetch_result *r = &run->results[i];
	struct lk_report_volume *note = &run->report.volumes[i];

	snprintf(note->provider, sizeof(note->provider), "%s",
		 r->provider ? r->provider->name : "");
	snprintf(note->endpoint, sizeof(note->endpoint), "%s", r->note.endpoint);
	if (r->status)
		snprintf(note->outcome, sizeof(note->outcome), "%s", lk_status_name(r->status));
	if (r->note.clock_untrusted)
		run->report.clock = "untrusted";
}

/* Look at one attempt. LK_OK: all settled; LK_AGAIN: err holds why; else final. */
static enum lk_status judge(struct lk_run *run, struct lk_error *err)
{
	enum lk_status st = LK_OK;
	size_t i;

	for (i = 0; i < run->settings->n_volumes; i++) {
		const struct lk_volume *v = &run->settings->volumes[i];
		struct lk_fetch_result *r = &run->results[i];
		struct lk_error why;

		if (!r->wanted)
			continue;
		note_result(run, i);
		r->wanted = r->status == LK_AGAIN;
		if (!r->status)
			continue;
		if (r->status == LK_AGAIN && st)
			continue;
		why = r->err;
		lk_context(&why, "fetch the key of volume '%s'", v->name);
		if (r->status != LK_AGAIN &&
		    (lk_recovery_is_open(run, i) || lk_stage_alone(run, i, &why) == LK_OK))
			continue;
		st = r->status;
		*err = why;
		if (st != LK_AGAIN)
			return st;
	}
	return st;
}

/* Pause before the next attempt; false when the deadline comes first. */
static bool pause_for(struct lk_deadline until, unsigned attempt, uint32_t asked_ms)
{
	uint32_t random = 0;
	struct lk_error ignored = { 0 };
	int64_t ms;

	/* Without random bits the pause is only less jittered. */
	if (lk_random(&random, sizeof(random), &ignored))
		random = attempt;
	ms = lk_backoff_ms(attempt, PAUSE_MAX_MS, asked_ms, random);
	if (ms >= lk_deadline_left(until))
		return false;
	lk_debug("next attempt in %lld ms", (long long)ms);
	lk_clock_sleep(ms);
	return true;
}

/* Say why an attempt came to nothing: the first time, and whenever the reason changes. */
static void tell(unsigned attempt, enum lk_code *last, const struct lk_error *err)
{
	char line[512];

	lk_error_format(err, line, sizeof(line));
	if (attempt == 1 || err->code != *last)
		lk_log(LK_LOG_WARNING, "not yet, trying again: %s", line);
	else
		lk_debug("attempt %u: %s", attempt, line);
	*last = err->code;
}

/* The deadline comes before another attempt. */
static enum lk_status give_up(struct lk_run *run, unsigned attempts, struct lk_error *err)
{
	enum lk_status st = LK_OK;
	size_t i;

	err->status = LK_TIMEOUT;
	lk_context(err, "gave up after %u attempt%s", attempts, attempts == 1 ? "" : "s");
	for (i = 0; i < run->settings->n_volumes && !st; i++) {
		struct lk_error why = *err;

		if (run->results[i].wanted && !lk_recovery_is_open(run, i))
			st = lk_stage_alone(run, i, &why);
	}
	return st;
}

static enum lk_status fetch_all(struct lk_run *run, struct lk_error *err)
{
	struct lk_deadline until = lk_recovery_deadline(run);
	enum lk_code last = LK_C_NONE;
	enum lk_status st;
	unsigned attempt;

	for (attempt = 1;; attempt++) {
		run->report.attempts = attempt;
		st = lk_fetcher_attempt(run->fetcher, until, run->results, err);
		if (st == LK_TIMEOUT)
			return give_up(run, attempt, err);
		if (st)
			return st;
		st = judge(run, err);
		if (st != LK_AGAIN)
			return st;
		tell(attempt, &last, err);
		until = lk_stage_patience(run, until);
		if (!pause_for(until, attempt, err->retry_after_ms))
			return give_up(run, attempt, err);
	}
}

bool lk_stage_wants(const struct lk_run *run, size_t i)
{
	const struct lk_volume *v = &run->settings->volumes[i];

	if (run->volumes[i].kept || run->volumes[i].failed || run->given)
		return false;
	return v->n_sources > 0 && (!run->rehearse || strcmp(v->name, run->rehearse) == 0);
}

enum lk_status lk_stage_keys(struct lk_run *run, char *detail, struct lk_error *err)
{
	size_t i, wanted = 0;
	enum lk_status st;

	for (i = 0; i < run->settings->n_volumes; i++)
		wanted += run->results[i].wanted = lk_stage_wants(run, i);
	if (run->given)
		return lk_recovery_take(run, detail, err);
	st = wanted ? fetch_all(run, err) : LK_OK;
	/* Tokens and TEE keys die with the fetcher, before anything is opened. */
	lk_fetcher_stop(lk_take(run->fetcher));
	if (!st)
		st = lk_recovery_ask(run, err);
	if (st)
		return st;
	for (i = 0; i < run->settings->n_volumes; i++)
		if (run->results[i].key.bytes.len)
			break;
	if (i == run->settings->n_volumes) {
		snprintf(detail, LK_STAGE_DETAIL, "none");
		return LK_OK;
	}
	snprintf(detail, LK_STAGE_DETAIL, "%.90s",
		 *run->report.volumes[i].endpoint ? run->report.volumes[i].endpoint
						  : run->report.volumes[i].provider);
	return LK_OK;
}
