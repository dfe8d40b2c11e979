/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the calls to latchkeyd's administration, against answers of a scripted server. */
#include "agent/enroll.h"
#include "core/cleanup.h"
#include "core/unix_http.h"
#include "tests/check.h"

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static bool refused(const char *answer)
{
	struct lk_unix_parts parts = { .status = 7 };
	struct lk_error err = { 0 };

	return lk_unix_parse(answer, strlen(answer), &parts, &err) == LK_TAMPERED &&
	       err.code == LK_C_REPLY_INVALID && parts.status == 7;
}

TEST(bad_answers_are_refused)
{
	CHECK(refused(""));
	CHECK(refused("HTTP/1.1 200 OK\r\n"));
	CHECK(refused("HTTP/1.1 200 OK\r\n\r\n"));
	CHECK(refused("HTTP/1.1 2x0 OK\r\nContent-Length: 0\r\n\r\n"));
	CHECK(refused("HTTP/1.1 100 OK\r\nContent-Length: 0\r\n\r\n"));
	CHECK(refused("HTTP/2.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
	CHECK(refused("HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n"));
	CHECK(refused("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nx"));
	CHECK(refused("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxy"));
	CHECK(refused("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"));
	CHECK(refused("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n"));
	CHECK(refused("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx"));
	CHECK(refused(
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nx"));
	CHECK(refused("HTTP/1.1 204 No\r\n\r\nx"));
}

TEST(good_answers_are_taken_apart)
{
	static const char answer[] = "HTTP/1.1 201 Created\r\ncontent-length: 3\r\n\r\nabc";
	struct lk_unix_parts parts;
	struct lk_error err = { 0 };

	CHECK_OK(lk_unix_parse(answer, sizeof(answer) - 1, &parts, &err));
	CHECK_EQ(parts.status, 201);
	CHECK_EQ(parts.body_len, 3);
	CHECK_MEM(answer + parts.body, "abc", 3);
	CHECK_OK(lk_unix_parse("HTTP/1.1 204 No\r\n\r\n", 19, &parts, &err));
	CHECK_EQ(parts.body_len, 0);
}

static char server_path[64];

/* A server that reads each request to its end and gives the next answer. */
static pid_t serve(const char *const *answers)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);
	pid_t pid;

	snprintf(server_path, sizeof(server_path), "/tmp/lk-admin-%d.sock", (int)getpid());
	(void)unlink(server_path);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", server_path);
	CHECK_EQ(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	CHECK_EQ(listen(listener, 4), 0);
	pid = fork();
	if (pid != 0) {
		close(listener);
		return pid;
	}
	for (; *answers; answers++) {
		char request[4096];
		size_t n = 0;
		int fd = accept(listener, NULL, NULL);
		const char *end = NULL, *length;

		while (!end || (size_t)(end + 4 - request) + strtoul(length + 15, NULL, 10) > n) {
			ssize_t got = read(fd, request + n, sizeof(request) - n - 1);

			if (got <= 0)
				_exit(1);
			n += (size_t)got;
			request[n] = '\0';
			end = strstr(request, "\r\n\r\n");
			length = strstr(request, "Content-Length:");
		}
		if (write(fd, *answers, strlen(*answers)) < 0)
			_exit(1);
		close(fd);
	}
	_exit(0);
}

static enum lk_status store(const char *const *answers, enum lk_code *code)
{
	struct lk_error err = { 0 };
	LK_SECRET key = { 0 };
	enum lk_status st;
	pid_t pid;

	CHECK_OK(lk_secret_from(&key, "0123456789abcdef0123456789abcdef", 32, &err));
	pid = serve(answers);
	st = lk_enroll_store(server_path, "default/disk/root", &key, &err);
	CHECK_EQ(waitpid(pid, NULL, 0), pid);
	(void)unlink(server_path);
	*code = err.code;
	return st;
}

#define SAME   "HTTP/1.1 200 OK\r\nContent-Length: 32\r\n\r\n0123456789abcdef0123456789abcdef"
#define OTHER  "HTTP/1.1 200 OK\r\nContent-Length: 32\r\n\r\n0123456789abcdef0123456789abcdeX"
#define DONE   "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"
#define DENIED "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
#define BROKEN "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"
#define NONE   "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"

TEST(a_key_counts_as_stored_only_when_read_back)
{
	enum lk_code code;

	CHECK_EQ(store((const char *const[]){ DENIED, NULL }, &code), LK_DENIED);
	CHECK_EQ(store((const char *const[]){ BROKEN, NULL }, &code), LK_TAMPERED);
	CHECK_EQ(store((const char *const[]){ DONE, NONE, NULL }, &code), LK_TAMPERED);
	CHECK_EQ(store((const char *const[]){ DONE, OTHER, NULL }, &code), LK_TAMPERED);
	CHECK_EQ(code, LK_C_REPLY_INVALID);
	CHECK_EQ(store((const char *const[]){ DONE, SAME, NULL }, &code), LK_OK);
}

static enum lk_status probe(const char *answer, bool replace)
{
	struct lk_error err = { 0 };
	enum lk_status st;
	pid_t pid = serve((const char *const[]){ answer, NULL });

	st = lk_enroll_probe(server_path, "default/disk/root", replace, &err);
	CHECK_EQ(waitpid(pid, NULL, 0), pid);
	(void)unlink(server_path);
	return st;
}

TEST(a_resource_in_use_is_not_replaced)
{
	CHECK_EQ(probe(SAME, false), LK_CONFIG);
	CHECK_EQ(probe(SAME, true), LK_OK);
	CHECK_EQ(probe(NONE, false), LK_OK);
	CHECK_EQ(probe(DENIED, true), LK_DENIED);
	CHECK_EQ(probe(BROKEN, true), LK_TAMPERED);
}

TEST(nobody_listening_is_said)
{
	struct lk_error err = { 0 };

	CHECK_EQ(lk_enroll_probe("/tmp/lk-nobody.sock", "a/b/c", false, &err), LK_ABSENT);
	CHECK_EQ(err.code, LK_C_SERVER_ABSENT);
}

TEST(resources_have_three_segments)
{
	static const char *const bad[] = { "",	      "a",	"a/b",	 "a/b/",
					   "a/b/c/d", "/a/b/c", "a//c",	 "a/b/c/",
					   "a b/c/d", "a/../c", "./a/b", "a/b/c?x" };
	struct lk_error err = { 0 };
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_EQ(lk_enroll_check_name(bad[i], &err), LK_CONFIG);
	CHECK_OK(lk_enroll_check_name("default/disk/web-1.root", &err));
}

TESTS(bad_answers_are_refused, good_answers_are_taken_apart,
      a_key_counts_as_stored_only_when_read_back, a_resource_in_use_is_not_replaced,
      nobody_listening_is_said, resources_have_three_segments)
