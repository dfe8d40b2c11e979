/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bounded HTTP/1.1 exchanges over kept connections. Nothing is implicit: no redirect, proxy,
 * cookie engine, .netrc, environment, compression or system certificate store; http and https
 * only, TLS 1.2 or newer; every size and time has a limit. core/http*.c are the only users of
 * libcurl, whose memory is wiped when freed.
 *
 * Errors: LK_CONFIG (trust is not configured), NAME_LOOKUP, UNREACHABLE, SERVER_BUSY (429 and
 * 503, with Retry-After in err->retry_after_ms), TLS_UNTRUSTED, HTTP_LIMIT (sizes, redirects),
 * REPLY_INVALID (not HTTP), LK_TIMEOUT (the request's deadline has passed). Any other status of
 * the server is the caller's to judge.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/cleanup.h"
#include "core/config.h"
#include "core/deadline.h"
#include "core/error.h"
#include "core/secret.h"

/* Once per program, after lk_crypto_setup and before any lk_http_new. */
enum lk_status lk_http_setup(struct lk_error *err);

/* Whom to trust and whom to ask for names; copied. */
struct lk_http_options {
	const char *ca_pem;	       /* PEM text; the only roots. NULL: none */
	const struct lk_strings *pins; /* "sha256//<base64>" of the server's SPKI; any one fits */
	const char *trust_keys;	       /* what to write when neither is given, for messages */
	bool allow_plaintext;	       /* http:// is an error otherwise */
	/* The metadata service of a cloud, http://ADDRESS: this client may speak to it alone, and
	 * no other client to any such address, whatever a name server says. */
	const char *metadata_base;
	/* The roots are those of the public, not a pin: certificates that this library cannot read
	 * are passed over, and dates are always evaluated (CLOCK_UNTRUSTED where they cannot). */
	bool public_roots;
	const char *name_servers; /* "a,b", as c-ares takes it; NULL or "": its own choice */
};

/* A set of kept connections; one at a time is used. Not for several threads. */
struct lk_http;
enum lk_status lk_http_new(const struct lk_http_options *options, struct lk_http **ret,
			   struct lk_error *err);
void lk_http_free(struct lk_http *h);
LK_DEFINE_CLEANUP(struct lk_http *, lk_http_free)

#define LK_HTTP_HEADERS_MAX	 64    /* lines of an answer */
#define LK_HTTP_HEADER_BYTES_MAX 16384 /* of all of them */
#define LK_HTTP_CONNECT_MS	 10000 /* name, TCP and TLS */

struct lk_http_request {
	const char *method;	    /* "GET", "POST" or "PUT" */
	const char *base;	    /* canonical, from lk_url_parse */
	const char *path;	    /* starts with '/' */
	const char *const *headers; /* "Name: value", ending in NULL; may be NULL */
	const char *accept;	    /* NULL: application/json */
	const void *body;	    /* POST and PUT only */
	size_t body_len;
	size_t max_answer; /* bytes of body taken before HTTP_LIMIT */
	int64_t max_ms;	   /* for the whole exchange, within the deadline; 0: no cap */
	struct lk_deadline deadline;
};

struct lk_http_response {
	int status;
	struct lk_secret body; /* empty ({ 0 }) when there is none */
	struct lk_secret head; /* raw header lines */
	bool clock_untrusted;  /* https, and certificate dates were not evaluated */
};
void lk_http_response_clear(struct lk_http_response *r);
#define LK_HTTP_RESPONSE LK_CLEANUP(lk_http_response_clear) struct lk_http_response

/* One exchange. *ret must be empty; it is set only on LK_OK. */
enum lk_status lk_http_exchange(struct lk_http *h, const struct lk_http_request *req,
				struct lk_http_response *ret, struct lk_error *err);

/* The same request for whichever of several servers is connected first (name, TCP and TLS done):
 * each gets a head start over the next, the winner alone is sent the request, the others are
 * closed. req->base is ignored. */
struct lk_http_race {
	const char *const *bases;
	size_t n;
	bool *dead; /* n entries: not to be tried; set for those that did not work */
	int64_t head_start_ms;
	int64_t answer_ms; /* after which a winner without an answer is dead, if another is not */
};
#define LK_HTTP_RACE_MAX 16
/* On failure every server that took part and failed is marked dead; the caller calls again while
 * one is alive. The error is that of the last of them, LK_AGAIN going before other classes. */
enum lk_status lk_http_race(struct lk_http *h, const struct lk_http_request *req,
			    const struct lk_http_race *race, size_t *ret_winner,
			    struct lk_http_response *ret, struct lk_error *err);

/* Pure: the value of header number `which` (from 0) called `name` in a raw header block; blanks
 * around it are dropped. False if there is none. */
bool lk_http_header(const void *head, size_t len, const char *name, unsigned which,
		    const char **ret_value, size_t *ret_len);
/* Pure: is this numeric address one of those where clouds have their metadata service? */
bool lk_http_is_metadata(const char *address);
/* Pure: Retry-After in seconds as milliseconds, at most an hour; 0 for a date or nonsense. */
uint32_t lk_http_retry_after(const char *value, size_t len);
