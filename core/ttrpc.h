/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client of ttrpc (containerd's PROTOCOL.md): one unary call on a connection of its own. Frames
 * and messages are built and parsed by pure functions; sizes and the number of frames are bounded.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/deadline.h"
#include "core/error.h"
#include "core/proto.h"
#include "core/secret.h"

/* ---- pure ---- */

#define LK_TTRPC_HEADER	  10
#define LK_TTRPC_REQUEST  1
#define LK_TTRPC_RESPONSE 2
#define LK_TTRPC_DATA	  3
#define LK_TTRPC_TEXT_MAX 256 /* of a service's or a method's name */

struct lk_ttrpc_frame {
	uint32_t len, stream;
	uint8_t type, flags;
};
/* LK_TAMPERED with REPLY_INVALID when it is longer than max or of a type that does not exist. */
enum lk_status lk_ttrpc_frame_parse(const uint8_t head[LK_TTRPC_HEADER], size_t max,
				    struct lk_ttrpc_frame *ret, struct lk_error *err);
/* A frame with a request. timeout_ns 0: none. */
enum lk_status lk_ttrpc_request(uint32_t stream, const char *service, const char *method,
				const void *payload, size_t n, uint64_t timeout_ns,
				struct lk_secret *ret, struct lk_error *err);
/* The data of a response: *ret_code is 0 and *payload points into it, or it says why not. */
enum lk_status lk_ttrpc_response_parse(const void *data, size_t n, uint32_t *ret_code,
				       struct lk_proto_bytes *payload, struct lk_error *err);

/* ---- a call ---- */

struct lk_ttrpc_call {
	const char *socket; /* as lk_unix_dial takes it */
	const char *service, *method;
	const void *payload;
	size_t len;
	size_t max_answer; /* bytes of the response's data */
	struct lk_deadline deadline;
};
/* *ret_code: gRPC's, of the service; *ret its payload when that is 0. Errors: what lk_unix_dial and
 * its kin raise, REPLY_INVALID, LK_TIMEOUT. */
enum lk_status lk_ttrpc_exchange(const struct lk_ttrpc_call *call, uint32_t *ret_code,
				 struct lk_secret *ret, struct lk_error *err);
