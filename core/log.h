/* SPDX-License-Identifier: Apache-2.0 */
/* The only writer to stderr: levels, one line each, never a secret. Used by main, commands and
 * the stage loop; everything below returns errors and logs at most at debug. */
#pragma once

#include <stdbool.h>

enum lk_level { LK_LOG_ERROR, LK_LOG_WARNING, LK_LOG_INFO, LK_LOG_DEBUG };

/* program: prefix of each line; journal: add "<N>" priorities when stderr is not a terminal
 * (systemd reads them: sd-daemon(3)); debug: print debug lines too. */
void lk_log_setup(const char *program, bool journal, bool debug);
bool lk_log_debugging(void);
void lk_log(enum lk_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
#define lk_debug(...) lk_log(LK_LOG_DEBUG, __VA_ARGS__)
