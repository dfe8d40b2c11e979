/* SPDX-License-Identifier: Apache-2.0 */
/* `latchkey config check --fetch`: asks every provider of every volume once and tells what came of
 * it: the length of a key or the reason why there is none, never the key. */
#include <stdio.h>
#include <stdlib.h>

#include "agent/commands.h"
#include "agent/fetcher.h"
#include "agent/harden.h"
#include "core/log.h"

/* One attempt, within the deadline of a whole unlock. */
#define ATTEMPT_MS 30000

/* The configuration with each source as a volume of its own, so that none stands in for another. */
struct rehearsal {
	struct lk_settings settings; /* borrows everything but the list */
	struct lk_volume *volumes;
	struct lk_fetch_result *results;
	size_t n;
};

static void rehearsal_end(struct rehearsal *r)
{
	if (r->results)
		lk_fetch_results_clear(r->results, r->n);
	free(r->results);
	free(r->volumes);
}

static enum lk_status prepare(const struct lk_settings *s, struct rehearsal *r,
			      struct lk_error *err)
{
	size_t i, j, most = 0;

	for (i = 0; i < s->n_known; i++)
		most += s->volumes[i].n_sources;
	r->volumes = calloc(most + 1, sizeof(*r->volumes));
	r->results = calloc(most + 1, sizeof(*r->results));
	if (!r->volumes || !r->results)
		return lk_raise(err, LK_INTERNAL, "out of memory for %zu providers", most);
	for (i = 0; i < s->n_known; i++) {
		for (j = 0; j < s->volumes[i].n_sources; j++) {
			r->volumes[r->n] = s->volumes[i];
			r->volumes[r->n].sources = &s->volumes[i].sources[j];
			r->volumes[r->n].n_sources = 1;
			r->results[r->n++].wanted = true;
		}
	}
	r->settings = *s;
	r->settings.volumes = r->volumes;
	r->settings.n_volumes = r->settings.n_known = r->n;
	return LK_OK;
}

static bool needs_attester(const struct rehearsal *r)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		if (lk_volume_needs_attester(&r->volumes[i]))
			return true;
	return lk_sealing_attested(&r->settings);
}

static enum lk_status ask(struct rehearsal *r, struct lk_error *err)
{
	LK_CLEANUP(lk_fetcher_stop_p) struct lk_fetcher *fetcher = NULL;
	const struct lk_attester *attester = NULL;
	const int64_t whole = r->settings.deadline_ms;
	enum lk_status st = LK_OK;

	if (needs_attester(r))
		st = lk_attester_pick(r->settings.tee, &attester, err);
	if (!st)
		st = lk_fetcher_start(&r->settings, attester, &fetcher, err);
	if (st)
		return st;
	return lk_fetcher_attempt(fetcher, lk_deadline_in(whole < ATTEMPT_MS ? whole : ATTEMPT_MS),
				  r->results, err);
}

/* LK_OK, or the class of the first failure; without keep_going nothing behind it is told. */
static enum lk_status tell(const struct rehearsal *r, bool keep_going, struct lk_error *err)
{
	enum lk_status first = LK_OK;
	size_t i;

	for (i = 0; i < r->n; i++) {
		struct lk_fetch_result *got = &r->results[i];
		const char *volume = r->volumes[i].name;
		const char *provider = r->volumes[i].sources[0].provider->name;
		char line[LK_ERROR_FRAMES * LK_ERROR_TEXT];

		if (!got->status) {
			printf("volume '%s': provider '%s': %zu bytes%s%s\n", volume, provider,
			       got->key.bytes.len, *got->note.endpoint ? ", from " : "",
			       got->note.endpoint);
			continue;
		}
		lk_context(&got->err, "volume '%s': provider '%s'", volume, provider);
		if (!keep_going) {
			*err = got->err;
			return err->status;
		}
		lk_log(LK_LOG_ERROR, "%s", lk_error_format(&got->err, line, sizeof(line)));
		first = first ? first : got->status;
	}
	return first;
}

int lk_config_fetch(const struct lk_settings *s, bool keep_going)
{
	LK_CLEANUP(rehearsal_end) struct rehearsal r = { 0 };
	struct lk_error err = { 0 };
	enum lk_status st;

	st = lk_harden(&err);
	if (!st)
		st = prepare(s, &r, &err);
	if (!st && r.n)
		st = ask(&r, &err);
	if (!st)
		st = tell(&r, keep_going, &err);
	if (st && err.status)
		return lk_cmd_fail(&err);
	return st ? lk_exit_code(st) : 0;
}
