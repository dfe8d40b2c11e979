/* SPDX-License-Identifier: Apache-2.0 */
/* SIGINT and SIGTERM end a build in an orderly way: the stage fails, the work folder goes. */
#pragma once

#include "core/error.h"

void lk_interrupt_setup(void);
/* LK_AGAIN once one of the signals has come. */
enum lk_status lk_interrupt_check(struct lk_error *err);
