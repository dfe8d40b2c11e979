/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The database: resources (sealed), policy, audit entries, a few named values. SQLite in WAL mode
 * with synchronous=FULL: once a commit has returned, it survives a kill and a power cut. The only
 * user of SQLite. May be used from several threads: writing is one at a time, between begin and
 * commit; reading goes on beside it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/cleanup.h"
#include "core/error.h"

struct lk_store;

/* path is created by create (LK_CONFIG if there), needed by open. */
enum lk_status lk_store_create(const char *path, struct lk_store **ret, struct lk_error *err);
enum lk_status lk_store_open(const char *path, struct lk_store **ret, struct lk_error *err);
void lk_store_close(struct lk_store *s);
LK_DEFINE_CLEANUP(struct lk_store *, lk_store_close)

/* --- writing: only between begin and commit ------------------------------------------------------ */

/* Declare as LK_STORE_WRITE; leaving its scope without commit undoes everything. */
struct lk_store_write {
	struct lk_store *store;
};
void lk_store_rollback(struct lk_store_write *w);
#define LK_STORE_WRITE LK_CLEANUP(lk_store_rollback) struct lk_store_write
/* Waits for the other writer, if there is one. */
enum lk_status lk_store_begin(struct lk_store *s, struct lk_store_write *ret, struct lk_error *err);
enum lk_status lk_store_commit(struct lk_store_write *w, struct lk_error *err);

/* The next number of a counter that never goes back, also when rows are deleted. */
enum lk_status lk_store_next_version(struct lk_store_write *w, int64_t *ret, struct lk_error *err);
enum lk_status lk_store_put_resource(struct lk_store_write *w, const char *name, int64_t version,
				     const void *sealed, size_t n, int64_t time,
				     struct lk_error *err);
/* LK_ABSENT if there is none. */
enum lk_status lk_store_delete_resource(struct lk_store_write *w, const char *name,
					struct lk_error *err);
enum lk_status lk_store_put_value(struct lk_store_write *w, const char *key, const void *data,
				  size_t n, struct lk_error *err);

#define LK_AUDIT_HASH 32
struct lk_audit_row {
	int64_t seq, time; /* seconds since 1970 */
	uint8_t prev[LK_AUDIT_HASH];
	char *body; /* JSON text */
};
enum lk_status lk_store_add_audit(struct lk_store_write *w, const struct lk_audit_row *row,
				  struct lk_error *err);
/* The newest entry as this transaction sees it; all zero if there is none. Caller frees body. */
enum lk_status lk_store_last_audit(struct lk_store_write *w, struct lk_audit_row *ret,
				   struct lk_error *err);

/* --- reading -------------------------------------------------------------------------------------- */

struct lk_resource_row {
	char *name;
	int64_t version, time;
	size_t size;	 /* of the sealed bytes */
	uint8_t *sealed; /* get only */
};
void lk_resource_row_clear(struct lk_resource_row *r);
#define LK_RESOURCE_ROW LK_CLEANUP(lk_resource_row_clear) struct lk_resource_row
/* LK_ABSENT if there is none. */
enum lk_status lk_store_get_resource(struct lk_store *s, const char *name,
				     struct lk_resource_row *ret, struct lk_error *err);
/* Calls each() per resource, by name; stops at and returns its first status other than LK_OK. */
enum lk_status lk_store_list_resources(struct lk_store *s,
				       enum lk_status (*each)(void *to,
							      const struct lk_resource_row *row,
							      struct lk_error *err),
				       void *to, struct lk_error *err);
/* LK_ABSENT if there is none; *ret is malloc'ed and followed by a zero byte. */
enum lk_status lk_store_get_value(struct lk_store *s, const char *key, void **ret, size_t *ret_n,
				  struct lk_error *err);
/* The same for rows with seq > after, in order, at most limit of them. */
enum lk_status lk_store_list_audit(struct lk_store *s, int64_t after, size_t limit,
				   enum lk_status (*each)(void *to, const struct lk_audit_row *row,
							  struct lk_error *err),
				   void *to, struct lk_error *err);
