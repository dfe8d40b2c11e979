/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audit log: {seq, time, prev, body}, where prev is the SHA-256 of the entry before, so that
 * no entry can be altered, inserted or dropped from the middle unseen. An entry is on disk before
 * the answer that it speaks of is sent. Several threads write at once and share one commit.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/cleanup.h"
#include "core/error.h"
#include "keyserver/store.h"

struct lk_audit_event {	     /* NULL, 0: left out */
	const char *event;   /* "attest", "resource", "admin-put", ... */
	const char *outcome; /* "allowed", "denied", "failed", "done" */
	const char *reason;  /* one line; never a secret */
	const char *peer;    /* address, or "uid N" */
	const char *session; /* its id: a digest of it is what gets written */
	const char *tee;
	const char *resource;
	int64_t version;
	bool anybody; /* nobody has proved anything: such entries are limited in number per second,
		       * and the next one says how many were left out */
};

struct lk_audit;
enum lk_status lk_audit_new(struct lk_store *store, struct lk_audit **ret, struct lk_error *err);
void lk_audit_free(struct lk_audit *a);
LK_DEFINE_CLEANUP(struct lk_audit *, lk_audit_free)

/* In a commit of its own, or shared with other threads'. */
enum lk_status lk_audit_write(struct lk_audit *a, const struct lk_audit_event *e,
			      struct lk_error *err);
/* In the caller's, together with what the entry speaks of. */
enum lk_status lk_audit_write_with(struct lk_store_write *w, const struct lk_audit_event *e,
				   struct lk_error *err);

/* The digest that the next entry carries as prev: SHA-256 of the canonical JSON (RFC 8785) of
 * {"body", "prev", "seq", "time"}, prev in hex. row->body is canonical already. */
enum lk_status lk_audit_digest(const struct lk_audit_row *row, uint8_t ret[LK_AUDIT_HASH],
			       struct lk_error *err);
/* Does row follow the entry with this seq and digest? seq 0 and zeros: the first. LK_TAMPERED. */
enum lk_status lk_audit_follows(const struct lk_audit_row *row, int64_t seq,
				const uint8_t digest[LK_AUDIT_HASH], struct lk_error *err);
