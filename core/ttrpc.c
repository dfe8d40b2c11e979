/* SPDX-License-Identifier: Apache-2.0 */
/* ttrpc: frames, the two messages, and one call. */
#include "core/ttrpc.h"

#include <string.h>

#include "core/cleanup.h"
#include "core/unix_socket.h"

#define STREAM	   1 /* clients use odd numbers; there is one call on a connection */
#define FRAMES_MAX 16

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

static enum lk_status bad(struct lk_error *err, const char *what)
{
	return lk_raise_code(err, LK_C_REPLY_INVALID, "%s", what);
}

enum lk_status lk_ttrpc_frame_parse(const uint8_t head[LK_TTRPC_HEADER], size_t max,
				    struct lk_ttrpc_frame *ret, struct lk_error *err)
{
	const struct lk_ttrpc_frame f = { get32(head), get32(head + 4), head[8], head[9] };

	if (f.len > max)
		return bad(err, "a frame that is longer than any answer");
	if (f.type != LK_TTRPC_RESPONSE && f.type != LK_TTRPC_DATA)
		return bad(err, "a frame of a type that servers do not send");
	*ret = f;
	return LK_OK;
}

/* ---- messages ---- */

enum lk_status lk_ttrpc_request(uint32_t stream, const char *service, const char *method,
				const void *payload, size_t n, uint64_t timeout_ns,
				struct lk_secret *ret, struct lk_error *err)
{
	const uint8_t room[LK_TTRPC_HEADER] = { 0 };
	LK_SECRET frame = { 0 };
	enum lk_status st;

	st = lk_secret_alloc(&frame, LK_TTRPC_HEADER + 2 * (LK_TTRPC_TEXT_MAX + 10) + n + 30, err);
	if (!st)
		st = lk_secret_append(&frame, room, sizeof(room), err);
	if (!st)
		st = lk_proto_put(&frame, 1, service, strlen(service), err);
	if (!st)
		st = lk_proto_put(&frame, 2, method, strlen(method), err);
	if (!st)
		st = lk_proto_put(&frame, 3, payload, n, err);
	if (!st)
		st = lk_proto_put_int(&frame, 4, timeout_ns, err);
	if (st)
		return st;
	put32(frame.data, (uint32_t)(frame.len - LK_TTRPC_HEADER));
	put32(frame.data + 4, stream);
	frame.data[8] = LK_TTRPC_REQUEST;
	*ret = lk_secret_take(&frame);
	return LK_OK;
}

/* A status that is absent, or empty, is a good one. */
enum lk_status lk_ttrpc_response_parse(const void *data, size_t n, uint32_t *ret_code,
				       struct lk_proto_bytes *payload, struct lk_error *err)
{
	struct lk_proto_bytes status;
	uint64_t code = 0;

	if (!lk_proto_bytes(data, n, 1, &status) || !lk_proto_bytes(data, n, 2, payload) ||
	    (status.data && !lk_proto_int(status.data, status.len, 1, &code)) || code > 1000)
		return bad(err, "its response is not one of ttrpc");
	*ret_code = (uint32_t)code;
	return LK_OK;
}

/* ---- a call ---- */

static uint64_t timeout_of(struct lk_deadline d)
{
	return d.at_ms == LK_FOREVER ? 0 : (uint64_t)lk_deadline_left(d) * 1000000 + 1;
}

/* The one response; what belongs to streams that nobody opened is passed over, within reason. */
static enum lk_status receive(int fd, const struct lk_ttrpc_call *call, struct lk_secret *ret,
			      struct lk_error *err)
{
	struct lk_ttrpc_frame f;
	uint8_t head[LK_TTRPC_HEADER];
	enum lk_status st;
	unsigned i;

	for (i = 0; i < FRAMES_MAX; i++) {
		LK_SECRET data = { 0 };

		st = lk_unix_receive(fd, call->deadline, head, sizeof(head), err);
		if (!st)
			st = lk_ttrpc_frame_parse(head, call->max_answer, &f, err);
		if (!st)
			st = lk_secret_alloc(&data, f.len ? f.len : 1, err);
		if (!st)
			st = lk_unix_receive(fd, call->deadline, data.data, f.len, err);
		if (st)
			return st;
		data.len = f.len;
		if (f.type == LK_TTRPC_RESPONSE && f.stream == STREAM) {
			*ret = lk_secret_take(&data);
			return LK_OK;
		}
		if (f.type == LK_TTRPC_RESPONSE || f.stream == STREAM)
			return bad(err, "a frame that answers nothing that was asked");
	}
	return bad(err, "frames without end");
}

static enum lk_status exchange(const struct lk_ttrpc_call *call, struct lk_secret *ret,
			       struct lk_error *err)
{
	LK_SECRET request = { 0 };
	enum lk_status st;
	LK_FD int fd = -1;

	st = lk_ttrpc_request(STREAM, call->service, call->method, call->payload, call->len,
			      timeout_of(call->deadline), &request, err);
	if (!st)
		st = lk_unix_dial(call->socket, &fd, err);
	if (!st)
		st = lk_unix_send(fd, call->deadline, request.data, request.len, err);
	return st ? st : receive(fd, call, ret, err);
}

enum lk_status lk_ttrpc_exchange(const struct lk_ttrpc_call *call, uint32_t *ret_code,
				 struct lk_secret *ret, struct lk_error *err)
{
	struct lk_proto_bytes payload;
	LK_SECRET data = { 0 };
	enum lk_status st;

	st = exchange(call, &data, err);
	if (!st)
		st = lk_ttrpc_response_parse(data.data, data.len, ret_code, &payload, err);
	if (!st && *ret_code == 0)
		st = lk_secret_from(ret, payload.data ? (const void *)payload.data : "",
				    payload.len, err);
	return st ? lk_context(err, "call %s on %s", call->method, call->socket) : LK_OK;
}
