/* SPDX-License-Identifier: Apache-2.0 */
/* The files and links that a generator leaves for systemd (systemd.generator(7)). */
#pragma once

#include "core/error.h"

/* Create DIR/NAME with its folder; LK_INTERNAL when it is there already or cannot be written. */
__attribute__((format(printf, 4, 5))) enum lk_status
lk_unit_write(const char *dir, const char *name, struct lk_error *err, const char *fmt, ...);
/* DIR/FOLDER/UNIT, a link to the unit in `where`; errors as above. */
enum lk_status lk_unit_link(const char *dir, const char *folder, const char *where,
			    const char *unit, struct lk_error *err);
