/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sessions between /auth and the last resource: a bounded table, safe to use from several
 * threads. Times are milliseconds of the monotonic clock (lk_clock_ms), given by the caller.
 *
 * A session's end is fixed when it is opened. When the table is full, the oldest session that has
 * not attested makes room, so that requests that never go further cannot lock out those that do.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/cleanup.h"
#include "core/error.h"

#define LK_SESSION_ID_SIZE    33 /* 32 lower-case hex digits: a version-4 UUID without dashes */
#define LK_SESSION_NONCE_SIZE 45 /* 32 random bytes in standard base64 */
#define LK_SESSION_TEE_SIZE   32

struct lk_sessions;

struct lk_session { /* what a caller gets to see: copies */
	char id[LK_SESSION_ID_SIZE];
	char nonce[LK_SESSION_NONCE_SIZE];
	char tee[LK_SESSION_TEE_SIZE]; /* as the Request named it */
	int64_t ends_ms;	       /* monotonic */
	int64_t ends_wall;	       /* seconds since 1970, for the cookie's Expires only */
	char *token;		       /* NULL until attested */
	char *payload;		       /* the token's claims as JSON text */
};
void lk_session_clear(struct lk_session *s);
#define LK_SESSION LK_CLEANUP(lk_session_clear) struct lk_session

enum lk_status lk_sessions_new(size_t capacity, int64_t lifetime_ms, struct lk_sessions **ret,
			       struct lk_error *err);
void lk_sessions_free(struct lk_sessions *t);
LK_DEFINE_CLEANUP(struct lk_sessions *, lk_sessions_free)

/* A new session with a random id and nonce. LK_AGAIN when the table is full of attested ones. */
enum lk_status lk_session_open(struct lk_sessions *t, const char *tee, int64_t now_ms,
			       int64_t now_wall, struct lk_session *ret, struct lk_error *err);
/* LK_ABSENT when there is no such session or it has ended. */
enum lk_status lk_session_find(struct lk_sessions *t, const char *id, int64_t now_ms,
			       struct lk_session *ret, struct lk_error *err);
/* Keep the token of a session that has attested, unless another request was faster; *ret is the
 * session with the token that counts. LK_ABSENT when it ended meanwhile. */
enum lk_status lk_session_attested(struct lk_sessions *t, const char *id, const char *token,
				   const char *payload, int64_t now_ms, struct lk_session *ret,
				   struct lk_error *err);
/* Drop what has ended; called now and then. */
void lk_sessions_sweep(struct lk_sessions *t, int64_t now_ms);
size_t lk_sessions_count(struct lk_sessions *t);
