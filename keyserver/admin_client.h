/* SPDX-License-Identifier: Apache-2.0 */
/* One request to the admin socket and its answer, as the sub-commands make them. */
#pragma once

#include <stddef.h>

#include "core/cleanup.h"
#include "core/error.h"
#include "core/secret.h"

struct lk_admin_request {
	const char *socket;
	const char *method, *path; /* path below LK_ADMIN_PREFIX, without it */
	const void *body;
	size_t body_len;
};

/* The answer's body, in locked memory. A refusal is raised with the server's class, code and
 * text. LK_ABSENT with LK_C_SERVER_ABSENT when nobody listens. */
enum lk_status lk_admin_ask(const struct lk_admin_request *q, struct lk_secret *ret,
			    struct lk_error *err);
