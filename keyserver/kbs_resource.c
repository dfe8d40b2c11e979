/* SPDX-License-Identifier: Apache-2.0 */
/* GET of a resource: token, then policy, then store, then audit, then the encrypted answer. */
#include "keyserver/kbs_resource.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/deadline.h"
#include "core/jose.h"
#include "keyserver/kbs_errors.h"
#include "keyserver/kbs_messages.h"
#include "keyserver/resource.h"
#include "keyserver/resource_name.h"
#include "keyserver/server.h"

#define BEARER "Bearer "

struct asking { /* one GET on its way */
	struct lk_server *server;
	const struct lk_call *call;
	const char *name;
	char tee[64];
	struct lk_audit_event event;
	char reason[LK_POLICY_REASON];
};

/* A live attested session counts first, then a token that the client brings along. */
static enum lk_kbs_error find_payload(struct asking *q, char **ret_payload)
{
	const char *authorization = q->call->authorization;
	struct lk_error err = { 0 };
	char id[LK_SESSION_ID_SIZE];
	LK_SESSION session = { 0 };

	if (q->call->cookie && lk_kbs_cookie_read(q->call->cookie, id) &&
	    lk_session_find(q->server->sessions, id, lk_clock_ms(), &session, &err) == LK_OK &&
	    session.payload) {
		*ret_payload = lk_take(session.payload);
		return LK_KBS_OK;
	}
	if (!authorization || strncasecmp(authorization, BEARER, sizeof(BEARER) - 1) != 0)
		return LK_KBS_TOKEN_NOT_FOUND;
	authorization += sizeof(BEARER) - 1;
	if (lk_token_verify(q->server->signer, authorization, strlen(authorization),
			    lk_clock_wall(), ret_payload, &err)) {
		(void)lk_error_format(&err, q->reason, sizeof(q->reason));
		return LK_KBS_TOKEN_REFUSED;
	}
	return LK_KBS_OK;
}

static enum lk_kbs_error decide(struct asking *q, const struct lk_token_claims *c)
{
	const struct lk_policy_question question = {
		.resource = q->name,
		.tee = c->tee,
		.phase = c->phase,
		.claims = c->claims,
	};
	bool allowed;

	if (!lk_resource_name_ok(q->name)) {
		(void)snprintf(q->reason, sizeof(q->reason), "not the name of a resource");
		return LK_KBS_PLUGIN_INTERNAL;
	}
	q->event.resource = q->name;
	pthread_rwlock_rdlock(&q->server->policy_lock);
	allowed = lk_policy_decide(q->server->policy, &question, q->reason);
	pthread_rwlock_unlock(&q->server->policy_lock);
	return allowed ? LK_KBS_OK : LK_KBS_POLICY_DENY;
}

/* The resource, readable for nobody but the TEE whose key was attested. */
static enum lk_kbs_error seal_answer(struct asking *q, const struct lk_token_claims *c, char **ret,
				     size_t *ret_len)
{
	LK_SECRET data = { 0 };
	struct lk_error err = { 0 };
	struct lk_public_key key;
	enum lk_kbs_error failed = LK_KBS_PLUGIN_INTERNAL;
	enum lk_status st;

	st = lk_resource_get(q->server->store, &q->server->root, q->name, &data, &q->event.version,
			     &err);
	if (st == LK_OK) {
		failed = LK_KBS_JWE;
		st = lk_kbs_tee_key(c->tee_pubkey, &key, &err);
	}
	if (st == LK_OK)
		st = lk_jwe_seal(&key, data.data, data.len, ret, ret_len, &err);
	if (st == LK_OK)
		return LK_KBS_OK;
	lk_server_trouble(q->server, &err);
	(void)lk_error_format(&err, q->reason, sizeof(q->reason));
	return failed;
}

static enum lk_kbs_error find_and_encrypt(struct asking *q, char **ret, size_t *ret_len)
{
	struct lk_error err = { 0 };
	LK_TOKEN_CLAIMS claims = { 0 };
	LK_JSON_TEXT *payload = NULL;
	enum lk_kbs_error failed;

	failed = find_payload(q, &payload);
	if (failed)
		return failed;
	if (lk_token_claims_read(payload, &claims, &err))
		return LK_KBS_TOKEN_REFUSED;
	(void)snprintf(q->tee, sizeof(q->tee), "%s", claims.tee);
	q->event.tee = q->tee;
	q->event.anybody = false;
	failed = decide(q, &claims);
	if (failed)
		return failed;
	return seal_answer(q, &claims, ret, ret_len);
}

static const char *outcome(enum lk_kbs_error failed)
{
	if (failed == LK_KBS_OK)
		return "allowed";
	return failed == LK_KBS_PLUGIN_INTERNAL || failed == LK_KBS_JWE ? "failed" : "denied";
}

void lk_kbs_answer_resource(void *ctx, const struct lk_call *call, struct lk_reply *ret)
{
	struct asking q = {
		.server = ctx,
		.call = call,
		.name = call->path + sizeof(LK_KBS_RESOURCE_PATH) - 1,
		/* until a token says otherwise */
		.event = { .event = "resource", .peer = call->peer, .anybody = true },
		.reason = "no attested session and no token",
	};
	char id[LK_SESSION_ID_SIZE];
	struct lk_error err = { 0 };
	LK_JSON_TEXT *jwe = NULL;
	enum lk_kbs_error failed;
	size_t len = 0;

	if (call->cookie && lk_kbs_cookie_read(call->cookie, id))
		q.event.session = id;
	failed = find_and_encrypt(&q, &jwe, &len);
	q.event.outcome = outcome(failed);
	q.event.reason = q.reason;
	/* what cannot be logged does not happen */
	if (lk_audit_write(q.server->audit, &q.event, &err)) {
		lk_server_trouble(q.server, &err);
		failed = failed ? failed : LK_KBS_PLUGIN_INTERNAL;
	}
	if (failed) {
		lk_kbs_refuse(ret, failed, NULL);
		return;
	}
	ret->status = 200;
	ret->type = "application/json";
	ret->text = lk_take(jwe);
	ret->len = len;
}
