/* SPDX-License-Identifier: Apache-2.0 */
/* The sub-commands of latchkeyd: each takes its own argv (argv[0] is its name), prints its own
 * error once, and returns an exit status (core/error.h: lk_exit_code). */
#pragma once

#include "core/error.h"

int lk_cmd_init(int argc, char **argv);
int lk_cmd_serve(int argc, char **argv);
int lk_cmd_resource(int argc, char **argv);
int lk_cmd_policy(int argc, char **argv);
int lk_cmd_audit(int argc, char **argv);

/* Print the chain of err and what to do, and return its exit status. */
int lk_cmd_fail(const struct lk_error *err);
/* Print how the command is used, and return the exit status for wrong usage. */
int lk_cmd_usage(const char *usage);
