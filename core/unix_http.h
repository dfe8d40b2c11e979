/* SPDX-License-Identifier: Apache-2.0 */
/* One HTTP/1.1 call on a Unix socket: latchkeyd's administration. */
#pragma once

#include <stddef.h>

#include "core/error.h"
#include "core/secret.h"

#define LK_UNIX_ANSWER_MAX (80u * 1024) /* a resource of 64 KiB and its headers */

struct lk_unix_answer { /* `= { 0 }` is empty */
	int status;
	struct lk_secret body; /* empty when there is none */
};
void lk_unix_answer_clear(struct lk_unix_answer *a);
#define LK_UNIX_ANSWER LK_CLEANUP(lk_unix_answer_clear) struct lk_unix_answer

/* body: NULL or empty for none. LK_ABSENT with LK_C_SERVER_ABSENT when nobody listens; LK_AGAIN
 * with LK_C_UNREACHABLE when the connection breaks, LK_TIMEOUT without a whole answer in 30 seconds;
 * LK_TAMPERED with LK_C_REPLY_INVALID or LK_C_HTTP_LIMIT for a bad answer. */
enum lk_status lk_unix_call(const char *socket, const char *method, const char *path,
			    const struct lk_secret *body, struct lk_unix_answer *ret,
			    struct lk_error *err);

/* Pure: take a whole answer apart. Content-Length must be there and right unless the status is
 * 204; no transfer encoding. */
struct lk_unix_parts {
	int status;
	size_t body, body_len; /* offset and length within the answer */
};
enum lk_status lk_unix_parse(const void *answer, size_t len, struct lk_unix_parts *ret,
			     struct lk_error *err);
