/* SPDX-License-Identifier: Apache-2.0 */
/* `latchkeyd policy`: sends a policy to the server, which checks it whole, and shows the one in
 * force. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/json.h"
#include "keyserver/admin_client.h"
#include "keyserver/commands.h"
#include "keyserver/listen_socket.h"
#include "keyserver/policy.h"

#define USAGE "policy set [--file FILE] | show  [--socket PATH]"

/* A policy is no secret, but the reader is the same. */
static enum lk_status read_policy(const char *file, struct lk_secret *ret, struct lk_error *err)
{
	LK_FD int fd = file ? open(file, O_RDONLY | O_CLOEXEC) : dup(STDIN_FILENO);
	enum lk_status st;

	if (fd < 0)
		return lk_raise(err, LK_CONFIG, "open %s: %s", file ? file : "stdin",
				strerror(errno));
	st = lk_secret_read_fd(ret, fd, LK_POLICY_TEXT_MAX, err);
	return st ? lk_context(err, "read the policy") : LK_OK;
}

/* What starts with a brace is ours; anything else may be Rego, and the server knows which. */
static enum lk_status request_body(const struct lk_secret *text, char **ret, size_t *ret_len,
				   struct lk_error *err)
{
	LK_JSON *doc = lk_json_object();

	if (!doc || !lk_json_set_stringn(doc, "rego", (const char *)text->data, text->len))
		return lk_raise_code(err, LK_C_POLICY_INVALID, "the policy is not text");
	return lk_json_dump(doc, LK_JSON_COMPACT, ret, ret_len, err);
}

static bool starts_with_brace(const struct lk_secret *text)
{
	size_t i = 0;

	while (i < text->len && strchr(" \t\r\n", text->data[i]))
		i++;
	return i < text->len && text->data[i] == '{';
}

static enum lk_status set(const char *socket, const char *file, struct lk_error *err)
{
	struct lk_admin_request q = { .socket = socket, .method = "PUT", .path = "policy" };
	LK_SECRET text = { 0 };
	LK_SECRET answer = { 0 };
	LK_JSON_TEXT *wrapped = NULL;
	enum lk_status st;

	st = read_policy(file, &text, err);
	if (st)
		return st;
	q.body = text.data;
	q.body_len = text.len;
	if (!starts_with_brace(&text)) {
		st = request_body(&text, &wrapped, &q.body_len, err);
		if (st)
			return st;
		q.body = wrapped;
	}
	st = lk_admin_ask(&q, &answer, err);
	if (st == LK_OK)
		printf("the policy is in force\n");
	return st;
}

static enum lk_status show(const char *socket, const char *file, struct lk_error *err)
{
	const struct lk_admin_request q = { .socket = socket, .method = "GET", .path = "policy" };
	LK_SECRET answer = { 0 };
	enum lk_status st;

	(void)file;
	st = lk_admin_ask(&q, &answer, err);
	if (st == LK_OK)
		printf("%.*s\n", (int)answer.len, (const char *)answer.data);
	return st;
}

int lk_cmd_policy(int argc, char **argv)
{
	static const struct option known[] = {
		{ "socket", required_argument, NULL, 'S' },
		{ "file", required_argument, NULL, 'f' },
		{ 0 },
	};
	const char *socket = LK_SOCKET_DEFAULT, *file = NULL;
	struct lk_error err = { 0 };
	enum lk_status st;
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (c == 'S')
			socket = optarg;
		else if (c == 'f')
			file = optarg;
		else
			return lk_cmd_usage(USAGE);
	}
	if (argc - optind != 1)
		return lk_cmd_usage(USAGE);
	if (strcmp(argv[optind], "set") == 0)
		st = set(socket, file, &err);
	else if (strcmp(argv[optind], "show") == 0)
		st = show(socket, file, &err);
	else
		return lk_cmd_usage(USAGE);
	if (st == LK_OK)
		return 0;
	lk_context(&err, "%s the policy", argv[optind]);
	return lk_cmd_fail(&err);
}
