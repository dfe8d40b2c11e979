/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of where name servers come from, on folders that look like a root. */
#include "core/nameservers.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/error.h"
#include "tests/check.h"

static bool adds(const char *text, const char *want)
{
	struct lk_nameservers list = { 0 };

	if (!lk_nameservers_add(&list, text, strlen(text)))
		return want == NULL;
	return want && list.n == 1 && strcmp(list.addr[0], want) == 0;
}

TEST(what_is_no_address_is_refused)
{
	static const char *const bad[] = {
		"",
		"kbs.example",
		"10.0.2",
		"10.0.2.256",
		"10.0.2.3:",
		"10.0.2.3:0",
		"10.0.2.3:x",
		"10.0.2.3:99999",
		"[::1",
		"[::1]x",
		"[::1]:",
		"1:2:3",
		"fe80::1%",
		"fe80::1%a/b",
		"fe80::1%a;b",
		"10.0.2.3,10.0.2.4",
		"::1 ; rm -f",
		"fe80::1%an-interface-too-long",
	};
	char text[200];
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (!adds(bad[i], NULL))
			check_fail(__FILE__, __LINE__, "accepted: %s", bad[i]);
	memset(text, '1', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	CHECK(adds(text, NULL));
	CHECK(!lk_nameservers_add(&(struct lk_nameservers){ 0 }, "1.1.1.1\0x", 9));
}

TEST(addresses_are_canonical)
{
	CHECK(adds("10.0.2.3", "10.0.2.3"));
	CHECK(adds("10.0.2.3:5353", "10.0.2.3:5353"));
	CHECK(adds("10.0.2.3#dns.example", "10.0.2.3"));
	CHECK(adds("10.0.2.3:53%2#dns.example", "10.0.2.3:53"));
	CHECK(adds("FD00::0:3", "fd00::3"));
	CHECK(adds("[fd00::3]:53", "[fd00::3]:53"));
	CHECK(adds("fd00::3%2", "fd00::3"));
	CHECK(adds("fe80::1%eth0", "fe80::1%eth0"));
	CHECK(adds("fe80::1%1", "fe80::1%1"));
	CHECK(adds("[fe80::1]:53%1#x", "[fe80::1]:53%1"));
}

TEST(a_list_is_full_at_four_and_holds_each_once)
{
	static const char text[] = "DNS=1.1.1.1 1.1.1.2 1.1.1.1 1.1.1.3 1.1.1.4 1.1.1.5\n";
	struct lk_nameservers list = { 0 };
	char joined[LK_NAMESERVERS_TEXT];

	lk_nameservers_parse_systemd(&list, text, strlen(text));
	CHECK_EQ(list.n, LK_NAMESERVERS);
	lk_nameservers_join(&list, joined);
	CHECK_STR(joined, "1.1.1.1,1.1.1.2,1.1.1.3,1.1.1.4");
}

TEST(systemd_files_are_read)
{
	static const char text[] = "# private\nOPER_STATE=routable\nDNS=10.0.2.3 junk fd00::3\r\n"
				   "XDNS=9.9.9.9\nDNSX=9.9.9.9\nDNS=";
	struct lk_nameservers list = { 0 };
	char joined[LK_NAMESERVERS_TEXT];

	lk_nameservers_parse_systemd(&list, text, strlen(text));
	lk_nameservers_join(&list, joined);
	CHECK_STR(joined, "10.0.2.3,fd00::3");
}

TEST(resolv_conf_is_read)
{
	static const char text[] = "# c\n;nameserver 9.9.9.9\nnameserver 10.0.2.3 # x 9.9.9.8\n"
				   "nameserverx 9.9.9.9\nnameserver\t\tfd00::3\nsearch example\n"
				   "nameserver";
	struct lk_nameservers list = { 0 };
	char joined[LK_NAMESERVERS_TEXT];

	lk_nameservers_parse_resolv(&list, text, strlen(text));
	lk_nameservers_join(&list, joined);
	CHECK_STR(joined, "10.0.2.3,fd00::3");
}

/* ---- files ---- */

static char root[64];

static void put(const char *path, const char *text)
{
	char full[256];
	FILE *f;

	snprintf(full, sizeof(full), "%s%s", root, path);
	for (char *p = strchr(full + strlen(root) + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		mkdir(full, 0755);
		*p = '/';
	}
	f = fopen(full, "w");
	CHECK(f);
	fputs(text, f);
	fclose(f);
}

static void discard(const char *path)
{
	char full[256];

	snprintf(full, sizeof(full), "%s%s", root, path);
	CHECK(remove(full) == 0);
}

static void found(const char *want)
{
	struct lk_nameservers list;
	struct lk_error err = { 0 };
	char joined[LK_NAMESERVERS_TEXT];

	CHECK_OK(lk_nameservers_find(root, NULL, &list, &err));
	lk_nameservers_join(&list, joined);
	CHECK_STR(joined, want);
}

TEST(sources_come_in_order)
{
	snprintf(root, sizeof(root), "/tmp/lk-test-XXXXXX");
	CHECK(mkdtemp(root));
	found("");
	put("/etc/resolv.conf", "nameserver 3.3.3.3\n");
	found("3.3.3.3");
	put("/run/systemd/netif/leases/2", "ADDRESS=10.0.2.15\nDNS=2.2.2.2\n");
	found("2.2.2.2");
	put("/run/systemd/netif/state", "OPER_STATE=degraded\n");
	found("2.2.2.2");
	put("/run/systemd/netif/state", "OPER_STATE=routable\nDNS=1.1.1.1\n");
	found("1.1.1.1");
	put("/run/systemd/netif/state", "DNS=fe80::1%4000000 fe80::1%lo fe80::2%1 fe80::3%nic9\n");
	found("fe80::1%lo,fe80::2%1");

	discard("/run/systemd/netif/state");
	discard("/run/systemd/netif/leases/2");
	discard("/run/systemd/netif/leases");
	discard("/run/systemd/netif");
	discard("/run/systemd");
	discard("/run");
	discard("/etc/resolv.conf");
	discard("/etc");
	discard("");
}

static void waits(const char *want, int64_t least_ms, int64_t most_ms)
{
	const int64_t began = lk_clock_ms();
	struct lk_nameservers list;
	struct lk_error err = { 0 };
	char joined[LK_NAMESERVERS_TEXT];

	CHECK_OK(lk_nameservers_wait(root, NULL, lk_deadline_in(20000), &list, &err));
	lk_nameservers_join(&list, joined);
	CHECK_STR(joined, want);
	CHECK(lk_clock_ms() - began >= least_ms && lk_clock_ms() - began < most_ms);
}

TEST(a_lease_that_comes_after_its_route_is_waited_for)
{
	char from[256], to[256];
	pid_t child;

	snprintf(root, sizeof(root), "/tmp/lk-test-XXXXXX");
	CHECK(mkdtemp(root));
	waits("", 0, 20000); /* nobody is going to write one */
	put("/run/systemd/netif/state", "OPER_STATE=degraded\n");
	waits("", 1000, 20000);
	put("/run/new", "OPER_STATE=routable\nDNS=1.1.1.1\n");
	snprintf(from, sizeof(from), "%s/run/new", root);
	snprintf(to, sizeof(to), "%s/run/systemd/netif/state", root);
	child = fork();
	if (child == 0) {
		lk_clock_sleep(200);
		_exit(rename(from, to) != 0);
	}
	waits("1.1.1.1", 100, 20000);
	CHECK(waitpid(child, NULL, 0) == child);
	waits("1.1.1.1", 0, 20000);

	discard("/run/systemd/netif/state");
	discard("/run/systemd/netif");
	discard("/run/systemd");
	discard("/run");
	discard("");
}

TEST(configured_servers_win_and_must_be_addresses)
{
	char one[] = "10.9.9.9", bad[] = "dns.example";
	char *items[] = { one, bad };
	struct lk_strings dns = { items, 1 };
	struct lk_nameservers list = { 0 };
	struct lk_error err = { 0 };

	CHECK_OK(lk_nameservers_find("", &dns, &list, &err));
	CHECK_EQ(list.n, 1);
	CHECK_STR(list.addr[0], "10.9.9.9");
	dns.n = 2;
	CHECK_EQ(lk_nameservers_find("", &dns, &list, &err), LK_CONFIG);
	CHECK_EQ(list.n, 1);
}

TESTS(what_is_no_address_is_refused, addresses_are_canonical,
      a_list_is_full_at_four_and_holds_each_once, systemd_files_are_read, resolv_conf_is_read,
      sources_come_in_order, a_lease_that_comes_after_its_route_is_waited_for,
      configured_servers_win_and_must_be_addresses)
