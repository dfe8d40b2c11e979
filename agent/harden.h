/* SPDX-License-Identifier: Apache-2.0 */
/* What the agent gives up before it holds a key: dumps, tracing, environment, new privileges. */
#pragma once

#include "core/error.h"

/* umask 077, empty environment, no core, not dumpable, no_new_privs, unlimited locked memory.
 * LK_INTERNAL when the kernel refuses one of them. */
enum lk_status lk_harden(struct lk_error *err);
