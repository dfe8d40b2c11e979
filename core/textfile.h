/* SPDX-License-Identifier: Apache-2.0 */
/* Small public files (certificates, name server lists), read whole and bounded. */
#pragma once

#include <stddef.h>

#include "core/error.h"

/* Read the file at path, at most max bytes. *ret is malloc'ed and terminated; ret_len may be NULL.
 * LK_ABSENT when there is no such file; LK_CONFIG when it is longer than max, holds a NUL, is not
 * a regular file or cannot be read. */
enum lk_status lk_textfile_read(const char *path, size_t max, char **ret, size_t *ret_len,
				struct lk_error *err);
