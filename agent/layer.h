/* SPDX-License-Identifier: Apache-2.0 */
/* The root's writable layer once the root is mounted, whichever kind it is. */
#pragma once

#include "agent/settings.h"
#include "core/error.h"

/* Make the root mounted at sysroot writable as configured; nothing to do without rw_overlay.
 * *ret_found: what became of a layer that lasts, for the report ("new", "kept"); NULL for others.
 * Errors: lk_overlay_mount. */
enum lk_status lk_layer_lay(const struct lk_settings *s, const char *sysroot,
			    const char **ret_found, struct lk_error *err);
