/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP on a Unix socket. The answer may hold a secret and is received into locked
 * memory from the first byte. */
#include "core/unix_http.h"

#include <stdio.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/deadline.h"
#include "core/http.h"
#include "core/unix_socket.h"

#define PATIENCE_MS 30000

void lk_unix_answer_clear(struct lk_unix_answer *a)
{
	lk_secret_wipe(&a->body);
	a->status = 0;
}

static enum lk_status bad(struct lk_error *err, const char *what)
{
	return lk_raise_code(err, LK_C_REPLY_INVALID, "%s", what);
}

/* "HTTP/1.1 200 OK" */
static int parse_status(const char *text, size_t len)
{
	int status = 0;
	size_t i;

	if (len < 13 || memcmp(text, "HTTP/1.", 7) != 0 || text[8] != ' ')
		return 0;
	for (i = 9; i < 12; i++) {
		if (text[i] < '0' || text[i] > '9')
			return 0;
		status = status * 10 + (text[i] - '0');
	}
	return text[12] == ' ' || text[12] == '\r' ? status : 0;
}

static bool parse_length(const char *value, size_t n, size_t *ret)
{
	size_t length = 0, i;

	if (n == 0 || n > 7)
		return false;
	for (i = 0; i < n; i++) {
		if (value[i] < '0' || value[i] > '9')
			return false;
		length = length * 10 + (size_t)(value[i] - '0');
	}
	*ret = length;
	return true;
}

enum lk_status lk_unix_parse(const void *answer, size_t len, struct lk_unix_parts *ret,
			     struct lk_error *err)
{
	const char *text = answer, *end = memmem(text, len, "\r\n\r\n", 4), *value, *more;
	struct lk_unix_parts parts = { 0 };
	size_t n, m, head;

	if (!end)
		return bad(err, "the answer has no end of its headers");
	head = (size_t)(end - text) + 2;
	parts.status = parse_status(text, head);
	if (parts.status < 200 || parts.status > 599)
		return bad(err, "the answer has no status");
	if (lk_http_header(text, head, "Transfer-Encoding", 0, &value, &n))
		return bad(err, "the answer is sent in pieces");
	parts.body = head + 2;
	parts.body_len = len - parts.body;
	if (!lk_http_header(text, head, "Content-Length", 0, &value, &n)) {
		if (parts.status != 204 || parts.body_len != 0)
			return bad(err, "the answer has no length");
	} else if (lk_http_header(text, head, "Content-Length", 1, &more, &m) ||
		   !parse_length(value, n, &m) || m != parts.body_len) {
		return bad(err, "the answer's length is wrong");
	}
	*ret = parts;
	return LK_OK;
}

static enum lk_status receive_all(int fd, struct lk_deadline deadline, struct lk_secret *into,
				  struct lk_error *err)
{
	enum lk_status st;
	size_t n;

	for (;;) {
		if (into->len == into->cap)
			return lk_raise_code(err, LK_C_HTTP_LIMIT, "the answer is too long");
		st = lk_unix_receive_some(fd, deadline, into->data + into->len,
					  into->cap - into->len, &n, err);
		if (st || n == 0)
			return st;
		into->len += n;
	}
}

static enum lk_status exchange(int fd, const char *method, const char *path,
			       const struct lk_secret *body, struct lk_secret *ret,
			       struct lk_error *err)
{
	struct lk_deadline deadline = lk_deadline_in(PATIENCE_MS);
	size_t length = body ? body->len : 0;
	enum lk_status st;
	char head[512];
	int n;

	n = snprintf(head, sizeof(head),
		     "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
		     "Content-Type: application/octet-stream\r\nContent-Length: %zu\r\n\r\n",
		     method, path, length);
	if (n < 0 || (size_t)n >= sizeof(head))
		return lk_raise(err, LK_INTERNAL, "the request is too long");
	st = lk_unix_send(fd, deadline, head, (size_t)n, err);
	if (!st && length)
		st = lk_unix_send(fd, deadline, body->data, length, err);
	return st ? st : receive_all(fd, deadline, ret, err);
}

enum lk_status lk_unix_call(const char *socket, const char *method, const char *path,
			    const struct lk_secret *body, struct lk_unix_answer *ret,
			    struct lk_error *err)
{
	struct lk_unix_parts parts;
	LK_SECRET answer = { 0 };
	LK_SECRET content = { 0 };
	enum lk_status st;
	LK_FD int fd = -1;

	st = lk_secret_alloc(&answer, LK_UNIX_ANSWER_MAX, err);
	if (!st)
		st = lk_unix_dial(socket, &fd, err);
	if (!st)
		st = exchange(fd, method, path, body, &answer, err);
	if (!st)
		st = lk_unix_parse(answer.data, answer.len, &parts, err);
	if (!st && parts.body_len)
		st = lk_secret_from(&content, answer.data + parts.body, parts.body_len, err);
	if (st)
		return lk_context(err, "ask the server on '%s'", socket);
	ret->status = parts.status;
	ret->body = lk_secret_take(&content);
	return LK_OK;
}
