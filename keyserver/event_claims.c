/* SPDX-License-Identifier: Apache-2.0 */
/* Claims and phase of a machine's runtime events. */
#include "keyserver/event_claims.h"

#include <string.h>

#include "core/base64.h"
#include "core/json.h"
#include "core/secret.h"
#include "keyserver/claims.h"

#define DOMAIN	      "latchkey"
#define OPERATION_MAX 24

struct seen {
	struct json_t *events; /* OPERATION: [CONTENT, ...] */
	size_t n, bytes;
	bool opaque; /* some extension is not told of */
	bool configuration, ended;
};

enum lk_status lk_event_log_read(const struct json_t *evidence, uint8_t **ret, size_t *ret_n,
				 struct lk_error *err)
{
	const struct json_t *member = lk_json_get(evidence, "cc_eventlog");
	const char *text = lk_json_string_value(member);
	LK_FREE uint8_t *log = NULL;
	size_t len;

	*ret_n = 0;
	if (!member || lk_json_is_null(member) || (text && !text[0]))
		return LK_OK;
	if (!text)
		return lk_raise(err, LK_DENIED, "cc_eventlog is no text");
	len = strlen(text);
	log = malloc(len);
	if (!log)
		return lk_raise(err, LK_INTERNAL, "no memory for an event log");
	if (!lk_b64_decode(LK_B64_STD, text, len, log, len, ret_n))
		return lk_raise(err, LK_DENIED, "cc_eventlog is not base64");
	*ret = lk_take(log);
	return LK_OK;
}

static bool operation_ok(const char *operation)
{
	size_t n = strlen(operation);

	return n > 0 && n <= OPERATION_MAX &&
	       strspn(operation, "abcdefghijklmnopqrstuvwxyz-") == n &&
	       strcmp(operation, "register") != 0;
}

static enum lk_status note(struct seen *s, const struct lk_aael *e, struct lk_error *err)
{
	struct json_t *list;

	if (strcmp(e->domain, DOMAIN) != 0)
		return LK_OK;
	s->bytes += strlen(e->operation) + strlen(e->content);
	if (!operation_ok(e->operation) || s->n == LK_EVENT_CLAIMS_MAX ||
	    s->bytes > LK_EVENT_CLAIMS_BYTES)
		return lk_raise(err, LK_DENIED,
				"the event log: more of the agent's events than can be, or one "
				"without a name");
	s->n++;
	if (!lk_json_has(s->events, e->operation) &&
	    !lk_json_set(s->events, e->operation, lk_json_array()))
		return lk_raise(err, LK_INTERNAL, "no memory for claims");
	list = lk_json_get(s->events, e->operation);
	if (!lk_json_append_string(list, e->content))
		return lk_raise(err, LK_INTERNAL, "no memory for claims");
	if (strcmp(e->operation, "configuration") == 0)
		s->configuration = true;
	if (strcmp(e->operation, "handoff") == 0 ||
	    (strcmp(e->operation, "phase") == 0 && strcmp(e->content, "initrd") != 0))
		s->ended = true;
	return LK_OK;
}

/* One extension of the register: what was hashed must be there to see. */
static enum lk_status look(const struct lk_event_source *source, struct lk_eventlog_record *r,
			   struct seen *s, struct lk_error *err)
{
	const struct lk_eventlog_digest *d = lk_eventlog_digest(r, source->alg);
	uint8_t digest[LK_HASH_MAX];
	struct lk_aael *e = NULL;
	LK_FREE void *memory = NULL;
	enum lk_hash hash;
	bool is = false;
	enum lk_status st;

	if (!d)
		return LK_OK; /* nor does it count in the replay */
	if (!lk_tcg_hash(source->alg, &hash))
		return lk_raise(err, LK_INTERNAL, "a bank that nobody can replay");
	memory = e = malloc(sizeof(*e));
	if (!e)
		return lk_raise(err, LK_INTERNAL, "no memory for an event");
	/* an entry of ours is one by its bytes, whatever type it is said to be of */
	r->type = LK_EV_EVENT_TAG;
	st = lk_aael_read(r, source->alg, e, &is, err);
	if (st)
		return st == LK_INTERNAL ? st
					 : lk_raise(err, LK_DENIED,
						    "the event log: an entry's text is not "
						    "what was measured");
	if (is)
		return note(s, e, err);
	st = lk_hash(hash, r->data, r->len, digest, err);
	if (st)
		return st;
	s->opaque |= d->size != lk_hash_size(hash) || memcmp(d->bytes, digest, d->size) != 0;
	return LK_OK;
}

static enum lk_status walk(const struct lk_event_source *source, struct seen *s,
			   struct lk_error *err)
{
	struct lk_eventlog_record r;
	struct lk_eventlog log;
	bool end = false;
	enum lk_status st;

	st = lk_eventlog_open(&log, source->log, source->n, err);
	while (!st && !end) {
		st = lk_eventlog_next(&log, &r, &end, err);
		if (!st && !end && r.index == source->index && r.type != LK_EV_NO_ACTION)
			st = look(source, &r, s, err);
	}
	return st;
}

static enum lk_status check_replay(const struct lk_event_source *source, struct lk_error *err)
{
	LK_FREE struct lk_replay *replay = malloc(sizeof(*replay));
	enum lk_status st;

	if (!replay)
		return lk_raise(err, LK_INTERNAL, "no memory for a replay");
	st = lk_eventlog_replay(source->log, source->n, source->kind, source->alg, replay, err);
	if (st == LK_INTERNAL)
		return st;
	if (st)
		return lk_raise(err, LK_DENIED, "the event log is malformed");
	if (source->index >= LK_EVENTLOG_INDEXES ||
	    memcmp(replay->value[source->index], source->value, lk_hash_size(replay->hash)) != 0)
		return lk_raise(err, LK_DENIED, "the event log does not lead to the value of %s",
				source->name);
	return LK_OK;
}

enum lk_status lk_event_claims(const struct lk_event_source *source, struct json_t *claims,
			       struct lk_error *err)
{
	LK_JSON *events = lk_json_object();
	struct seen s = { .events = events };
	enum lk_status st;

	if (!events || !lk_json_set_string(events, "register", source->name))
		return lk_raise(err, LK_INTERNAL, "no memory for claims");
	st = check_replay(source, err);
	if (!st)
		st = walk(source, &s, err);
	if (st == LK_TAMPERED)
		return lk_raise(err, LK_DENIED, "the event log is malformed");
	if (st || s.opaque || s.n == 0)
		return st;
	if (!lk_json_set(claims, "events", lk_json_ref(events)) ||
	    (s.configuration &&
	     !lk_json_set_string(claims, "phase", s.ended ? "system" : "initrd")))
		return lk_raise(err, LK_INTERNAL, "no memory for claims");
	return LK_OK;
}
