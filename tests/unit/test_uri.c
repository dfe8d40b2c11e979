/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the address grammars: what has two spellings or hides something is refused. */
#include "core/uri.h"
#include "tests/check.h"

static bool url_refused(const char *text)
{
	struct lk_error err = { 0 };
	struct lk_url u = { .port = 7 };

	return lk_url_parse(text, &u, &err) == LK_CONFIG && err.code == LK_C_CONFIG_VALUE &&
	       u.port == 7;
}

static bool name_refused(const char *text)
{
	struct lk_error err = { 0 };
	struct lk_kbs_name n = { "untouched" };

	return lk_kbs_name_parse(text, &n, &err) == LK_CONFIG && err.code == LK_C_CONFIG_VALUE &&
	       strcmp(n.target, "untouched") == 0;
}

TEST(bad_urls_are_refused)
{
	static const char *const bad[] = {
		"",
		"kbs.example",
		"ftp://kbs.example",
		"https:/kbs.example",
		"https://",
		"https:///path",
		"https://user@kbs.example",
		"https://user:pw@kbs.example",
		"https://kbs.example?x=1",
		"https://kbs.example/#f",
		"https://kbs.example/%2e%2e/x",
		"https://kbs.example/../x",
		"https://kbs.example/a/./b",
		"https://kbs.example//a",
		"https://kbs.example/a b",
		"https://kbs.example:0",
		"https://kbs.example:",
		"https://kbs.example:65536",
		"https://kbs.example:080",
		"https://kbs.example:8443x",
		"https://kbs..example",
		"https://.example",
		"https://kbs.example.",
		"https://-kbs.example",
		"https://kbs_.exa-mple-",
		"https://1.2.3",
		"https://1.2.3.256",
		"https://0x7f.1",
		"https://kbs.0x7f000001",
		"https://2130706433",
		"https://[::1",
		"https://[kbs.example]",
		"https://[fe80::1%eth0]",
		"https://::1",
		"https://kbs\xc3\xa9.example",
		"https://kbs.example\n",
		"https://kbs.example\\@evil.example",
	};
	char text[LK_URL_MAX + 32];
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (!url_refused(bad[i]))
			check_fail(__FILE__, __LINE__, "accepted: %s", bad[i]);
	memset(text, 'a', sizeof(text));
	memcpy(text, "https://kbs.example/", 20);
	text[sizeof(text) - 1] = '\0';
	CHECK(url_refused(text));
}

TEST(urls_are_canonical)
{
	static const struct {
		const char *text, *base, *host;
		int port;
		bool tls, literal, loopback;
	} rows[] = {
		{ "https://kbs.example:8443", "https://kbs.example:8443", "kbs.example", 8443, true,
		  false, false },
		{ "HTTPS://KBS.Example:443///", "https://kbs.example", "kbs.example", 443, true,
		  false, false },
		{ "http://10.0.2.2:80/a/b.c/", "http://10.0.2.2/a/b.c", "10.0.2.2", 80, false, true,
		  false },
		{ "https://[2001:DB8:0::1]:8080", "https://[2001:db8::1]:8080", "2001:db8::1", 8080,
		  true, true, false },
		{ "http://[::1]", "http://[::1]", "::1", 80, false, true, true },
		{ "http://127.8.9.1", "http://127.8.9.1", "127.8.9.1", 80, false, true, true },
		{ "http://LocalHost:1", "http://localhost:1", "localhost", 1, false, false, true },
		{ "https://my_kbs-1.x1", "https://my_kbs-1.x1", "my_kbs-1.x1", 443, true, false,
		  false },
	};
	struct lk_error err = { 0 };
	struct lk_url u;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CHECK_OK(lk_url_parse(rows[i].text, &u, &err));
		CHECK_STR(u.base, rows[i].base);
		CHECK_STR(u.host, rows[i].host);
		CHECK_EQ(u.port, rows[i].port);
		CHECK_EQ(u.tls, rows[i].tls);
		CHECK_EQ(u.literal, rows[i].literal);
		CHECK_EQ(u.loopback, rows[i].loopback);
	}
}

TEST(bad_resource_names_are_refused)
{
	static const char *const bad[] = {
		"",
		"kbs://",
		"kbs:///",
		"kbs:///a/b",
		"kbs:///a/b/c/d",
		"kbs:///a/b/",
		"kbs:///a//c",
		"kbs:///a/../c",
		"kbs:///a/.b/c",
		"kbs:///a/b/c%2fd",
		"kbs:///a/b/c#d",
		"kbs:///a/b/c?x#y",
		"kbs:///a/b/c?x y",
		"kbs:///a/b/c?x=%00",
		"kbs+:///a/b/c",
		"kbs+Up:///a/b/c",
		"kbs+x/y:///a/b/c",
		"kbs:/a/b/c",
		"kbs:a/b/c",
		"https://kbs.example/a/b/c",
		"a/b",
		"/a/b/c",
		"a/b/c/",
		"a/b/c?x",
		"a/b/c?\xab",
		"a/b/c/d",
		"a/b/\xc3\xa9",
		"kbs://ho st/a/b/c",
		"kbs://u@host/a/b/c",
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (!name_refused(bad[i]))
			check_fail(__FILE__, __LINE__, "accepted: %s", bad[i]);
}

TEST(wrong_number_of_segments_says_what_to_write)
{
	struct lk_error err = { 0 };
	struct lk_kbs_name n;
	char text[2048];

	CHECK_EQ(lk_kbs_name_parse("default/key", &n, &err), LK_CONFIG);
	CHECK_HAS(lk_error_format(&err, text, sizeof(text)), "kbs:///repository/type/tag");
}

TEST(resource_names_become_request_paths)
{
	static const struct {
		const char *text, *target;
	} rows[] = {
		{ "kbs:///default/key/1", "resource/default/key/1" },
		{ "KBS://other.example:8080/default/key/1", "resource/default/key/1" },
		{ "kbs+resource:///a/b/c", "resource/a/b/c" },
		{ "kbs+pkcs11:///a/b/c/d?x=1&y=2", "pkcs11/a/b/c/d?x=1&y=2" },
		{ "default/disk/root.v1_2-x", "resource/default/disk/root.v1_2-x" },
	};
	struct lk_error err = { 0 };
	struct lk_kbs_name n;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CHECK_OK(lk_kbs_name_parse(rows[i].text, &n, &err));
		CHECK_STR(n.target, rows[i].target);
	}
}

TESTS(bad_urls_are_refused, urls_are_canonical, bad_resource_names_are_refused,
      wrong_number_of_segments_says_what_to_write, resource_names_become_request_paths)
