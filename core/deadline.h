/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One monotonic deadline, handed down and never reset, and the two clocks behind it.
 * Times are milliseconds. Tests replace core/clock.c at link time; there is no hook.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct lk_deadline {
	int64_t at_ms; /* CLOCK_BOOTTIME; LK_FOREVER = none */
};

#define LK_FOREVER INT64_MAX

struct lk_deadline lk_deadline_in(int64_t ms); /* LK_FOREVER allowed */
/* The sooner of d and now + ms. */
struct lk_deadline lk_deadline_within(struct lk_deadline d, int64_t ms);
bool lk_deadline_passed(struct lk_deadline d);
/* At least 0, at most INT_MAX: fit for poll(); an endless deadline gives INT_MAX. */
int lk_deadline_left(struct lk_deadline d);

/* core/clock.c: milliseconds since boot, sleep included. */
int64_t lk_clock_ms(void);
/* core/clock.c: block for ms, through signals. */
void lk_clock_sleep(int64_t ms);
/* core/clock.c: wall clock, seconds since 1970. */
int64_t lk_clock_wall(void);
/* Is the wall clock at or after the build-time floor (design: section 8, Time)? */
bool lk_clock_plausible(void);

/* Jittered exponential back-off: the wait before attempt n (n >= 1): base doubles from 250 ms up
 * to cap_ms, jittered down to half; at_least_ms (Retry-After) wins if longer. random is 32
 * random bits from the caller. Pure. */
int64_t lk_backoff_ms(unsigned attempt, int64_t cap_ms, int64_t at_least_ms, uint32_t random);
