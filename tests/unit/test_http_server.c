/* SPDX-License-Identifier: Apache-2.0 */
/* keyserver/http_server.c: routes. keyserver/listen_socket.c: addresses and stale sockets. What goes
 * over the wire is tested in tests/services. */
#include "keyserver/listen_socket.h"
#include "keyserver_fixture.h"

static struct lk_error err;

static void nothing(void *ctx, const struct lk_call *call, struct lk_reply *ret)
{
	(void)ctx;
	(void)call;
	(void)ret;
}

static const struct lk_route routes[] = {
	{ "GET", "/a/", true, 1, nothing }, { "POST", "/a/b", false, 2, nothing },
	{ NULL, "/a/", true, 3, nothing },  { "GET", "/", false, 4, nothing },
	{ NULL, "", true, 5, nothing },
};

static size_t route(const char *method, const char *path)
{
	const struct lk_service s = { routes, 5, NULL };

	return lk_route_find(&s, method, path)->body_max;
}

TEST(the_first_that_fits)
{
	CHECK_EQ(route("GET", "/a/x/y"), 1);
	CHECK_EQ(route("GET", "/a/"), 1);
	CHECK_EQ(route("POST", "/a/b"), 2);
	CHECK_EQ(route("POST", "/a/b/"), 3);
	CHECK_EQ(route("post", "/a/b"), 3);
	CHECK_EQ(route("GET", "/"), 4);
	CHECK_EQ(route("GET", "/a"), 5);
	CHECK_EQ(route("GET", ""), 5);
	CHECK_EQ(route("GET", "//a/"), 5);
}

TEST(bad_addresses)
{
	static const char *const bad[] = { "",
					   ":",
					   "127.0.0.1",
					   "127.0.0.1:",
					   "127.0.0.1:x",
					   "127.0.0.1:65536",
					   "127.0.0.1:-1",
					   "127.0.0.1:80 ",
					   "localhost:80",
					   "::1:80",
					   "[::1]",
					   "[::1:80",
					   "[]:80",
					   "1.2.3:80",
					   "*:80" };
	char bound[LK_ADDRESS_SIZE];
	size_t i;
	int fd;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (lk_listen_tcp(bad[i], &fd, bound, &err) != LK_CONFIG)
			check_fail(__FILE__, __LINE__, "'%s' passes for an address", bad[i]);
}

TEST(good_addresses)
{
	char bound[LK_ADDRESS_SIZE], again[LK_ADDRESS_SIZE];
	LK_FD int fd = -1;
	int other;

	CHECK_OK(lk_listen_tcp("127.0.0.1:0", &fd, bound, &err));
	CHECK(strncmp(bound, "127.0.0.1:", 10) == 0 && strcmp(bound, "127.0.0.1:0") != 0);
	CHECK_EQ(lk_listen_tcp(bound, &other, again, &err), LK_CONFIG); /* taken */
}

TEST(unix_sockets)
{
	char dir[64], path[96], longer[200];
	LK_FD int fd = -1;
	LK_FD int client = -1;
	struct stat sb;
	int other;

	snprintf(path, sizeof(path), "%s/s", fixture_dir(dir));
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	CHECK_EQ(lk_listen_unix(longer, &other, &err), LK_CONFIG);
	CHECK_EQ(lk_listen_unix("", &other, &err), LK_CONFIG);
	CHECK_EQ(lk_connect_unix(path, &other, &err), LK_ABSENT);
	CHECK_OK(lk_listen_unix(path, &fd, &err));
	CHECK_EQ(stat(path, &sb), 0);
	CHECK_EQ(sb.st_mode & 0777, 0600);
	CHECK_EQ(lk_listen_unix(path, &other, &err), LK_CONFIG); /* served */
	CHECK_OK(lk_connect_unix(path, &client, &err));
	close(lk_take_fd(fd));
	CHECK_OK(lk_listen_unix(path, &fd, &err)); /* stale */
	unlink(path);
	CHECK_EQ(mkdir(path, 0700), 0);
	CHECK_EQ(lk_listen_unix(path, &other, &err), LK_CONFIG);
	fixture_remove(dir);
}

TESTS(the_first_that_fits, bad_addresses, good_addresses, unix_sockets)
