/* SPDX-License-Identifier: Apache-2.0 */
/* agent/fetcher.c: a real forked fetcher, its answers, its death and its cage. */
#include "tests/check.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/fetch_evidence.h"
#include "agent/fetcher.h"
#include "core/json.h"

static struct lk_error err;

enum behaviour {
	ANSWER,
	DENY,
	DIE,
	HANG,
	EXEC,
	LONG_KEY,
	LOAD_FAILS,
	LOAD_THEN_ANSWER,
	PROVE,
	PROVE_TWICE,
	PROVE_TOO_MUCH,
	PROVE_FOR_EVER
};

#define BIG (3u * 1024 * 1024)

/* Set before the fork, seen in the fetcher. */
static const struct lk_attester *given;

/* ---- an attester that needs what the cage forbids, and says in which process it ran ---- */

static pid_t opener;

static enum lk_status evidence(const struct lk_attester *self, const uint8_t *digest, size_t n,
			       struct json_t **ret, struct lk_error *e)
{
	LK_JSON *doc = lk_json_object();
	char *text = calloc(1, BIG + 1);

	(void)self;
	if (digest[0] == 0xee)
		return free(text), lk_raise_code(e, LK_C_TEE_ABSENT, "the device went away");
	CHECK(text && memset(text, 'x', digest[0] == 0xbb ? BIG : 1));
	CHECK(lk_json_set_string(doc, "big", text) && lk_json_set_int(doc, "pid", getpid()) &&
	      lk_json_set_int(doc, "n", (int64_t)n) && lk_json_set_int(doc, "last", digest[n - 1]));
	free(text);
	*ret = lk_take(doc);
	return LK_OK;
}

static const struct lk_attester attester = { .name = "fake", .evidence = evidence };

/* What the fetcher's side got, as an error's text: the only way for it to speak. */
static enum lk_status prove(uint8_t first, size_t n, struct lk_error *e)
{
	uint8_t digest[LK_ATTESTER_DIGEST_MAX + 1] = { first };
	LK_JSON *doc = NULL;
	const char *big;
	int64_t pid, len, last;
	enum lk_status st;

	digest[n - 1] = 7;
	st = given->evidence(given, digest, n, &doc, e);
	if (st)
		return lk_context(e, "prove");
	if (lk_json_get_string(doc, "big", BIG, &big, e) ||
	    lk_json_get_int(doc, "pid", 0, INT32_MAX, &pid, e) ||
	    lk_json_get_int(doc, "n", 0, 99, &len, e) ||
	    lk_json_get_int(doc, "last", 0, 255, &last, e))
		return LK_TAMPERED;
	return lk_raise(e, LK_DENIED, "%s, %s, %d of %d, %zu", given->name,
			pid == opener ? "by the opener" : "by itself", (int)last, (int)len,
			strlen(big));
}

__attribute__((noreturn)) static void prove_for_ever(struct lk_error *e)
{
	for (;;)
		(void)prove(1, 32, e);
}

static bool same(const void *a, const void *b)
{
	(void)a;
	(void)b;
	return true;
}

static enum lk_status prepare(const struct lk_batch *batch, void **ret, struct lk_error *e)
{
	(void)e;
	given = batch->attester;
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
	case PROVE:
		return prove(1, 32, e);
	case PROVE_TWICE:
		return prove(0xee, 48, e) == LK_ABSENT ? prove(0xbb, 48, e) : LK_INTERNAL;
	case PROVE_TOO_MUCH:
		return prove(1, 65, e);
	case PROVE_FOR_EVER:
		prove_for_ever(e);
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
	.needs_attester = true,
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
	opener = getpid();
	return lk_fetcher_start(&settings, &attester, ret, &err);
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

TEST(evidence_is_made_by_the_opener)
{
	struct lk_fetcher *f = start(PROVE, PROVE_TWICE);

	CHECK_OK(lk_fetcher_attempt(f, lk_deadline_in(5000), results, &err));
	CHECK_EQ(results[0].status, LK_DENIED);
	CHECK_STR(results[0].err.frames[0].text, "fake, by the opener, 7 of 32, 1");
	/* a refusal came through as it was, and then evidence larger than any packet */
	CHECK_STR(results[1].err.frames[0].text, "fake, by the opener, 7 of 48, 3145728");
	stop(f);
}

TEST(a_digest_that_is_too_long_is_refused)
{
	struct lk_fetcher *f = start(PROVE_TOO_MUCH, ANSWER);

	CHECK_OK(lk_fetcher_attempt(f, lk_deadline_in(5000), results, &err));
	CHECK_EQ(results[0].status, LK_INTERNAL);
	CHECK_EQ(results[1].status, LK_OK);
	stop(f);
}

TEST(who_asks_for_ever_ends_with_the_deadline)
{
	struct lk_fetcher *f = start(PROVE_FOR_EVER, ANSWER);
	enum lk_status st;

	/* its time is over, or the answers that it does not take pile up */
	st = lk_fetcher_attempt(f, lk_deadline_in(50), results, &err);
	stop(f);
	CHECK(st == LK_TIMEOUT || st == LK_INTERNAL);
}

TEST(questions_that_are_none_are_refused)
{
	struct lk_prove_request r = { .kind = LK_FETCH_PROVE, .n = 32 };
	int pair[2];
	char byte;

	CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0);
	CHECK_EQ(lk_evidence_answer(pair[0], NULL, &r, sizeof(r), &err), LK_INTERNAL);
	CHECK_EQ(lk_evidence_answer(pair[0], &attester, &r, sizeof(r) - 1, &err), LK_INTERNAL);
	r.n = 65;
	CHECK_EQ(lk_evidence_answer(pair[0], &attester, &r, sizeof(r), &err), LK_INTERNAL);
	r.n = 0;
	CHECK_EQ(lk_evidence_answer(pair[0], &attester, &r, sizeof(r), &err), LK_INTERNAL);
	r = (struct lk_prove_request){ .kind = 5, .n = 32 };
	CHECK_EQ(lk_evidence_answer(pair[0], &attester, &r, sizeof(r), &err), LK_INTERNAL);
	CHECK(recv(pair[1], &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN);
	close(pair[0]);
	close(pair[1]);
}

TESTS(keys_and_refusals_come_back, a_second_attempt_asks_only_for_what_is_wanted,
      a_fetcher_that_dies_is_an_error, a_fetcher_that_hangs_ends_with_the_deadline,
      nothing_is_executed_from_the_fetcher, files_are_read_before_the_cage_closes,
      a_file_that_is_missing_stops_the_start, evidence_is_made_by_the_opener,
      a_digest_that_is_too_long_is_refused, who_asks_for_ever_ends_with_the_deadline,
      questions_that_are_none_are_refused)
