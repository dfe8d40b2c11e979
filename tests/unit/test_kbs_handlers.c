/* SPDX-License-Identifier: Apache-2.0 */
/* keyserver/kbs*.c: the routes without a network: statuses, types and details as clients know them,
 * the handshake, and what the audit log says about each refusal. */
#include "core/base64.h"
#include "core/jose.h"
#include "keyserver/kbs.h"
#include "keyserver/kbs_messages.h"
#include "keyserver/resource.h"
#include "keyserver_fixture.h"

#define ERRORS	"https://github.com/confidential-containers/kbs/errors/"
#define REQUEST "{\"version\":\"0.4.0\",\"tee\":\"sample\",\"extra-params\":{}}"

static struct lk_error err;
static struct fixture f;
static struct lk_service kbs;
static struct lk_keypair *tee_key;

static void begin(void)
{
	fixture_open(&f, 60000);
	kbs = lk_kbs_service(&f.server);
	CHECK_OK(lk_keypair_generate(LK_KEY_P256, &tee_key, &err));
}

static void end(void)
{
	lk_keypair_free(tee_key);
	tee_key = NULL;
	fixture_close(&f);
}

static void set_policy(const char *text)
{
	lk_policy_free(f.server.policy);
	f.server.policy = NULL;
	CHECK_OK(lk_policy_parse(text, strlen(text), &f.server.policy, &err));
}

static void refused(struct lk_reply reply, unsigned status, const char *kind, const char *detail)
{
	LK_JSON *doc = NULL;
	const char *type = "", *said = "";
	char want[128];

	CHECK_EQ(reply.status, status);
	CHECK(!reply.type && !reply.cookie[0]);
	CHECK_OK(lk_json_parse(reply.text, reply.len, &doc, &err));
	CHECK_OK(lk_json_get_string(doc, "type", 200, &type, &err));
	CHECK_OK(lk_json_get_string(doc, "detail", 400, &said, &err));
	snprintf(want, sizeof(want), ERRORS "%s", kind);
	CHECK_STR(type, want);
	CHECK_STR(said, detail);
	reply_clear(&reply);
}

static enum lk_status last(void *to, const struct lk_audit_row *row, struct lk_error *e)
{
	(void)e;
	snprintf(to, 1024, "%s", row->body);
	return LK_OK;
}

static const char *last_entry(void)
{
	static char body[1024];

	CHECK_OK(lk_store_list_audit(f.server.store, 0, 100000, last, body, &err));
	return body;
}

/* Begin a session; its cookie header and nonce. */
static void auth(char cookie[128], char nonce[64])
{
	struct lk_reply reply = fixture_ask(&kbs, "POST", "/kbs/v0/auth", NULL, REQUEST);
	LK_JSON *doc = NULL;
	const char *text;

	CHECK_EQ(reply.status, 200);
	CHECK_STR(reply.type, "application/json");
	snprintf(cookie, 128, "%.*s", (int)strcspn(reply.cookie, ";"), reply.cookie);
	CHECK_OK(lk_json_parse(reply.text, reply.len, &doc, &err));
	CHECK_OK(lk_json_get_string(doc, "nonce", 60, &text, &err));
	snprintf(nonce, 64, "%s", text);
	reply_clear(&reply);
}

/* An honest Attestation for nonce, malloc'ed. */
static char *attestation(const char *nonce, const char *svn)
{
	struct lk_public_key public;
	struct json_t *jwk = NULL;
	LK_JSON *runtime = lk_json_object();
	uint8_t digest[LK_KBS_DIGEST_LEN];
	LK_JSON_TEXT *key_text = NULL;
	char report[80], *text = NULL;
	size_t n;

	CHECK_OK(lk_keypair_public(tee_key, &public, &err));
	CHECK_OK(lk_jwk_from_public(&public, "ECDH-ES+A256KW", &jwk, &err));
	CHECK_OK(lk_json_dump(jwk, LK_JSON_COMPACT, &key_text, &n, &err));
	CHECK(lk_json_set_string(runtime, "additional-evidence", ""));
	CHECK(lk_json_set_string(runtime, "nonce", nonce));
	CHECK(lk_json_set(runtime, "tee-pubkey", jwk));
	CHECK_OK(lk_kbs_runtime_digest(runtime, digest, &err));
	lk_b64_encode(LK_B64_STD, digest, sizeof(digest), report);
	CHECK(asprintf(&text,
		       "{\"init-data\":null,\"runtime-data\":{\"nonce\":\"%s\",\"tee-pubkey\":%s},"
		       "\"tee-evidence\":{\"primary_evidence\":{\"svn\":\"%s\",\"report_data\":\"%s\"},"
		       "\"additional_evidence\":\"\"}}",
		       nonce, key_text, svn, report) > 0);
	return text;
}

static void handshake(char cookie[128])
{
	LK_FREE char *body = NULL;
	struct lk_reply reply;
	char nonce[64];

	auth(cookie, nonce);
	body = attestation(nonce, "1");
	reply = fixture_ask(&kbs, "POST", "/kbs/v0/attest", cookie, body);
	CHECK_EQ(reply.status, 200);
	CHECK_HAS(reply.cookie, cookie);
	reply_clear(&reply);
}

static void put(const char *name, const char *data)
{
	LK_STORE_WRITE w = { 0 };
	int64_t version;

	CHECK_OK(lk_store_begin(f.server.store, &w, &err));
	CHECK_OK(lk_resource_put(&w, &f.server.root, name, data, strlen(data), 1, &version, &err));
	CHECK_OK(lk_store_commit(&w, &err));
}

static struct lk_reply get(const char *name, const char *cookie)
{
	char path[128];

	snprintf(path, sizeof(path), "/kbs/v0/resource/%s", name);
	return fixture_ask(&kbs, "GET", path, cookie, NULL);
}

/* --- refusals ----------------------------------------------------------------------------------- */

TEST(bad_auth)
{
	begin();
	refused(fixture_ask(&kbs, "POST", "/kbs/v0/auth", NULL,
			    "{\"version\":\"0.2.0\",\"tee\":\"sample\",\"extra-params\":\"\"}"),
		401, "AttestationError",
		"Attestation error: RCAR handshake Auth failed: KBS Client Protocol Version Mismatch: "
		"expect =0.4.0 while the request is 0.2.0");
	refused(fixture_ask(&kbs, "POST", "/kbs/v0/auth", NULL, "{"), 401, "AttestationError",
		"Attestation error: RCAR handshake Auth failed: the Request is not a JSON object");
	CHECK_EQ(lk_sessions_count(f.server.sessions), 0);
	end();
}

static void attest_fails(const char *cookie, const char *body, const char *why)
{
	refused(fixture_ask(&kbs, "POST", "/kbs/v0/attest", cookie, body), 401, "AttestationError",
		"Attestation error: RCAR handshake Attest failed");
	CHECK_HAS(last_entry(), "\"outcome\":\"denied\"");
	CHECK_HAS(last_entry(), why);
}

TEST(bad_attest)
{
	char cookie[128], nonce[64];
	LK_FREE char *body = NULL;
	LK_FREE char *other = NULL;

	begin();
	auth(cookie, nonce);
	body = attestation(nonce, "1");
	attest_fails(NULL, body, "no session cookie");
	attest_fails("kbs-session-id=00000000000000000000000000000000", body, "no such session");
	attest_fails(cookie, "", "read the Attestation");
	other = attestation("bm9uY2U=", "1");
	attest_fails(cookie, other, "the nonce is not the session's");
	f.server.allow_sample = false;
	attest_fails(cookie, body, "serve --allow-sample");
	f.server.allow_sample = true;
	CHECK(!strstr(last_entry(), cookie + 15)); /* an id opens a session */
	end();
}

TEST(another_tee_than_requested)
{
	struct lk_reply reply;
	char cookie[128];
	LK_FREE char *body = NULL;

	begin();
	reply = fixture_ask(&kbs, "POST", "/kbs/v0/auth", NULL,
			    "{\"version\":\"0.4.0\",\"tee\":\"csv\",\"extra-params\":\"\"}");
	CHECK_EQ(reply.status, 200);
	snprintf(cookie, sizeof(cookie), "%.*s", (int)strcspn(reply.cookie, ";"), reply.cookie);
	reply_clear(&reply);
	body = attestation("x", "1");
	attest_fails(cookie, body, "no verifier for tee csv");
	end();
}

TEST(no_session_no_resource)
{
	char cookie[128], nonce[64];

	begin();
	put("a/b/c", "x");
	set_policy("{\"version\":1,\"rules\":[{\"resource\":\"a/b/*\",\"tee\":\"sample\"}]}");
	refused(get("a/b/c", NULL), 401, "TokenNotFound", "Attestation Token not found");
	auth(cookie, nonce);
	refused(get("a/b/c", cookie), 401, "TokenNotFound", "Attestation Token not found");
	CHECK_HAS(last_entry(), "no attested session");
	end();
}

TEST(denied_by_default)
{
	char cookie[128];

	begin();
	put("a/b/c", "x");
	handshake(cookie);
	refused(get("a/b/c", cookie), 401, "PolicyDeny", "Access denied by policy");
	CHECK_HAS(last_entry(), "no rule is about this resource");
	set_policy("{\"version\":1,\"rules\":[{\"resource\":\"*/*/*\"}]}");
	refused(get("a/b/c", cookie), 401, "PolicyDeny", "Access denied by policy");
	CHECK_HAS(last_entry(), "\"reason\":\"rule 1: tee is sample, the rule names none\"");
	refused(get("a/b", cookie), 401, "PluginInternalError", "Plugin internal error");
	end();
}

TEST(absent)
{
	char cookie[128];

	begin();
	set_policy("{\"version\":1,\"rules\":[{\"resource\":\"a/b/*\",\"tee\":\"sample\"}]}");
	handshake(cookie);
	refused(get("a/b/c", cookie), 401, "PluginInternalError", "Plugin internal error");
	CHECK_HAS(last_entry(), "no resource 'a/b/c'");
	CHECK_HAS(last_entry(), "\"outcome\":\"failed\"");
	end();
}

TEST(other_routes)
{
	struct lk_reply reply;

	begin();
	refused(fixture_ask(&kbs, "GET", "/kbs/v0/auth", NULL, NULL), 404, "PluginNotFound",
		"Plugin auth not found");
	refused(fixture_ask(&kbs, "GET", "/kbs/v0/pkcs11/a/b", NULL, NULL), 404, "PluginNotFound",
		"Plugin pkcs11 not found");
	refused(fixture_ask(&kbs, "GET", "/kbs/v0/a\xff\n\"b", NULL, NULL), 404, "PluginNotFound",
		"Plugin a??\"b not found");
	refused(fixture_ask(&kbs, "GET", "/kbs/v0/", NULL, NULL), 404, "InvalidRequestPath",
		"Invalid request path");
	refused(fixture_ask(&kbs, "POST", "/kbs/v0/resource/a/b/c", NULL, "x"), 401,
		"AdminAuthInitialization", "admin access denied: use the server's Unix socket");
	refused(fixture_ask(&kbs, "POST", "/kbs/v0/resource-policy", NULL, "{}"), 401,
		"AdminAuthAccess", "admin access denied: use the server's Unix socket");
	reply = fixture_ask(&kbs, "GET", "/admin/v1/resource", NULL, NULL);
	CHECK_EQ(reply.status, 404);
	reply = fixture_ask(&kbs, "GET", "/healthz", NULL, NULL);
	CHECK_EQ(reply.status, 200);
	end();
}

/* --- and the way through ------------------------------------------------------------------------ */

TEST(the_whole_exchange)
{
	char cookie[128];
	LK_SECRET plain = { 0 };
	struct lk_reply reply;

	begin();
	put("a/b/c", "the secret");
	set_policy("{\"version\":1,\"rules\":[{\"resource\":\"a/b/*\",\"tee\":\"sample\",\"all\":["
		   "{\"claim\":\"sample.svn\",\"op\":\"eq\",\"value\":\"1\"}]}]}");
	handshake(cookie);
	reply = get("a/b/c", cookie);
	CHECK_EQ(reply.status, 200);
	CHECK_STR(reply.type, "application/json");
	CHECK_OK(lk_jwe_open(tee_key, reply.text, reply.len, &plain, &err));
	CHECK_EQ(plain.len, 10);
	CHECK_MEM(plain.data, "the secret", 10);
	CHECK_HAS(last_entry(), "\"outcome\":\"allowed\"");
	CHECK_HAS(last_entry(), "\"reason\":\"rule 1\"");
	reply_clear(&reply);
	end();
}

TEST(attesting_again_keeps_the_token)
{
	char cookie[128], nonce[64];
	LK_FREE char *body = NULL;
	struct lk_reply first, again;

	begin();
	auth(cookie, nonce);
	body = attestation(nonce, "1");
	first = fixture_ask(&kbs, "POST", "/kbs/v0/attest", cookie, body);
	again = fixture_ask(&kbs, "POST", "/kbs/v0/attest", cookie, "not even JSON");
	CHECK_EQ(again.status, 200);
	CHECK_STR(again.text, first.text);
	CHECK_STR(again.cookie, first.cookie);
	reply_clear(&first);
	reply_clear(&again);
	end();
}

TESTS(bad_auth, bad_attest, another_tee_than_requested, no_session_no_resource, denied_by_default,
      absent, other_routes, the_whole_exchange, attesting_again_keeps_the_token)
