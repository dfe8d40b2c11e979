/* SPDX-License-Identifier: Apache-2.0 */
/* The routes of the key broker and the handshake: a request gets a challenge, evidence a token. */
#include "keyserver/kbs.h"

#include <stdio.h>
#include <string.h>

#include "core/deadline.h"
#include "core/json.h"
#include "keyserver/kbs_errors.h"
#include "keyserver/kbs_messages.h"
#include "keyserver/kbs_resource.h"
#include "keyserver/verifier.h"

#define PREFIX "/kbs/v0/"

static void reply_json(struct lk_reply *ret, const struct lk_session *s)
{
	ret->status = 200;
	ret->type = "application/json";
	lk_kbs_cookie_text(s->id, s->ends_wall, ret->cookie);
}

/* --- auth --------------------------------------------------------------------------------------- */

static void answer_auth(void *ctx, const struct lk_call *call, struct lk_reply *ret)
{
	struct lk_server *server = ctx;
	struct lk_kbs_request request;
	struct lk_error err = { 0 };
	LK_SESSION session = { 0 };
	enum lk_status st;

	st = lk_kbs_request_read(call->body, call->body_len, &request, &err);
	if (st) {
		lk_kbs_refuse(ret, LK_KBS_AUTH_FAILED, err.frames[0].text);
		return;
	}
	st = lk_session_open(server->sessions, request.tee, lk_clock_ms(), lk_clock_wall(),
			     &session, &err);
	if (st) {
		lk_kbs_refuse(ret, LK_KBS_AUTH_FAILED, "no room for another session");
		ret->status = st == LK_AGAIN ? 503 : 500;
		return;
	}
	if (lk_kbs_challenge_text(session.nonce, &ret->text, &ret->len, &err) == LK_OK)
		reply_json(ret, &session);
}

/* --- attest ------------------------------------------------------------------------------------- */

/* Devices beside the CPU have evidence of their own; there is no verifier for any of them yet. */
static enum lk_status check_devices(const char *additional, struct lk_error *err)
{
	LK_JSON *devices = NULL;

	if (additional[0] == '\0')
		return LK_OK;
	if (lk_json_parse(additional, strlen(additional), &devices, err) ||
	    !lk_json_is_object(devices))
		return lk_raise(err, LK_DENIED, "additional_evidence is not a JSON object");
	if (lk_json_count(devices) > 0)
		return lk_raise(err, LK_DENIED,
				"additional_evidence of %zu devices, which nothing "
				"here verifies",
				lk_json_count(devices));
	return LK_OK;
}

static enum lk_status pick_verifier(const struct lk_server *server, const char *tee,
				    const struct lk_verifier **ret, struct lk_error *err)
{
	*ret = lk_verifier_find(tee);
	if (!*ret)
		return lk_raise(err, LK_DENIED, "no verifier for tee %s", tee);
	if ((*ret)->insecure && !server->allow_sample)
		return lk_raise(err, LK_DENIED,
				"evidence of tee %s proves nothing and is off "
				"(serve --allow-sample)",
				tee);
	return LK_OK;
}

/* A key that no rule names proves nothing, and its session is not kept: anybody could fill the table. */
static enum lk_status check_key(struct lk_server *server, const char *tee,
				const struct json_t *claims, struct lk_error *err)
{
	char why[128];
	bool known;

	pthread_rwlock_rdlock(&server->policy_lock);
	known = lk_policy_knows_key(server->policy, tee, claims, why, sizeof(why));
	pthread_rwlock_unlock(&server->policy_lock);
	return known ? LK_OK : lk_raise(err, LK_DENIED, "the key of the evidence: %s", why);
}

/* Evidence to claims: bound to this session's nonce and the key that answers will be for. */
static enum lk_status verify(const struct lk_server *server, const struct lk_session *session,
			     const struct lk_kbs_attestation *a, struct json_t **ret_runtime,
			     struct json_t **ret_claims, struct lk_error *err)
{
	const struct lk_verifier *verifier;
	uint8_t digest[LK_KBS_DIGEST_LEN];
	const struct lk_appraisal appraisal = {
		.digest = digest,
		.n = sizeof(digest),
		.trust = server->trust,
		.now = lk_clock_wall(),
		.limits = server->limits,
	};
	LK_JSON *runtime = NULL;
	enum lk_status st;

	st = pick_verifier(server, session->tee, &verifier, err);
	if (st)
		return st;
	if (strcmp(a->nonce, session->nonce) != 0)
		return lk_raise(err, LK_DENIED, "the nonce is not the session's");
	if (a->has_init_data)
		return lk_raise(err, LK_DENIED, "init-data, which the %s verifier cannot check",
				session->tee);
	st = check_devices(a->additional_evidence, err);
	if (st)
		return st;
	st = lk_kbs_runtime_data(a, session->nonce, &runtime, err);
	if (st)
		return st;
	st = lk_kbs_runtime_digest(runtime, digest, err);
	if (st)
		return st;
	st = verifier->verify(&appraisal, a->evidence, ret_claims, err);
	if (st)
		return st;
	*ret_runtime = lk_take(runtime);
	return LK_OK;
}

static enum lk_status make_token(struct lk_server *server, const struct lk_session *session,
				 const struct lk_call *call, char **ret_token, char **ret_payload,
				 struct lk_error *err)
{
	LK_KBS_ATTESTATION a = { 0 };
	LK_JSON *runtime = NULL;
	LK_JSON *claims = NULL;
	struct lk_token_subject about = { .tee = session->tee };
	enum lk_status st;

	st = lk_kbs_attestation_read(call->body, call->body_len, &a, err);
	if (st)
		return st;
	st = verify(server, session, &a, &runtime, &claims, err);
	if (st)
		return st;
	st = check_key(server, session->tee, claims, err);
	if (st)
		return st;
	about.claims = claims;
	about.runtime_data = runtime;
	return lk_token_make(server->signer, &about, lk_clock_wall(), ret_token, ret_payload, err);
}

static enum lk_status attest(struct lk_server *server, const struct lk_call *call,
			     struct lk_session *session, struct lk_error *err)
{
	struct lk_audit_event e = { .event = "attest",
				    .outcome = "allowed",
				    .peer = call->peer,
				    .session = session->id,
				    .tee = session->tee };
	LK_FREE char *token = NULL;
	LK_JSON_TEXT *payload = NULL;
	LK_SESSION attested = { 0 };
	enum lk_status st;

	st = make_token(server, session, call, &token, &payload, err);
	if (st)
		return st;
	st = lk_audit_write(server->audit, &e, err);
	if (st)
		return st;
	st = lk_session_attested(server->sessions, session->id, token, payload, lk_clock_ms(),
				 &attested, err);
	if (st)
		return st;
	lk_session_clear(session);
	*session = attested;
	attested.token = attested.payload = NULL;
	return LK_OK;
}

/* Whoever may start a handshake has proved nothing, so that failed ones are counted, not all kept. */
static void audit_failure(struct lk_server *server, const struct lk_call *call,
			  const struct lk_session *session, const struct lk_error *why)
{
	char reason[512];
	struct lk_audit_event e = {
		.event = "attest", .outcome = "denied", .peer = call->peer, .anybody = true
	};
	struct lk_error err = { 0 };

	lk_server_trouble(server, why);
	e.reason = lk_error_format(why, reason, sizeof(reason));
	if (session->id[0]) {
		e.session = session->id;
		e.tee = session->tee;
	}
	if (lk_audit_write(server->audit, &e, &err)) /* it is refused either way */
		lk_server_trouble(server, &err);
}

static void answer_attest(void *ctx, const struct lk_call *call, struct lk_reply *ret)
{
	struct lk_server *server = ctx;
	char id[LK_SESSION_ID_SIZE];
	struct lk_error err = { 0 };
	LK_SESSION session = { 0 };
	enum lk_status st;

	if (!call->cookie || !lk_kbs_cookie_read(call->cookie, id))
		st = lk_raise(&err, LK_DENIED, "no session cookie");
	else
		st = lk_session_find(server->sessions, id, lk_clock_ms(), &session, &err);
	/* once attested, a session keeps its token, whatever comes */
	if (st == LK_OK && !session.token)
		st = attest(server, call, &session, &err);
	if (st == LK_OK)
		st = lk_kbs_token_text(session.token, &ret->text, &ret->len, &err);
	if (st) {
		audit_failure(server, call, &session, &err);
		lk_kbs_refuse(ret, LK_KBS_ATTEST_FAILED, NULL);
		return;
	}
	reply_json(ret, &session);
}

/* --- the rest ----------------------------------------------------------------------------------- */

static void answer_health(void *ctx, const struct lk_call *call, struct lk_reply *ret)
{
	(void)ctx;
	(void)call;
	ret->status = 200;
}

static void refuse_admin(void *ctx, const struct lk_call *call, struct lk_reply *ret)
{
	(void)ctx;
	(void)call;
	lk_kbs_refuse(ret, LK_KBS_ADMIN_ACCESS, NULL);
}

static void refuse_change(void *ctx, const struct lk_call *call, struct lk_reply *ret)
{
	(void)ctx;
	(void)call;
	lk_kbs_refuse(ret, LK_KBS_ADMIN_PLUGIN, NULL);
}

/* Whatever is no route of ours would be for a plug-in named by the first part of the path. */
static void no_plugin(void *ctx, const struct lk_call *call, struct lk_reply *ret)
{
	const char *name = call->path + sizeof(PREFIX) - 1;
	char first[65];

	(void)ctx;
	(void)snprintf(first, sizeof(first), "%.*s", (int)strcspn(name, "/"), name);
	if (first[0] == '\0')
		lk_kbs_refuse(ret, LK_KBS_INVALID_PATH, NULL);
	else
		lk_kbs_refuse(ret, LK_KBS_PLUGIN_NOT_FOUND, first);
}

static void not_found(void *ctx, const struct lk_call *call, struct lk_reply *ret)
{
	(void)ctx;
	(void)call;
	ret->status = 404;
}

static const struct lk_route routes[] = {
	{ "POST", PREFIX "auth", false, LK_KBS_BODY_MAX, answer_auth },
	{ "POST", PREFIX "attest", false, LK_KBS_BODY_MAX, answer_attest },
	{ "GET", LK_KBS_RESOURCE_PATH, true, 0, lk_kbs_answer_resource },
	{ NULL, LK_KBS_RESOURCE_PATH, true, LK_KBS_BODY_MAX, refuse_change },
	{ NULL, PREFIX "resource-policy", true, LK_KBS_BODY_MAX, refuse_admin },
	{ NULL, PREFIX "attestation-policy", true, LK_KBS_BODY_MAX, refuse_admin },
	{ NULL, PREFIX "reference-value", true, LK_KBS_BODY_MAX, refuse_admin },
	{ "GET", "/healthz", false, 0, answer_health },
	{ NULL, PREFIX, true, LK_KBS_BODY_MAX, no_plugin },
	{ NULL, "", true, 0, not_found },
};

struct lk_service lk_kbs_service(struct lk_server *server)
{
	return (struct lk_service){
		.routes = routes,
		.n_routes = sizeof(routes) / sizeof(routes[0]),
		.ctx = server,
	};
}
