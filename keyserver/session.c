/* SPDX-License-Identifier: Apache-2.0 */
/* The table of sessions: hashed by id, and in two queues by age, of those that still have to attest
 * and of those that have. One lifetime for all makes the age of opening the order of ending. */
#include "keyserver/session.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "core/base64.h"
#include "core/crypto.h"

struct entry {
	struct lk_session s;
	struct entry *older, *younger; /* in its queue */
	struct entry *next;	       /* in its bucket */
};

struct queue {
	struct entry *oldest, *youngest;
};

struct lk_sessions {
	pthread_mutex_t lock;
	size_t capacity, count;
	int64_t lifetime_ms;
	struct queue pending, attested;
	size_t n_buckets;
	struct entry **buckets;
};

#define LOCKED(t)                                                                                  \
	LK_CLEANUP(unlock) pthread_mutex_t *locked_ = &(t)->lock;                                  \
	pthread_mutex_lock(locked_)

static void unlock(pthread_mutex_t **lock)
{
	pthread_mutex_unlock(*lock);
}

void lk_session_clear(struct lk_session *s)
{
	free(s->token);
	free(s->payload);
	lk_wipe(s, sizeof(*s));
}

enum lk_status lk_sessions_new(size_t capacity, int64_t lifetime_ms, struct lk_sessions **ret,
			       struct lk_error *err)
{
	LK_FREE struct lk_sessions *t = calloc(1, sizeof(*t));

	if (!t)
		return lk_raise(err, LK_INTERNAL, "no memory for the sessions");
	t->capacity = capacity;
	t->lifetime_ms = lifetime_ms;
	t->n_buckets = capacity;
	t->buckets = calloc(t->n_buckets, sizeof(*t->buckets));
	if (!t->buckets)
		return lk_raise(err, LK_INTERNAL, "no memory for %zu sessions", capacity);
	pthread_mutex_init(&t->lock, NULL);
	*ret = lk_take(t);
	return LK_OK;
}

static struct entry **bucket_of(struct lk_sessions *t, const char *id)
{
	size_t hash = 5381;

	for (; *id; id++)
		hash = hash * 33 + (unsigned char)*id;
	return &t->buckets[hash % t->n_buckets];
}

static struct queue *queue_of(struct lk_sessions *t, const struct entry *e)
{
	return e->s.token ? &t->attested : &t->pending;
}

static void enqueue(struct queue *q, struct entry *e)
{
	e->older = q->youngest;
	e->younger = NULL;
	if (q->youngest)
		q->youngest->younger = e;
	else
		q->oldest = e;
	q->youngest = e;
}

static void dequeue(struct queue *q, struct entry *e)
{
	if (e->older)
		e->older->younger = e->younger;
	else
		q->oldest = e->younger;
	if (e->younger)
		e->younger->older = e->older;
	else
		q->youngest = e->older;
}

static void drop(struct lk_sessions *t, struct entry *e)
{
	struct entry **at = bucket_of(t, e->s.id);

	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	dequeue(queue_of(t, e), e);
	t->count--;
	lk_session_clear(&e->s);
	free(e);
}

void lk_sessions_free(struct lk_sessions *t)
{
	struct entry *e;

	if (!t)
		return;
	while ((e = t->pending.oldest) || (e = t->attested.oldest))
		drop(t, e);
	pthread_mutex_destroy(&t->lock);
	free(t->buckets);
	free(t);
}

static void sweep(struct lk_sessions *t, int64_t now_ms)
{
	struct entry *e;

	while ((e = t->pending.oldest) && e->s.ends_ms <= now_ms)
		drop(t, e);
	/* attested ones queue by when they attested, a little out of order of ending: those that
	 * wait behind a younger one are still refused by find() */
	while ((e = t->attested.oldest) && e->s.ends_ms <= now_ms)
		drop(t, e);
}

void lk_sessions_sweep(struct lk_sessions *t, int64_t now_ms)
{
	LOCKED(t);

	sweep(t, now_ms);
}

size_t lk_sessions_count(struct lk_sessions *t)
{
	LOCKED(t);

	return t->count;
}

static struct entry *lookup(struct lk_sessions *t, const char *id, int64_t now_ms)
{
	struct entry *e = *bucket_of(t, id);

	while (e && strcmp(e->s.id, id) != 0)
		e = e->next;
	if (e && e->s.ends_ms <= now_ms) {
		drop(t, e);
		return NULL;
	}
	return e;
}

static enum lk_status copy(const struct entry *e, struct lk_session *ret, struct lk_error *err)
{
	LK_SESSION s = e->s;

	s.token = s.payload = NULL;
	if (e->s.token) {
		s.token = strdup(e->s.token);
		s.payload = strdup(e->s.payload);
		if (!s.token || !s.payload)
			return lk_raise(err, LK_INTERNAL, "no memory for a session's token");
	}
	*ret = s;
	s.token = s.payload = NULL;
	return LK_OK;
}

/* RFC 9562 section 5.4: random but for six bits. */
static enum lk_status make_id(char id[LK_SESSION_ID_SIZE], struct lk_error *err)
{
	uint8_t uuid[16];
	enum lk_status st;

	st = lk_random(uuid, sizeof(uuid), err);
	if (st)
		return lk_context(err, "make a session id");
	uuid[6] = (uuid[6] & 0x0f) | 0x40;
	uuid[8] = (uuid[8] & 0x3f) | 0x80;
	lk_hex_encode(uuid, sizeof(uuid), id);
	return LK_OK;
}

static enum lk_status fill(struct lk_session *s, const char *tee, struct lk_error *err)
{
	uint8_t nonce[32];
	enum lk_status st;

	if (strlen(tee) >= sizeof(s->tee))
		return lk_raise(err, LK_INTERNAL, "TEE name too long");
	memcpy(s->tee, tee, strlen(tee) + 1);
	st = make_id(s->id, err);
	if (st)
		return st;
	st = lk_random(nonce, sizeof(nonce), err);
	if (st)
		return lk_context(err, "make a nonce");
	lk_b64_encode(LK_B64_STD, nonce, sizeof(nonce), s->nonce);
	return LK_OK;
}

/* Make room for one more; the lock is held. */
static bool make_room(struct lk_sessions *t, int64_t now_ms)
{
	sweep(t, now_ms);
	if (t->count < t->capacity)
		return true;
	if (!t->pending.oldest)
		return false;
	drop(t, t->pending.oldest);
	return true;
}

enum lk_status lk_session_open(struct lk_sessions *t, const char *tee, int64_t now_ms,
			       int64_t now_wall, struct lk_session *ret, struct lk_error *err)
{
	LK_FREE struct entry *e = calloc(1, sizeof(*e));
	struct entry **bucket;
	enum lk_status st;

	if (!e)
		return lk_raise(err, LK_INTERNAL, "no memory for a session");
	st = fill(&e->s, tee, err);
	if (st)
		return st;
	e->s.ends_ms = now_ms + t->lifetime_ms;
	e->s.ends_wall = now_wall + t->lifetime_ms / 1000;

	LOCKED(t);
	if (!make_room(t, now_ms))
		return lk_raise(err, LK_AGAIN, "%zu sessions are open", t->count);
	bucket = bucket_of(t, e->s.id);
	e->next = *bucket;
	*bucket = e;
	enqueue(&t->pending, e);
	t->count++;
	*ret = e->s;
	e = NULL;
	return LK_OK;
}

enum lk_status lk_session_find(struct lk_sessions *t, const char *id, int64_t now_ms,
			       struct lk_session *ret, struct lk_error *err)
{
	const struct entry *e;

	LOCKED(t);
	e = lookup(t, id, now_ms);
	if (!e)
		return lk_raise(err, LK_ABSENT, "no such session, or it has ended");
	return copy(e, ret, err);
}

static enum lk_status keep(struct lk_sessions *t, struct entry *e, const char *token,
			   const char *payload, struct lk_error *err)
{
	LK_FREE char *own_token = strdup(token);
	LK_FREE char *own_payload = strdup(payload);

	if (!own_token || !own_payload)
		return lk_raise(err, LK_INTERNAL, "no memory for a session's token");
	dequeue(&t->pending, e);
	e->s.token = lk_take(own_token);
	e->s.payload = lk_take(own_payload);
	enqueue(&t->attested, e);
	return LK_OK;
}

enum lk_status lk_session_attested(struct lk_sessions *t, const char *id, const char *token,
				   const char *payload, int64_t now_ms, struct lk_session *ret,
				   struct lk_error *err)
{
	struct entry *e;
	enum lk_status st;

	LOCKED(t);
	e = lookup(t, id, now_ms);
	if (!e)
		return lk_raise(err, LK_ABSENT, "the session ended while it attested");
	if (!e->s.token) {
		st = keep(t, e, token, payload, err);
		if (st)
			return st;
	}
	return copy(e, ret, err);
}
