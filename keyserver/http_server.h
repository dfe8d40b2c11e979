/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Listening, TLS, limits and routing, over libmicrohttpd, which only this file's source uses.
 * Handlers see one complete request and fill in one answer; they run on several threads at once.
 *
 * Limits: the size of a body by route, of headers 32 KiB, of all bodies in memory together, of
 * connections, also from one address; and no connection may take longer than our patience from its
 * beginning, or from the end of its last answer, to the next complete answer, however busily it
 * trickles.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/cleanup.h"
#include "core/error.h"
#include "core/secret.h"

struct lk_call { /* all borrowed */
	const char *method;
	const char *path;		    /* as sent, nothing decoded, without the query */
	const char *cookie, *authorization; /* headers; NULL if absent */
	const char *body;
	size_t body_len;
	const char *peer; /* "192.0.2.1", or "uid 0" on the Unix socket */
	bool has_uid;	  /* Unix socket only */
	uid_t uid;
	void *connection; /* for lk_call_argument */
};
/* A member of the query, or NULL. */
const char *lk_call_argument(const struct lk_call *call, const char *name);

#define LK_REPLY_COOKIE 128
struct lk_reply { /* starts as status 500 without a body */
	unsigned status;
	const char *type;	      /* Content-Type; NULL = none is sent */
	char cookie[LK_REPLY_COOKIE]; /* Set-Cookie; "" = none is sent */
	char *text;		      /* malloc'ed; the listener wipes and frees it */
	size_t len;
	struct lk_secret secret; /* the body if text is NULL; the listener wipes it */
};

struct lk_route {
	const char *method; /* NULL = any */
	const char *path;
	bool below; /* also everything that starts with path */
	size_t body_max;
	void (*answer)(void *ctx, const struct lk_call *call, struct lk_reply *ret);
};

struct lk_service {
	const struct lk_route *routes; /* the first that fits; the last fits anything */
	size_t n_routes;
	void *ctx;
};
/* Pure. Never NULL for a service whose last route fits anything. */
const struct lk_route *lk_route_find(const struct lk_service *s, const char *method,
				     const char *path);

struct lk_listener_options {
	int fd; /* a listening socket; taken */
	const struct lk_service *service;
	const char *key_pem, *cert_pem; /* both or neither; NULL on the Unix socket */
	bool secret_bodies;		/* request bodies go into locked memory only */
	unsigned threads, connections;
	unsigned per_address; /* connections; 0 = no limit of its own */
	int64_t patience_ms;  /* whole seconds */
};
struct lk_listener;
enum lk_status lk_listener_start(const struct lk_listener_options *opt, struct lk_listener **ret,
				 struct lk_error *err);
/* Waits for handlers that are running. */
void lk_listener_stop(struct lk_listener *l);
LK_DEFINE_CLEANUP(struct lk_listener *, lk_listener_stop)
/* Close what has exceeded our patience; called every few seconds. */
void lk_listener_sweep(struct lk_listener *l, int64_t now_ms);
