/* SPDX-License-Identifier: Apache-2.0 */
/* Puts a writable layer in memory over a mounted read-only root: overlayfs with its upper side on
 * a tmpfs. By system calls alone, nothing is executed. */
#pragma once

#include <stdint.h>

#include "core/error.h"

#define LK_OVERLAY_PLACE "/run/latchkey/overlay"

/* Mount an overlay over `root` ("/sysroot"; must be a mount point), its upper directory on a new
 * tmpfs at `place` (made with mode 0700), limited to size bytes (0: the kernel's default, half of
 * the memory). Done already: LK_OK. LK_ABSENT when root is not mounted or the kernel has no
 * overlayfs; on failure nothing of ours stays mounted. */
enum lk_status lk_overlay_mount(const char *root, const char *place, uint64_t size,
				struct lk_error *err);
