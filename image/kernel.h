/* SPDX-License-Identifier: Apache-2.0 */
/* What a kernel file says of itself (kernel documentation: arch/x86/boot.rst). */
#pragma once

#include <stddef.h>

#include "core/error.h"

#define LK_RELEASE_SIZE 128
#define LK_KERNEL_HEAD	(66u * 1024) /* bytes that are enough to look at */

/* Pure: the release ("6.1.0-13-amd64") of a bzImage from its first n bytes. LK_CONFIG if it is
 * none. */
enum lk_status lk_kernel_parse(const void *head, size_t n, char ret[LK_RELEASE_SIZE],
			       struct lk_error *err);
enum lk_status lk_kernel_release(const char *path, char ret[LK_RELEASE_SIZE], struct lk_error *err);
