/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON of the admin socket that holds secrets: written and read without leaving copies. The
 * server and its clients share it. Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/secret.h"

#define LK_ADMIN_PREFIX	  "/latchkey/v1/"
#define LK_ADMIN_BODY_MAX (384u * 1024) /* a policy as JSON in JSON, a resource in base64 */

/* {"name": ..., "version": N, "data": "<base64>"}; name NULL: only data. */
enum lk_status lk_admin_resource_write(const char *name, int64_t version,
				       const struct lk_secret *data, struct lk_secret *ret,
				       struct lk_error *err);
/* The bytes of member "data" of an object; others are for the caller to look at. LK_CONFIG. */
enum lk_status lk_admin_resource_read(const char *text, size_t len, struct lk_secret *ret,
				      struct lk_error *err);
