/* SPDX-License-Identifier: Apache-2.0 */
/* The root tree: a folder, or an archive unpacked into the work folder; what it must hold. */
#pragma once

#include <stdbool.h>

#include "core/error.h"
#include "image/workspace.h"

struct lk_tree {
	char path[LK_PATH_MAX]; /* absolute */
	bool unpacked;		/* ours, not the operator's */
};

/* source: a folder, or a tar archive, compressed as tar knows. LK_CONFIG when it is neither, or
 * lacks what every root needs: mount points and an os-release file. */
enum lk_status lk_tree_open(const char *source, const struct lk_workspace *ws, struct lk_tree *ret,
			    struct lk_error *err);
/* With a single id (image/namespace.h) every file must be the builder's own: others' owners would be
 * lost. LK_CONFIG naming the first that is not. */
enum lk_status lk_tree_check_owners(const struct lk_tree *tree, struct lk_error *err);
/* Can dracut make an initramfs with the agent in it, and the configuration over `folder`? LK_CONFIG
 * saying what to install. */
enum lk_status lk_tree_check_dracut(const struct lk_tree *tree, const char *folder,
				    struct lk_error *err);
/* The one kernel release below lib/modules; given: it must be there. */
enum lk_status lk_tree_kernel(const struct lk_tree *tree, const char *given, char ret[128],
			      struct lk_error *err);
