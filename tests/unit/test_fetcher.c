/* SPDX-License-Identifier: Apache-2.0 */
/* agent/fetcher.c: a real forked fetcher, its answers, its death and its cage. */
#include "tests/check.h"

#include <errno.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/fetcher.h"

static struct lk_error err;

enum behaviour { ANSWER, DENY, DIE, HANG, EXEC, LONG_KEY, LOAD_FAILS, LOAD_THEN_ANSWER };

static bool same(const void *a, const void *b)
{
	(void)a;
	(void)b;
	return true;
}

static enum lk_status prepare(const struct lk_batch *batch, void **ret, struct lk_error *e)
{
	(void)e;
	*ret = (void *)(uintptr_t)batch->items;
	return LK_OK;
}

static enum lk_status fetch(void *session, size_t i, struct lk_volume_key *ret,
			    struct lk_fetch_note *note, struct lk_error *e)
{
	const struct lk_batch_item *items = session;
	char *const argv[] = { (char[]){ "true" }, NULL };
	static const char zeros[4096];

	(void)note;
	switch (*(const enum behaviour *)items[i].options) {
	case ANSWER:
		return lk_secret_from(&ret->bytes, "sesame", 6, e);
	case DENY:
		return lk_raise_code(e, LK_C_KBS_DENIED, "no");
	case DIE:
		_exit(3);
	case HANG:
		poll(NULL, 0, -1);
		break;
	case EXEC:
		execve("/bin/true", argv, NULL);
		return lk_raise(e, LK_DENIED, "errno %d", errno);
	case LONG_KEY:
		return lk_secret_from(&ret->bytes, zeros, sizeof(zeros), e);
	case LOAD_FAILS:
	case LOAD_THEN_ANSWER:
		break;
	}
	return lk_raise(e, LK_INTERNAL, "unreachable");
}

static enum lk_status load(void *options, enum lk_trust trust, struct lk_error *e)
{
	(void)trust;
	/* Both the order and the process show: the fetcher sees what was changed here. */
	if (*(enum behaviour *)options == LOAD_FAILS)
		return lk_raise_code(e, LK_C_CONFIG_MISSING, "no such file");
	if (*(enum behaviour *)options == LOAD_THEN_ANSWER)
		*(enum behaviour *)options = ANSWER;
	return LK_OK;
}

static void finish(void *session)
{
	(void)session;
}

static const struct lk_provider fake = {

	.name = "fake",
	.load = load,
	.same_session = same,
	.prepare = prepare,
	.fetch = fetch,
	.finish = finish,
};

static enum behaviour behaviours[2];
static struct lk_volume_source sources[2];
static struct lk_volume volumes[2];
static struct lk_settings settings;
static struct lk_fetch_result results[2];

static enum lk_status try_start(enum behaviour a, enum behaviour b, struct lk_fetcher **ret)
{
	static char names[2][8] = { "root", "data" };
	size_t i;

	behaviours[0] = a;
	behaviours[1] = b;
	for (i = 0; i < 2; i++) {
		sources[i] = (struct lk_volume_source){ &fake, &behaviours[i] };
		volumes[i] = (struct lk_volume){ .name = names[i],
						 .sources = &sources[i],
						 .n_sources = 1 };
		memset(&results[i], 0, sizeof(results[i]));
		results[i].wanted = true;
	}
	settings.volumes = volumes;
	settings.n_volumes = 2;
	return lk_fetcher_start(&settings, NULL, ret, &err);
}

static struct lk_fetcher *start(enum behaviour a, enum behaviour b)
{
	struct lk_fetcher *f = NULL;

	CHECK_OK(try_start(a, b, &f));
	return f;
}

static void stop(struct lk_fetcher *f)
{
	lk_fetcher_stop(f);
	lk_fetch_results_clear(results, 2);
	/* Reaped: no child is left. */
	CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
}

TEST(keys_and_refusals_come_back)
{
	struct lk_fetcher *f = start(ANSWER, DENY);

	CHECK_OK(lk_fetcher_attempt(f, lk_deadline_in(5000), results, &err));
	CHECK_EQ(results[0].status, LK_OK);
	CHECK_EQ(results[0].key.bytes.len, 6);
	CHECK_MEM(results[0].key.bytes.data, "sesame", 6);
	CHECK_STR(results[0].provider->name, "fake");
	CHECK_EQ(results[1].status, LK_DENIED);
	CHECK_EQ(results[1].err.code, LK_C_KBS_DENIED);
	CHECK_STR(results[1].err.frames[0].text, "no");
	stop(f);
}

TEST(a_second_attempt_asks_only_for_what_is_wanted)
{
	struct lk_fetcher *f = start(DENY, LONG_KEY);

	CHECK_OK(lk_fetcher_attempt(f, lk_deadline_in(5000), results, &err));
	CHECK_EQ(results[1].key.bytes.len, 4096);
	results[1].wanted = false;
	CHECK_OK(lk_fetcher_attempt(f, lk_deadline_in(5000), results, &err));
	CHECK_EQ(results[0].status, LK_DENIED);
	CHECK_EQ(results[1].key.bytes.len, 4096);
	stop(f);
}

TEST(a_fetcher_that_dies_is_an_error)
{
	struct lk_fetcher *f = start(DIE, ANSWER);

	CHECK_EQ(lk_fetcher_attempt(f, lk_deadline_in(5000), results, &err), LK_INTERNAL);
	CHECK_HAS(err.frames[0].text, "ended");
	stop(f);
}

TEST(a_fetcher_that_hangs_ends_with_the_deadline)
{
	struct lk_fetcher *f = start(HANG, ANSWER);

	CHECK_EQ(lk_fetcher_attempt(f, lk_deadline_in(50), results, &err), LK_TIMEOUT);
	stop(f);
}

TEST(nothing_is_executed_from_the_fetcher)
{
	char want[16];
	struct lk_fetcher *f = start(EXEC, ANSWER);

	CHECK_OK(lk_fetcher_attempt(f, lk_deadline_in(5000), results, &err));
	CHECK_EQ(results[0].status, LK_DENIED);
	snprintf(want, sizeof(want), "errno %d", EPERM);
	CHECK_STR(results[0].err.frames[0].text, want);
	stop(f);
}

TEST(files_are_read_before_the_cage_closes)
{
	struct lk_fetcher *f = start(LOAD_THEN_ANSWER, ANSWER);

	CHECK_OK(lk_fetcher_attempt(f, lk_deadline_in(5000), results, &err));
	CHECK_EQ(results[0].status, LK_OK);
	stop(f);
}

TEST(a_file_that_is_missing_stops_the_start)
{
	struct lk_fetcher *f = NULL;

	CHECK_EQ(try_start(ANSWER, LOAD_FAILS, &f), LK_CONFIG);
	CHECK_EQ(err.code, LK_C_CONFIG_MISSING);
	CHECK(!f);
	stop(f);
}

TESTS(keys_and_refusals_come_back, a_second_attempt_asks_only_for_what_is_wanted,
      a_fetcher_that_dies_is_an_error, a_fetcher_that_hangs_ends_with_the_deadline,
      nothing_is_executed_from_the_fetcher, files_are_read_before_the_cage_closes,
      a_file_that_is_missing_stops_the_start)
