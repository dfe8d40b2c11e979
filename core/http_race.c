/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Racing servers up to the point where a request could be sent. libcurl asks before it sends
 * (CURLOPT_PREREQFUNCTION): the first to be asked has won and goes on, so that the connection
 * that won is the one that is used, and nobody else ever sees the request.
 */
#include <stdlib.h>
#include <string.h>

#include "core/http_internal.h"

#define NOBODY SIZE_MAX

struct race_run {
	struct lk_http *http;
	const struct lk_http_request *req;
	const struct lk_http_race *race;
	struct exchange x[LK_HTTP_RACE_MAX];
	size_t next;		       /* not looked at yet */
	struct lk_deadline next_start; /* when `next` may start */
	size_t winner;		       /* or NOBODY */
	bool ended[LK_HTTP_RACE_MAX];  /* the transfer is over, with this result: */
	CURLcode code[LK_HTTP_RACE_MAX];
	struct lk_deadline answer; /* by when the winner must have answered */
	struct lk_error failed;	   /* the error to report if all fail */
};

static void run_end(struct race_run **run)
{
	size_t i;

	for (i = 0; *run && i < LK_HTTP_RACE_MAX; i++)
		lk_exchange_end(&(*run)->x[i]);
	free(*run);
}

/* The winner is in a hurry only if there is somebody to turn to when it is too slow. */
static struct lk_deadline answer_by(const struct race_run *run)
{
	size_t i;

	for (i = 0; i < run->race->n; i++)
		if (i != run->winner && !run->race->dead[i])
			return lk_deadline_in(run->race->answer_ms);
	return (struct lk_deadline){ LK_FOREVER };
}

static bool claim(struct exchange *x, void *arg)
{
	struct race_run *run = arg;
	const size_t i = (size_t)(x - run->x);

	if (run->winner == NOBODY) {
		run->winner = i;
		run->answer = answer_by(run);
	}
	return run->winner == i;
}

/* Server i is out of this race; what may work in a moment is the better thing to report. */
static void lose(struct race_run *run, size_t i, struct lk_error *why)
{
	(void)lk_context(why, "%s %s%s", run->req->method, run->race->bases[i], run->req->path);
	if (run->failed.status != LK_AGAIN || why->status == LK_AGAIN)
		run->failed = *why;
	run->race->dead[i] = true;
	lk_exchange_end(&run->x[i]);
	run->next_start = lk_deadline_in(0);
}

static void start(struct race_run *run, size_t i)
{
	struct exchange *x = &run->x[i];
	struct lk_error why = { 0 };

	if (lk_exchange_prepare(x, run->http, run->race->bases[i], run->req, &why)) {
		lose(run, i, &why);
		return;
	}
	x->connected = claim;
	x->arg = run;
	if (curl_multi_add_handle(run->http->multi, x->easy)) {
		(void)lk_raise(&why, LK_INTERNAL, "start a transfer");
		lose(run, i, &why);
		return;
	}
	x->in_multi = true;
	run->next_start = lk_deadline_in(run->race->head_start_ms);
}

/* Start those whose time has come; false when nobody is left running. */
static bool start_due(struct race_run *run)
{
	size_t i;

	while (run->winner == NOBODY && run->next < run->race->n &&
	       lk_deadline_passed(run->next_start)) {
		if (!run->race->dead[run->next])
			start(run, run->next);
		run->next++;
	}
	for (i = 0; i < run->race->n; i++)
		if (run->x[i].in_multi)
			return true;
	return run->winner == NOBODY && run->next < run->race->n;
}

static void note_ends(struct race_run *run)
{
	const CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(run->http->multi, &left))) {
		struct exchange *x = NULL;

		if (m->msg != CURLMSG_DONE ||
		    curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&x) || !x)
			continue;
		run->ended[x - run->x] = true;
		run->code[x - run->x] = m->data.result;
	}
}

/* Close the connections of all but the winner, finished or not. */
static void drop_others(struct race_run *run)
{
	size_t i;

	for (i = 0; i < run->race->n; i++)
		if (i != run->winner)
			lk_exchange_end(&run->x[i]);
}

/* Take those that failed before anybody won out of the race; false if there were none. */
static bool drop_failed(struct race_run *run)
{
	bool any = false;
	size_t i;

	for (i = 0; i < run->race->n; i++) {
		struct lk_error why = { 0 };

		if (!run->ended[i])
			continue;
		run->ended[i] = false;
		if (!lk_exchange_outcome(&run->x[i], run->code[i], &why))
			(void)lk_raise(&why, LK_INTERNAL, "ended before it was asked");
		lose(run, i, &why);
		any = true;
	}
	return any;
}

static enum lk_status fail(struct race_run *run, struct lk_error *err)
{
	if (!run->failed.status)
		return lk_raise_code(err, LK_C_UNREACHABLE, "no server is left to try");
	*err = run->failed;
	return err->status;
}

/* The winner's transfer is over. */
static enum lk_status finish(struct race_run *run, struct lk_http_response *ret,
			     struct lk_error *err)
{
	struct exchange *x = &run->x[run->winner];
	struct lk_error why = { 0 };

	if (lk_exchange_outcome(x, run->code[run->winner], &why)) {
		lose(run, run->winner, &why);
		*err = why;
		return err->status;
	}
	*ret = (struct lk_http_response){
		.status = x->answer.status,
		.body = lk_secret_take(&x->answer.body),
		.head = lk_secret_take(&x->answer.head),
		.clock_untrusted = x->answer.clock_untrusted,
	};
	return LK_OK;
}

static enum lk_status too_slow(struct race_run *run, struct lk_error *err)
{
	struct lk_error why = { 0 };

	(void)lk_raise_code(&why, LK_C_UNREACHABLE, "did not answer within %lld ms",
			    (long long)run->race->answer_ms);
	lose(run, run->winner, &why);
	*err = why;
	return err->status;
}

static int wait_ms(const struct race_run *run)
{
	int ms = lk_deadline_left(run->answer);

	if (run->winner == NOBODY && run->next < run->race->n &&
	    lk_deadline_left(run->next_start) < ms)
		ms = lk_deadline_left(run->next_start);
	return ms;
}

static enum lk_status drive(struct race_run *run, struct lk_http_response *ret,
			    struct lk_error *err)
{
	int running;

	for (;;) {
		if (!start_due(run))
			return fail(run, err);
		if (curl_multi_perform(run->http->multi, &running))
			return lk_raise(err, LK_INTERNAL, "drive the transfers");
		note_ends(run);
		if (run->winner == NOBODY) {
			if (drop_failed(run))
				continue;
		} else {
			drop_others(run);
			if (run->ended[run->winner])
				return finish(run, ret, err);
			if (lk_deadline_passed(run->answer))
				return too_slow(run, err);
		}
		if (curl_multi_poll(run->http->multi, NULL, 0, wait_ms(run), NULL))
			return lk_raise(err, LK_INTERNAL, "wait for the transfers");
	}
}

enum lk_status lk_http_race(struct lk_http *h, const struct lk_http_request *req,
			    const struct lk_http_race *race, size_t *ret_winner,
			    struct lk_http_response *ret, struct lk_error *err)
{
	LK_CLEANUP(run_end) struct race_run *run = calloc(1, sizeof(*run));
	enum lk_status st;

	if (!run)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	if (race->n > LK_HTTP_RACE_MAX)
		return lk_raise_code(err, LK_C_CONFIG_VALUE, "more than %d servers",
				     LK_HTTP_RACE_MAX);
	run->http = h;
	run->req = req;
	run->race = race;
	run->winner = NOBODY;
	run->answer = (struct lk_deadline){ LK_FOREVER };
	run->next_start = lk_deadline_in(0);
	st = drive(run, ret, err);
	if (st)
		return st;
	*ret_winner = run->winner;
	return LK_OK;
}
