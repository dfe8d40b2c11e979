/* SPDX-License-Identifier: Apache-2.0 */
/* The root file system as a file, made from a folder by the file system's own tool. */
#pragma once

#include <stdint.h>

#include "core/error.h"

enum lk_fs { LK_FS_EROFS, LK_FS_EXT4 };

#define LK_FS_BLOCK 4096u

extern const char *const lk_fs_names[]; /* by enum lk_fs, ending in NULL */

struct lk_fsimage {
	enum lk_fs kind;
	const char *tree; /* the folder */
	const char *path; /* the file to make */
	const char *uuid; /* of the file system */
	int log;	  /* output of the tool */
};

/* Is the tool for this file system installed? */
enum lk_status lk_fsimage_check(enum lk_fs kind, struct lk_error *err);
/* Make it; *ret_size is a multiple of LK_FS_BLOCK. */
enum lk_status lk_fsimage_make(const struct lk_fsimage *image, uint64_t *ret_size,
			       struct lk_error *err);
