/* SPDX-License-Identifier: Apache-2.0 */
/* The body of one request while it arrives: within its own limit, within what all bodies together
 * may take, and in locked memory where it may hold a secret. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "core/secret.h"

struct lk_http_body { /* starts as { .max, .locked } */
	size_t max;
	bool locked;
	struct lk_secret secret; /* if locked */
	char *plain;		 /* else */
	size_t len, cap;
	size_t share; /* of the memory for all bodies */
};

/* False when it is too much, or there is no memory: the request is to be given up. */
bool lk_http_body_append(struct lk_http_body *b, const void *data, size_t n);
/* What has arrived; never NULL. */
const char *lk_http_body_data(const struct lk_http_body *b);
/* Wipes what was locked. */
void lk_http_body_clear(struct lk_http_body *b);
