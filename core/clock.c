/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's clocks. Tests that need another time link their own version of this file. */
#include <errno.h>
#include <time.h>

#include "core/deadline.h"
#include "lk_build.h"

int64_t lk_clock_ms(void)
{
	struct timespec now = { 0 };

	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void lk_clock_sleep(int64_t ms)
{
	struct timespec until = { 0 };
	int64_t at;

	if (ms <= 0)
		return;
	at = lk_clock_ms();
	at = ms > INT64_MAX - at ? INT64_MAX : at + ms;
	until.tv_sec = (time_t)(at / 1000);
	until.tv_nsec = (long)(at % 1000) * 1000000;
	/* an absolute time, so that signals do not stretch the wait */
	while (clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &until, NULL) == EINTR)
		;
}

int64_t lk_clock_wall(void)
{
	struct timespec now = { 0 };

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec;
}

bool lk_clock_plausible(void)
{
	return lk_clock_wall() >= (int64_t)LK_BUILD_FLOOR;
}
