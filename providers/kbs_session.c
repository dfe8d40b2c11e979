/* SPDX-License-Identifier: Apache-2.0 */
/* One attested session with a key broker, in the order of the protocol. */
#include "providers/kbs_session_internal.h"

#include <stdio.h>
#include <string.h>

#include "core/jose.h"

static const char *const json_header[] = { "Content-Type: application/json", NULL };

const char *lk_kbs_base(const struct lk_kbs_session *s)
{
	return s->site->attests.endpoints[s->endpoint].base;
}

bool lk_kbs_is_passport(const struct lk_kbs_session *s)
{
	return s->site->releases.n_endpoints > 0;
}

size_t lk_kbs_alive(const struct lk_kbs_place *p, const bool *dead)
{
	size_t i, n = 0;

	for (i = 0; i < p->n_endpoints; i++)
		n += dead[i] ? 0 : 1;
	return n;
}

static void drop_key(struct lk_kbs_session *s)
{
	lk_keypair_free_p(&s->key);
	s->key = NULL;
}

static void drop_proof(struct lk_kbs_session *s)
{
	drop_key(s);
	lk_secret_wipe(&s->cookie);
	lk_secret_wipe(&s->bearer);
}

/* ---- request and challenge ---- */

enum lk_status lk_kbs_race(const struct lk_kbs_place *p, bool *dead,
			   const struct lk_http_request *req, size_t *ret_winner,
			   struct lk_http_response *ret, struct lk_error *err)
{
	const char *bases[LK_HTTP_RACE_MAX];
	const struct lk_http_race race = {
		.bases = bases,
		.n = p->n_endpoints,
		.dead = dead,
		.head_start_ms = LK_KBS_HEAD_START_MS,
		.answer_ms = LK_KBS_AUTH_MS,
	};
	size_t i;

	for (i = 0; i < race.n; i++)
		bases[i] = p->endpoints[i].base;
	return lk_http_race(p->http, req, &race, ret_winner, ret, err);
}

/* Each server sets the cookie at /auth; one that keeps its state in the cookie does so again. */
static enum lk_status take_cookie(struct lk_kbs_session *s, const struct lk_http_response *r,
				  struct lk_error *err)
{
	LK_SECRET id = { 0 };
	LK_SECRET line = { 0 };
	enum lk_status st;
	int n;

	st = lk_secret_alloc(&id, LK_KBS_COOKIE_MAX + 1, err);
	if (st)
		return st;
	st = lk_kbs_cookie_parse(r->head.data, r->head.len, (char *)id.data, err);
	if (st)
		return st;
	st = lk_secret_alloc(&line, LK_KBS_COOKIE_MAX + 64, err);
	if (st)
		return st;
	n = snprintf((char *)line.data, line.cap, "Cookie: kbs-session-id=%s", (char *)id.data);
	line.len = (size_t)n + 1;
	lk_secret_wipe(&s->cookie);
	s->cookie = lk_secret_take(&line);
	return LK_OK;
}

/* A nonce that comes twice proves nothing the second time. */
static enum lk_status take_challenge(struct lk_kbs_session *s, const struct lk_http_response *r,
				     struct lk_kbs_challenge *ret, struct lk_error *err)
{
	struct lk_kbs_challenge c;
	enum lk_status st;

	if (r->status != 200)
		return lk_kbs_refusal(LK_KBS_AUTH, r->status, r->body.data, r->body.len, err);
	st = lk_kbs_challenge_parse(s->protocol, r->body.data, r->body.len, &c, err);
	if (st)
		return lk_context(err, "read the challenge");
	if (strcmp(c.nonce, s->nonce) == 0)
		return lk_raise_code(err, LK_C_REPLY_INVALID, "the nonce was used before");
	st = take_cookie(s, r, err);
	if (st == LK_ABSENT)
		return lk_raise_code(err, LK_C_REPLY_INVALID, "the challenge sets no cookie");
	if (st)
		return st;
	memcpy(s->nonce, c.nonce, sizeof(s->nonce));
	*ret = c;
	return LK_OK;
}

/* POST /auth in the version now spoken, to whoever is first, or to the one in use. */
static enum lk_status auth(struct lk_kbs_session *s, bool racing, struct lk_http_response *ret,
			   struct lk_error *err)
{
	LK_JSON_TEXT *body = NULL;
	struct lk_http_request req = {
		.method = "POST",
		.base = lk_kbs_base(s),
		.path = "/kbs/v0/auth",
		.headers = json_header,
		.max_answer = LK_KBS_CHALLENGE_MAX,
		.max_ms = LK_KBS_EXCHANGE_MS,
		.deadline = s->site->deadline,
	};
	enum lk_status st;

	st = lk_kbs_request_build(s->protocol, s->site->attester->name, &body, &req.body_len, err);
	if (st)
		return st;
	req.body = body;
	return racing ? lk_kbs_race(&s->site->attests, s->dead, &req, &s->endpoint, ret, err)
		      : lk_http_exchange(s->site->attests.http, &req, ret, err);
}

/* A server of an older version says which: it is asked once more, in that one. */
static enum lk_status step_down(struct lk_kbs_session *s, struct lk_http_response *r,
				struct lk_error *err)
{
	char version[LK_KBS_VERSION_SIZE];

	if (!lk_kbs_expected_version(r->status, r->body.data, r->body.len, version) ||
	    !lk_kbs_step_down(s->protocol, version, &s->protocol))
		return LK_OK;
	lk_http_response_clear(r);
	return auth(s, false, r, err);
}

static enum lk_status greet(struct lk_kbs_session *s, struct lk_kbs_challenge *ret,
			    struct lk_error *err)
{
	LK_HTTP_RESPONSE answer = { 0 };
	enum lk_status st;

	s->protocol = s->site->protocol;
	st = auth(s, true, &answer, err);
	if (st)
		return st;
	st = step_down(s, &answer, err);
	if (!st) {
		s->clock_untrusted = answer.clock_untrusted;
		s->born_ms = lk_clock_ms();
		st = take_challenge(s, &answer, ret, err);
	}
	if (st) {
		s->dead[s->endpoint] = true;
		return lk_context(err, "greet key broker %s", lk_kbs_base(s));
	}
	return LK_OK;
}

/* ---- attestation ---- */

static enum lk_status new_key(struct lk_kbs_session *s, struct json_t **ret, struct lk_error *err)
{
	const char *alg = lk_kbs_key_alg(s->protocol, s->site->key_kind);
	struct lk_public_key public;
	enum lk_status st;

	drop_key(s);
	if (!alg)
		return lk_raise_code(err, LK_C_PROTOCOL_VERSION,
				     "version %s of the protocol knows no TEE key of this kind; "
				     "write another tee_key",
				     lk_kbs_dialect(s->protocol)->version);
	st = lk_keypair_generate(s->site->key_kind, &s->key, err);
	if (st)
		return st;
	st = lk_keypair_public(s->key, &public, err);
	if (st)
		return st;
	return lk_jwk_from_public(&public, alg, ret, err);
}

static enum lk_status attestation(struct lk_kbs_session *s, const struct lk_kbs_challenge *c,
				  char **ret, size_t *ret_len, struct lk_error *err)
{
	const struct lk_attester *attester = s->site->attester;
	LK_JSON *tee_key = NULL;
	LK_JSON *evidence = NULL;
	uint8_t digest[LK_HASH_MAX];
	enum lk_status st;

	st = new_key(s, &tee_key, err);
	if (st)
		return lk_context(err, "make a TEE key");
	st = lk_kbs_report_data(c, tee_key, digest, err);
	if (st)
		return st;
	st = attester->evidence(attester, digest, lk_hash_size(c->hash), &evidence, err);
	if (st)
		return lk_context(err, "make '%s' evidence", attester->name);
	return lk_kbs_attestation_build(c, tee_key, evidence, ret, ret_len, err);
}

static enum lk_status take_token(struct lk_kbs_session *s, const struct lk_http_response *r,
				 struct lk_error *err)
{
	static const char name[] = "Authorization: Bearer ";
	LK_SECRET token = { 0 };
	enum lk_status st;
	int64_t life_s;

	st = lk_kbs_token_parse(r->body.data, r->body.len, lk_kbs_is_passport(s) ? &token : NULL,
				&life_s, err);
	if (st)
		return lk_context(err, "read the token");
	s->life_ms = LK_KBS_SESSION_AGE_MS;
	if (!lk_kbs_is_passport(s))
		return LK_OK;
	if (life_s > 0 && life_s * 1000 - LK_KBS_TOKEN_SPARE_MS < s->life_ms)
		s->life_ms = life_s * 1000 - LK_KBS_TOKEN_SPARE_MS;
	lk_secret_wipe(&s->bearer);
	st = lk_secret_alloc(&s->bearer, sizeof(name) + token.len, err);
	if (!st)
		st = lk_secret_append(&s->bearer, name, sizeof(name) - 1, err);
	return st ? st : lk_secret_append(&s->bearer, token.data, token.len, err);
}

static enum lk_status attest(struct lk_kbs_session *s, const struct lk_kbs_challenge *c,
			     struct lk_error *err)
{
	const char *const headers[] = { json_header[0], (char *)s->cookie.data, NULL };
	LK_HTTP_RESPONSE answer = { 0 };
	LK_JSON_TEXT *body = NULL;
	struct lk_http_request req = {
		.method = "POST",
		.base = lk_kbs_base(s),
		.path = "/kbs/v0/attest",
		.headers = headers,
		.max_answer = LK_KBS_TOKEN_MAX,
		.max_ms = LK_KBS_ATTEST_MS,
		.deadline = s->site->deadline,
	};
	enum lk_status st;

	st = attestation(s, c, &body, &req.body_len, err);
	if (st)
		return st;
	req.body = body;
	st = lk_http_exchange(s->site->attests.http, &req, &answer, err);
	if (st)
		return st;
	if (answer.status != 200)
		return lk_kbs_refusal(LK_KBS_ATTEST, answer.status, answer.body.data,
				      answer.body.len, err);
	st = take_token(s, &answer, err);
	if (st)
		return st;
	st = take_cookie(s, &answer, err);
	return st == LK_ABSENT ? LK_OK : st;
}

/* ---- a round over the endpoints ---- */

bool lk_kbs_another_may_do(enum lk_status st)
{
	return st == LK_AGAIN || st == LK_TAMPERED || st == LK_CONFIG;
}

static enum lk_status round_over(struct lk_kbs_session *s, struct lk_error *err)
{
	struct lk_error failed = { 0 };
	enum lk_status st;

	while (lk_kbs_alive(&s->site->attests, s->dead) > 0) {
		struct lk_kbs_challenge c = { 0 };
		struct lk_error why = { 0 };

		st = greet(s, &c, &why);
		if (!st) {
			st = attest(s, &c, &why);
			if (!st)
				return LK_OK;
			s->dead[s->endpoint] = true;
			(void)lk_context(&why, "attest to key broker %s", lk_kbs_base(s));
		}
		if (failed.status != LK_AGAIN || st == LK_AGAIN || !lk_kbs_another_may_do(st))
			failed = why;
		if (!lk_kbs_another_may_do(st))
			break;
	}
	*err = failed;
	return err->status;
}

enum lk_status lk_kbs_session_open(struct lk_kbs_session *s, const struct lk_kbs_site *site,
				   struct lk_error *err)
{
	enum lk_status st;

	s->site = site;
	memset(s->dead, 0, sizeof(s->dead));
	st = round_over(s, err);
	if (st)
		lk_kbs_session_close(s);
	return st;
}

/* The old key and cookie go first: what is left after a failure is no session at all. */
enum lk_status lk_kbs_renew(struct lk_kbs_session *s, struct lk_error *err)
{
	enum lk_status st;

	s->renewed = true;
	drop_proof(s);
	memset(s->dead, 0, sizeof(s->dead));
	st = round_over(s, err);
	if (st) {
		drop_proof(s);
		return lk_context(err, "attest again");
	}
	return LK_OK;
}

void lk_kbs_session_close(struct lk_kbs_session *s)
{
	drop_proof(s);
	lk_wipe(s, sizeof(*s));
}
