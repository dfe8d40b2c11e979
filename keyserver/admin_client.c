/* SPDX-License-Identifier: Apache-2.0 */
/* A minimal HTTP/1.1 client: one request, one answer with a length, and the connection ends. All
 * that passes may hold a secret and stays in locked memory. */
#include "keyserver/admin_client.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/json.h"
#include "keyserver/admin.h"
#include "keyserver/listen_socket.h"

#define HEAD_MAX 4096

static enum lk_status send_all(int fd, const void *data, size_t n, struct lk_error *err)
{
	const char *p = data;
	ssize_t sent;

	while (n > 0) {
		sent = send(fd, p, n, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return lk_raise(err, LK_INTERNAL, "send the request: %s", strerror(errno));
		p += sent;
		n -= (size_t)sent;
	}
	return LK_OK;
}

static enum lk_status send_request(int fd, const struct lk_admin_request *q, struct lk_error *err)
{
	LK_FREE char *head = NULL;
	enum lk_status st;
	int n;

	n = asprintf(&head,
		     "%s " LK_ADMIN_PREFIX "%s HTTP/1.1\r\nHost: latchkeyd\r\n"
		     "Content-Length: %zu\r\n"
		     "Connection: close\r\n\r\n",
		     q->method, q->path, q->body_len);
	if (n < 0) {
		head = NULL;
		return lk_raise(err, LK_INTERNAL, "no memory for a request");
	}
	st = send_all(fd, head, (size_t)n, err);
	return st ? st : send_all(fd, q->body, q->body_len, err);
}

struct answer {
	unsigned status;
	size_t body_at; /* in what was read with the head */
	size_t body_len;
	struct lk_secret raw; /* the body */
};

/* "HTTP/1.1 200 OK", headers, an empty line. False while it is not all there. */
static bool read_head(struct answer *a, struct lk_secret *head)
{
	const char *text = (const char *)head->data, *line, *end;

	head->data[head->len] = '\0';
	end = strstr(text, "\r\n\r\n");
	if (!end || strncmp(text, "HTTP/1.1 ", 9) != 0)
		return false;
	a->status = (unsigned)strtoul(text + 9, NULL, 10);
	for (line = strstr(text, "\r\n"); line && line < end; line = strstr(line + 2, "\r\n"))
		if (strncasecmp(line + 2, "Content-Length:", 15) == 0)
			a->body_len = strtoull(line + 17, NULL, 10);
	a->body_at = (size_t)(end - text) + 4;
	return true;
}

static enum lk_status read_more(int fd, struct lk_secret *into, size_t cap, struct lk_error *err)
{
	ssize_t n;

	do
		n = read(fd, into->data + into->len, cap - into->len);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return lk_raise(err, LK_INTERNAL, "read the answer: %s",
				n ? strerror(errno) : "the server hung up");
	into->len += (size_t)n;
	return LK_OK;
}

static enum lk_status read_answer(int fd, struct answer *a, struct lk_error *err)
{
	LK_SECRET head = { 0 };
	enum lk_status st;
	size_t early;

	st = lk_secret_alloc(&head, HEAD_MAX + 1, err);
	while (st == LK_OK && !read_head(a, &head)) {
		if (head.len == HEAD_MAX)
			return lk_raise(err, LK_INTERNAL, "an answer that is not HTTP");
		st = read_more(fd, &head, HEAD_MAX, err);
	}
	if (st)
		return st;
	if (a->body_len >= LK_SECRET_MAX)
		return lk_raise(err, LK_INTERNAL, "an answer of %zu bytes", a->body_len);
	early = head.len - a->body_at;
	if (early > a->body_len)
		return lk_raise(err, LK_INTERNAL, "an answer longer than it says");
	st = lk_secret_alloc(&a->raw, a->body_len + 1, err);
	if (st == LK_OK)
		st = lk_secret_append(&a->raw, head.data + a->body_at, early, err);
	while (st == LK_OK && a->raw.len < a->body_len)
		st = read_more(fd, &a->raw, a->body_len, err);
	return st;
}

static enum lk_code code_by_name(const char *name)
{
	unsigned i;

	for (i = LK_C_NONE + 1; i < LK_N_CODES; i++)
		if (strcmp(lk_code_name((enum lk_code)i), name) == 0)
			return (enum lk_code)i;
	return LK_C_NONE;
}

/* What the server raised is raised here. */
static enum lk_status raise_refusal(const struct answer *a, struct lk_error *err)
{
	const char *name, *detail;
	struct lk_error ignored = { 0 };
	LK_JSON *doc = NULL;
	enum lk_code code;

	if (lk_json_parse((const char *)a->raw.data, a->raw.len, &doc, &ignored) ||
	    lk_json_get_string(doc, "error", 64, &name, &ignored) ||
	    lk_json_get_string(doc, "detail", 4096, &detail, &ignored))
		return lk_raise(err, LK_INTERNAL, "the server answered %u", a->status);
	code = code_by_name(name);
	if (code != LK_C_NONE)
		return lk_raise_code(err, code, "%s", detail);
	return lk_raise(err, a->status == 404 ? LK_ABSENT : LK_INTERNAL, "%s", detail);
}

static void answer_clear(struct answer *a)
{
	lk_secret_wipe(&a->raw);
}

enum lk_status lk_admin_ask(const struct lk_admin_request *q, struct lk_secret *ret,
			    struct lk_error *err)
{
	LK_CLEANUP(answer_clear) struct answer a = { 0 };
	LK_FD int fd = -1;
	enum lk_status st;

	st = lk_connect_unix(q->socket, &fd, err);
	if (st)
		return st;
	st = send_request(fd, q, err);
	if (st == LK_OK)
		st = read_answer(fd, &a, err);
	if (st)
		return lk_context(err, "ask the server on %s", q->socket);
	if (a.status != 200)
		return raise_refusal(&a, err);
	*ret = lk_secret_take(&a.raw);
	return LK_OK;
}
