/* SPDX-License-Identifier: Apache-2.0 */
/* One question by systemd's password agent protocol. */
#include "agent/ask_password.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

#include "core/base64.h"
#include "core/cleanup.h"
#include "core/crypto.h"

#define ANSWER_MAX LK_ASK_PASSWORD_MAX
#define PATH_SIZE  108 /* of sockaddr_un */

struct question {
	char socket_path[PATH_SIZE], new_path[PATH_SIZE], ask_path[PATH_SIZE];
	int fd;
};

static void question_end(struct question *q)
{
	if (q->fd >= 0)
		close(q->fd);
	if (*q->ask_path)
		unlink(q->ask_path);
	if (*q->new_path)
		unlink(q->new_path);
	if (*q->socket_path)
		unlink(q->socket_path);
}
#define QUESTION LK_CLEANUP(question_end) struct question

static enum lk_status name_files(struct question *q, const char *dir, struct lk_error *err)
{
	uint8_t random[8];
	char hex[2 * sizeof(random) + 1];
	enum lk_status st;

	st = lk_random(random, sizeof(random), err);
	if (st)
		return st;
	lk_hex_encode(random, sizeof(random), hex);
	if (snprintf(q->socket_path, PATH_SIZE, "%s/sck.%s", dir, hex) >= PATH_SIZE)
		return lk_raise(err, LK_INTERNAL, "the path of the question is too long");
	snprintf(q->new_path, PATH_SIZE, "%s/new.%s", dir, hex);
	snprintf(q->ask_path, PATH_SIZE, "%s/ask.%s", dir, hex);
	return LK_OK;
}

static enum lk_status listen_there(struct question *q, struct lk_error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const int on = 1;

	memcpy(address.sun_path, q->socket_path, sizeof(q->socket_path));
	q->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (q->fd < 0 || setsockopt(q->fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) ||
	    bind(q->fd, (const struct sockaddr *)&address, sizeof(address)))
		return lk_raise(err, LK_INTERNAL, "listen at %s: %s", q->socket_path,
				strerror(errno));
	return LK_OK;
}

/* CLOCK_MONOTONIC in microseconds, as agents count; 0: there is no end. */
static uint64_t not_after(struct lk_deadline deadline)
{
	const int left = lk_deadline_left(deadline);
	struct timespec now;

	if (deadline.at_ms == LK_FOREVER || clock_gettime(CLOCK_MONOTONIC, &now))
		return 0;
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000 +
	       (uint64_t)left * 1000;
}

/* By rename, so that agents see the whole question. */
static enum lk_status put_question(struct question *q, const char *id, const char *message,
				   struct lk_deadline deadline, struct lk_error *err)
{
	LK_FILE FILE *f = fopen(q->new_path, "wxe");

	if (!f)
		return lk_raise(err, LK_INTERNAL, "create %s: %s", q->new_path, strerror(errno));
	fprintf(f,
		"[Ask]\nPID=%d\nSocket=%s\nAcceptCached=0\nEcho=0\nNotAfter=%" PRIu64
		"\nMessage=%s\nIcon=drive-harddisk\nId=%s\n",
		(int)getpid(), q->socket_path, not_after(deadline), message, id);
	if (fflush(f) || fchmod(fileno(f), 0644) || rename(q->new_path, q->ask_path))
		return lk_raise(err, LK_INTERNAL, "write %s: %s", q->ask_path, strerror(errno));
	*q->new_path = '\0';
	return LK_OK;
}

/* One datagram; its length, 0 for one that does not count, or -1. */
static ssize_t receive(int fd, struct lk_secret *into)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(struct ucred))];
	} control;
	struct iovec iov = { into->data, into->cap };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	struct cmsghdr *c;
	struct ucred sender = { .uid = (uid_t)-1 };
	ssize_t n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	c = CMSG_FIRSTHDR(&msg);
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_CREDENTIALS)
		memcpy(&sender, CMSG_DATA(c), sizeof(sender));
	if ((sender.uid != 0 && sender.uid != geteuid()) || (msg.msg_flags & MSG_TRUNC))
		return 0;
	return n;
}

/* "+SECRET", up to its first NUL; "-" dismisses. Anything else is no answer: *ret stays empty. */
static enum lk_status read_answer(struct lk_secret *got, size_t n, struct lk_secret *ret,
				  struct lk_error *err)
{
	enum lk_status st;

	if (n == 1 && got->data[0] == '-')
		return lk_raise(err, LK_DENIED, "the question was dismissed");
	n = n > 1 && got->data[0] == '+' ? strnlen((char *)got->data + 1, n - 1) : 0;
	if (n == 0)
		return LK_OK;
	st = lk_secret_alloc(ret, ANSWER_MAX, err);
	return st ? st : lk_secret_append(ret, got->data + 1, n, err);
}

static enum lk_status wait_answer(const struct question *q, struct lk_deadline deadline,
				  struct lk_secret *ret, struct lk_error *err)
{
	LK_SECRET got = { 0 };
	enum lk_status st;
	ssize_t n;

	st = lk_secret_alloc(&got, ANSWER_MAX, err);
	while (!st && ret->len == 0) {
		struct pollfd p = { .fd = q->fd, .events = POLLIN };
		int ready = poll(&p, 1, lk_deadline_left(deadline));

		if (ready == 0)
			return lk_raise(err, LK_TIMEOUT, "nobody answered");
		n = ready > 0 ? receive(q->fd, &got) : 0;
		if ((ready < 0 && errno != EINTR) || n < 0)
			return lk_raise(err, LK_INTERNAL, "wait for an answer: %s",
					strerror(errno));
		st = read_answer(&got, (size_t)n, ret, err);
		lk_wipe(got.data, got.cap);
	}
	return st;
}

enum lk_status lk_ask_password(const char *dir, const char *id, const char *message,
			       struct lk_deadline deadline, struct lk_secret *ret,
			       struct lk_error *err)
{
	QUESTION q = { .fd = -1 };
	LK_SECRET answer = { 0 };
	enum lk_status st;

	if (mkdir(dir, 0755) && errno != EEXIST)
		return lk_raise(err, LK_INTERNAL, "create %s: %s", dir, strerror(errno));
	st = name_files(&q, dir, err);
	if (!st)
		st = listen_there(&q, err);
	if (!st)
		st = put_question(&q, id, message, deadline, err);
	if (!st)
		st = wait_answer(&q, deadline, &answer, err);
	if (st)
		return lk_context(err, "ask for a password");
	*ret = lk_secret_take(&answer);
	return LK_OK;
}
