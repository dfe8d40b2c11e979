/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running the build host's programs (mkfs.erofs, mke2fs, tar, newuidmap) and the tree's dracut: a fixed
 * argument vector, no shell, a small fixed environment, no open descriptors of ours, output into
 * the work folder's log. They run before any secret exists.
 */
#pragma once

#include "core/error.h"

struct lk_tool {
	const char *const *argv; /* argv[0]: the program's name, or its path inside a chroot */
	int log;		 /* stdout and stderr of the program */
	const char *const *env;	 /* NULL: the usual few; else a NULL-terminated list */
	/* Runs in the child before the program; what it raises is reported. NULL: nothing. */
	enum lk_status (*enter)(void *data, struct lk_error *err);
	void *data;
};

/* Run and wait. LK_CONFIG when the program is missing (naming the package that has it), ends with
 * a status other than 0, or is killed by a signal. */
enum lk_status lk_tool_run(const struct lk_tool *tool, struct lk_error *err);
/* Is the program there? LK_CONFIG naming the package when not. */
enum lk_status lk_tool_check(const char *name, struct lk_error *err);
