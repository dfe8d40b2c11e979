/* SPDX-License-Identifier: Apache-2.0 */
/* SIGINT and SIGTERM end long work in an orderly way: it fails, and cleans up behind it. */
#pragma once

#include "core/deadline.h"
#include "core/error.h"

void lk_interrupt_setup(void);
/* Wait until fd is ready for `events` of poll(2). LK_AGAIN when one of the signals comes, or came
 * just before; LK_TIMEOUT when the deadline passes. */
enum lk_status lk_interrupt_wait(int fd, short events, struct lk_deadline deadline,
				 struct lk_error *err);
/* LK_AGAIN once one of the signals has come. */
enum lk_status lk_interrupt_check(struct lk_error *err);
