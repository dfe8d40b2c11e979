/* SPDX-License-Identifier: Apache-2.0 */
/* A clock that tests move: defined here, so that core/clock.c is not linked. */
#pragma once

#include <time.h>

#include "core/deadline.h"

static int64_t fake_clock_ahead_ms;
static bool fake_clock_unset;

int64_t lk_clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + fake_clock_ahead_ms;
}

void lk_clock_sleep(int64_t ms)
{
	const struct timespec t = { ms / 1000, (ms % 1000) * 1000000 };

	nanosleep(&t, NULL);
}

int64_t lk_clock_wall(void)
{
	return fake_clock_unset ? 0 : (int64_t)time(NULL);
}

bool lk_clock_plausible(void)
{
	return !fake_clock_unset;
}
