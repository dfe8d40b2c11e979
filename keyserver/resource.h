/* SPDX-License-Identifier: Apache-2.0 */
/* Resources: the secrets that attested machines may have. In the store only sealed, in memory only
 * as secrets. */
#pragma once

#include <stdint.h>

#include "core/error.h"
#include "core/secret.h"
#include "keyserver/store.h"

#define LK_RESOURCE_MAX (64u * 1024)

/* Seal and store under a version of its own, over any earlier one; not there before the commit.
 * LK_CONFIG: name or size. */
enum lk_status lk_resource_put(struct lk_store_write *w, const struct lk_secret *root,
			       const char *name, const void *data, size_t n, int64_t time,
			       int64_t *ret_version, struct lk_error *err);
/* LK_ABSENT, also for a name that can name nothing. */
enum lk_status lk_resource_get(struct lk_store *s, const struct lk_secret *root, const char *name,
			       struct lk_secret *ret, int64_t *ret_version, struct lk_error *err);
