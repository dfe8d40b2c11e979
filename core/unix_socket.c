/* SPDX-License-Identifier: Apache-2.0 */
/* Stream sockets of this machine; never blocking but in poll(2). */
#include "core/unix_socket.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/interrupt.h"

static enum lk_status broken(struct lk_error *err, const char *what)
{
	return lk_raise_code(err, LK_C_UNREACHABLE, "%s: %s", what, strerror(errno));
}

enum lk_status lk_unix_dial(const char *path, int *ret, struct lk_error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t size = sizeof(address);
	const size_t n = strlen(path);
	LK_FD int fd = -1;

	if (n == 0 || n >= sizeof(address.sun_path))
		return lk_raise(err, LK_CONFIG, "the path of the socket is too long");
	memcpy(address.sun_path, path, n + 1);
	if (path[0] == '@') { /* its name is as long as the address says, and starts with a NUL */
		address.sun_path[0] = '\0';
		size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return broken(err, "make a socket");
	if (connect(fd, (const struct sockaddr *)&address, size) != 0)
		return lk_raise_code(err, LK_C_SERVER_ABSENT, "connect: %s", strerror(errno));
	*ret = lk_take_fd(fd);
	return LK_OK;
}

enum lk_status lk_unix_send(int fd, struct lk_deadline deadline, const void *data, size_t n,
			    struct lk_error *err)
{
	const uint8_t *at = data;
	enum lk_status st;
	ssize_t sent;

	while (n > 0) {
		st = lk_interrupt_wait(fd, POLLOUT, deadline, err);
		if (st)
			return st;
		sent = send(fd, at, n, MSG_NOSIGNAL);
		if (sent < 0 && errno != EAGAIN && errno != EINTR)
			return broken(err, "send");
		if (sent > 0) {
			at += sent;
			n -= (size_t)sent;
		}
	}
	return LK_OK;
}

enum lk_status lk_unix_receive_some(int fd, struct lk_deadline deadline, void *into, size_t n,
				    size_t *ret_n, struct lk_error *err)
{
	enum lk_status st;
	ssize_t got;

	for (;;) {
		st = lk_interrupt_wait(fd, POLLIN, deadline, err);
		if (st)
			return st;
		got = recv(fd, into, n, 0);
		if (got >= 0) {
			*ret_n = (size_t)got;
			return LK_OK;
		}
		if (errno != EAGAIN && errno != EINTR)
			return broken(err, "receive");
	}
}

enum lk_status lk_unix_receive(int fd, struct lk_deadline deadline, void *into, size_t n,
			       struct lk_error *err)
{
	uint8_t *at = into;
	enum lk_status st;
	size_t got;

	while (n > 0) {
		st = lk_unix_receive_some(fd, deadline, at, n, &got, err);
		if (st)
			return st;
		if (got == 0)
			return lk_raise_code(err, LK_C_UNREACHABLE, "it closed the connection");
		at += got;
		n -= got;
	}
	return LK_OK;
}
