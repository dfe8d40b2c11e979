/* SPDX-License-Identifier: Apache-2.0 */
/* What an attested session is for: resources, from the place that attested or, against its token,
 * from another. */
#include <stdio.h>
#include <string.h>

#include "core/jose.h"
#include "providers/kbs_session_internal.h"

/* In passport mode: whoever of the brokers is first takes the token, and is asked from then on. */
static enum lk_status ask_broker(struct lk_kbs_session *s, struct lk_http_request *req,
				 struct lk_http_response *ret, struct lk_error *err)
{
	const struct lk_kbs_place *p = &s->site->releases;
	enum lk_status st = LK_AGAIN;

	if (s->broker_found) {
		req->base = p->endpoints[s->broker_endpoint].base;
		st = lk_http_exchange(p->http, req, ret, err);
		if (st != LK_AGAIN)
			return st;
		s->broker_dead[s->broker_endpoint] = true;
		s->broker_found = false;
	}
	while (lk_kbs_alive(p, s->broker_dead) > 0) {
		*err = (struct lk_error){ 0 };
		st = lk_kbs_race(p, s->broker_dead, req, &s->broker_endpoint, ret, err);
		s->broker_found = st == LK_OK;
		if (!lk_kbs_another_may_do(st))
			break;
	}
	return st;
}

static enum lk_status ask(struct lk_kbs_session *s, struct lk_http_request *req,
			  struct lk_http_response *ret, struct lk_error *err)
{
	enum lk_status st;

	if (!lk_kbs_is_passport(s)) {
		req->base = lk_kbs_base(s);
		return lk_http_exchange(s->site->attests.http, req, ret, err);
	}
	if (lk_kbs_alive(&s->site->releases, s->broker_dead) == 0)
		memset(s->broker_dead, 0, sizeof(s->broker_dead));
	st = ask_broker(s, req, ret, err);
	s->clock_untrusted |= ret->clock_untrusted;
	return st;
}

static enum lk_status get(struct lk_kbs_session *s, const char *target, struct lk_secret *ret,
			  struct lk_error *err)
{
	const struct lk_secret *proof = lk_kbs_is_passport(s) ? &s->bearer : &s->cookie;
	const char *const headers[] = { (char *)proof->data, NULL };
	LK_HTTP_RESPONSE answer = { 0 };
	char path[LK_URL_MAX + 16];
	struct lk_http_request req = {
		.method = "GET",
		.path = path,
		.headers = headers,
		.max_answer = LK_KBS_RESOURCE_MAX,
		.max_ms = LK_KBS_EXCHANGE_MS,
		.deadline = s->site->deadline,
	};
	enum lk_status st;

	if (!s->key || !proof->data)
		return lk_raise_code(err, LK_C_SESSION_EXPIRED, "the session is gone");
	(void)snprintf(path, sizeof(path), "/kbs/v0/%s", target);
	st = ask(s, &req, &answer, err);
	if (st)
		return st;
	if (answer.status != 200)
		return lk_kbs_refusal(LK_KBS_RESOURCE, answer.status, answer.body.data,
				      answer.body.len, err);
	if (lk_kbs_dialect(s->protocol)->legacy)
		return lk_jwe_open_legacy(s->key, (const char *)answer.body.data, answer.body.len,
					  ret, err);
	return lk_jwe_open(s->key, (const char *)answer.body.data, answer.body.len, ret, err);
}

/* A token that was made a moment ago is refused for what it is. */
static enum lk_status refused_at_once(const struct lk_kbs_session *s, struct lk_error *err)
{
	if (!lk_kbs_is_passport(s) || err->code != LK_C_SESSION_EXPIRED)
		return err->status;
	return lk_raise_code(err, LK_C_TOKEN_REFUSED, "it did not take a fresh token of %s",
			     lk_kbs_base(s));
}

static const char *broker_of(const struct lk_kbs_session *s)
{
	return lk_kbs_is_passport(s) ? s->site->releases.endpoints[s->broker_endpoint].base
				     : lk_kbs_base(s);
}

enum lk_status lk_kbs_session_get(struct lk_kbs_session *s, const char *target,
				  struct lk_secret *ret, struct lk_error *err)
{
	enum lk_status st;

	if (!s->renewed && lk_clock_ms() - s->born_ms >= s->life_ms) {
		st = lk_kbs_renew(s, err);
		if (st)
			return st;
	}
	st = get(s, target, ret, err);
	if (st && err->code == LK_C_SESSION_EXPIRED && !s->renewed) {
		st = lk_kbs_renew(s, err);
		if (st)
			return st;
		st = get(s, target, ret, err);
		if (st)
			st = refused_at_once(s, err);
	}
	if (st)
		return lk_context(err, "get %s from key broker %s", target, broker_of(s));
	return LK_OK;
}

static const char *ordinal(size_t i)
{
	static const char *const words[] = { "1st",  "2nd",  "3rd",  "4th",  "5th",  "6th",
					     "7th",  "8th",  "9th",  "10th", "11th", "12th",
					     "13th", "14th", "15th", "16th" };

	return words[i < LK_HTTP_RACE_MAX ? i : LK_HTTP_RACE_MAX - 1];
}

void lk_kbs_session_describe(const struct lk_kbs_session *s, char *out, size_t size)
{
	const struct lk_kbs_place *p =
		lk_kbs_is_passport(s) ? &s->site->releases : &s->site->attests;
	const bool *gone = lk_kbs_is_passport(s) ? s->broker_dead : s->dead;
	const size_t at = lk_kbs_is_passport(s) ? s->broker_endpoint : s->endpoint;
	const char *host = p->endpoints[at].host;
	const size_t n = p->n_endpoints, dead = n - lk_kbs_alive(p, gone);
	size_t first = 0;

	while (first < n && !gone[first])
		first++;
	if (n == 1)
		(void)snprintf(out, size, "%s", host);
	else if (dead == 0)
		(void)snprintf(out, size, "%s (%s of %zu)", host, ordinal(at), n);
	else if (dead == 1)
		(void)snprintf(out, size, "%s (%s of %zu, %s dead)", host, ordinal(at), n,
			       ordinal(first));
	else
		(void)snprintf(out, size, "%s (%s of %zu, %zu dead)", host, ordinal(at), n, dead);
}
