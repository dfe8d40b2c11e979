/* SPDX-License-Identifier: Apache-2.0 */
/* The sub-commands of latchkey (core/program.h). */
#pragma once

#include <stdbool.h>

#include "core/program.h"

struct lk_settings;
struct lk_volume_key;

#define LK_REPORT_PATH	      "/run/latchkey/report.json"
#define LK_SYSTEM_REPORT_PATH "/run/latchkey/volumes.json"

/* The exit status of an unlock that opened the root and not every other volume; the unit takes it for
 * a success. Behind the last class of errors (lk_exit_code). */
#define LK_EXIT_PARTLY 8

int lk_cmd_attest(int argc, char **argv);
int lk_cmd_boot(int argc, char **argv);
int lk_cmd_config(int argc, char **argv);
int lk_cmd_generator(int argc, char **argv);
int lk_cmd_provider(int argc, char **argv);
int lk_cmd_key(int argc, char **argv);
int lk_cmd_seal(int argc, char **argv);
int lk_cmd_status(int argc, char **argv);
int lk_cmd_unseal(int argc, char **argv);
int lk_cmd_volume(int argc, char **argv);

/* agent/cmd_key.c: print a key's length and its fingerprint under a salt of this call: two calls can not
 * be compared, and nothing about the key can be looked up. */
enum lk_status lk_cmd_print_check(const struct lk_volume_key *key, const char *endpoint,
				  struct lk_error *err);

/* agent/cmd_config_fetch.c: ask each provider once; the exit status. keep_going: tell all failures
 * and not only the first. */
int lk_config_fetch(const struct lk_settings *s, bool keep_going);

/* agent/boot_system.c: what the units of the system run. Return an exit status. */
int lk_boot_volumes(const char *config_dir);
int lk_boot_opened(const char *name);
int lk_boot_close(void);
