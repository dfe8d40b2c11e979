/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the bounded HTTP client against a server that misbehaves. */
#include "core/http.h"

#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>

#include <arpa/inet.h>
#include <sys/socket.h>

#include "tests/check.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_server.h"
#include "tests/fakes/http_client.h"

static enum lk_code code_of(struct fake_server *f, const char *mode)
{
	struct lk_error err;
	char line[64];
	int64_t began = lk_clock_ms();

	snprintf(line, sizeof(line), "auth=%s", mode);
	fake_set(f, line);
	CHECK(once(f->url, NULL, NULL, &err) != LK_OK);
	CHECK(lk_clock_ms() - began < 10000);
	return err.code;
}

TEST(hostile_answers_have_a_code_each)
{
	static const struct {
		const char *mode;
		enum lk_code code;
	} rows[] = {
		{ "big", LK_C_HTTP_LIMIT },	   { "endless", LK_C_HTTP_LIMIT },
		{ "chunks", LK_C_HTTP_LIMIT },	   { "headers", LK_C_HTTP_LIMIT },
		{ "longheader", LK_C_HTTP_LIMIT }, { "continues", LK_C_HTTP_LIMIT },
		{ "redirect", LK_C_HTTP_LIMIT },   { "garbage", LK_C_REPLY_INVALID },
		{ "reset", LK_C_UNREACHABLE },	   { "cut", LK_C_UNREACHABLE },
		{ "drip", LK_C_UNREACHABLE },	   { "hang", LK_C_UNREACHABLE },
	};
	struct fake_server f;
	size_t i;

	fake_start(&f, "");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (code_of(&f, rows[i].mode) != rows[i].code)
			check_fail(__FILE__, __LINE__, "wrong code for %s", rows[i].mode);
	fake_stop(&f);
}

TEST(busy_servers_say_when_to_come_back)
{
	struct fake_server f;
	struct lk_error err;

	fake_start(&f, "auth=429");
	CHECK_EQ(once(f.url, NULL, NULL, &err), LK_AGAIN);
	CHECK_EQ(err.code, LK_C_SERVER_BUSY);
	CHECK_EQ(err.retry_after_ms, 7000);
	fake_set(&f, "auth=503");
	CHECK_EQ(once(f.url, NULL, NULL, &err), LK_AGAIN);
	CHECK_EQ(err.retry_after_ms, 3000);
	fake_stop(&f);
}

TEST(the_deadline_ends_a_drip)
{
	struct lk_http *h = client(NULL, NULL);
	struct lk_http_response r = { 0 };
	struct lk_http_request req;
	struct lk_error err = { 0 };
	struct fake_server f;
	int64_t began = lk_clock_ms();

	fake_start(&f, "auth=drip");
	req = post(f.url);
	req.max_ms = 0;
	req.deadline = lk_deadline_in(1200);
	CHECK_EQ(lk_http_exchange(h, &req, &r, &err), LK_TIMEOUT);
	CHECK(lk_clock_ms() - began < 10000);
	fake_stop(&f);
	lk_http_free(h);
}

TEST(nobody_there_is_unreachable)
{
	struct fake_server f;
	struct lk_error err;

	fake_start(&f, "");
	fake_stop(&f);
	CHECK_EQ(once(f.url, NULL, NULL, &err), LK_AGAIN);
	CHECK_EQ(err.code, LK_C_UNREACHABLE);
}

TEST(a_name_that_does_not_resolve_is_a_name_lookup)
{
	/* nothing answers on this port: the look-up fails fast and without a network */
	const struct lk_http_options o = { .allow_plaintext = true, .name_servers = "127.0.0.1:9" };
	struct lk_http_request req = post("http://kbs.invalid:8080");
	struct lk_http_response r = { 0 };
	struct lk_error err = { 0 };
	struct lk_http *h = NULL;

	CHECK_OK(lk_http_new(&o, &h, &err));
	CHECK_EQ(lk_http_exchange(h, &req, &r, &err), LK_AGAIN);
	CHECK_EQ(err.code, LK_C_NAME_LOOKUP);
	lk_http_free(h);
}

/* A name server with one answer, 127.0.0.1 whatever the name, until it is killed. */
static pid_t name_server(int *ret_port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	static const uint8_t answer[] = { 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 127, 0, 0, 1 };
	uint8_t q[512 + sizeof(answer)];
	bool a;
	ssize_t n;
	pid_t pid;

	CHECK(fd >= 0 && !bind(fd, (struct sockaddr *)&at, len));
	CHECK(!getsockname(fd, (struct sockaddr *)&at, &len));
	*ret_port = ntohs(at.sin_port);
	pid = fork();
	while (pid == 0) {
		size_t end = 12;

		n = recvfrom(fd, q, 512, 0, (struct sockaddr *)&at, &len);
		while (n > 0 && end < 500 && q[end])
			end += (size_t)q[end] + 1;
		end += 5; /* root label, type, class */
		a = q[end - 3] == 1;
		memcpy(q + end, answer, sizeof(answer));
		q[2] |= 0x80;
		q[3] = 0x80;
		q[7] = a;
		q[11] = 0; /* no additional record */
		sendto(fd, q, end + (a ? sizeof(answer) : 0), 0, (struct sockaddr *)&at, len);
	}
	close(fd);
	return pid;
}

TEST(names_are_asked_of_the_servers_given)
{
	struct lk_http_options o = { .allow_plaintext = true };
	struct lk_http_response r = { 0 };
	struct lk_http_request req;
	struct lk_error err = { 0 };
	struct lk_http *h = NULL;
	struct fake_server f;
	char servers[32], url[64];
	int port;
	pid_t pid = name_server(&port);

	fake_start(&f, "");
	snprintf(servers, sizeof(servers), "127.0.0.1:%d", port);
	snprintf(url, sizeof(url), "http://kbs.example:%d", f.port);
	o.name_servers = servers;
	req = post(url);
	CHECK_OK(lk_http_new(&o, &h, &err));
	CHECK_OK(lk_http_exchange(h, &req, &r, &err));
	lk_http_response_clear(&r);
	lk_http_free(h);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	fake_stop(&f);
}

TEST(one_connection_serves_many_exchanges)
{
	struct lk_http_response r = { 0 };
	struct lk_http_request req;
	struct lk_error err = { 0 };
	struct fake_server f;
	struct lk_http *h;
	int i;

	fake_start(&f, "tls=good");
	h = client(fake_file(&f, "ca.pem"), NULL);
	req = post(f.url);
	for (i = 0; i < 3; i++) {
		CHECK_OK(lk_http_exchange(h, &req, &r, &err));
		CHECK_EQ(r.status, 200);
		CHECK(!r.clock_untrusted);
		lk_http_response_clear(&r);
	}
	CHECK_EQ(fake_count(&f, "connections"), 1);
	lk_http_free(h);
	fake_stop(&f);
}

/* ---- headers ---- */

TEST(headers_are_found_by_name_and_number)
{
	static const char head[] = "HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nset-cookie:b=2 \r\n"
				   "Set-Cookies: c\r\nEmpty:\r\n\r\n";
	const char *v;
	size_t n;

	CHECK(lk_http_header(head, strlen(head), "Set-Cookie", 0, &v, &n) && n == 3);
	CHECK_MEM(v, "a=1", 3);
	CHECK(lk_http_header(head, strlen(head), "Set-Cookie", 1, &v, &n) && n == 3);
	CHECK_MEM(v, "b=2", 3);
	CHECK(!lk_http_header(head, strlen(head), "Set-Cookie", 2, &v, &n));
	CHECK(lk_http_header(head, strlen(head), "empty", 0, &v, &n) && n == 0);
	CHECK(!lk_http_header(NULL, 0, "a", 0, &v, &n));
}

TEST(retry_after_is_a_bounded_number)
{
	CHECK_EQ(lk_http_retry_after("7", 1), 7000);
	CHECK_EQ(lk_http_retry_after("99999999999999999999", 20), 3600 * 1000);
	CHECK_EQ(lk_http_retry_after("Fri, 31 Dec 1999 23:59:59 GMT", 29), 0);
	CHECK_EQ(lk_http_retry_after("-1", 2), 0);
	CHECK_EQ(lk_http_retry_after("", 0), 0);
}

/* An address of a cloud's metadata service on this process' own loopback device, and a server
 * there; -1 where there are no namespaces. */
static int metadata_server(pid_t *ret_pid)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(0xa9fea9fe) } };
	struct ifreq alias = { .ifr_name = "lo:1" }, up = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	socklen_t len = sizeof(at);
	char request[512];
	int fd, one;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) && unshare(CLONE_NEWNET))
		return -1;
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	memcpy(&alias.ifr_addr, &at, sizeof(at));
	CHECK(fd >= 0 && !ioctl(fd, SIOCSIFFLAGS, &up) && !ioctl(fd, SIOCSIFADDR, &alias));
	CHECK(!bind(fd, (struct sockaddr *)&at, len) && !listen(fd, 8));
	CHECK(!getsockname(fd, (struct sockaddr *)&at, &len));
	*ret_pid = fork();
	while (*ret_pid == 0) {
		one = accept(fd, NULL, NULL);
		if (read(one, request, sizeof(request)) > 0)
			(void)!write(one, answer, sizeof(answer) - 1);
		close(one);
	}
	close(fd);
	return ntohs(at.sin_port);
}

static enum lk_status ask_metadata(const struct lk_http_options *o, const char *url,
				   int *ret_status, struct lk_error *err)
{
	struct lk_http_request req = post(url);
	struct lk_http_response r = { 0 };
	struct lk_http *h = NULL;
	enum lk_status st;

	*err = (struct lk_error){ 0 };
	req.method = "PUT";
	CHECK_EQ(lk_http_new(o, &h, err), LK_OK);
	st = lk_http_exchange(h, &req, &r, err);
	*ret_status = r.status;
	lk_http_response_clear(&r);
	lk_http_free(h);
	return st;
}

TEST(a_metadata_service_is_asked_by_its_client_alone)
{
	struct lk_http_options o = { .allow_plaintext = true };
	struct lk_error err;
	char url[64];
	pid_t pid = -1;
	int port, status;

	CHECK(lk_http_is_metadata("100.100.100.200"));
	CHECK(lk_http_is_metadata("FD00:EC2::254"));
	CHECK(!lk_http_is_metadata("100.100.100.20"));
	CHECK(!lk_http_is_metadata(NULL));
	port = metadata_server(&pid);
	CHECK(port > 0); /* without namespaces this cannot be told */
	snprintf(url, sizeof(url), "http://169.254.169.254:%d", port);
	CHECK_EQ(ask_metadata(&o, url, &status, &err), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_HTTP_LIMIT);
	o = (struct lk_http_options){ .metadata_base = url };
	CHECK_EQ(ask_metadata(&o, url, &status, &err), LK_OK);
	CHECK_EQ(status, 200);
	CHECK_EQ(ask_metadata(&o, "http://127.0.0.1:1", &status, &err), LK_INTERNAL);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

TESTS(hostile_answers_have_a_code_each, busy_servers_say_when_to_come_back,
      the_deadline_ends_a_drip, nobody_there_is_unreachable,
      a_name_that_does_not_resolve_is_a_name_lookup, names_are_asked_of_the_servers_given,
      one_connection_serves_many_exchanges, headers_are_found_by_name_and_number,
      retry_after_is_a_bounded_number, a_metadata_service_is_asked_by_its_client_alone)
