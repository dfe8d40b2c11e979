/* SPDX-License-Identifier: Apache-2.0 */
/* The real clocks: they move, sleep through signals, and the floor is a sane date. */
#include <signal.h>
#include <sys/time.h>

#include "core/deadline.h"
#include "lk_build.h"
#include "tests/check.h"

static volatile sig_atomic_t alarms;

static void on_alarm(int sig)
{
	(void)sig;
	alarms++;
}

TEST(sleep_survives_signals)
{
	struct itimerval often = { { 0, 2000 }, { 0, 2000 } }, never = { { 0, 0 }, { 0, 0 } };
	int64_t start;

	signal(SIGALRM, on_alarm);
	CHECK_EQ(setitimer(ITIMER_REAL, &often, NULL), 0);
	start = lk_clock_ms();
	lk_clock_sleep(30);
	CHECK(lk_clock_ms() - start >= 30);
	CHECK_EQ(setitimer(ITIMER_REAL, &never, NULL), 0);
	CHECK(alarms > 0);
}

TEST(no_time_is_no_sleep)
{
	int64_t start = lk_clock_ms();

	lk_clock_sleep(0);
	lk_clock_sleep(-1);
	CHECK(lk_clock_ms() - start < 5000);
}

TEST(floor_is_between_now_and_the_projects_start)
{
	CHECK((int64_t)LK_BUILD_FLOOR > 1704067200); /* 2024 */
	CHECK_EQ(lk_clock_plausible(), lk_clock_wall() >= (int64_t)LK_BUILD_FLOOR);
}

TESTS(sleep_survives_signals, no_time_is_no_sleep, floor_is_between_now_and_the_projects_start)
