/* SPDX-License-Identifier: Apache-2.0 */
/* Writing the audit chain: entries queue up, and whoever comes first writes all that wait in one
 * commit while the others wait for it. */
#include "keyserver/audit.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "core/base64.h"
#include "core/crypto.h"
#include "core/deadline.h"
#include "core/json.h"

#define SESSION_DIGEST 8
/* Entries about requests of anybody: so many at once, and then so many per second. */
#define BURST  200
#define REFILL 5

struct waiting {
	char *body;
	bool done;
	enum lk_status st;
	struct lk_error err;
	struct waiting *next;
};

struct lk_audit {
	struct lk_store *store;
	pthread_mutex_t lock;
	pthread_cond_t written;
	struct waiting *first, **last;
	bool writing;
	/* the allowance for entries about anybody */
	int64_t allowance_ms, suppressed;
	int64_t refilled_ms;
};

static void unlock(pthread_mutex_t **lock)
{
	pthread_mutex_unlock(*lock);
}
#define LOCKED(a)                                                                                  \
	LK_CLEANUP(unlock) pthread_mutex_t *locked_ = &(a)->lock;                                  \
	pthread_mutex_lock(locked_)

enum lk_status lk_audit_new(struct lk_store *store, struct lk_audit **ret, struct lk_error *err)
{
	struct lk_audit *a = calloc(1, sizeof(*a));

	if (!a)
		return lk_raise(err, LK_INTERNAL, "no memory for the audit log");
	a->store = store;
	a->last = &a->first;
	a->allowance_ms = BURST * 1000;
	a->refilled_ms = lk_clock_ms();
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->written, NULL);
	*ret = a;
	return LK_OK;
}

void lk_audit_free(struct lk_audit *a)
{
	if (!a)
		return;
	pthread_cond_destroy(&a->written);
	pthread_mutex_destroy(&a->lock);
	free(a);
}

/* --- the chain ---------------------------------------------------------------------------------- */

enum lk_status lk_audit_digest(const struct lk_audit_row *row, uint8_t ret[LK_AUDIT_HASH],
			       struct lk_error *err)
{
	char prev[2 * LK_AUDIT_HASH + 1];
	uint8_t digest[LK_HASH_MAX];
	LK_FREE char *text = NULL;
	enum lk_status st;
	int n;

	lk_hex_encode(row->prev, LK_AUDIT_HASH, prev);
	n = asprintf(&text, "{\"body\":%s,\"prev\":\"%s\",\"seq\":%lld,\"time\":%lld}", row->body,
		     prev, (long long)row->seq, (long long)row->time);
	if (n < 0) {
		text = NULL;
		return lk_raise(err, LK_INTERNAL, "no memory for an audit entry");
	}
	st = lk_hash(LK_SHA256, text, (size_t)n, digest, err);
	if (st)
		return lk_context(err, "hash an audit entry");
	memcpy(ret, digest, LK_AUDIT_HASH);
	return LK_OK;
}

enum lk_status lk_audit_follows(const struct lk_audit_row *row, int64_t seq,
				const uint8_t digest[LK_AUDIT_HASH], struct lk_error *err)
{
	if (row->seq != seq + 1)
		return lk_raise_code(err, LK_C_AUDIT_BROKEN, "entry %lld is missing",
				     (long long)seq + 1);
	if (memcmp(row->prev, digest, LK_AUDIT_HASH) != 0)
		return lk_raise_code(err, LK_C_AUDIT_BROKEN,
				     "entry %lld does not follow from entry %lld",
				     (long long)row->seq, (long long)seq);
	return LK_OK;
}

/* Append to the chain as it is in the caller's transaction. */
static enum lk_status append(struct lk_store_write *w, char *body, struct lk_error *err)
{
	struct lk_audit_row last = { 0 }, row = { 0 };
	enum lk_status st;

	st = lk_store_last_audit(w, &last, err);
	if (st)
		return st;
	if (last.seq)
		st = lk_audit_digest(&last, row.prev, err);
	free(last.body);
	if (st)
		return st;
	row.seq = last.seq + 1;
	row.time = lk_clock_wall();
	row.body = body;
	return lk_store_add_audit(w, &row, err);
}

/* --- the body ----------------------------------------------------------------------------------- */

static bool set_if(struct json_t *doc, const char *name, const char *value)
{
	return !value || lk_json_set_string(doc, name, value);
}

/* A session's id opens the session: only enough of its digest to tell sessions apart. */
static bool set_session(struct json_t *doc, const char *id)
{
	uint8_t digest[LK_HASH_MAX];
	char text[2 * SESSION_DIGEST + 1];
	struct lk_error ignored = { 0 };

	if (!id)
		return true;
	if (lk_hash(LK_SHA256, id, strlen(id), digest, &ignored))
		return false;
	lk_hex_encode(digest, SESSION_DIGEST, text);
	return lk_json_set_string(doc, "session", text);
}

static enum lk_status body_text(const struct lk_audit_event *e, int64_t suppressed, char **ret,
				struct lk_error *err)
{
	LK_JSON *doc = lk_json_object();
	size_t len;

	if (!doc || !set_if(doc, "event", e->event) || !set_if(doc, "outcome", e->outcome) ||
	    !set_if(doc, "reason", e->reason) || !set_if(doc, "peer", e->peer) ||
	    !set_session(doc, e->session) || !set_if(doc, "tee", e->tee) ||
	    !set_if(doc, "resource", e->resource) ||
	    (e->version && !lk_json_set_int(doc, "version", e->version)) ||
	    (suppressed && !lk_json_set_int(doc, "suppressed", suppressed)))
		return lk_raise(err, LK_INTERNAL, "no memory for an audit entry");
	return lk_json_dump(doc, LK_JSON_CANONICAL, ret, &len, err);
}

/* Is there room for one more entry about anybody? If so, how many were left out before it. */
static bool allowed(struct lk_audit *a, int64_t *ret_suppressed)
{
	int64_t now = lk_clock_ms();

	LOCKED(a);
	a->allowance_ms += (now - a->refilled_ms) * REFILL;
	a->refilled_ms = now;
	if (a->allowance_ms > BURST * 1000)
		a->allowance_ms = BURST * 1000;
	if (a->allowance_ms < 1000) {
		a->suppressed++;
		return false;
	}
	a->allowance_ms -= 1000;
	*ret_suppressed = a->suppressed;
	a->suppressed = 0;
	return true;
}

/* --- writing together --------------------------------------------------------------------------- */

static enum lk_status write_all(struct lk_store *store, struct waiting *list, struct lk_error *err)
{
	LK_STORE_WRITE w = { 0 };
	enum lk_status st;

	st = lk_store_begin(store, &w, err);
	if (st)
		return st;
	for (; list; list = list->next) {
		st = append(&w, list->body, err);
		if (st)
			return st;
	}
	return lk_store_commit(&w, err);
}

/* The lock is held; it is free while the list is written. */
static void lead(struct lk_audit *a)
{
	struct waiting *list = a->first, *next;
	struct lk_error err = { 0 };
	enum lk_status st;

	a->writing = true;
	a->first = NULL;
	a->last = &a->first;
	pthread_mutex_unlock(&a->lock);
	st = write_all(a->store, list, &err);
	pthread_mutex_lock(&a->lock);
	for (; list; list = next) {
		next = list->next; /* its owner may leave once it is done */
		list->st = st;
		list->err = err;
		list->done = true;
	}
	a->writing = false;
	pthread_cond_broadcast(&a->written);
}

static enum lk_status write_body(struct lk_audit *a, char *body, struct lk_error *err)
{
	struct waiting me = { .body = body };

	LOCKED(a);
	*a->last = &me;
	a->last = &me.next;
	while (!me.done) {
		if (a->writing)
			pthread_cond_wait(&a->written, &a->lock);
		else
			lead(a);
	}
	if (me.st)
		*err = me.err;
	return me.st;
}

enum lk_status lk_audit_write(struct lk_audit *a, const struct lk_audit_event *e,
			      struct lk_error *err)
{
	LK_JSON_TEXT *body = NULL;
	int64_t suppressed = 0;
	enum lk_status st;

	if (e->anybody && !allowed(a, &suppressed))
		return LK_OK;
	st = body_text(e, suppressed, &body, err);
	if (st == LK_OK)
		st = write_body(a, body, err);
	return st ? lk_context(err, "write the audit log") : LK_OK;
}

enum lk_status lk_audit_write_with(struct lk_store_write *w, const struct lk_audit_event *e,
				   struct lk_error *err)
{
	LK_JSON_TEXT *body = NULL;
	enum lk_status st;

	st = body_text(e, 0, &body, err);
	if (st == LK_OK)
		st = append(w, body, err);
	return st ? lk_context(err, "write the audit log") : LK_OK;
}
