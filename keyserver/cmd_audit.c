/* SPDX-License-Identifier: Apache-2.0 */
/* `latchkeyd audit`: prints the log and checks its chain by the entries alone, so that nothing has
 * to be taken on trust from the server. */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/base64.h"
#include "core/json.h"
#include "keyserver/admin_client.h"
#include "keyserver/audit.h"
#include "keyserver/commands.h"
#include "keyserver/listen_socket.h"

#define USAGE "audit list [--after SEQ] [--json] | verify  [--socket PATH]"

struct walk {
	bool json, verify;
	int64_t seq; /* of the last entry seen */
	uint8_t digest[LK_AUDIT_HASH];
};

static void print_member(const struct json_t *body, const char *name)
{
	const struct json_t *v = lk_json_get(body, name);
	const char *s = v ? lk_json_string_value(v) : NULL;
	int64_t n;

	if (s)
		printf("  %s=%s", name, s);
	else if (v && lk_json_int_value(v, &n))
		printf("  %s=%lld", name, (long long)n);
}

static void print_entry(int64_t seq, int64_t seconds, const struct json_t *body)
{
	static const char *const members[] = { "outcome", "resource", "version",    "tee",
					       "peer",	  "session",  "suppressed", "reason" };
	const char *event = lk_json_string_value(lk_json_get(body, "event"));
	time_t t = (time_t)seconds;
	char when[32] = "?";
	struct tm tm;
	size_t i;

	if (gmtime_r(&t, &tm))
		(void)strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	printf("%lld  %s  %s", (long long)seq, when, event ? event : "?");
	for (i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		print_member(body, members[i]);
	printf("\n");
}

static enum lk_status print_json(const struct json_t *entry, struct lk_error *err)
{
	LK_JSON_TEXT *text = NULL;
	size_t len;
	enum lk_status st;

	st = lk_json_dump(entry, LK_JSON_COMPACT, &text, &len, err);
	if (st == LK_OK)
		printf("%s\n", text);
	return st;
}

/* The digest of the entry is made of what was sent, as anybody could do it. */
static enum lk_status verify_entry(struct walk *w, struct lk_audit_row *row, const char *prev,
				   const struct json_t *body, struct lk_error *err)
{
	LK_JSON_TEXT *text = NULL;
	size_t n;
	enum lk_status st;

	if (!lk_hex_decode(prev, strlen(prev), row->prev, sizeof(row->prev), &n) ||
	    n != sizeof(row->prev))
		return lk_raise_code(err, LK_C_AUDIT_BROKEN, "entry %lld has no digest",
				     (long long)row->seq);
	st = lk_audit_follows(row, w->seq, w->digest, err);
	if (st)
		return st;
	st = lk_json_dump(body, LK_JSON_CANONICAL, &text, &n, err);
	if (st)
		return st;
	row->body = text;
	return lk_audit_digest(row, w->digest, err);
}

static enum lk_status one_entry(struct walk *w, const struct json_t *entry, struct lk_error *err)
{
	struct lk_audit_row row = { 0 };
	const char *prev;
	struct json_t *body;
	enum lk_status st = LK_OK;

	if (lk_json_get_int(entry, "seq", 1, INT64_MAX, &row.seq, err) ||
	    lk_json_get_int(entry, "time", INT64_MIN, INT64_MAX, &row.time, err) ||
	    lk_json_get_string(entry, "prev", 2 * LK_AUDIT_HASH, &prev, err) ||
	    lk_json_get_object(entry, "body", &body, err))
		return lk_context(err, "read an audit entry");
	if (w->verify)
		st = verify_entry(w, &row, prev, body, err);
	else if (w->json)
		st = print_json(entry, err);
	else
		print_entry(row.seq, row.time, body);
	w->seq = row.seq;
	return st;
}

/* A page of the log; *ret_n entries. */
static enum lk_status one_page(const char *socket, struct walk *w, size_t *ret_n,
			       struct lk_error *err)
{
	char path[64];
	const struct lk_admin_request q = { .socket = socket, .method = "GET", .path = path };
	LK_SECRET answer = { 0 };
	LK_JSON *doc = NULL;
	struct json_t *entries;
	enum lk_status st;
	size_t i;

	(void)snprintf(path, sizeof(path), "audit?after=%lld", (long long)w->seq);
	st = lk_admin_ask(&q, &answer, err);
	if (st)
		return st;
	st = lk_json_parse((const char *)answer.data, answer.len, &doc, err);
	if (st == LK_OK)
		st = lk_json_get_array(doc, "entries", &entries, err);
	if (st)
		return lk_context(err, "read the audit log");
	for (i = 0; i < lk_json_count(entries); i++) {
		st = one_entry(w, lk_json_at(entries, i), err);
		if (st)
			return st;
	}
	*ret_n = i;
	return LK_OK;
}

static enum lk_status all_pages(const char *socket, struct walk *w, struct lk_error *err)
{
	char head[2 * LK_AUDIT_HASH + 1];
	enum lk_status st;
	size_t n = 0;

	do
		st = one_page(socket, w, &n, err);
	while (st == LK_OK && n > 0);
	if (st == LK_OK && w->verify) {
		lk_hex_encode(w->digest, sizeof(w->digest), head);
		printf("%lld entries, each follows from the one before; head %s\n",
		       (long long)w->seq, head);
	}
	return st;
}

static bool read_seq(const char *text, int64_t *ret)
{
	int64_t n = 0;
	size_t i;

	for (i = 0; text[i] >= '0' && text[i] <= '9' && i < 18; i++)
		n = n * 10 + (text[i] - '0');
	*ret = n;
	return i > 0 && text[i] == '\0';
}

int lk_cmd_audit(int argc, char **argv)
{
	static const struct option known[] = {
		{ "socket", required_argument, NULL, 'S' },
		{ "after", required_argument, NULL, 'a' },
		{ "json", no_argument, NULL, 'j' },
		{ 0 },
	};
	const char *socket = LK_SOCKET_DEFAULT;
	struct lk_error err = { 0 };
	struct walk w = { 0 };
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (c == 'S')
			socket = optarg;
		else if (c == 'j')
			w.json = true;
		else if (c != 'a' || !read_seq(optarg, &w.seq))
			return lk_cmd_usage(USAGE);
	}
	if (argc - optind != 1)
		return lk_cmd_usage(USAGE);
	w.verify = strcmp(argv[optind], "verify") == 0;
	if ((!w.verify && strcmp(argv[optind], "list") != 0) || (w.verify && w.seq))
		return lk_cmd_usage(USAGE);
	if (all_pages(socket, &w, &err) == LK_OK)
		return 0;
	lk_context(&err, "%s the audit log", argv[optind]);
	return lk_cmd_fail(&err);
}
