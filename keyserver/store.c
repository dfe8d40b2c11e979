/* SPDX-License-Identifier: Apache-2.0 */
/* The database: one connection that writes and one that reads, each under its lock, each with its
 * prepared statements. The only user of SQLite. */
#include "keyserver/store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>

#include "keyserver/store_schema.h"

enum statement { /* what the text of each is: statements[] */
		 S_BEGIN,
		 S_COMMIT,
		 S_ROLLBACK,
		 S_NEXT_VERSION,
		 S_PUT_RESOURCE,
		 S_DELETE_RESOURCE,
		 S_PUT_VALUE,
		 S_ADD_AUDIT,
		 S_LAST_AUDIT,
		 S_GET_RESOURCE,
		 S_LIST_RESOURCES,
		 S_GET_VALUE,
		 S_LIST_AUDIT,
		 N_STATEMENTS
};

static const char *const statements[N_STATEMENTS] = {
	[S_BEGIN] = "BEGIN IMMEDIATE",
	[S_COMMIT] = "COMMIT",
	[S_ROLLBACK] = "ROLLBACK",
	[S_NEXT_VERSION] = "UPDATE counter SET n = n + 1 RETURNING n",
	[S_PUT_RESOURCE] = "INSERT OR REPLACE INTO resource (name, version, sealed, time) "
			   "VALUES (?1, ?2, ?3, ?4)",
	[S_DELETE_RESOURCE] = "DELETE FROM resource WHERE name = ?1",
	[S_PUT_VALUE] = "INSERT OR REPLACE INTO value (key, data) VALUES (?1, ?2)",
	[S_ADD_AUDIT] = "INSERT INTO audit (seq, time, prev, body) VALUES (?1, ?2, ?3, ?4)",
	[S_LAST_AUDIT] = "SELECT seq, time, prev, body FROM audit ORDER BY seq DESC LIMIT 1",
	[S_GET_RESOURCE] = "SELECT name, version, time, length(sealed), sealed FROM resource "
			   "WHERE name = ?1",
	[S_LIST_RESOURCES] = "SELECT name, version, time, length(sealed), NULL FROM resource "
			     "ORDER BY name",
	[S_GET_VALUE] = "SELECT data FROM value WHERE key = ?1",
	[S_LIST_AUDIT] = "SELECT seq, time, prev, body FROM audit WHERE seq > ?1 "
			 "ORDER BY seq LIMIT ?2",
};

struct conn {
	pthread_mutex_t lock;
	sqlite3 *db;
	sqlite3_stmt *prepared[N_STATEMENTS];
};

struct lk_store {
	struct conn writer, reader;
};

/* --- statements ----------------------------------------------------------------------------------- */

static enum lk_status broken(sqlite3 *db, const char *what, struct lk_error *err)
{
	int code = db ? sqlite3_errcode(db) & 0xff : SQLITE_NOMEM;
	const char *text = db ? sqlite3_errmsg(db) : "no memory";

	if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
		return lk_raise_code(err, LK_C_STORE_DAMAGED, "%s: %s", what, text);
	return lk_raise(err, LK_INTERNAL, "%s: %s", what, text);
}

/* A prepared statement in use; reset when the scope ends, so that no lock is held longer. */
static void statement_done(sqlite3_stmt **stmt)
{
	if (*stmt) {
		sqlite3_reset(*stmt);
		sqlite3_clear_bindings(*stmt);
	}
}
#define STATEMENT LK_CLEANUP(statement_done) sqlite3_stmt

static void unlock(pthread_mutex_t **lock)
{
	pthread_mutex_unlock(*lock);
}
#define LOCKED(conn)                                                                               \
	LK_CLEANUP(unlock) pthread_mutex_t *locked_ = &(conn)->lock;                               \
	pthread_mutex_lock(locked_)

static sqlite3_stmt *prepare(struct conn *c, enum statement which)
{
	if (!c->prepared[which])
		(void)sqlite3_prepare_v3(c->db, statements[which], -1, SQLITE_PREPARE_PERSISTENT,
					 &c->prepared[which], NULL);
	return c->prepared[which];
}

/* Run a statement without parameters and without rows. */
static enum lk_status run(struct conn *c, enum statement which, struct lk_error *err)
{
	STATEMENT *s = prepare(c, which);

	if (!s || sqlite3_step(s) != SQLITE_DONE)
		return broken(c->db, statements[which], err);
	return LK_OK;
}

static bool bind_text(sqlite3_stmt *s, int at, const char *text)
{
	return sqlite3_bind_text(s, at, text, -1, SQLITE_STATIC) == SQLITE_OK;
}

static bool bind_blob(sqlite3_stmt *s, int at, const void *data, size_t n)
{
	return n <= INT_MAX && sqlite3_bind_blob(s, at, data, (int)n, SQLITE_STATIC) == SQLITE_OK;
}

static bool bind_int(sqlite3_stmt *s, int at, int64_t n)
{
	return sqlite3_bind_int64(s, at, n) == SQLITE_OK;
}

/* --- opening --------------------------------------------------------------------------------------- */

static enum lk_status conn_open(struct conn *c, const char *path, int flags, struct lk_error *err)
{
	if (sqlite3_open_v2(path, &c->db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
			    NULL) != SQLITE_OK)
		return broken(c->db, "open the store", err);
	if (sqlite3_exec(c->db, lk_store_pragmas, NULL, NULL, NULL) != SQLITE_OK)
		return broken(c->db, "open the store", err);
	return LK_OK;
}

static void conn_close(struct conn *c)
{
	unsigned i;

	for (i = 0; i < N_STATEMENTS; i++)
		sqlite3_finalize(c->prepared[i]);
	(void)sqlite3_close(c->db);
	pthread_mutex_destroy(&c->lock);
}

void lk_store_close(struct lk_store *s)
{
	if (!s)
		return;
	conn_close(&s->reader);
	conn_close(&s->writer); /* the last one out writes the log back */
	free(s);
}

static enum lk_status check_schema(struct conn *c, struct lk_error *err)
{
	sqlite3_stmt *s = NULL;
	int version = -1;

	if (sqlite3_prepare_v2(c->db, "PRAGMA user_version", -1, &s, NULL) == SQLITE_OK &&
	    sqlite3_step(s) == SQLITE_ROW)
		version = sqlite3_column_int(s, 0);
	sqlite3_finalize(s);
	if (version < 0)
		return broken(c->db, "read the store", err);
	if (version != LK_STORE_SCHEMA)
		return lk_raise(err, LK_CONFIG,
				"the store has schema %d, this program understands %d", version,
				LK_STORE_SCHEMA);
	return LK_OK;
}

static enum lk_status open_both(const char *path, const char *schema, struct lk_store **ret,
				struct lk_error *err)
{
	LK_CLEANUP(lk_store_close_p) struct lk_store *s = calloc(1, sizeof(*s));
	enum lk_status st;

	if (!s)
		return lk_raise(err, LK_INTERNAL, "no memory for the store");
	pthread_mutex_init(&s->writer.lock, NULL);
	pthread_mutex_init(&s->reader.lock, NULL);
	st = conn_open(&s->writer, path, SQLITE_OPEN_READWRITE, err);
	if (st)
		return st;
	if (schema && sqlite3_exec(s->writer.db, schema, NULL, NULL, NULL) != SQLITE_OK)
		return broken(s->writer.db, "make the store", err);
	st = check_schema(&s->writer, err);
	if (st)
		return st;
	st = conn_open(&s->reader, path, SQLITE_OPEN_READWRITE, err);
	if (st)
		return st;
	*ret = lk_take(s);
	return LK_OK;
}

enum lk_status lk_store_create(const char *path, struct lk_store **ret, struct lk_error *err)
{
	/* SQLite gives its other files the mode of this one */
	LK_FD int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return lk_raise(err, LK_CONFIG, "create %s: %s", path, strerror(errno));
	return open_both(path, lk_store_schema, ret, err);
}

enum lk_status lk_store_open(const char *path, struct lk_store **ret, struct lk_error *err)
{
	return open_both(path, NULL, ret, err);
}

/* --- writing --------------------------------------------------------------------------------------- */

enum lk_status lk_store_begin(struct lk_store *s, struct lk_store_write *ret, struct lk_error *err)
{
	enum lk_status st;

	pthread_mutex_lock(&s->writer.lock);
	st = run(&s->writer, S_BEGIN, err);
	if (st) {
		pthread_mutex_unlock(&s->writer.lock);
		return st;
	}
	ret->store = s;
	return LK_OK;
}

void lk_store_rollback(struct lk_store_write *w)
{
	struct lk_error ignored = { 0 };

	if (!w->store)
		return;
	/* some errors have rolled back already */
	if (!sqlite3_get_autocommit(w->store->writer.db))
		(void)run(&w->store->writer, S_ROLLBACK, &ignored);
	pthread_mutex_unlock(&w->store->writer.lock);
	w->store = NULL;
}

enum lk_status lk_store_commit(struct lk_store_write *w, struct lk_error *err)
{
	enum lk_status st;

	st = run(&w->store->writer, S_COMMIT, err);
	if (st)
		return st; /* the scope's end rolls back */
	pthread_mutex_unlock(&w->store->writer.lock);
	w->store = NULL;
	return LK_OK;
}

enum lk_status lk_store_next_version(struct lk_store_write *w, int64_t *ret, struct lk_error *err)
{
	struct conn *c = &w->store->writer;
	STATEMENT *s = prepare(c, S_NEXT_VERSION);
	int64_t n;

	if (!s || sqlite3_step(s) != SQLITE_ROW)
		return broken(c->db, "count versions", err);
	n = sqlite3_column_int64(s, 0);
	if (sqlite3_step(s) != SQLITE_DONE)
		return broken(c->db, "count versions", err);
	*ret = n;
	return LK_OK;
}

enum lk_status lk_store_put_resource(struct lk_store_write *w, const char *name, int64_t version,
				     const void *sealed, size_t n, int64_t time,
				     struct lk_error *err)
{
	struct conn *c = &w->store->writer;
	STATEMENT *s = prepare(c, S_PUT_RESOURCE);

	if (!s || !bind_text(s, 1, name) || !bind_int(s, 2, version) ||
	    !bind_blob(s, 3, sealed, n) || !bind_int(s, 4, time) || sqlite3_step(s) != SQLITE_DONE)
		return broken(c->db, "store a resource", err);
	return LK_OK;
}

enum lk_status lk_store_delete_resource(struct lk_store_write *w, const char *name,
					struct lk_error *err)
{
	struct conn *c = &w->store->writer;
	STATEMENT *s = prepare(c, S_DELETE_RESOURCE);

	if (!s || !bind_text(s, 1, name) || sqlite3_step(s) != SQLITE_DONE)
		return broken(c->db, "delete a resource", err);
	if (sqlite3_changes(c->db) == 0)
		return lk_raise_code(err, LK_C_RESOURCE_ABSENT, "no resource '%s'", name);
	return LK_OK;
}

enum lk_status lk_store_put_value(struct lk_store_write *w, const char *key, const void *data,
				  size_t n, struct lk_error *err)
{
	struct conn *c = &w->store->writer;
	STATEMENT *s = prepare(c, S_PUT_VALUE);

	if (!s || !bind_text(s, 1, key) || !bind_blob(s, 2, data, n) ||
	    sqlite3_step(s) != SQLITE_DONE)
		return broken(c->db, "store a value", err);
	return LK_OK;
}

static enum lk_status audit_row(sqlite3_stmt *s, struct lk_audit_row *ret, struct lk_error *err)
{
	const char *body = (const char *)sqlite3_column_text(s, 3);

	if (!body || sqlite3_column_bytes(s, 2) != LK_AUDIT_HASH)
		return lk_raise_code(err, LK_C_STORE_DAMAGED, "a malformed audit entry");
	ret->seq = sqlite3_column_int64(s, 0);
	ret->time = sqlite3_column_int64(s, 1);
	memcpy(ret->prev, sqlite3_column_blob(s, 2), LK_AUDIT_HASH);
	ret->body = strdup(body);
	return ret->body ? LK_OK : lk_raise(err, LK_INTERNAL, "no memory for an audit entry");
}

enum lk_status lk_store_add_audit(struct lk_store_write *w, const struct lk_audit_row *row,
				  struct lk_error *err)
{
	struct conn *c = &w->store->writer;
	STATEMENT *s = prepare(c, S_ADD_AUDIT);

	if (!s || !bind_int(s, 1, row->seq) || !bind_int(s, 2, row->time) ||
	    !bind_blob(s, 3, row->prev, sizeof(row->prev)) || !bind_text(s, 4, row->body) ||
	    sqlite3_step(s) != SQLITE_DONE)
		return broken(c->db, "write the audit log", err);
	return LK_OK;
}

enum lk_status lk_store_last_audit(struct lk_store_write *w, struct lk_audit_row *ret,
				   struct lk_error *err)
{
	struct conn *c = &w->store->writer;
	STATEMENT *s = prepare(c, S_LAST_AUDIT);
	int got = s ? sqlite3_step(s) : SQLITE_ERROR;

	if (got == SQLITE_ROW)
		return audit_row(s, ret, err);
	return got == SQLITE_DONE ? LK_OK : broken(c->db, "read the audit log", err);
}

/* --- reading --------------------------------------------------------------------------------------- */

void lk_resource_row_clear(struct lk_resource_row *r)
{
	free(r->name);
	free(r->sealed);
	*r = (struct lk_resource_row){ 0 };
}

/* Columns: name, version, time, size, sealed or NULL. */
static enum lk_status resource_row(sqlite3_stmt *s, struct lk_resource_row *ret,
				   struct lk_error *err)
{
	LK_RESOURCE_ROW r = { 0 };
	const void *sealed = sqlite3_column_blob(s, 4);
	const char *name = (const char *)sqlite3_column_text(s, 0);

	r.name = name ? strdup(name) : NULL;
	r.version = sqlite3_column_int64(s, 1);
	r.time = sqlite3_column_int64(s, 2);
	r.size = (size_t)sqlite3_column_int64(s, 3);
	if (sealed) {
		r.sealed = malloc(r.size);
		if (r.sealed)
			memcpy(r.sealed, sealed, r.size);
	}
	if (!r.name || (sealed && !r.sealed))
		return lk_raise(err, LK_INTERNAL, "no memory for a resource");
	*ret = r;
	r = (struct lk_resource_row){ 0 };
	return LK_OK;
}

enum lk_status lk_store_get_resource(struct lk_store *s, const char *name,
				     struct lk_resource_row *ret, struct lk_error *err)
{
	struct conn *c = &s->reader;
	int got = SQLITE_ERROR;

	LOCKED(c);
	STATEMENT *q = prepare(c, S_GET_RESOURCE);

	if (q && bind_text(q, 1, name))
		got = sqlite3_step(q);
	if (got == SQLITE_DONE)
		return lk_raise_code(err, LK_C_RESOURCE_ABSENT, "no resource '%s'", name);
	if (got != SQLITE_ROW)
		return broken(c->db, "read a resource", err);
	return resource_row(q, ret, err);
}

enum lk_status lk_store_list_resources(struct lk_store *s,
				       enum lk_status (*each)(void *to,
							      const struct lk_resource_row *row,
							      struct lk_error *err),
				       void *to, struct lk_error *err)
{
	struct conn *c = &s->reader;
	enum lk_status st;
	int got;

	LOCKED(c);
	STATEMENT *q = prepare(c, S_LIST_RESOURCES);

	while (q && (got = sqlite3_step(q)) == SQLITE_ROW) {
		LK_RESOURCE_ROW row = { 0 };

		st = resource_row(q, &row, err);
		if (st)
			return st;
		st = each(to, &row, err);
		if (st)
			return st;
	}
	return q && got == SQLITE_DONE ? LK_OK : broken(c->db, "list the resources", err);
}

enum lk_status lk_store_get_value(struct lk_store *s, const char *key, void **ret, size_t *ret_n,
				  struct lk_error *err)
{
	struct conn *c = &s->reader;
	int got = SQLITE_ERROR;
	char *copy;
	size_t n;

	LOCKED(c);
	STATEMENT *q = prepare(c, S_GET_VALUE);

	if (q && bind_text(q, 1, key))
		got = sqlite3_step(q);
	if (got == SQLITE_DONE)
		return lk_raise(err, LK_ABSENT, "the store has no '%s'", key);
	if (got != SQLITE_ROW)
		return broken(c->db, "read a value", err);
	n = (size_t)sqlite3_column_bytes(q, 0);
	copy = calloc(1, n + 1);
	if (!copy)
		return lk_raise(err, LK_INTERNAL, "no memory for a value");
	if (n)
		memcpy(copy, sqlite3_column_blob(q, 0), n);
	*ret = copy;
	*ret_n = n;
	return LK_OK;
}

enum lk_status lk_store_list_audit(struct lk_store *s, int64_t after, size_t limit,
				   enum lk_status (*each)(void *to, const struct lk_audit_row *row,
							  struct lk_error *err),
				   void *to, struct lk_error *err)
{
	struct conn *c = &s->reader;
	int got = SQLITE_ERROR;
	enum lk_status st;

	LOCKED(c);
	STATEMENT *q = prepare(c, S_LIST_AUDIT);

	if (!q || !bind_int(q, 1, after) || !bind_int(q, 2, (int64_t)limit))
		return broken(c->db, "read the audit log", err);
	while ((got = sqlite3_step(q)) == SQLITE_ROW) {
		struct lk_audit_row row = { 0 };

		st = audit_row(q, &row, err);
		if (st == LK_OK)
			st = each(to, &row, err);
		free(row.body);
		if (st)
			return st;
	}
	return got == SQLITE_DONE ? LK_OK : broken(c->db, "read the audit log", err);
}
