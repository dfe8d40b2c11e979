/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running a tree's own dracut with the tree's dracut.conf(5), in a chroot inside mount, process and
 * network namespaces: the tree read-only, the final configuration over its folder, nothing of
 * the host but a few device nodes. Needs root, or the namespace of image/namespace.h.
 */
#pragma once

#include "core/error.h"
#include "image/fsimage.h"
#include "image/workspace.h"

struct lk_dracut {
	const char *tree;    /* absolute */
	const char *config;  /* absolute: the folder that becomes `folder` */
	const char *folder;  /* /etc/latchkey, or cryptpilot's */
	const char *release; /* of the kernel */
	enum lk_fs fs;	     /* its driver goes in */
};

/* Make the initramfs as `out`, which must not exist. LK_CONFIG when dracut fails, or leaves out
 * what it was told to put in: it reports success then. */
enum lk_status lk_dracut_run(const struct lk_dracut *dracut, const struct lk_workspace *ws,
			     const char *out, struct lk_error *err);
/* Pure: the first line of dracut's log that says something was left out, without its newline; NULL
 * if there is none. */
const char *lk_dracut_complaint(const char *log, size_t *ret_len);
