/* SPDX-License-Identifier: Apache-2.0 */
/* Small helps for making claims of bytes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct json_t;

#define LK_CLAIM_BYTES_MAX 128

/* Lower-case hex of at most LK_CLAIM_BYTES_MAX bytes; false when out of memory or longer. */
bool lk_claims_set_hex(struct json_t *obj, const char *name, const void *data, size_t n);
bool lk_claims_append_hex(struct json_t *list, const void *data, size_t n);
