/* SPDX-License-Identifier: Apache-2.0 */
/* `latchkeyd resource`: secrets go in by stdin or a file and come out on stdout, never by argv. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/json.h"
#include "keyserver/admin_client.h"
#include "keyserver/commands.h"
#include "keyserver/listen_socket.h"
#include "keyserver/resource.h"
#include "keyserver/resource_name.h"

#define USAGE                                                                                      \
	"resource put NAME [--file FILE] | get NAME | delete NAME | list [--json]  "               \
	"[--socket PATH]"

struct options {
	const char *socket, *file, *name;
	bool json;
};

/* Path of a resource below the admin prefix; names are checked, so that they need no escapes. */
static enum lk_status ask(const struct options *o, const char *method, const struct lk_secret *body,
			  struct lk_secret *ret, struct lk_error *err)
{
	char path[LK_RESOURCE_NAME_MAX + 16];
	const struct lk_admin_request q = {
		.socket = o->socket,
		.method = method,
		.path = path,
		.body = body ? body->data : NULL,
		.body_len = body ? body->len : 0,
	};

	if (!lk_resource_name_ok(o->name))
		return lk_raise_code(err, LK_C_RESOURCE_NAME, "'%s' is no resource name", o->name);
	(void)snprintf(path, sizeof(path), "resource/%s", o->name);
	return lk_admin_ask(&q, ret, err);
}

/* --- put ---------------------------------------------------------------------------------------- */

static enum lk_status read_secret(const struct options *o, struct lk_secret *ret,
				  struct lk_error *err)
{
	LK_FD int fd = o->file ? open(o->file, O_RDONLY | O_CLOEXEC) : dup(STDIN_FILENO);
	enum lk_status st;

	if (fd < 0)
		return lk_raise(err, LK_CONFIG, "open %s: %s", o->file ? o->file : "stdin",
				strerror(errno));
	if (!o->file && isatty(fd))
		return lk_raise(err, LK_CONFIG,
				"stdin is a terminal: give --file, or pipe the "
				"secret in");
	st = lk_secret_read_fd(ret, fd, LK_RESOURCE_MAX, err);
	return st ? lk_context(err, "read the secret") : LK_OK;
}

static enum lk_status put(const struct options *o, struct lk_error *err)
{
	LK_SECRET data = { 0 };
	LK_SECRET answer = { 0 };
	LK_JSON *doc = NULL;
	int64_t version;
	enum lk_status st;

	st = read_secret(o, &data, err);
	if (st)
		return st;
	st = ask(o, "PUT", &data, &answer, err);
	if (st)
		return st;
	st = lk_json_parse((const char *)answer.data, answer.len, &doc, err);
	if (st == LK_OK)
		st = lk_json_get_int(doc, "version", 1, INT64_MAX, &version, err);
	if (st)
		return lk_context(err, "read the server's answer");
	printf("stored %s, %zu bytes, version %lld\n", o->name, data.len, (long long)version);
	return LK_OK;
}

/* --- get, delete -------------------------------------------------------------------------------- */

static enum lk_status get(const struct options *o, struct lk_error *err)
{
	LK_SECRET data = { 0 };
	size_t at = 0;
	ssize_t n;
	enum lk_status st;

	if (isatty(STDOUT_FILENO))
		return lk_raise(err, LK_CONFIG,
				"stdout is a terminal: redirect the secret to "
				"where it belongs");
	st = ask(o, "GET", NULL, &data, err);
	if (st)
		return st;
	/* not through stdio: its buffer would keep a copy */
	for (; at < data.len; at += (size_t)n) {
		n = write(STDOUT_FILENO, data.data + at, data.len - at);
		if (n < 0)
			return lk_raise(err, LK_INTERNAL, "write the secret: %s", strerror(errno));
	}
	return LK_OK;
}

static enum lk_status delete (const struct options *o, struct lk_error *err) {
	LK_SECRET answer = { 0 }; enum lk_status st;

	st = ask(o, "DELETE", NULL, &answer, err);
	if (st) return st;
	printf("deleted %s\n", o->name);
	return LK_OK;
}

/* --- list --------------------------------------------------------------------------------------- */

static enum lk_status print_row(const struct json_t *row, struct lk_error *err)
{
	int64_t version, size, seconds;
	const char *name;
	char when[32] = "?";
	struct tm tm;
	time_t t;

	if (lk_json_get_string(row, "name", LK_RESOURCE_NAME_MAX, &name, err) ||
	    lk_json_get_int(row, "version", 0, INT64_MAX, &version, err) ||
	    lk_json_get_int(row, "size", 0, INT64_MAX, &size, err) ||
	    lk_json_get_int(row, "time", 0, INT64_MAX, &seconds, err))
		return lk_context(err, "read the server's list");
	t = (time_t)seconds;
	if (gmtime_r(&t, &tm))
		(void)strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	printf("%-40s %7lld %7lld  %s\n", name, (long long)version, (long long)size, when);
	return LK_OK;
}

static enum lk_status list(const struct options *o, struct lk_error *err)
{
	const struct lk_admin_request q = { .socket = o->socket,
					    .method = "GET",
					    .path = "resource" };
	LK_SECRET answer = { 0 };
	LK_JSON *doc = NULL;
	struct json_t *rows;
	enum lk_status st;
	size_t i;

	st = lk_admin_ask(&q, &answer, err);
	if (st)
		return st;
	if (o->json) {
		printf("%.*s\n", (int)answer.len, (const char *)answer.data);
		return LK_OK;
	}
	st = lk_json_parse((const char *)answer.data, answer.len, &doc, err);
	if (st == LK_OK)
		st = lk_json_get_array(doc, "resources", &rows, err);
	if (st)
		return lk_context(err, "read the server's list");
	printf("%-40s %7s %7s  %s\n", "NAME", "VERSION", "BYTES", "STORED");
	for (i = 0; st == LK_OK && i < lk_json_count(rows); i++)
		st = print_row(lk_json_at(rows, i), err);
	return st;
}

/* --- the command line --------------------------------------------------------------------------- */

static const struct verb {
	const char *name;
	bool takes_name;
	enum lk_status (*run)(const struct options *o, struct lk_error *err);
} verbs[] = {
	{ "put", true, put },
	{ "get", true, get },
	{ "delete", true, delete },
	{ "list", false, list },
};

static bool read_options(int argc, char **argv, struct options *o)
{
	static const struct option known[] = {
		{ "socket", required_argument, NULL, 'S' },
		{ "file", required_argument, NULL, 'f' },
		{ "json", no_argument, NULL, 'j' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (c == 'S')
			o->socket = optarg;
		else if (c == 'f')
			o->file = optarg;
		else if (c == 'j')
			o->json = true;
		else
			return false;
	}
	return true;
}

int lk_cmd_resource(int argc, char **argv)
{
	struct options o = { .socket = LK_SOCKET_DEFAULT };
	struct lk_error err = { 0 };
	int words;
	size_t i;

	if (!read_options(argc, argv, &o))
		return lk_cmd_usage(USAGE);
	words = argc - optind;
	for (i = 0; words > 0 && i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(argv[optind], verbs[i].name) != 0)
			continue;
		if (words != (verbs[i].takes_name ? 2 : 1))
			break;
		o.name = verbs[i].takes_name ? argv[optind + 1] : NULL;
		if (verbs[i].run(&o, &err) == LK_OK)
			return 0;
		lk_context(&err, "%s %s", verbs[i].name, o.name ? o.name : "the resources");
		return lk_cmd_fail(&err);
	}
	return lk_cmd_usage(USAGE);
}
