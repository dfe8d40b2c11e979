/* SPDX-License-Identifier: Apache-2.0 */
/* The sub-commands of latchkey-image: each takes its own argv (argv[0] is its name), prints its
 * own error once, and returns an exit status (core/error.h: lk_exit_code). */
#pragma once

#include "core/error.h"

int lk_image_cmd_build(int argc, char **argv);

/* Print the chain of err and what to do about it; return its exit status. */
int lk_image_fail(const struct lk_error *err);
