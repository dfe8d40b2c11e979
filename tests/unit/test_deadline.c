/* SPDX-License-Identifier: Apache-2.0 */
/* Deadlines under a clock that stands still until told otherwise, and the back-off. */
#include "core/deadline.h"

#include <limits.h>

#include "tests/check.h"

static int64_t now_ms;

/* in place of core/clock.c */
int64_t lk_clock_ms(void)
{
	return now_ms;
}

void lk_clock_sleep(int64_t ms)
{
	now_ms += ms;
}

int64_t lk_clock_wall(void)
{
	return now_ms / 1000;
}

bool lk_clock_plausible(void)
{
	return true;
}

TEST(deadline_passes)
{
	struct lk_deadline d;

	now_ms = 1000;
	d = lk_deadline_in(500);
	CHECK(!lk_deadline_passed(d));
	CHECK_EQ(lk_deadline_left(d), 500);
	now_ms = 1499;
	CHECK(!lk_deadline_passed(d));
	CHECK_EQ(lk_deadline_left(d), 1);
	now_ms = 1500;
	CHECK(lk_deadline_passed(d));
	CHECK_EQ(lk_deadline_left(d), 0);
	now_ms = 999999;
	CHECK_EQ(lk_deadline_left(d), 0);
}

TEST(odd_spans_saturate)
{
	now_ms = 1000;
	CHECK(lk_deadline_passed(lk_deadline_in(0)));
	CHECK(lk_deadline_passed(lk_deadline_in(-5)));
	CHECK(lk_deadline_passed(lk_deadline_in(INT64_MIN)));
	CHECK_EQ(lk_deadline_in(LK_FOREVER).at_ms, LK_FOREVER);
	CHECK_EQ(lk_deadline_in(LK_FOREVER - 1).at_ms, LK_FOREVER);
	CHECK_EQ(lk_deadline_left(lk_deadline_in((int64_t)INT_MAX + 5)), INT_MAX);
}

TEST(endless_never_passes)
{
	struct lk_deadline d = { .at_ms = LK_FOREVER };

	now_ms = LK_FOREVER - 1;
	CHECK(!lk_deadline_passed(d));
	now_ms = 0;
	CHECK_EQ(lk_deadline_left(d), INT_MAX);
}

TEST(within_never_moves_later)
{
	struct lk_deadline d, forever = { .at_ms = LK_FOREVER };

	now_ms = 100;
	d = lk_deadline_in(1000);
	CHECK_EQ(lk_deadline_within(d, 10).at_ms, 110);
	CHECK_EQ(lk_deadline_within(d, 5000).at_ms, 1100);
	CHECK_EQ(lk_deadline_within(d, LK_FOREVER).at_ms, 1100);
	CHECK_EQ(lk_deadline_within(forever, 10).at_ms, 110);
	CHECK_EQ(lk_deadline_within(forever, LK_FOREVER).at_ms, LK_FOREVER);
	now_ms = 2000; /* already over: nothing revives it */
	CHECK_EQ(lk_deadline_within(d, 10).at_ms, 1100);
}

TEST(backoff_doubles_to_its_cap)
{
	CHECK_EQ(lk_backoff_ms(1, 10000, 0, 0), 250);
	CHECK_EQ(lk_backoff_ms(2, 10000, 0, 0), 500);
	CHECK_EQ(lk_backoff_ms(3, 10000, 0, 0), 1000);
	CHECK_EQ(lk_backoff_ms(6, 10000, 0, 0), 8000);
	CHECK_EQ(lk_backoff_ms(7, 10000, 0, 0), 10000);
	CHECK_EQ(lk_backoff_ms(UINT_MAX, 10000, 0, 0), 10000);
	CHECK_EQ(lk_backoff_ms(UINT_MAX, INT64_MAX / 4, 0, 0), INT64_MAX / 4);
	CHECK_EQ(lk_backoff_ms(0, 10000, 0, 0), 250);
	CHECK_EQ(lk_backoff_ms(1, 100, 0, 0), 100);
	CHECK_EQ(lk_backoff_ms(5, 0, 0, 0), 0);
	CHECK_EQ(lk_backoff_ms(5, -1, 0, 0), 0);
}

TEST(backoff_jitters_down_to_half)
{
	CHECK_EQ(lk_backoff_ms(3, 10000, 0, UINT32_MAX), 501);
	CHECK_EQ(lk_backoff_ms(3, 10000, 0, 1u << 31), 750);
}

TEST(the_servers_wish_wins_if_longer)
{
	CHECK_EQ(lk_backoff_ms(1, 10000, 3000, 0), 3000);
	CHECK_EQ(lk_backoff_ms(1, 10000, 60000, UINT32_MAX), 60000);
	CHECK_EQ(lk_backoff_ms(6, 10000, 3000, 0), 8000);
}

TESTS(deadline_passes, odd_spans_saturate, endless_never_passes, within_never_moves_later,
      backoff_doubles_to_its_cap, backoff_jitters_down_to_half, the_servers_wish_wins_if_longer)
