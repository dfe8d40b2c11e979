/* SPDX-License-Identifier: Apache-2.0 */
/* Requests from libmicrohttpd to handlers, and their answers back. The only user of
 * libmicrohttpd. */
#include "keyserver/http_server.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "core/deadline.h"
#include "core/json.h"
#include "keyserver/http_body.h"

#define HEADERS_MAX (32u * 1024)
/* TLS 1.2 and later, forward secrecy, authenticated encryption. */
#define PRIORITIES                                                                                 \
	"NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-KX-ALL:+ECDHE-ECDSA:-CIPHER-ALL"              \
	":+AES-256-GCM:+AES-128-GCM:+CHACHA20-POLY1305:-MAC-ALL:+AEAD:%SERVER_PRECEDENCE"

struct connection { /* one TCP or Unix connection and since when it owes us a request */
	int fd;
	int64_t since_ms;
	struct connection *prev, *next;
};

struct lk_listener {
	struct MHD_Daemon *daemon;
	const struct lk_service *service;
	bool secret_bodies;
	int64_t patience_ms;
	pthread_mutex_t lock; /* the list; a descriptor on it is open */
	struct connection *connections;
};

struct request { /* one request while its body arrives */
	struct lk_listener *listener;
	const struct lk_route *route;
	struct lk_http_body body;
};

/* --- routes ------------------------------------------------------------------------------------- */

static bool fits(const struct lk_route *r, const char *method, const char *path)
{
	if (r->method && strcmp(r->method, method) != 0)
		return false;
	return r->below ? strncmp(r->path, path, strlen(r->path)) == 0 : strcmp(r->path, path) == 0;
}

const struct lk_route *lk_route_find(const struct lk_service *s, const char *method,
				     const char *path)
{
	size_t i;

	for (i = 0; i < s->n_routes; i++)
		if (fits(&s->routes[i], method, path))
			return &s->routes[i];
	return NULL;
}

/* --- connections -------------------------------------------------------------------------------- */

static struct connection *connection_add(struct lk_listener *l, int fd)
{
	struct connection *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->fd = fd;
	c->since_ms = lk_clock_ms();
	pthread_mutex_lock(&l->lock);
	c->next = l->connections;
	if (c->next)
		c->next->prev = c;
	l->connections = c;
	pthread_mutex_unlock(&l->lock);
	return c;
}

static void connection_drop(struct lk_listener *l, struct connection *c)
{
	pthread_mutex_lock(&l->lock);
	if (c->prev)
		c->prev->next = c->next;
	else
		l->connections = c->next;
	if (c->next)
		c->next->prev = c->prev;
	pthread_mutex_unlock(&l->lock);
	free(c);
}

/* Called before a connection's first byte is read and before its descriptor is closed. */
static void on_connection(void *cls, struct MHD_Connection *conn, void **socket_context,
			  enum MHD_ConnectionNotificationCode code)
{
	const union MHD_ConnectionInfo *info;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		info = MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CONNECTION_FD);
		*socket_context = info ? connection_add(cls, info->connect_fd) : NULL;
	} else if (*socket_context) {
		connection_drop(cls, *socket_context);
		*socket_context = NULL;
	}
}

void lk_listener_sweep(struct lk_listener *l, int64_t now_ms)
{
	const struct connection *c;

	pthread_mutex_lock(&l->lock);
	for (c = l->connections; c; c = c->next)
		if (now_ms - c->since_ms > l->patience_ms)
			(void)shutdown(c->fd, SHUT_RDWR);
	pthread_mutex_unlock(&l->lock);
}

/* What the library has read lies in its own pool, which it does not wipe. It is done with these
 * bytes once we have taken them. */
static void wipe_taken(const char *data, size_t n)
{
	lk_wipe((void *)(uintptr_t)data, n);
}

/* --- answers ------------------------------------------------------------------------------------ */

static void free_text(void *text)
{
	lk_json_text_free(text);
}

static void free_secret(void *secret)
{
	lk_secret_wipe(secret);
	free(secret);
}

/* Takes the reply's body. */
static struct MHD_Response *make_response(struct lk_reply *reply)
{
	LK_FREE struct lk_secret *hold = NULL;
	struct MHD_Response *r;

	if (reply->text) {
		r = MHD_create_response_from_buffer_with_free_callback(reply->len, reply->text,
								       free_text);
		if (r)
			reply->text = NULL;
		return r;
	}
	if (!reply->secret.data)
		return MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	hold = malloc(sizeof(*hold));
	if (!hold)
		return NULL;
	*hold = reply->secret;
	r = MHD_create_response_from_buffer_with_free_callback_cls(hold->len, hold->data,
								   free_secret, hold);
	if (r) {
		reply->secret = (struct lk_secret){ 0 };
		hold = NULL;
	}
	return r;
}

static enum MHD_Result send_reply(struct MHD_Connection *conn, struct lk_reply *reply)
{
	struct MHD_Response *r = make_response(reply);
	enum MHD_Result sent = MHD_NO;
	bool ok = r != NULL;

	if (ok && reply->type)
		ok = MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, reply->type);
	if (ok && reply->cookie[0])
		ok = MHD_add_response_header(r, MHD_HTTP_HEADER_SET_COOKIE, reply->cookie);
	if (ok)
		sent = MHD_queue_response(conn, reply->status, r);
	if (r)
		MHD_destroy_response(r);
	lk_json_text_free(reply->text);
	lk_secret_wipe(&reply->secret);
	return sent;
}

static enum MHD_Result send_status(struct MHD_Connection *conn, unsigned status)
{
	struct lk_reply reply = { .status = status };

	return send_reply(conn, &reply);
}

/* --- requests ----------------------------------------------------------------------------------- */

static void describe_address(const struct sockaddr *addr, char *out, size_t n)
{
	const void *bytes = NULL;

	if (addr->sa_family == AF_INET)
		bytes = &((const struct sockaddr_in *)(const void *)addr)->sin_addr;
	else if (addr->sa_family == AF_INET6)
		bytes = &((const struct sockaddr_in6 *)(const void *)addr)->sin6_addr;
	if (!bytes || !inet_ntop(addr->sa_family, bytes, out, (socklen_t)n))
		(void)snprintf(out, n, "unknown");
}

static void describe_peer(struct MHD_Connection *conn, struct lk_call *call, char *out, size_t n)
{
	const union MHD_ConnectionInfo *info;
	struct ucred cred;
	socklen_t len = sizeof(cred);

	info = MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	if (info && info->client_addr && info->client_addr->sa_family != AF_UNIX) {
		describe_address(info->client_addr, out, n);
		return;
	}
	info = MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CONNECTION_FD);
	(void)snprintf(out, n, "unknown");
	if (!info || getsockopt(info->connect_fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) != 0)
		return;
	call->has_uid = true;
	call->uid = cred.uid;
	(void)snprintf(out, n, "uid %u", (unsigned)cred.uid);
}

static enum MHD_Result answer(struct MHD_Connection *conn, struct request *r, const char *url,
			      const char *method)
{
	struct lk_reply reply = { .status = MHD_HTTP_INTERNAL_SERVER_ERROR };
	char peer[INET6_ADDRSTRLEN + 16];
	struct lk_call call = {
		.method = method,
		.path = url,
		.cookie =
			MHD_lookup_connection_value(conn, MHD_HEADER_KIND, MHD_HTTP_HEADER_COOKIE),
		.authorization = MHD_lookup_connection_value(conn, MHD_HEADER_KIND,
							     MHD_HTTP_HEADER_AUTHORIZATION),
		.body = lk_http_body_data(&r->body),
		.body_len = r->body.len,
		.peer = peer,
		.connection = conn,
	};

	describe_peer(conn, &call, peer, sizeof(peer));
	r->route->answer(r->listener->service->ctx, &call, &reply);
	return send_reply(conn, &reply);
}

const char *lk_call_argument(const struct lk_call *call, const char *name)
{
	if (!call->connection)
		return NULL;
	return MHD_lookup_connection_value(call->connection, MHD_GET_ARGUMENT_KIND, name);
}

/* The headers are there. A body that says it is too long is refused before it is sent. */
static enum MHD_Result on_headers(struct lk_listener *l, struct MHD_Connection *conn,
				  const char *url, const char *method, void **con_cls)
{
	struct request *r = calloc(1, sizeof(*r));
	const char *length;

	if (!r)
		return MHD_NO;
	r->listener = l;
	r->route = lk_route_find(l->service, method, url);
	r->body = (struct lk_http_body){ .max = r->route->body_max, .locked = l->secret_bodies };
	*con_cls = r;
	length = MHD_lookup_connection_value(conn, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
	if (length && strtoull(length, NULL, 10) > r->route->body_max)
		return send_status(conn, MHD_HTTP_CONTENT_TOO_LARGE);
	return MHD_YES;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *conn, const char *url,
				  const char *method, const char *version, const char *data,
				  size_t *data_size, void **con_cls)
{
	struct request *r = *con_cls;
	bool taken;

	(void)version;
	if (!r)
		return on_headers(cls, conn, url, method, con_cls);
	if (*data_size == 0)
		return answer(conn, r, url, method);
	taken = lk_http_body_append(&r->body, data, *data_size);
	if (r->listener->secret_bodies)
		wipe_taken(data, *data_size);
	if (!taken)
		return MHD_NO; /* in the middle of a body nothing can be said: hang up */
	*data_size = 0;
	return MHD_YES;
}

static void on_completed(void *cls, struct MHD_Connection *conn, void **con_cls,
			 enum MHD_RequestTerminationCode why)
{
	struct lk_listener *l = cls;
	const union MHD_ConnectionInfo *info;

	struct request *r = *con_cls;

	if (r) {
		lk_http_body_clear(&r->body);
		free(r);
	}
	*con_cls = NULL;
	if (why != MHD_REQUEST_TERMINATED_COMPLETED_OK)
		return;
	info = MHD_get_connection_info(conn, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	if (info && info->socket_context) {
		pthread_mutex_lock(&l->lock);
		((struct connection *)info->socket_context)->since_ms = lk_clock_ms();
		pthread_mutex_unlock(&l->lock);
	}
}

/* Paths are compared and stored as they were sent. */
static size_t no_unescape(void *cls, struct MHD_Connection *conn, char *s)
{
	(void)cls;
	(void)conn;
	return strlen(s);
}

/* --- listeners ---------------------------------------------------------------------------------- */

static struct MHD_Daemon *start_daemon(struct lk_listener *l, const struct lk_listener_options *opt)
{
	struct MHD_OptionItem tls[] = {
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)opt->key_pem },
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)opt->cert_pem },
		{ MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)PRIORITIES },
		{ MHD_OPTION_END, 0, NULL },
	};
	struct MHD_OptionItem pool[] = {
		{ MHD_OPTION_THREAD_POOL_SIZE, (intptr_t)opt->threads, NULL },
		{ MHD_OPTION_END, 0, NULL },
	};
	/* Not epoll under TLS: the library then asks again and again, without waiting, for the rest
	 * of a handshake that a peer leaves unfinished. */
	unsigned flags = opt->key_pem ? MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_TLS
				      : MHD_USE_EPOLL_INTERNAL_THREAD;

	return MHD_start_daemon(flags, 0, NULL, NULL, on_request, l, MHD_OPTION_LISTEN_SOCKET,
				opt->fd, MHD_OPTION_CONNECTION_LIMIT, opt->connections,
				MHD_OPTION_PER_IP_CONNECTION_LIMIT, opt->per_address,
				MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADERS_MAX,
				MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)(opt->patience_ms / 1000),
				MHD_OPTION_NOTIFY_CONNECTION, on_connection, l,
				MHD_OPTION_NOTIFY_COMPLETED, on_completed, l,
				MHD_OPTION_UNESCAPE_CALLBACK, no_unescape, NULL,
				MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_ARRAY,
				opt->threads > 1 ? pool : pool + 1, MHD_OPTION_ARRAY,
				opt->key_pem ? tls : tls + 3, MHD_OPTION_END);
}

enum lk_status lk_listener_start(const struct lk_listener_options *opt, struct lk_listener **ret,
				 struct lk_error *err)
{
	LK_FREE struct lk_listener *l = calloc(1, sizeof(*l));

	if (!l)
		return lk_raise(err, LK_INTERNAL, "no memory for a listener");
	l->service = opt->service;
	l->secret_bodies = opt->secret_bodies;
	l->patience_ms = opt->patience_ms;
	pthread_mutex_init(&l->lock, NULL);
	l->daemon = start_daemon(l, opt);
	if (!l->daemon) {
		pthread_mutex_destroy(&l->lock);
		return lk_raise(err, LK_INTERNAL,
				"start listening (is the TLS key one that the "
				"certificate is for?)");
	}
	*ret = lk_take(l);
	return LK_OK;
}

void lk_listener_stop(struct lk_listener *l)
{
	if (!l)
		return;
	MHD_stop_daemon(l->daemon);
	pthread_mutex_destroy(&l->lock);
	free(l);
}
