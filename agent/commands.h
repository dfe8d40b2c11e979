/* SPDX-License-Identifier: Apache-2.0 */
/* The sub-commands of latchkey: each takes its own argv (argv[0] is its name), prints its own
 * error once, and returns an exit status (core/error.h: lk_exit_code). */
#pragma once

#include "core/error.h"

#define LK_REPORT_PATH "/run/latchkey/report.json"

int lk_cmd_boot(int argc, char **argv);
int lk_cmd_config(int argc, char **argv);
int lk_cmd_key(int argc, char **argv);
int lk_cmd_status(int argc, char **argv);

/* Print the chain of err on the log and return its exit status. */
int lk_cmd_fail(const struct lk_error *err);
/* Raise the usage error of a command as LK_CONFIG, print it, and return its exit status. */
int lk_cmd_usage(const char *usage);
