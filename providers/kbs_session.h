/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One attested session with a key broker: greet the first of its endpoints that answers, prove
 * what booted, then get any number of resources over the same connection. In passport mode one
 * place attests and its token is brought to another. A session has one TEE key; going to another
 * endpoint, or attesting again, takes a new key and a new nonce.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "attestation/attester.h"
#include "core/crypto.h"
#include "core/deadline.h"
#include "core/http.h"
#include "core/uri.h"
#include "providers/kbs_messages.h"

#define LK_KBS_HEAD_START_MS  250    /* of an endpoint over the next */
#define LK_KBS_AUTH_MS	      1500   /* for an answer, while there is another endpoint to ask */
#define LK_KBS_EXCHANGE_MS    15000  /* for one exchange */
#define LK_KBS_ATTEST_MS      60000  /* verifiers fetch collateral from elsewhere */
#define LK_KBS_SESSION_AGE_MS 240000 /* servers end sessions at 300 s from /auth */
#define LK_KBS_TOKEN_SPARE_MS 5000   /* before a token ends */

/* Servers behind one trust, any of which will do. */
struct lk_kbs_place {
	struct lk_http *http;
	struct lk_url *endpoints;
	size_t n_endpoints; /* at most LK_HTTP_RACE_MAX */
};
/* Whom to talk to and as what; borrowed by the session, all of it. */
struct lk_kbs_site {
	struct lk_kbs_place attests;
	struct lk_kbs_place releases; /* given a token of the other; empty: the same place */
	const struct lk_attester *attester;
	enum lk_kbs_protocol protocol; /* 0.4.0 goes down to 0.2.0 where a server asks for it */
	enum lk_key_kind key_kind;
	struct lk_deadline deadline;
};

struct lk_kbs_session { /* `= { 0 }` is closed */
	const struct lk_kbs_site *site;
	bool dead[LK_HTTP_RACE_MAX];
	size_t endpoint; /* the one in use */
	bool broker_dead[LK_HTTP_RACE_MAX];
	size_t broker_endpoint; /* of site->releases */
	bool broker_found;
	enum lk_kbs_protocol protocol; /* spoken with it */
	struct lk_keypair *key;
	struct lk_secret cookie; /* "Cookie: ..." line, terminated */
	struct lk_secret bearer; /* "Authorization: Bearer ..." line, in passport mode */
	char nonce[LK_KBS_NONCE_MAX + 1];
	int64_t born_ms, life_ms;
	bool renewed; /* attested a second time; there is no third */
	bool clock_untrusted;
};

/* Greet and attest. An endpoint that does not work makes way for the next; LK_DENIED of any is
 * final. On failure the session is closed. */
enum lk_status lk_kbs_session_open(struct lk_kbs_session *s, const struct lk_kbs_site *site,
				   struct lk_error *err);
/* The bytes of a resource (target: struct lk_kbs_name). Attests again, once in a session's life,
 * when it has ended or is about to. */
enum lk_status lk_kbs_session_get(struct lk_kbs_session *s, const char *target,
				  struct lk_secret *ret, struct lk_error *err);
/* Wipe key, cookie and nonce. Connections are the client's. Fine on { 0 }. */
void lk_kbs_session_close(struct lk_kbs_session *s);

/* "kbs.example (2nd of 2, 1st dead)" */
void lk_kbs_session_describe(const struct lk_kbs_session *s, char *out, size_t size);
