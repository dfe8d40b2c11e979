/* SPDX-License-Identifier: Apache-2.0 */
/* Binding, listening and connecting; no name is ever looked up. */
#include "keyserver/listen_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "core/cleanup.h"

#define BACKLOG 512

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static bool read_port(const char *text, in_port_t *ret)
{
	unsigned port = 0;
	size_t n;

	for (n = 0; text[n] >= '0' && text[n] <= '9' && n < 5; n++)
		port = port * 10 + (unsigned)(text[n] - '0');
	*ret = htons((in_port_t)port);
	return n > 0 && text[n] == '\0' && port <= 65535;
}

static bool read_address(const char *text, union address *ret, socklen_t *ret_len)
{
	const char *colon = strrchr(text, ':');
	char host[LK_ADDRESS_SIZE];
	in_port_t port;
	size_t n;

	if (!colon || !read_port(colon + 1, &port))
		return false;
	n = (size_t)(colon - text);
	if (n >= sizeof(host))
		return false;
	memcpy(host, text, n);
	host[n] = '\0';
	memset(ret, 0, sizeof(*ret));
	if (n > 2 && host[0] == '[' && host[n - 1] == ']') {
		host[n - 1] = '\0';
		ret->v6.sin6_family = AF_INET6;
		ret->v6.sin6_port = port;
		*ret_len = sizeof(ret->v6);
		return inet_pton(AF_INET6, host + 1, &ret->v6.sin6_addr) == 1;
	}
	ret->v4.sin_family = AF_INET;
	ret->v4.sin_port = port;
	*ret_len = sizeof(ret->v4);
	return inet_pton(AF_INET, host, &ret->v4.sin_addr) == 1;
}

/* [::] on a kernel without IPv6 is what it means: every address there is. */
static bool every_address(union address *a, socklen_t *len)
{
	const in_port_t port = a->v6.sin6_port;

	if (a->any.sa_family != AF_INET6 || !IN6_IS_ADDR_UNSPECIFIED(&a->v6.sin6_addr))
		return false;
	memset(a, 0, sizeof(*a));
	a->v4.sin_family = AF_INET;
	a->v4.sin_port = port;
	*len = sizeof(a->v4);
	return true;
}

static void describe(int fd, char out[LK_ADDRESS_SIZE])
{
	char host[INET6_ADDRSTRLEN] = "?";
	socklen_t len = sizeof(union address);
	union address a = { 0 };

	(void)getsockname(fd, &a.any, &len);
	if (a.any.sa_family == AF_INET6) {
		(void)inet_ntop(AF_INET6, &a.v6.sin6_addr, host, sizeof(host));
		(void)snprintf(out, LK_ADDRESS_SIZE, "[%s]:%u", host, ntohs(a.v6.sin6_port));
	} else {
		(void)inet_ntop(AF_INET, &a.v4.sin_addr, host, sizeof(host));
		(void)snprintf(out, LK_ADDRESS_SIZE, "%s:%u", host, ntohs(a.v4.sin_port));
	}
}

enum lk_status lk_listen_tcp(const char *address, int *ret_fd, char bound[LK_ADDRESS_SIZE],
			     struct lk_error *err)
{
	const int on = 1, off = 0;
	union address a;
	LK_FD int fd = -1;
	socklen_t len;

	if (!read_address(address, &a, &len))
		return lk_raise(err, LK_CONFIG,
				"'%s' is no address to listen on (192.0.2.1:8443, [::]:8443)",
				address);
	fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 && errno == EAFNOSUPPORT && every_address(&a, &len))
		fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return lk_raise(err, LK_INTERNAL, "make a socket: %s", strerror(errno));
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (a.any.sa_family == AF_INET6) /* [::] means IPv4 as well */
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (bind(fd, &a.any, len) != 0 || listen(fd, BACKLOG) != 0)
		return lk_raise(err, LK_CONFIG, "listen on %s: %s", address, strerror(errno));
	describe(fd, bound);
	*ret_fd = lk_take_fd(fd);
	return LK_OK;
}

/* --- the admin's socket -------------------------------------------------------------------------- */

static enum lk_status unix_address(const char *path, struct sockaddr_un *ret, struct lk_error *err)
{
	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(ret->sun_path) || path[0] == '\0')
		return lk_raise(err, LK_CONFIG, "the socket's path is longer than %zu bytes",
				sizeof(ret->sun_path) - 1);
	memcpy(ret->sun_path, path, strlen(path) + 1);
	return LK_OK;
}

enum lk_status lk_connect_unix(const char *path, int *ret_fd, struct lk_error *err)
{
	LK_FD int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un a;
	enum lk_status st;

	if (fd < 0)
		return lk_raise(err, LK_INTERNAL, "make a socket: %s", strerror(errno));
	st = unix_address(path, &a, err);
	if (st)
		return st;
	if (connect(fd, (const struct sockaddr *)&a, sizeof(a)) == 0) {
		*ret_fd = lk_take_fd(fd);
		return LK_OK;
	}
	if (errno == EACCES || errno == EPERM)
		return lk_raise_code(err, LK_C_ADMIN_REFUSED, "open the admin socket %s: %s", path,
				     strerror(errno));
	return lk_raise_code(err, LK_C_SERVER_ABSENT, "open the admin socket %s: %s", path,
			     strerror(errno));
}

/* After a kill the socket's name is still there. */
static enum lk_status remove_stale(const char *path, struct lk_error *err)
{
	struct lk_error ignored = { 0 };
	LK_FD int fd = -1;
	struct stat sb;

	if (lstat(path, &sb) != 0)
		return LK_OK;
	if (!S_ISSOCK(sb.st_mode))
		return lk_raise(err, LK_CONFIG, "%s is there and is no socket", path);
	if (lk_connect_unix(path, &fd, &ignored) == LK_OK)
		return lk_raise(err, LK_CONFIG, "%s is served by another process", path);
	if (unlink(path) != 0)
		return lk_raise(err, LK_CONFIG, "remove the old socket %s: %s", path,
				strerror(errno));
	return LK_OK;
}

enum lk_status lk_listen_unix(const char *path, int *ret_fd, struct lk_error *err)
{
	LK_FD int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un a;
	enum lk_status st;
	mode_t mask;
	int failed;

	if (fd < 0)
		return lk_raise(err, LK_INTERNAL, "make a socket: %s", strerror(errno));
	st = unix_address(path, &a, err);
	if (st)
		return st;
	st = remove_stale(path, err);
	if (st)
		return st;
	mask = umask(0177); /* nobody else, not even for a moment */
	failed = bind(fd, (const struct sockaddr *)&a, sizeof(a));
	(void)umask(mask);
	if (failed || listen(fd, BACKLOG) != 0)
		return lk_raise(err, LK_CONFIG, "listen on %s: %s", path, strerror(errno));
	*ret_fd = lk_take_fd(fd);
	return LK_OK;
}
