/* SPDX-License-Identifier: Apache-2.0 */
/* A listener on a Unix socket that takes one request and answers with given bytes, in a child of
 * the test's (after tests/check.h). */
#pragma once

#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

struct unix_peer {
	pid_t pid;
	char path[100]; /* as lk_unix_dial takes it */
	char dir[64];
};

/* What it does after the answer. */
enum peer_end { PEER_CLOSES, PEER_WAITS, PEER_REPEATS };

static void peer_child(int listener, const void *answer, size_t n, enum peer_end end)
{
	struct pollfd p = { .events = POLLIN };
	char request[4096];
	int fd = accept(listener, NULL, NULL);

	p.fd = fd;
	if (fd < 0 || poll(&p, 1, 10000) != 1 || read(fd, request, sizeof(request)) <= 0)
		_exit(1);
	do {
		if (n && send(fd, answer, n, MSG_NOSIGNAL) != (ssize_t)n)
			_exit(0);
	} while (end == PEER_REPEATS);
	if (end == PEER_WAITS)
		pause();
	_exit(0);
}

/* abstract: in that name space, else in a folder of its own. */
static void peer_start(struct unix_peer *p, bool abstract, const void *answer, size_t n,
		       enum peer_end end)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	socklen_t size = sizeof(a);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	*p = (struct unix_peer){ 0 };
	if (abstract) {
		snprintf(p->path, sizeof(p->path), "@latchkey-test-%d", getpid());
		memcpy(a.sun_path + 1, p->path + 1, strlen(p->path) - 1);
		size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(p->path));
	} else {
		snprintf(p->dir, sizeof(p->dir), "/tmp/lk-test-XXXXXX");
		CHECK(mkdtemp(p->dir));
		snprintf(p->path, sizeof(p->path), "%s/hub.sock", p->dir);
		memcpy(a.sun_path, p->path, strlen(p->path) + 1);
	}
	CHECK(fd >= 0 && !bind(fd, (struct sockaddr *)&a, size) && !listen(fd, 4));
	fflush(NULL);
	p->pid = fork();
	if (p->pid == 0)
		peer_child(fd, answer, n, end);
	close(fd);
}

static void peer_stop(struct unix_peer *p)
{
	kill(p->pid, SIGKILL);
	waitpid(p->pid, NULL, 0);
	if (p->dir[0]) {
		unlink(p->path);
		rmdir(p->dir);
	}
}
