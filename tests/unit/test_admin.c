/* SPDX-License-Identifier: Apache-2.0 */
/* keyserver/admin.c: who may administer, what is refused, and that a refusal changes nothing. */
#include "keyserver/admin.h"
#include "keyserver_fixture.h"

static struct lk_error err;
static struct fixture f;
static struct lk_service admin;

static void begin(void)
{
	fixture_open(&f, 1000);
	admin = lk_admin_service(&f.server);
}

static struct lk_reply ask(const char *method, const char *path, const char *body)
{
	return fixture_ask(&admin, method, path, NULL, body);
}

static void refused(struct lk_reply reply, unsigned status, const char *error)
{
	LK_JSON *doc = NULL;
	const char *name = "";

	CHECK_EQ(reply.status, status);
	CHECK_OK(lk_json_parse(reply.text, reply.len, &doc, &err));
	CHECK_OK(lk_json_get_string(doc, "error", 64, &name, &err));
	CHECK_STR(name, error);
	CHECK(lk_json_has(doc, "detail") && lk_json_has(doc, "class"));
	reply_clear(&reply);
}

TEST(strangers)
{
	struct lk_call call = {
		.method = "GET", .path = "/admin/v1/policy", .body = "", .peer = "uid 1"
	};
	const struct lk_route *route;
	struct lk_reply reply = { 0 };

	begin();
	route = lk_route_find(&admin, call.method, call.path);
	route->answer(admin.ctx, &call, &reply);
	refused(reply, 403, "admin-refused");
	call.has_uid = true;
	call.uid = geteuid() + 1;
	reply = (struct lk_reply){ 0 };
	route->answer(admin.ctx, &call, &reply);
	refused(reply, 403, "admin-refused");
	fixture_close(&f);
}

TEST(bad_resources)
{
	begin();
	refused(ask("PUT", "/admin/v1/resource/a/b", "x"), 400, "resource-name");
	refused(ask("PUT", "/admin/v1/resource/a/b/c%20", "x"), 400, "resource-name");
	refused(ask("PUT", "/admin/v1/resource/a/b/c", ""), 400, "resource-size");
	refused(ask("GET", "/admin/v1/resource/a/b/c", NULL), 404, "resource-absent");
	refused(ask("GET", "/admin/v1/resource/a/b", NULL), 400, "resource-name");
	refused(ask("DELETE", "/admin/v1/resource/a/b/c", NULL), 404, "resource-absent");
	refused(ask("POST", "/admin/v1/resource/a/b/c", "x"), 404, "absent");
	refused(ask("GET", "/kbs/v0/auth", NULL), 404, "absent");
	CHECK_EQ(lk_route_find(&admin, "PUT", "/admin/v1/resource/a/b/c")->body_max, 65536);
	fixture_close(&f);
}

TEST(resources)
{
	struct lk_reply reply;

	begin();
	reply = ask("PUT", "/admin/v1/resource/a/b/c", "secret");
	CHECK_EQ(reply.status, 200);
	CHECK_STR(reply.text, "{\"name\":\"a/b/c\",\"version\":1}");
	reply_clear(&reply);
	reply = ask("GET", "/admin/v1/resource/a/b/c", NULL);
	CHECK_EQ(reply.status, 200);
	CHECK_STR(reply.type, "application/octet-stream");
	CHECK(!reply.text);
	CHECK_EQ(reply.secret.len, 6);
	CHECK_MEM(reply.secret.data, "secret", 6);
	reply_clear(&reply);
	reply = ask("GET", "/admin/v1/resource", NULL);
	CHECK_HAS(reply.text, "\"name\":\"a/b/c\",\"version\":1,\"size\":6,");
	reply_clear(&reply);
	reply = ask("DELETE", "/admin/v1/resource/a/b/c", NULL);
	CHECK_STR(reply.text, "{\"name\":\"a/b/c\"}");
	reply_clear(&reply);
	reply = ask("GET", "/admin/v1/resource", NULL);
	CHECK_STR(reply.text, "{\"resources\":[]}");
	reply_clear(&reply);
	fixture_close(&f);
}

TEST(policies)
{
	static const char policy[] = "{\"version\":1,\"rules\":[{\"resource\":\"a/b/c\"}]}";
	struct lk_reply reply;

	begin();
	reply = ask("PUT", "/admin/v1/policy", policy);
	CHECK_EQ(reply.status, 200);
	reply_clear(&reply);
	refused(ask("PUT", "/admin/v1/policy", "{}"), 400, "policy-invalid");
	refused(ask("PUT", "/admin/v1/policy", ""), 400, "policy-invalid");
	refused(ask("PUT", "/admin/v1/policy", "{\"rego\":1}"), 400, "policy-rego");
	refused(ask("PUT", "/admin/v1/policy", "{\"rego\":\"package policy\"}"), 400,
		"policy-rego");
	refused(ask("PUT", "/admin/v1/policy",
		    "{\"rego\":\"package policy default allow = true\","
		    "\"version\":1}"),
		400, "policy-rego");
	reply = ask("GET", "/admin/v1/policy", NULL);
	CHECK_STR(reply.text, policy);
	reply_clear(&reply);
	reply = ask("PUT", "/admin/v1/policy",
		    "{\"rego\":\"package policy default allow = false\"}");
	CHECK_EQ(reply.status, 200);
	reply_clear(&reply);
	reply = ask("GET", "/admin/v1/policy", NULL);
	CHECK_STR(reply.text, "{\"version\":1,\"rules\":[]}");
	reply_clear(&reply);
	fixture_close(&f);
}

TEST(each_change_is_in_the_log)
{
	struct lk_reply reply;

	begin();
	reply = ask("PUT", "/admin/v1/resource/a/b/c", "secret");
	reply_clear(&reply);
	refused(ask("DELETE", "/admin/v1/resource/a/b/d", NULL), 404, "resource-absent");
	reply = ask("DELETE", "/admin/v1/resource/a/b/c", NULL);
	reply_clear(&reply);
	reply = ask("GET", "/admin/v1/audit", NULL);
	CHECK_EQ(reply.status, 200);
	CHECK_HAS(reply.text, "\"event\":\"init\"");
	CHECK_HAS(reply.text, "\"event\":\"admin-put\",\"outcome\":\"done\",\"peer\":\"uid 0\"");
	CHECK_HAS(reply.text, "\"event\":\"admin-delete\"");
	CHECK_HAS(reply.text, "\"seq\":3,");
	CHECK(!strstr(reply.text, "\"seq\":4,"));
	CHECK(!strstr(reply.text, "secret"));
	reply_clear(&reply);
	fixture_close(&f);
}

TESTS(strangers, bad_resources, resources, policies, each_change_is_in_the_log)
