/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program is run for its standard output: no shell, nothing inherited (fixed PATH, LC_ALL=C,
 * stdin and stderr null), a deadline for the whole group of processes, and nothing that the
 * program says is ever repeated. Errors: EXEC_FAILED, LK_TIMEOUT.
 */
#pragma once

#include "core/config.h"
#include "core/deadline.h"
#include "core/error.h"
#include "core/secret.h"

/* Is it an absolute path, or a plain name? Pure. */
enum lk_status lk_exec_check(const char *command, struct lk_error *err);
/* A plain name is looked up where the dracut module looked (LK_COMMAND_PATH), and nowhere else;
 * *command is replaced by its absolute path. */
enum lk_status lk_exec_find(char **command, struct lk_error *err);
struct lk_exec {
	char *command; /* an absolute path */
	const struct lk_strings *args;
	char *variable; /* "NAME=value" of the environment, beside PATH and LC_ALL; may be NULL */
	struct lk_deadline deadline;
	size_t max; /* bytes of output */
};
/* *ret is its output, byte for byte. */
enum lk_status lk_exec_run(const struct lk_exec *e, struct lk_secret *ret, struct lk_error *err);
