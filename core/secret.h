/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes that must not outlive their use: own pages, locked, out of dumps and out of forks (a child
 * finds zeros in their place), fixed capacity, moved and never copied, wiped at the end. There is
 * no function that prints one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

struct lk_secret { /* `= { 0 }` is empty */
	uint8_t *data;
	size_t len;
	size_t cap; /* fixed at birth: growing would leave copies */
};

/* Reserve cap bytes (1 to LK_SECRET_MAX). LK_INTERNAL when memory cannot be had or locked:
 * a lock that fails is an error, never shrugged off. */
#define LK_SECRET_MAX (4u * 1024 * 1024)
enum lk_status lk_secret_alloc(struct lk_secret *s, size_t cap, struct lk_error *err);
/* Append n bytes; LK_INTERNAL when they do not fit. */
enum lk_status lk_secret_append(struct lk_secret *s, const void *p, size_t n, struct lk_error *err);
/* alloc + append in one; for bytes that a library handed to us (the caller wipes those). */
enum lk_status lk_secret_from(struct lk_secret *s, const void *p, size_t n, struct lk_error *err);
/* Constant time in the contents; lengths are not secret. */
bool lk_secret_equal(const struct lk_secret *a, const struct lk_secret *b);
/* Move: *s is empty afterwards. */
struct lk_secret lk_secret_take(struct lk_secret *s);
/* Wipe and release; fine on { 0 }, fine twice. */
void lk_secret_wipe(struct lk_secret *s);
/* Read all of fd up to max bytes (LK_CONFIG when longer or empty); for stdin and 0600 files. */
enum lk_status lk_secret_read_fd(struct lk_secret *s, int fd, size_t max, struct lk_error *err);

/* Overwrite memory in a way the compiler keeps. */
void lk_wipe(void *p, size_t n);
/* Constant-time comparison of n bytes. */
bool lk_equal_ct(const void *a, const void *b, size_t n);
/* Are all n bytes zero? In constant time as well; none at all are. */
bool lk_all_zero_ct(const void *p, size_t n);
