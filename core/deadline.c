/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic on the one deadline: it saturates, and never moves later. */
#include "core/deadline.h"

#include <limits.h>

#define BACKOFF_BASE_MS 250

struct lk_deadline lk_deadline_in(int64_t ms)
{
	struct lk_deadline d = { .at_ms = LK_FOREVER };
	int64_t now = lk_clock_ms();

	if (ms < 0)
		ms = 0;
	if (ms < LK_FOREVER - now)
		d.at_ms = now + ms;
	return d;
}

struct lk_deadline lk_deadline_within(struct lk_deadline d, int64_t ms)
{
	struct lk_deadline sooner = lk_deadline_in(ms);

	return sooner.at_ms < d.at_ms ? sooner : d;
}

bool lk_deadline_passed(struct lk_deadline d)
{
	return d.at_ms != LK_FOREVER && lk_clock_ms() >= d.at_ms;
}

int lk_deadline_left(struct lk_deadline d)
{
	int64_t now = lk_clock_ms();

	if (d.at_ms <= now)
		return 0;
	return d.at_ms - now > INT_MAX ? INT_MAX : (int)(d.at_ms - now);
}

int64_t lk_backoff_ms(unsigned attempt, int64_t cap_ms, int64_t at_least_ms, uint32_t random)
{
	int64_t wait = BACKOFF_BASE_MS;

	while (attempt-- > 1 && wait < cap_ms)
		wait *= 2;
	if (wait > cap_ms)
		wait = cap_ms > 0 ? cap_ms : 0;
	/* the upper half of the range is left to chance, so that a rack does not retry in step */
	wait -= (int64_t)(((uint64_t)wait / 2 * random) >> 32);
	return wait > at_least_ms ? wait : at_least_ms;
}
