/* SPDX-License-Identifier: Apache-2.0 */
/* Copies and removes directory trees by descriptors: no symbolic link is followed, no other file
 * system entered, nothing executed. */
#pragma once

#include "core/deadline.h"
#include "core/error.h"

/* Copy what is in the directory `from` into the empty directory `to`, and from's own owner, mode,
 * times and extended attributes onto it: files, links (hard ones among them stay so), devices,
 * sockets and pipes, with theirs. Directories on another file system than from stay empty. */
enum lk_status lk_tree_copy(int from, int to, struct lk_error *err);
/* Remove `name` in the directory dir and all below it; LK_OK when there is none. LK_TIMEOUT: a part of
 * it is still there. */
enum lk_status lk_tree_remove(int dir, const char *name, struct lk_deadline until,
			      struct lk_error *err);
