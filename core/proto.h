/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of protobuf (proto3): fields appended one by one, and found again. Pure and bounded. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/secret.h"

/* Append a field; nothing is written for an empty one. LK_INTERNAL when it does not fit. */
enum lk_status lk_proto_put(struct lk_secret *out, unsigned field, const void *p, size_t n,
			    struct lk_error *err);
enum lk_status lk_proto_put_int(struct lk_secret *out, unsigned field, uint64_t value,
				struct lk_error *err);

struct lk_proto_bytes { /* borrowed from the message; data NULL: the field is absent */
	const uint8_t *data;
	size_t len;
};
/* The last occurrence of a field of bytes, or of a number. False if the message is not protobuf,
 * anywhere; an absent field is fine. */
bool lk_proto_bytes(const void *message, size_t n, unsigned field, struct lk_proto_bytes *ret);
bool lk_proto_int(const void *message, size_t n, unsigned field, uint64_t *ret);
