/* SPDX-License-Identifier: Apache-2.0 */
/* One request on its way to one server: its limits, its answer, and what its end means. */
#include <stdlib.h>
#include <string.h>

#include "core/crypto.h"
#include "core/http_internal.h"

#define FIRST_BODY 16384

/* ---- limits on what comes in ---- */

static size_t break_limit(struct exchange *x, const char *what)
{
	x->too_large = true;
	x->limit = what;
	return CURL_WRITEFUNC_ERROR;
}

/* Room for n more bytes, doubling up to max; what moves is wiped behind. */
static enum lk_status reserve(struct lk_secret *s, size_t n, size_t max, struct lk_error *err)
{
	LK_SECRET larger = { 0 };
	size_t cap = s->cap ? s->cap : FIRST_BODY;
	enum lk_status st;

	if (s->data && n <= s->cap - s->len)
		return LK_OK;
	while (cap - s->len < n)
		cap *= 2;
	st = lk_secret_alloc(&larger, cap < max ? cap : max, err);
	if (st)
		return st;
	if (s->len > 0) {
		st = lk_secret_append(&larger, s->data, s->len, err);
		if (st)
			return st;
	}
	lk_secret_wipe(s);
	*s = lk_secret_take(&larger);
	return LK_OK;
}

static bool keep(struct exchange *x, struct lk_secret *s, const char *p, size_t n, size_t max)
{
	return !reserve(s, n, max, &x->local) && !lk_secret_append(s, p, n, &x->local);
}

static size_t take_body(char *p, size_t size, size_t n, void *arg)
{
	struct exchange *x = arg;

	n *= size;
	if (n > x->max_answer - x->answer.body.len)
		return break_limit(x, "body");
	if (n > 0 && !keep(x, &x->answer.body, p, n, x->max_answer))
		return CURL_WRITEFUNC_ERROR;
	return n;
}

/* Counted over interim answers too, so that a stream of them ends. */
static size_t take_header(char *p, size_t size, size_t n, void *arg)
{
	struct exchange *x = arg;

	n *= size;
	if (++x->n_headers > LK_HTTP_HEADERS_MAX)
		return break_limit(x, "number of headers");
	if (n > LK_HTTP_HEADER_BYTES_MAX - x->answer.head.len)
		return break_limit(x, "headers");
	if (n > 0 && !keep(x, &x->answer.head, p, n, LK_HTTP_HEADER_BYTES_MAX))
		return CURL_WRITEFUNC_ERROR;
	return n;
}

static int before_request(void *arg, char *remote, char *local, int remote_port, int local_port)
{
	struct exchange *x = arg;

	(void)local;
	(void)remote_port;
	(void)local_port;
	if (!x->http->metadata_base && lk_http_is_metadata(remote)) {
		(void)lk_raise_code(&x->local, LK_C_HTTP_LIMIT,
				    "%s is a metadata service, which only its provider asks",
				    remote);
		return CURL_PREREQFUNC_ABORT;
	}
	if (x->connected && !x->connected(x, x->arg))
		return CURL_PREREQFUNC_ABORT;
	return CURL_PREREQFUNC_OK;
}

/* Called when libcurl has made its TLS configuration, before the handshake. */
static CURLcode tighten(CURL *easy, void *ssl_config, void *arg)
{
	const struct exchange *x = arg;

	(void)easy;
	lk_tls_strong_chains(ssl_config);
	if (x->answer.clock_untrusted)
		lk_tls_ignore_dates(ssl_config);
	return CURLE_OK;
}

/* ---- setting up ---- */

/* Options that this build of libcurl may lack because the feature is not there at all. */
static CURLcode set_absent(CURL *e)
{
	CURLcode c = curl_easy_setopt(e, CURLOPT_PROXY, "");

	if (c && c != CURLE_UNKNOWN_OPTION && c != CURLE_NOT_BUILT_IN)
		return c;
	c = curl_easy_setopt(e, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	return c == CURLE_UNKNOWN_OPTION || c == CURLE_NOT_BUILT_IN ? CURLE_OK : c;
}

static bool set_transport(struct exchange *x)
{
	CURL *e = x->easy;

	return !set_absent(e) && !curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https") &&
	       !curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L) &&
	       !curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) &&
	       !curl_easy_setopt(e, CURLOPT_HTTP09_ALLOWED, 0L) &&
	       !curl_easy_setopt(e, CURLOPT_PATH_AS_IS, 1L) &&
	       !curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L) &&
	       !curl_easy_setopt(e, CURLOPT_NOPROGRESS, 1L) &&
	       (!x->http->name_servers ||
		!curl_easy_setopt(e, CURLOPT_DNS_SERVERS, x->http->name_servers));
}

static bool set_callbacks(struct exchange *x)
{
	CURL *e = x->easy;

	return !curl_easy_setopt(e, CURLOPT_ERRORBUFFER, x->curl_says) &&
	       !curl_easy_setopt(e, CURLOPT_PRIVATE, x) &&
	       !curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, take_body) &&
	       !curl_easy_setopt(e, CURLOPT_WRITEDATA, x) &&
	       !curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, take_header) &&
	       !curl_easy_setopt(e, CURLOPT_HEADERDATA, x) &&
	       !curl_easy_setopt(e, CURLOPT_PREREQFUNCTION, before_request) &&
	       !curl_easy_setopt(e, CURLOPT_PREREQDATA, x);
}

/* With a pin alone nothing of the certificate but its key is looked at. */
static bool set_trust(struct exchange *x)
{
	const struct lk_http *h = x->http;
	CURL *e = x->easy;
	const long verify = h->ca_pem != NULL;
	struct curl_blob ca = {
		.data = h->ca_pem,
		.len = h->ca_pem ? strlen(h->ca_pem) : 0,
		.flags = CURL_BLOB_NOCOPY,
	};

	x->answer.clock_untrusted = !lk_clock_plausible();
	return !curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) &&
	       !curl_easy_setopt(e, CURLOPT_SSL_SESSIONID_CACHE, 0L) &&
	       !curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, verify) &&
	       !curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, verify ? 2L : 0L) &&
	       (!h->ca_pem || !curl_easy_setopt(e, CURLOPT_CAINFO_BLOB, &ca)) &&
	       (!h->pins || !curl_easy_setopt(e, CURLOPT_PINNEDPUBLICKEY, h->pins)) &&
	       (!verify || (!curl_easy_setopt(e, CURLOPT_SSL_CTX_FUNCTION, tighten) &&
			    !curl_easy_setopt(e, CURLOPT_SSL_CTX_DATA, x)));
}

static bool add_header(struct exchange *x, const char *line)
{
	struct curl_slist *longer = curl_slist_append(x->headers, line);

	if (longer)
		x->headers = longer;
	return longer != NULL;
}

static bool set_request(struct exchange *x, const struct lk_http_request *req)
{
	const bool put = strcmp(req->method, "PUT") == 0;
	const bool post = put || strcmp(req->method, "POST") == 0;
	char accept[80];
	CURL *e = x->easy;
	size_t i;

	for (i = 0; req->headers && req->headers[i]; i++)
		if (!add_header(x, req->headers[i]))
			return false;
	(void)snprintf(accept, sizeof(accept), "Accept: %s",
		       req->accept ? req->accept : "application/json");
	return add_header(x, "Expect:") && add_header(x, accept) &&
	       (!put || !curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, "PUT")) &&
	       !curl_easy_setopt(e, CURLOPT_URL, x->url) &&
	       !curl_easy_setopt(e, CURLOPT_HTTPHEADER, x->headers) &&
	       !curl_easy_setopt(e, post ? CURLOPT_POST : CURLOPT_HTTPGET, 1L) &&
	       (!post ||
		(!curl_easy_setopt(e, CURLOPT_POSTFIELDS, req->body ? req->body : "") &&
		 !curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)req->body_len)));
}

static bool set_limits(struct exchange *x, const struct lk_http_request *req)
{
	const struct lk_deadline cap =
		lk_deadline_within(req->deadline, req->max_ms ? req->max_ms : LK_FOREVER);
	const long left = lk_deadline_left(cap);
	CURL *e = x->easy;

	x->deadline = req->deadline;
	x->max_answer = req->max_answer;
	/* zero would mean no limit at all */
	return !curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, left > 0 ? left : 1L) &&
	       !curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)LK_HTTP_CONNECT_MS) &&
	       !curl_easy_setopt(e, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)req->max_answer);
}

static enum lk_status check_trust(const struct lk_http *h, const char *base, struct lk_error *err)
{
	if (h->metadata_base && strcmp(base, h->metadata_base) != 0)
		return lk_raise(err, LK_INTERNAL, "%s is not the metadata service", base);
	if (strncmp(base, "https://", 8) != 0) {
		if (h->allow_plaintext || h->metadata_base)
			return LK_OK;
		return lk_raise_code(err, LK_C_CONFIG_VALUE,
				     "%s is not encrypted and plain HTTP is not allowed", base);
	}
	if (h->public_roots && !h->pins && !lk_clock_plausible())
		return lk_raise_code(err, LK_C_CLOCK_UNTRUSTED,
				     "the clock is not set, and public CAs are no pin; set %s",
				     h->trust_keys);
	if (h->ca_pem || h->pins)
		return LK_OK;
	if (!lk_clock_plausible())
		return lk_raise_code(err, LK_C_CLOCK_UNTRUSTED,
				     "the clock is not set and %s is missing", h->trust_keys);
	return lk_raise_code(err, LK_C_CONFIG_MISSING, "https needs %s", h->trust_keys);
}

static char *join(const char *base, const char *path)
{
	char *url;

	return asprintf(&url, "%s%s", base, path) < 0 ? NULL : url;
}

enum lk_status lk_exchange_prepare(struct exchange *x, struct lk_http *h, const char *base,
				   const struct lk_http_request *req, struct lk_error *err)
{
	const bool tls = strncmp(base, "https://", 8) == 0;
	enum lk_status st;

	st = check_trust(h, base, err);
	if (st)
		return st;
	if (lk_deadline_passed(req->deadline))
		return lk_raise(err, LK_TIMEOUT, "no time left");
	x->http = h;
	x->url = join(base, req->path);
	x->easy = curl_easy_init();
	if (!x->url || !x->easy || !set_transport(x) || !set_callbacks(x) ||
	    (tls && !set_trust(x)) || !set_request(x, req) || !set_limits(x, req))
		return lk_raise(err, LK_INTERNAL, "prepare a request to %s", base);
	return LK_OK;
}

/* ---- what its end means ---- */

static enum lk_status busy(const struct exchange *x, struct lk_error *err)
{
	const char *value;
	size_t len;

	(void)lk_raise_code(err, LK_C_SERVER_BUSY, "answered %d", x->answer.status);
	if (lk_http_header(x->answer.head.data, x->answer.head.len, "Retry-After", 0, &value, &len))
		err->retry_after_ms = lk_http_retry_after(value, len);
	return err->status;
}

static enum lk_status judge_status(struct exchange *x, struct lk_error *err)
{
	long status = 0;

	if (curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status) || status < 200 ||
	    status > 599)
		return lk_raise_code(err, LK_C_REPLY_INVALID, "answered with status %ld", status);
	x->answer.status = (int)status;
	if (status < 400 && status >= 300)
		return lk_raise_code(err, LK_C_HTTP_LIMIT,
				     "answered %ld, and redirects are not followed", status);
	if (status == 429 || status == 503)
		return busy(x, err);
	return LK_OK;
}

static enum lk_status timed_out(const struct exchange *x, struct lk_error *err)
{
	curl_off_t looked_up = 0, connected = 0;

	if (lk_deadline_passed(x->deadline))
		return lk_raise(err, LK_TIMEOUT, "no answer within the deadline");
	(void)curl_easy_getinfo(x->easy, CURLINFO_NAMELOOKUP_TIME_T, &looked_up);
	(void)curl_easy_getinfo(x->easy, CURLINFO_CONNECT_TIME_T, &connected);
	if (looked_up == 0)
		return lk_raise_code(err, LK_C_NAME_LOOKUP, "no name server answered in time");
	return lk_raise_code(err, LK_C_UNREACHABLE, "%s in time",
			     connected ? "did not answer" : "could not be connected");
}

static const struct {
	CURLcode curl;
	enum lk_code code;
	const char *text;
} meanings[] = {
	{ CURLE_COULDNT_RESOLVE_HOST, LK_C_NAME_LOOKUP, "the name does not resolve" },
	{ CURLE_COULDNT_CONNECT, LK_C_UNREACHABLE, "no connection" },
	{ CURLE_SSL_CONNECT_ERROR, LK_C_UNREACHABLE,
	  "the TLS handshake broke off; is this an https port?" },
	{ CURLE_SEND_ERROR, LK_C_UNREACHABLE, "the connection broke while sending" },
	{ CURLE_RECV_ERROR, LK_C_UNREACHABLE, "the connection broke while receiving" },
	{ CURLE_GOT_NOTHING, LK_C_UNREACHABLE, "the connection closed without an answer" },
	{ CURLE_PARTIAL_FILE, LK_C_UNREACHABLE, "the answer was cut short" },
	{ CURLE_PEER_FAILED_VERIFICATION, LK_C_TLS_UNTRUSTED, "the certificate is not trusted" },
	{ CURLE_SSL_PINNEDPUBKEYNOTMATCH, LK_C_TLS_UNTRUSTED, "the server's key is not pinned" },
	{ CURLE_FILESIZE_EXCEEDED, LK_C_HTTP_LIMIT, "the answer is too large" },
	{ CURLE_TOO_LARGE, LK_C_HTTP_LIMIT, "a header is too large" },
	{ CURLE_WEIRD_SERVER_REPLY, LK_C_REPLY_INVALID, "the answer is not HTTP" },
	{ CURLE_UNSUPPORTED_PROTOCOL, LK_C_REPLY_INVALID, "the answer is not HTTP" },
	{ CURLE_BAD_CONTENT_ENCODING, LK_C_REPLY_INVALID, "the answer's encoding is broken" },
};

enum lk_status lk_exchange_outcome(struct exchange *x, CURLcode code, struct lk_error *err)
{
	size_t i;

	if (code == CURLE_OK)
		return judge_status(x, err);
	if (x->local.status) {
		*err = x->local;
		return err->status;
	}
	if (x->too_large)
		return lk_raise_code(err, LK_C_HTTP_LIMIT, "the answer's %s is too large",
				     x->limit);
	if (code == CURLE_OPERATION_TIMEDOUT)
		return timed_out(x, err);
	for (i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
		if (meanings[i].curl == code)
			return lk_raise_code(err, meanings[i].code, "%s", meanings[i].text);
	return lk_raise(err, LK_INTERNAL, "HTTP library: %s", curl_easy_strerror(code));
}

void lk_exchange_end(struct exchange *x)
{
	if (x->in_multi)
		(void)curl_multi_remove_handle(x->http->multi, x->easy);
	curl_easy_cleanup(x->easy);
	curl_slist_free_all(x->headers);
	free(x->url);
	lk_http_response_clear(&x->answer);
	*x = (struct exchange){ 0 };
}
