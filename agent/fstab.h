/* SPDX-License-Identifier: Apache-2.0 */
/* Reads /etc/fstab as fstab(5) writes it, as far as one has to know it: which line mounts or swaps
 * a mapping, and with which options. Pure and bounded; what is not a line of fstab is passed over. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define LK_FSTAB_MAX  (1024u * 1024) /* bytes of a file */
#define LK_FSTAB_SPEC 128	     /* longer device names are none of ours */
#define LK_FSTAB_UNIT 256	     /* systemd takes no longer name of a unit */

struct lk_fstab_line {
	unsigned number;		   /* counted from 1 */
	char spec[LK_FSTAB_SPEC];	   /* the first field, unescaped; "" when longer */
	const char *file, *type, *options; /* the next three, within the text, not terminated */
	size_t file_len, type_len, options_len;
};

/* The next line with at least three fields; *at moves on, *number counts (start with 0). false at
 * the end. */
bool lk_fstab_next(const char **at, const char *end, unsigned *number, struct lk_fstab_line *ret);
/* The name of the mapping if the line is about one (/dev/mapper/NAME), else NULL. */
const char *lk_fstab_mapping(const struct lk_fstab_line *line);
/* Is this one of its options, alone or with a value? */
bool lk_fstab_has(const struct lk_fstab_line *line, const char *option);
bool lk_fstab_is_swap(const struct lk_fstab_line *line);
/* The name of its mount unit (systemd.unit(5), escaping of paths; links in the path are not
 * followed); false when the line mounts nothing, or at a path that makes no unit's name. */
bool lk_fstab_mount_unit(const struct lk_fstab_line *line, char out[LK_FSTAB_UNIT]);
