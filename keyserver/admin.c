/* SPDX-License-Identifier: Apache-2.0 */
/* The admin socket's routes. A change and its audit entry are one commit. */
#include "keyserver/admin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base64.h"
#include "core/crypto.h"
#include "core/deadline.h"
#include "core/json.h"
#include "keyserver/resource.h"
#include "keyserver/resource_name.h"
#include "keyserver/rootkey.h"

#define RESOURCE   LK_ADMIN_PREFIX "resource/"
#define BODY_MAX   (2 * LK_POLICY_TEXT_MAX) /* Rego is text within JSON */
#define AUDIT_PAGE 500
#define JSON_TYPE  "application/json"

/* --- answers ------------------------------------------------------------------------------------ */

static unsigned http_status(enum lk_status st)
{
	switch (st) {
	case LK_CONFIG:
		return 400;
	case LK_ABSENT:
		return 404;
	case LK_DENIED:
		return 403;
	default:
		return 500;
	}
}

/* {"error": stable name, "detail": the chain} */
static void refuse(struct lk_reply *ret, const struct lk_error *why)
{
	char detail[LK_ERROR_FRAMES * LK_ERROR_TEXT];
	struct lk_error ignored = { 0 };
	LK_JSON *doc = lk_json_object();
	char *end;

	(void)lk_error_format(why, detail, sizeof(detail));
	end = strrchr(detail, '['); /* class and code are told apart */
	if (end && end > detail)
		end[-1] = '\0';
	ret->status = http_status(why->status);
	ret->type = JSON_TYPE;
	if (doc && lk_json_set_string(doc, "error", lk_error_code_name(why)) &&
	    lk_json_set_string(doc, "class", lk_status_name(why->status)) &&
	    lk_json_set_string(doc, "detail", detail))
		(void)lk_json_dump(doc, LK_JSON_COMPACT, &ret->text, &ret->len, &ignored);
}

static enum lk_status reply_with(struct lk_reply *ret, const struct json_t *doc,
				 struct lk_error *err)
{
	enum lk_status st;

	if (!doc)
		return lk_raise(err, LK_INTERNAL, "no memory for an answer");
	st = lk_json_dump(doc, LK_JSON_COMPACT, &ret->text, &ret->len, err);
	if (st)
		return st;
	ret->status = 200;
	ret->type = JSON_TYPE;
	return LK_OK;
}

/* A handler raises what it refuses; this makes the answer of it. */
static void guarded(struct lk_server *server, const struct lk_call *call, struct lk_reply *ret,
		    enum lk_status (*handle)(struct lk_server *server, const struct lk_call *call,
					     struct lk_reply *ret, struct lk_error *err))
{
	struct lk_error err = { 0 };
	enum lk_status st;

	if (!call->has_uid || (call->uid != 0 && call->uid != geteuid()))
		st = lk_raise_code(&err, LK_C_ADMIN_REFUSED, "%s is not an administrator",
				   call->peer);
	else
		st = handle(server, call, ret, &err);
	if (st) {
		lk_server_trouble(server, &err);
		refuse(ret, &err);
	}
}

#define HANDLER(name, handle)                                                                      \
	static void name(void *ctx, const struct lk_call *call, struct lk_reply *ret)              \
	{                                                                                          \
		guarded(ctx, call, ret, handle);                                                   \
	}

/* --- resources ---------------------------------------------------------------------------------- */

static const char *name_of(const struct lk_call *call)
{
	return call->path + sizeof(RESOURCE) - 1;
}

static enum lk_status check_name(const char *name, struct lk_error *err)
{
	if (!lk_resource_name_ok(name))
		return lk_raise_code(err, LK_C_RESOURCE_NAME, "'%.64s' is no resource name", name);
	return LK_OK;
}

static enum lk_status reply_version(struct lk_reply *ret, const char *name, int64_t version,
				    struct lk_error *err)
{
	LK_JSON *doc = lk_json_object();

	if (!doc || !lk_json_set_string(doc, "name", name) ||
	    (version && !lk_json_set_int(doc, "version", version)))
		return lk_raise(err, LK_INTERNAL, "no memory for an answer");
	return reply_with(ret, doc, err);
}

static enum lk_status put_resource(struct lk_server *server, const struct lk_call *call,
				   struct lk_reply *ret, struct lk_error *err)
{
	struct lk_audit_event e = { .event = "admin-put",
				    .outcome = "done",
				    .peer = call->peer,
				    .resource = name_of(call) };
	LK_STORE_WRITE w = { 0 };
	enum lk_status st;

	st = check_name(name_of(call), err);
	if (st)
		return st;
	st = lk_store_begin(server->store, &w, err);
	if (st)
		return st;
	st = lk_resource_put(&w, &server->root, name_of(call), call->body, call->body_len,
			     lk_clock_wall(), &e.version, err);
	if (st)
		return st;
	st = lk_audit_write_with(&w, &e, err);
	if (st)
		return st;
	st = lk_store_commit(&w, err);
	if (st)
		return st;
	return reply_version(ret, name_of(call), e.version, err);
}

static enum lk_status delete_resource(struct lk_server *server, const struct lk_call *call,
				      struct lk_reply *ret, struct lk_error *err)
{
	const struct lk_audit_event e = { .event = "admin-delete",
					  .outcome = "done",
					  .peer = call->peer,
					  .resource = name_of(call) };
	LK_STORE_WRITE w = { 0 };
	enum lk_status st;

	st = check_name(name_of(call), err);
	if (st)
		return st;
	st = lk_store_begin(server->store, &w, err);
	if (st)
		return st;
	st = lk_store_delete_resource(&w, name_of(call), err);
	if (st)
		return st;
	st = lk_audit_write_with(&w, &e, err);
	if (st)
		return st;
	st = lk_store_commit(&w, err);
	if (st)
		return st;
	return reply_version(ret, name_of(call), 0, err);
}

static enum lk_status get_resource(struct lk_server *server, const struct lk_call *call,
				   struct lk_reply *ret, struct lk_error *err)
{
	struct lk_audit_event e = { .event = "admin-get",
				    .outcome = "done",
				    .peer = call->peer,
				    .resource = name_of(call) };
	LK_SECRET data = { 0 };
	enum lk_status st;

	st = check_name(name_of(call), err);
	if (st)
		return st;
	st = lk_resource_get(server->store, &server->root, name_of(call), &data, &e.version, err);
	if (st)
		return st;
	st = lk_audit_write(server->audit, &e, err);
	if (st)
		return st;
	ret->secret = lk_secret_take(&data);
	ret->status = 200;
	ret->type = "application/octet-stream";
	return LK_OK;
}

static enum lk_status add_to_list(void *to, const struct lk_resource_row *row, struct lk_error *err)
{
	LK_JSON *item = lk_json_object();

	if (!item || !lk_json_set_string(item, "name", row->name) ||
	    !lk_json_set_int(item, "version", row->version) ||
	    !lk_json_set_int(item, "size", (int64_t)row->size - LK_SEAL_OVERHEAD) ||
	    !lk_json_set_int(item, "time", row->time) || !lk_json_append(to, lk_take(item)))
		return lk_raise(err, LK_INTERNAL, "no memory for the list");
	return LK_OK;
}

static enum lk_status list_resources(struct lk_server *server, const struct lk_call *call,
				     struct lk_reply *ret, struct lk_error *err)
{
	LK_JSON *doc = lk_json_object();
	LK_JSON *list = lk_json_array();
	enum lk_status st;

	(void)call;
	st = lk_store_list_resources(server->store, add_to_list, list, err);
	if (st)
		return st;
	if (!doc || !lk_json_set(doc, "resources", lk_take(list)))
		return lk_raise(err, LK_INTERNAL, "no memory for the list");
	return reply_with(ret, doc, err);
}

/* --- policy ------------------------------------------------------------------------------------- */

/* The text to keep: ours as sent, or what a known Rego policy means. Borrows from call and *doc. */
static enum lk_status policy_text(const struct lk_call *call, struct json_t **doc, const char **ret,
				  size_t *ret_len, struct lk_error *err)
{
	static const char *const members[] = { "rego", NULL };
	const char *rego, *text;
	enum lk_status st;

	*ret = call->body;
	*ret_len = call->body_len;
	if (lk_json_parse(call->body, call->body_len, doc, err) || !lk_json_has(*doc, "rego"))
		return LK_OK; /* the policy's own reader says what is wrong */
	if (lk_json_only(*doc, members, err) ||
	    lk_json_get_string(*doc, "rego", LK_POLICY_TEXT_MAX, &rego, err))
		return lk_raise_code(err, LK_C_POLICY_REGO, "rego is not the only member, a text");
	st = lk_policy_from_rego(rego, strlen(rego), &text, err);
	if (st)
		return st;
	*ret = text;
	*ret_len = strlen(text);
	return LK_OK;
}

static enum lk_status store_policy(struct lk_server *server, const struct lk_call *call,
				   const char *text, size_t len, struct lk_error *err)
{
	uint8_t digest[LK_HASH_MAX];
	char reason[16 + 2 * LK_HASH_MAX];
	const struct lk_audit_event e = {
		.event = "admin-policy", .outcome = "done", .reason = reason, .peer = call->peer
	};
	LK_STORE_WRITE w = { 0 };
	enum lk_status st;

	st = lk_hash(LK_SHA256, text, len, digest, err);
	if (st)
		return st;
	memcpy(reason, "SHA-256 ", 8);
	lk_hex_encode(digest, lk_hash_size(LK_SHA256), reason + 8);
	st = lk_store_begin(server->store, &w, err);
	if (st)
		return st;
	st = lk_store_put_value(&w, LK_VALUE_POLICY, text, len, err);
	if (st)
		return st;
	st = lk_audit_write_with(&w, &e, err);
	if (st)
		return st;
	return lk_store_commit(&w, err);
}

static enum lk_status set_policy(struct lk_server *server, const struct lk_call *call,
				 struct lk_reply *ret, struct lk_error *err)
{
	LK_CLEANUP(lk_policy_free_p) struct lk_policy *policy = NULL;
	LK_JSON *doc = NULL;
	LK_JSON *answer = lk_json_object();
	struct lk_policy *old;
	const char *text;
	size_t len;
	enum lk_status st;

	st = policy_text(call, &doc, &text, &len, err);
	if (st)
		return st;
	st = lk_policy_parse(text, len, &policy, err);
	if (st)
		return st;
	/* held over the commit: of two changes at once, the one that lasts is the one in force */
	pthread_rwlock_wrlock(&server->policy_lock);
	st = store_policy(server, call, text, len, err);
	if (st == LK_OK) {
		old = server->policy;
		server->policy = policy;
		policy = old;
	}
	pthread_rwlock_unlock(&server->policy_lock);
	return st ? st : reply_with(ret, answer, err);
}

static enum lk_status show_policy(struct lk_server *server, const struct lk_call *call,
				  struct lk_reply *ret, struct lk_error *err)
{
	void *text;
	enum lk_status st;

	(void)call;
	st = lk_store_get_value(server->store, LK_VALUE_POLICY, &text, &ret->len, err);
	if (st)
		return st;
	ret->text = text;
	ret->status = 200;
	ret->type = JSON_TYPE;
	return LK_OK;
}

/* --- audit -------------------------------------------------------------------------------------- */

static enum lk_status add_to_log(void *to, const struct lk_audit_row *row, struct lk_error *err)
{
	LK_JSON *item = lk_json_object();
	LK_JSON *body = NULL;
	char prev[2 * LK_AUDIT_HASH + 1];
	enum lk_status st;

	st = lk_json_parse(row->body, strlen(row->body), &body, err);
	if (st)
		return lk_raise_code(err, LK_C_AUDIT_BROKEN, "entry %lld is not JSON",
				     (long long)row->seq);
	lk_hex_encode(row->prev, LK_AUDIT_HASH, prev);
	if (!item || !lk_json_set_int(item, "seq", row->seq) ||
	    !lk_json_set_int(item, "time", row->time) || !lk_json_set_string(item, "prev", prev) ||
	    !lk_json_set(item, "body", lk_take(body)) || !lk_json_append(to, lk_take(item)))
		return lk_raise(err, LK_INTERNAL, "no memory for the audit log");
	return LK_OK;
}

static enum lk_status list_audit(struct lk_server *server, const struct lk_call *call,
				 struct lk_reply *ret, struct lk_error *err)
{
	const char *after = lk_call_argument(call, "after");
	LK_JSON *doc = lk_json_object();
	LK_JSON *list = lk_json_array();
	enum lk_status st;

	st = lk_store_list_audit(server->store, after ? strtoll(after, NULL, 10) : 0, AUDIT_PAGE,
				 add_to_log, list, err);
	if (st)
		return st;
	if (!doc || !lk_json_set(doc, "entries", lk_take(list)))
		return lk_raise(err, LK_INTERNAL, "no memory for the audit log");
	return reply_with(ret, doc, err);
}

/* --- routes ------------------------------------------------------------------------------------- */

static enum lk_status no_route(struct lk_server *server, const struct lk_call *call,
			       struct lk_reply *ret, struct lk_error *err)
{
	(void)server;
	(void)ret;
	return lk_raise(err, LK_ABSENT, "%s %.64s is no route", call->method, call->path);
}

HANDLER(answer_put, put_resource)
HANDLER(answer_get, get_resource)
HANDLER(answer_delete, delete_resource)
HANDLER(answer_list, list_resources)
HANDLER(answer_set_policy, set_policy)
HANDLER(answer_show_policy, show_policy)
HANDLER(answer_audit, list_audit)
HANDLER(answer_none, no_route)

static const struct lk_route routes[] = {
	{ "PUT", RESOURCE, true, LK_RESOURCE_MAX, answer_put },
	{ "GET", RESOURCE, true, 0, answer_get },
	{ "DELETE", RESOURCE, true, 0, answer_delete },
	{ "GET", LK_ADMIN_PREFIX "resource", false, 0, answer_list },
	{ "PUT", LK_ADMIN_PREFIX "policy", false, BODY_MAX, answer_set_policy },
	{ "GET", LK_ADMIN_PREFIX "policy", false, 0, answer_show_policy },
	{ "GET", LK_ADMIN_PREFIX "audit", false, 0, answer_audit },
	{ NULL, "", true, BODY_MAX, answer_none },
};

struct lk_service lk_admin_service(struct lk_server *server)
{
	return (struct lk_service){
		.routes = routes,
		.n_routes = sizeof(routes) / sizeof(routes[0]),
		.ctx = server,
	};
}
