/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the race between servers: who is asked, who is closed, what a dead one costs. */
#include "tests/check.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_server.h"
#include "tests/fakes/http_client.h"

static int64_t head_start_ms = 250;
static int64_t max_ms = 1500;

static enum lk_status race(struct lk_http *h, const char *a, const char *b, bool dead[2],
			   size_t *ret_winner, struct lk_error *err)
{
	const char *const bases[] = { a, b };
	const struct lk_http_race two = { bases, 2, dead, head_start_ms, 500 };
	struct lk_http_response r = { 0 };
	struct lk_http_request req = post(NULL);
	enum lk_status st;

	req.max_ms = max_ms;
	st = lk_http_race(h, &req, &two, ret_winner, &r, err);
	lk_http_response_clear(&r);
	return st;
}

TEST(the_first_wins_when_it_is_well)
{
	struct fake_server a, b;
	struct lk_error err = { 0 };
	struct lk_http *h = client(NULL, NULL);
	bool dead[2] = { false, false };
	size_t winner = 9;

	fake_start(&a, "");
	fake_start(&b, "");
	CHECK_OK(race(h, a.url, b.url, dead, &winner, &err));
	CHECK_EQ(winner, 0);
	CHECK(!dead[0] && !dead[1]);
	CHECK_EQ(fake_count(&b, "connections"), 0);
	lk_http_free(h);
	fake_stop(&a);
	fake_stop(&b);
}

TEST(a_stalled_handshake_costs_the_head_start)
{
	struct fake_server a, b;
	struct lk_error err = { 0 };
	struct lk_http *h;
	bool dead[2] = { false, false };
	char stalled[64];
	size_t winner = 9;
	int64_t began;

	fake_start(&a, "tls=stall");
	fake_start(&b, "tls=good");
	h = client(fake_file(&b, "ca.pem"), NULL);
	snprintf(stalled, sizeof(stalled), "https://localhost:%d", a.port);
	began = lk_clock_ms();
	CHECK_OK(race(h, stalled, b.url, dead, &winner, &err));
	CHECK_EQ(winner, 1);
	CHECK(lk_clock_ms() - began >= 250 && lk_clock_ms() - began < 10000);
	CHECK_EQ(fake_count(&a, "auth"), 0);
	lk_http_free(h);
	fake_stop(&a);
	fake_stop(&b);
}

TEST(a_refused_connection_costs_nothing)
{
	struct fake_server a, b;
	struct lk_error err = { 0 };
	struct lk_http *h = client(NULL, NULL);
	bool dead[2] = { false, false };
	size_t winner = 9;
	int64_t began;

	fake_start(&a, "");
	fake_start(&b, "");
	fake_stop(&a);
	began = lk_clock_ms();
	head_start_ms = 60000; /* not waited for */
	CHECK_OK(race(h, a.url, b.url, dead, &winner, &err));
	head_start_ms = 250;
	CHECK_EQ(winner, 1);
	CHECK(dead[0] && !dead[1]);
	CHECK(lk_clock_ms() - began < 10000);
	lk_http_free(h);
	fake_stop(&b);
}

TEST(a_winner_without_an_answer_is_dead)
{
	struct fake_server a, b;
	struct lk_error err = { 0 };
	struct lk_http *h = client(NULL, NULL);
	bool dead[2] = { false, false };
	size_t winner = 9;

	fake_start(&a, "auth=hang");
	fake_start(&b, "");
	CHECK_EQ(race(h, a.url, b.url, dead, &winner, &err), LK_AGAIN);
	CHECK_EQ(err.code, LK_C_UNREACHABLE);
	CHECK(dead[0] && !dead[1]);
	CHECK_EQ(winner, 9);
	CHECK_OK(race(h, a.url, b.url, dead, &winner, &err));
	CHECK_EQ(winner, 1);
	lk_http_free(h);
	fake_stop(&a);
	fake_stop(&b);
}

/* Nobody is left to turn to: the last server may take what the request may take. */
TEST(the_last_alive_is_waited_for)
{
	struct fake_server a, b;
	struct lk_error err = { 0 };
	struct lk_http *h = client(NULL, NULL);
	bool dead[2] = { false, false };
	size_t winner = 9;

	fake_start(&a, "");
	fake_start(&b, "auth=slow");
	fake_stop(&a);
	max_ms = 15000;
	CHECK_OK(race(h, a.url, b.url, dead, &winner, &err));
	CHECK_EQ(winner, 1);
	CHECK(dead[0] && !dead[1]);
	max_ms = 1500;
	CHECK_EQ(race(h, a.url, b.url, dead, &winner, &err), LK_AGAIN);
	lk_http_free(h);
	fake_stop(&b);
}

TEST(all_dead_is_unreachable_with_the_address)
{
	struct fake_server a, b;
	struct lk_error err = { 0 };
	struct lk_http *h = client(NULL, NULL);
	bool dead[2] = { false, false };
	char text[2048];
	size_t winner = 9;

	fake_start(&a, "");
	fake_start(&b, "");
	fake_stop(&a);
	fake_stop(&b);
	CHECK_EQ(race(h, a.url, b.url, dead, &winner, &err), LK_AGAIN);
	CHECK_EQ(err.code, LK_C_UNREACHABLE);
	CHECK(dead[0] && dead[1]);
	CHECK_HAS(lk_error_format(&err, text, sizeof(text)), b.url);
	lk_http_free(h);
}

TESTS(the_first_wins_when_it_is_well, a_stalled_handshake_costs_the_head_start,
      a_refused_connection_costs_nothing, a_winner_without_an_answer_is_dead,
      the_last_alive_is_waited_for, all_dead_is_unreachable_with_the_address)
