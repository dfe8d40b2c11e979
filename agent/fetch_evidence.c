/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence for the caged fetcher: the question, and the answer in a memory file. */
#include "agent/fetch_evidence.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/json.h"

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

/* Opener to fetcher; with status LK_OK a memory file of len bytes comes along. */
struct answer {
	uint32_t status;
	uint32_t len;
	struct lk_error err;
};

/* Room for one descriptor beside a message. */
union passed {
	struct cmsghdr head;
	char room[CMSG_SPACE(sizeof(int))];
};

/* ---- in the opener ---- */

static enum lk_status write_all(int fd, const char *text, size_t len, struct lk_error *err)
{
	ssize_t n;

	while (len > 0) {
		n = write(fd, text, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return lk_raise(err, LK_INTERNAL, "keep the evidence in memory: %m");
		text += n;
		len -= (size_t)n;
	}
	return LK_OK;
}

static enum lk_status make(const struct lk_attester *a, const struct lk_prove_request *r,
			   int *ret_fd, uint32_t *ret_len, struct lk_error *err)
{
	LK_JSON *evidence = NULL;
	LK_JSON_TEXT *text = NULL;
	LK_FD int fd = -1;
	enum lk_status st;
	size_t len;

	st = a->evidence(a, r->digest, r->n, &evidence, err);
	if (!st)
		st = lk_json_dump(evidence, LK_JSON_COMPACT, &text, &len, err);
	if (st)
		return st;
	if (len > LK_EVIDENCE_MAX)
		return lk_raise(err, LK_INTERNAL, "evidence of %zu bytes", len);
	fd = memfd_create("evidence", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return lk_raise(err, LK_INTERNAL, "make a memory file: %m");
	st = write_all(fd, text, len, err);
	if (st)
		return st;
	if (fcntl(fd, F_ADD_SEALS, SEALS))
		return lk_raise(err, LK_INTERNAL, "seal the evidence: %m");
	*ret_fd = lk_take_fd(fd);
	*ret_len = (uint32_t)len;
	return LK_OK;
}

static enum lk_status send_answer(int fd, struct answer *a, int evidence, struct lk_error *err)
{
	struct iovec iov = { a, sizeof(*a) };
	union passed passed = { 0 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c;

	if (evidence >= 0) {
		msg.msg_control = passed.room;
		msg.msg_controllen = sizeof(passed.room);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &evidence, sizeof(int));
	}
	if (sendmsg(fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)sizeof(*a))
		return lk_raise(err, LK_INTERNAL, "hand the evidence to the fetcher: %m");
	return LK_OK;
}

enum lk_status lk_evidence_answer(int fd, const struct lk_attester *attester, const void *message,
				  size_t len, struct lk_error *err)
{
	struct lk_prove_request r;
	LK_FD int evidence = -1;
	struct answer a = { 0 };

	if (len != sizeof(r))
		return lk_raise(err, LK_INTERNAL, "the fetcher sent a malformed message");
	memcpy(&r, message, sizeof(r));
	if (!attester || r.kind != LK_FETCH_PROVE || r.n == 0 || r.n > sizeof(r.digest))
		return lk_raise(err, LK_INTERNAL, "the fetcher asked for evidence it cannot have");
	a.status = make(attester, &r, &evidence, &a.len, &a.err);
	return send_answer(fd, &a, evidence, err);
}

/* ---- in the fetcher ---- */

static int passed_fd(struct msghdr *msg)
{
	const struct cmsghdr *c = CMSG_FIRSTHDR(msg);
	int fd = -1;

	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
	    c->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

static enum lk_status receive(const struct lk_evidence_proxy *p, struct answer *ret, int *ret_fd,
			      struct lk_error *err)
{
	struct pollfd wait = { .fd = p->fd, .events = POLLIN };
	struct iovec iov = { ret, sizeof(*ret) };
	union passed passed = { 0 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = passed.room,
			      .msg_controllen = sizeof(passed.room) };
	int n;

	do {
		n = poll(&wait, 1, lk_deadline_left(*p->deadline));
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		return lk_raise(err, LK_TIMEOUT, "the evidence was not made in time");
	if (recvmsg(p->fd, &msg, MSG_CMSG_CLOEXEC) != (ssize_t)sizeof(*ret))
		return lk_raise(err, LK_INTERNAL, "no answer to the question for evidence");
	*ret_fd = passed_fd(&msg);
	return LK_OK;
}

static enum lk_status read_evidence(int fd, size_t len, struct json_t **ret, struct lk_error *err)
{
	enum lk_status st;
	void *text;

	if (fd < 0 || len == 0 || len > LK_EVIDENCE_MAX)
		return lk_raise(err, LK_INTERNAL, "the answer holds no evidence");
	text = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
	if (text == MAP_FAILED)
		return lk_raise(err, LK_INTERNAL, "map the evidence: %m");
	st = lk_json_parse(text, len, ret, err);
	munmap(text, len);
	return st;
}

static enum lk_status ask(const struct lk_attester *self, const uint8_t *digest, size_t n,
			  struct json_t **ret, struct lk_error *err)
{
	/* the attester is the proxy's first member */
	const struct lk_evidence_proxy *p = (const struct lk_evidence_proxy *)self;
	struct lk_prove_request r = { .kind = LK_FETCH_PROVE, .n = (uint32_t)n };
	struct answer a = { 0 };
	LK_FD int fd = -1;
	enum lk_status st;

	if (n > sizeof(r.digest))
		return lk_raise(err, LK_INTERNAL, "digest of %zu bytes", n);
	memcpy(r.digest, digest, n);
	if (send(p->fd, &r, sizeof(r), MSG_NOSIGNAL) != (ssize_t)sizeof(r))
		return lk_raise(err, LK_INTERNAL, "ask for evidence: %m");
	st = receive(p, &a, &fd, err);
	if (st)
		return st;
	if (a.status) {
		*err = a.err;
		return lk_never_ok((enum lk_status)a.status);
	}
	return read_evidence(fd, a.len, ret, err);
}

void lk_evidence_proxy_setup(struct lk_evidence_proxy *proxy, const struct lk_attester *real,
			     int fd, const struct lk_deadline *deadline)
{
	_Static_assert(offsetof(struct lk_evidence_proxy, attester) == 0, "ask() relies on it");
	*proxy = (struct lk_evidence_proxy){ .fd = fd, .deadline = deadline };
	if (!real)
		return;
	proxy->attester = *real;
	proxy->attester.evidence = ask;
}
