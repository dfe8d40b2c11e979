/* SPDX-License-Identifier: Apache-2.0 */
/* One attempt at the keys of many volumes. */
#include "agent/fetch_batch.h"

#include <stdlib.h>
#include <string.h>

/* What one session may take of an attempt in which there are others. */
#define SHARE_MS 30000

/* Volumes that take part in one session: indices into settings->volumes. */
struct group {
	const struct lk_provider *provider;
	struct lk_batch_item *items;
	void **options; /* the items', to be completed */
	size_t *volumes;
	size_t n;
};

static bool may_fall_through(enum lk_status st)
{
	return st == LK_ABSENT || st == LK_AGAIN || st == LK_TIMEOUT;
}

static void settle(struct lk_fetch_result *r, enum lk_status st, const struct lk_error *err)
{
	r->status = st;
	if (st)
		r->err = *err;
}

/* Credentials first: a session is told apart by what they are. */
static enum lk_status complete(const struct lk_fetch_context *ctx, const struct group *g,
			       struct lk_error *err)
{
	enum lk_status st = LK_OK;
	size_t i;

	for (i = 0; i < g->n && !st; i++)
		st = lk_unseal_options(ctx->unsealer, g->provider, g->options[i], err);
	return st;
}

/* The key itself, whichever way the provider gives it. */
static enum lk_status fetch_one(const struct lk_fetch_context *ctx, const struct group *g,
				void *session, size_t i, struct lk_fetch_result *r)
{
	enum lk_status st;

	st = g->provider->fetch(session, i, &r->key, &r->note, &r->err);
	if (st)
		return st;
	st = lk_unseal_key(ctx->unsealer, g->provider, &r->key.bytes, &r->err);
	if (st)
		lk_secret_wipe(&r->key.bytes);
	return st;
}

/* A key service that others do not depend on may not use up their time. */
static bool may_take_all(const struct lk_settings *s, const struct group *g,
			 const struct lk_fetch_result *results)
{
	size_t i, wanted = 0;

	for (i = 0; i < s->n_volumes; i++)
		wanted += results[i].wanted;
	for (i = 0; i < g->n; i++)
		if (s->volumes[g->volumes[i]].is_root || s->volumes[g->volumes[i]].is_delta)
			return true;
	return g->n == wanted;
}

static void run_group(const struct lk_fetch_context *ctx, const struct group *g,
		      struct lk_fetch_result *results)
{
	const struct lk_provider *p = g->provider;
	const bool all = may_take_all(ctx->settings, g, results);
	const struct lk_batch batch = {
		.items = g->items,
		.n_items = g->n,
		.attester =
			lk_provider_needs(p, g->items[0].options).attester ? ctx->attester : NULL,
		.network = &ctx->network,
		.deadline = all ? ctx->deadline : lk_deadline_within(ctx->deadline, SHARE_MS),
	};
	struct lk_error err = { 0 };
	void *session = NULL;
	enum lk_status st;
	size_t i;

	st = complete(ctx, g, &err);
	if (!st)
		st = p->prepare(&batch, &session, &err);
	for (i = 0; i < g->n; i++) {
		struct lk_fetch_result *r = &results[g->volumes[i]];

		r->provider = p;
		if (st) {
			settle(r, st, &err);
		} else {
			memset(&r->err, 0, sizeof(r->err));
			settle(r, fetch_one(ctx, g, session, i, r), &r->err);
		}
		/* The share is spent, the deadline is not. */
		if (!all && r->status == LK_TIMEOUT && !lk_deadline_passed(ctx->deadline))
			r->status = r->err.status = LK_AGAIN;
	}
	if (!st)
		p->finish(session);
}

static bool joins(const struct group *g, const struct lk_volume_source *s)
{
	if (g->n == 0)
		return true;
	return s->provider == g->provider && g->provider->same_session &&
	       g->provider->same_session(g->items[0].options, s->options);
}

/* Source number `rank` of every volume that is still open, session by session. */
static void run_rank(const struct lk_fetch_context *ctx, size_t rank, bool *open,
		     struct lk_fetch_result *results, struct group *g)
{
	const struct lk_settings *s = ctx->settings;
	size_t first, i;

	for (first = 0; first < s->n_volumes; first++) {
		g->n = 0;
		for (i = first; i < s->n_volumes; i++) {
			const struct lk_volume *v = &s->volumes[i];

			if (!open[i] || rank >= v->n_sources || !joins(g, &v->sources[rank]))
				continue;
			g->provider = v->sources[rank].provider;
			g->items[g->n] =
				(struct lk_batch_item){ v->name, v->sources[rank].options };
			g->options[g->n] = v->sources[rank].options;
			g->volumes[g->n++] = i;
			open[i] = false;
		}
		if (g->n > 0)
			run_group(ctx, g, results);
	}
}

static void fail_all(const struct lk_settings *s, struct lk_fetch_result *results)
{
	size_t i;

	for (i = 0; i < s->n_volumes; i++)
		if (results[i].wanted)
			results[i].status = lk_raise(&results[i].err, LK_INTERNAL,
						     "out of memory for a batch of keys");
}

void lk_fetch_batches(const struct lk_fetch_context *ctx, struct lk_fetch_result *results)
{
	const struct lk_settings *s = ctx->settings;
	LK_FREE struct lk_batch_item *items = calloc(s->n_volumes, sizeof(*items));
	LK_FREE size_t *volumes = calloc(s->n_volumes, sizeof(*volumes));
	LK_FREE void **options = calloc(s->n_volumes, sizeof(*options));
	LK_FREE bool *open = calloc(s->n_volumes, sizeof(*open));
	struct group g = { .items = items, .options = options, .volumes = volumes };
	size_t rank, i, most = 0;

	if (!items || !options || !volumes || !open) {
		fail_all(s, results);
		return;
	}
	for (i = 0; i < s->n_volumes; i++) {
		results[i].status = LK_ABSENT;
		if (results[i].wanted && s->volumes[i].n_sources > most)
			most = s->volumes[i].n_sources;
	}
	lk_unsealer_begin(ctx->unsealer, ctx->attester, &ctx->network, ctx->deadline);
	for (rank = 0; rank < most; rank++) {
		for (i = 0; i < s->n_volumes; i++)
			open[i] = results[i].wanted && may_fall_through(results[i].status);
		run_rank(ctx, rank, open, results, &g);
	}
	lk_unsealer_end(ctx->unsealer);
}
