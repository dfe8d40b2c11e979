/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of core/http share: the client, and one exchange in flight. */
#pragma once

#include <curl/curl.h>

#include "core/http.h"

struct lk_http {
	CURLM *multi; /* keeps the connections */
	char *ca_pem;
	char *pins; /* joined with ';' */
	char *trust_keys;
	char *name_servers;
	char *metadata_base;
	bool allow_plaintext;
	bool public_roots;
};

struct race_run;

/* One request on its way to one server. */
struct exchange {
	struct lk_http *http;
	CURL *easy;
	struct curl_slist *headers;
	char *url;
	bool in_multi;
	struct lk_deadline deadline;
	struct lk_http_response answer;
	size_t max_answer;
	size_t n_headers;
	bool too_large; /* a limit was broken: which, said by limit */
	const char *limit;
	struct lk_error local; /* what a callback raised */
	char curl_says[CURL_ERROR_SIZE];
	/* called when connected, before anything is sent; false: do not send */
	bool (*connected)(struct exchange *x, void *arg);
	void *arg;
};

/* Prepare x (zeroed) for req at base; nothing is sent yet. */
enum lk_status lk_exchange_prepare(struct exchange *x, struct lk_http *h, const char *base,
				   const struct lk_http_request *req, struct lk_error *err);
/* What came of it: LK_OK if the server answered with a status for the caller. */
enum lk_status lk_exchange_outcome(struct exchange *x, CURLcode code, struct lk_error *err);
/* Leave the multi handle, wipe, release; fine on { 0 }. */
void lk_exchange_end(struct exchange *x);
