/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The private folder beside the output in which everything is made: mode 0700, removed at the
 * end whatever happens, on the output's file system so that finished files are moved, not copied.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

#define LK_PATH_MAX 1024

struct lk_workspace {		/* `= { .log = -1 }` is none */
	char path[LK_PATH_MAX]; /* absolute */
	int log;		/* what host programs print goes here */
};

/* Make the folder beside `out`, and its log. LK_CONFIG when that cannot be. */
enum lk_status lk_workspace_open(struct lk_workspace *ws, const char *out, struct lk_error *err);
/* Remove the folders that killed builds of ours have left beside it; those of living ones are
 * locked. */
void lk_workspace_sweep(const struct lk_workspace *ws);
/* Remove it and all that is in it; fine when there is none. */
void lk_workspace_close(struct lk_workspace *ws);
/* The path of `name` in the folder; LK_INTERNAL when too long. */
enum lk_status lk_workspace_path(const struct lk_workspace *ws, const char *name,
				 char out[LK_PATH_MAX], struct lk_error *err);
/* Write a whole file, synced. */
enum lk_status lk_workspace_write(const struct lk_workspace *ws, const char *name, unsigned mode,
				  const void *data, size_t n, struct lk_error *err);
/* The last lines of the log into buf, terminated; "" when it is empty. */
void lk_workspace_log_tail(const struct lk_workspace *ws, char *buf, size_t size);
