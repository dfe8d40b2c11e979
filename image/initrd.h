/* SPDX-License-Identifier: Apache-2.0 */
/* The initramfs beside a disk: a ready one, with the final configuration appended. */
#pragma once

#include "core/error.h"
#include "image/siteconfig.h"

/* Copy `base`, pad it to a multiple of four (the kernel wants archives to start there), append an
 * archive with the site's files as /etc/latchkey, into `out`. */
enum lk_status lk_initrd_append(const char *base, const struct lk_siteconfig *site, const char *out,
				struct lk_error *err);
