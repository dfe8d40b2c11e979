/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files that a build leaves: their final names, and the one moment at which they get them.
 * Until then all of them live in the work folder.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"
#include "image/workspace.h"

enum lk_output { /* in the order of publishing: who sees the disk sees all of them */
		 LK_OUT_KERNEL,
		 LK_OUT_INITRD,
		 LK_OUT_CMDLINE,
		 LK_OUT_MANIFEST,
		 LK_OUT_ESCROW,
		 LK_OUT_DISK,
		 LK_N_OUTPUTS,
};

struct lk_outputs {
	char final[LK_N_OUTPUTS][LK_PATH_MAX]; /* "" = not made in this build */
};

/* The name in the work folder. */
extern const char *const lk_output_work_names[LK_N_OUTPUTS];

/* Derive the names from DISK.img: its suffix .img or .raw is replaced. escrow: NULL = none, "" =
 * beside the disk, else the path. */
enum lk_status lk_outputs_name(struct lk_outputs *o, const char *disk, const char *escrow,
			       struct lk_error *err);
/* LK_CONFIG naming the first that exists already. */
enum lk_status lk_outputs_absent(const struct lk_outputs *o, struct lk_error *err);
/* Sync and move all of them into place; without force nothing is ever replaced. When one cannot
 * be moved, those before it are removed again. */
enum lk_status lk_outputs_publish(const struct lk_outputs *o, const struct lk_workspace *ws,
				  bool force, struct lk_error *err);
