/* SPDX-License-Identifier: Apache-2.0 */
/* agent/fetch_batch.c: which volumes share a session, and who may try after whom. */
#include "tests/check.h"

#include "agent/fetch_batch.h"

static struct lk_error err;

/* A provider that writes down what it is asked and answers what its options say. */
struct fake_options {
	int site; /* volumes of one site share a session */
	enum lk_status prepare, fetch;
};

static unsigned prepared, fetched, finished;
static size_t last_batch;
static struct lk_deadline given[8]; /* to each session */

static bool fake_same(const void *a, const void *b)
{
	const struct fake_options *x = a, *y = b;

	return x->site == y->site;
}

static enum lk_status fake_prepare(const struct lk_batch *batch, void **ret, struct lk_error *e)
{
	const struct fake_options *o = batch->items[0].options;

	given[prepared++] = batch->deadline;
	last_batch = batch->n_items;
	if (o->prepare)
		return lk_raise(e, o->prepare, "fake prepare");
	*ret = (void *)(uintptr_t)batch->items;
	return LK_OK;
}

static enum lk_status fake_fetch(void *session, size_t i, struct lk_volume_key *ret,
				 struct lk_fetch_note *note, struct lk_error *e)
{
	const struct lk_batch_item *items = session;
	const struct fake_options *o = items[i].options;

	fetched++;
	if (o->fetch)
		return lk_raise(e, o->fetch, "fake fetch");
	snprintf(note->endpoint, sizeof(note->endpoint), "site %d", o->site);
	return lk_secret_from(&ret->bytes, items[i].volume, strlen(items[i].volume), e);
}

static void fake_finish(void *session)
{
	CHECK(session);
	finished++;
}

static const struct lk_provider first = {
	.name = "first",
	.same_session = fake_same,
	.prepare = fake_prepare,
	.fetch = fake_fetch,
	.finish = fake_finish,
};
static const struct lk_provider second = {
	.name = "second",
	.prepare = fake_prepare,
	.fetch = fake_fetch,
	.finish = fake_finish,
};

#define MAX 4
static struct fake_options options[MAX][2];
static struct lk_volume_source sources[MAX][2];
static struct lk_volume volumes[MAX];
static struct lk_fetch_result results[MAX];
static char volume_names[MAX][8];

static void set_up(size_t n)
{
	size_t i;

	prepared = fetched = finished = 0;
	memset(volumes, 0, sizeof(volumes));
	memset(options, 0, sizeof(options));
	for (i = 0; i < n; i++) {
		snprintf(volume_names[i], sizeof(volume_names[i]), "vol%zu", i);
		sources[i][0] = (struct lk_volume_source){ &first, &options[i][0] };
		sources[i][1] = (struct lk_volume_source){ &second, &options[i][1] };
		volumes[i].name = volume_names[i];
		volumes[i].sources = sources[i];
		volumes[i].n_sources = 1;
		results[i].wanted = true;
	}
}

static void run(size_t n)
{
	struct lk_settings settings = { .volumes = volumes, .n_volumes = n };
	LK_CLEANUP(lk_unsealer_free_p) struct lk_unsealer *unsealer = NULL;
	struct lk_fetch_context ctx = { .settings = &settings, .deadline = { LK_FOREVER } };

	CHECK_OK(lk_unsealer_new(&settings, &unsealer, &err));
	ctx.unsealer = unsealer;
	lk_fetch_batches(&ctx, results);
}

static void clear(void)
{
	lk_fetch_results_clear(results, MAX);
}

TEST(volumes_of_one_site_share_a_session)
{
	set_up(4);
	options[2][0].site = 7;
	run(4);
	CHECK_EQ(prepared, 2);
	CHECK_EQ(finished, 2);
	CHECK_EQ(fetched, 4);
	CHECK_EQ(results[3].status, LK_OK);
	CHECK_MEM(results[3].key.bytes.data, "vol3", 4);
	CHECK_MEM(results[2].key.bytes.data, "vol2", 4);
	CHECK_STR(results[2].note.endpoint, "site 7");
	clear();
}

TEST(a_provider_without_same_session_gets_one_each)
{
	size_t i;

	set_up(3);
	for (i = 0; i < 3; i++)
		sources[i][0].provider = &second;
	run(3);
	CHECK_EQ(prepared, 3);
	CHECK_EQ(last_batch, 1);
	clear();
}

TEST(a_denial_is_that_volumes_alone)
{
	set_up(3);
	options[1][0].fetch = LK_DENIED;
	run(3);
	CHECK_EQ(results[0].status, LK_OK);
	CHECK_EQ(results[1].status, LK_DENIED);
	CHECK_EQ(results[1].err.status, LK_DENIED);
	CHECK_EQ(results[2].status, LK_OK);
	CHECK_EQ(finished, 1);
	clear();
}

TEST(a_failed_session_concerns_its_volumes_and_is_not_finished)
{
	set_up(3);
	options[0][0].prepare = LK_AGAIN;
	options[2][0].site = 1;
	run(3);
	CHECK_EQ(results[0].status, LK_AGAIN);
	CHECK_EQ(results[1].status, LK_AGAIN);
	CHECK_EQ(results[2].status, LK_OK);
	CHECK_EQ(finished, 1);
	clear();
}

TEST(absence_lets_the_next_source_try)
{
	set_up(2);
	volumes[0].n_sources = 2;
	options[0][0].fetch = LK_ABSENT;
	run(2);
	CHECK_EQ(results[0].status, LK_OK);
	CHECK_STR(results[0].provider->name, "second");
	CHECK_STR(results[1].provider->name, "first");
	clear();
}

TEST(a_denial_never_falls_through)
{
	set_up(1);
	volumes[0].n_sources = 2;
	options[0][0].fetch = LK_DENIED;
	run(1);
	CHECK_EQ(results[0].status, LK_DENIED);
	CHECK_STR(results[0].provider->name, "first");
	CHECK_EQ(prepared, 1);
	options[0][0].fetch = LK_TAMPERED;
	results[0].wanted = true;
	run(1);
	CHECK_EQ(results[0].status, LK_TAMPERED);
	clear();
}

/* One that never answers would otherwise use up the time of the others. */
TEST(one_session_among_others_gets_a_share_of_the_time)
{
	const struct lk_deadline soon = lk_deadline_in(60000);

	set_up(2);
	options[1][0].site = 1;
	options[0][0].prepare = LK_TIMEOUT;
	options[1][0].fetch = LK_TIMEOUT;
	run(2);
	CHECK(given[0].at_ms < soon.at_ms && given[1].at_ms < soon.at_ms);
	CHECK_EQ(results[0].status, LK_AGAIN);
	CHECK_EQ(results[0].err.status, LK_AGAIN);
	CHECK_EQ(results[1].status, LK_AGAIN);
	clear();
	set_up(2);
	results[1].wanted = false;
	options[1][0].site = 1;
	options[0][0].prepare = LK_TIMEOUT;
	run(2);
	CHECK_EQ(prepared, 1);
	CHECK_EQ(given[0].at_ms, LK_FOREVER);
	clear();
}

TEST(what_the_root_needs_may_take_all_the_time)
{
	set_up(3);
	volumes[0].is_root = volumes[1].is_delta = true;
	options[1][0].site = 1;
	options[2][0].site = 2;
	run(3);
	CHECK_EQ(prepared, 3);
	CHECK_EQ(given[0].at_ms, LK_FOREVER);
	CHECK_EQ(given[1].at_ms, LK_FOREVER);
	CHECK(given[2].at_ms != LK_FOREVER);
	clear();
}

TEST(what_is_not_wanted_is_not_asked)
{
	set_up(2);
	results[0].wanted = false;
	run(2);
	CHECK_EQ(fetched, 1);
	CHECK(results[0].key.bytes.len == 0);
	CHECK_EQ(results[1].status, LK_OK);
	clear();
	(void)err;
}

TESTS(volumes_of_one_site_share_a_session, a_provider_without_same_session_gets_one_each,
      a_denial_is_that_volumes_alone, a_failed_session_concerns_its_volumes_and_is_not_finished,
      absence_lets_the_next_source_try, a_denial_never_falls_through,
      one_session_among_others_gets_a_share_of_the_time, what_the_root_needs_may_take_all_the_time,
      what_is_not_wanted_is_not_asked)
