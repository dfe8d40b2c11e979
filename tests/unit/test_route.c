/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of what counts as a route, and of waiting for one in a network of its own. */
#include "core/route.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/route.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/check.h"

/* A datagram under construction. */
struct dgram {
	uint8_t bytes[512];
	size_t len;
};

static struct rtmsg *route_in(struct dgram *d)
{
	return (struct rtmsg *)(d->bytes + sizeof(struct nlmsghdr));
}

static void attribute(struct dgram *d, unsigned short type, const void *p, unsigned short n)
{
	struct rtattr a = { .rta_len = (unsigned short)(sizeof(a) + n), .rta_type = type };

	memcpy(d->bytes + d->len, &a, sizeof(a));
	if (n > 0)
		memcpy(d->bytes + d->len + sizeof(a), p, n);
	d->len += RTA_ALIGN(a.rta_len);
	((struct nlmsghdr *)d->bytes)->nlmsg_len = (unsigned)d->len;
}

static struct dgram route(unsigned char family, unsigned char dst_len, uint32_t oif)
{
	struct dgram d = { .len = sizeof(struct nlmsghdr) + sizeof(struct rtmsg) };

	((struct nlmsghdr *)d.bytes)->nlmsg_type = RTM_NEWROUTE;
	*route_in(&d) = (struct rtmsg){ .rtm_family = family,
					.rtm_dst_len = dst_len,
					.rtm_table = RT_TABLE_MAIN,
					.rtm_type = RTN_UNICAST };
	attribute(&d, RTA_OIF, &oif, sizeof(oif));
	return d;
}

static enum lk_route_news news(const struct dgram *d)
{
	return lk_route_parse(d->bytes, d->len).news;
}

TEST(routes_that_lead_nowhere_do_not_count)
{
	struct in_addr ll4 = { htonl(0xa9fe0000) };
	struct in6_addr ll6 = { .s6_addr = { 0xfe, 0x80 } };
	struct dgram d = route(AF_INET, 0, 1);

	CHECK_EQ(news(&d), LK_ROUTE_NOTHING); /* through loopback */
	d = route(AF_INET, 0, 2);
	route_in(&d)->rtm_type = RTN_UNREACHABLE;
	CHECK_EQ(news(&d), LK_ROUTE_NOTHING);
	d = route(AF_INET, 32, 2);
	route_in(&d)->rtm_table = RT_TABLE_LOCAL;
	CHECK_EQ(news(&d), LK_ROUTE_NOTHING);
	d = route(AF_INET, 0, 2);
	route_in(&d)->rtm_flags = RTNH_F_LINKDOWN;
	CHECK_EQ(news(&d), LK_ROUTE_NOTHING);
	d = route(AF_INET, 16, 2);
	attribute(&d, RTA_DST, &ll4, 4);
	CHECK_EQ(news(&d), LK_ROUTE_NOTHING);
	d = route(AF_INET6, 64, 2);
	attribute(&d, RTA_DST, &ll6, 16);
	CHECK_EQ(news(&d), LK_ROUTE_NOTHING);
	d = route(AF_INET, 0, 2);
	((struct nlmsghdr *)d.bytes)->nlmsg_type = RTM_DELROUTE;
	CHECK_EQ(news(&d), LK_ROUTE_NOTHING);
	d = route(AF_MPLS, 0, 2);
	CHECK_EQ(news(&d), LK_ROUTE_NOTHING);
}

TEST(default_and_neighbouring_routes_count)
{
	struct in_addr net = { htonl(0x0a000200) };
	struct dgram d = route(AF_INET, 24, 2);

	attribute(&d, RTA_DST, &net, 4);
	CHECK_EQ(news(&d), LK_ROUTE_NET);
	d = route(AF_INET, 0, 2);
	CHECK_EQ(news(&d), LK_ROUTE_DEFAULT);
	d = route(AF_INET6, 0, 3);
	CHECK_EQ(news(&d), LK_ROUTE_DEFAULT);
	d = route(AF_INET, 0, 1);
	attribute(&d, RTA_MULTIPATH, "", 0);
	CHECK_EQ(news(&d), LK_ROUTE_DEFAULT);
}

TEST(the_best_of_several_messages_counts)
{
	struct dgram a = route(AF_INET, 0, 2), b = route(AF_INET, 24, 2);
	struct lk_route_datagram r;

	memcpy(a.bytes + a.len, b.bytes, b.len);
	r = lk_route_parse(a.bytes, a.len + b.len);
	CHECK_EQ(r.news, LK_ROUTE_DEFAULT);
	CHECK(!r.done && !r.broken);
}

TEST(lengths_that_lie_are_noticed)
{
	struct dgram d = route(AF_INET, 0, 2);
	struct nlmsghdr *h = (struct nlmsghdr *)d.bytes;
	struct rtattr *a = (struct rtattr *)(d.bytes + sizeof(*h) + sizeof(struct rtmsg));
	size_t n;

	a->rta_len = 200;
	CHECK(lk_route_parse(d.bytes, d.len).broken);
	a->rta_len = 3;
	CHECK(lk_route_parse(d.bytes, d.len).broken);
	d = route(AF_INET, 0, 2);
	h->nlmsg_len = 4000;
	CHECK(lk_route_parse(d.bytes, d.len).broken);
	h->nlmsg_len = 3;
	CHECK(lk_route_parse(d.bytes, d.len).broken);
	h->nlmsg_len = sizeof(*h) + 2;
	CHECK(lk_route_parse(d.bytes, d.len).broken);
	d = route(AF_INET, 0, 2);
	h->nlmsg_type = NLMSG_ERROR;
	CHECK(lk_route_parse(d.bytes, d.len).broken);
	h->nlmsg_type = NLMSG_DONE;
	CHECK(lk_route_parse(d.bytes, d.len).done);
	d = route(AF_INET, 0, 2);
	for (n = 0; n < d.len; n++)
		CHECK_EQ(lk_route_parse(d.bytes, n).news, LK_ROUTE_NOTHING);
}

/* ---- waiting, in a network namespace ---- */

#define CANNOT 77 /* no namespace or no tunnel device here: said, not hidden */

static bool alone(void)
{
	return !unshare(CLONE_NEWUSER | CLONE_NEWNET) || !unshare(CLONE_NEWNET);
}

static struct sockaddr address(const char *text)
{
	union {
		struct sockaddr any;
		struct sockaddr_in in;
	} a = { .in = { .sin_family = AF_INET } };

	(void)inet_pton(AF_INET, text, &a.in.sin_addr);
	return a.any;
}

/* An interface with 192.0.2.2/24, and a default route through it if asked; stays up as long as
 * the descriptor is open. */
static int bring_up(bool gateway)
{
	struct ifreq ifr = { .ifr_name = "lk0", .ifr_flags = IFF_TUN | IFF_NO_PI };
	int tun = open("/dev/net/tun", O_RDWR | O_CLOEXEC), s = socket(AF_INET, SOCK_DGRAM, 0);
	struct rtentry rt = { .rt_flags = RTF_UP | RTF_GATEWAY };
	bool ok;

	ok = tun >= 0 && s >= 0 && !ioctl(tun, TUNSETIFF, &ifr);
	ifr.ifr_addr = address("192.0.2.2");
	ok = ok && !ioctl(s, SIOCSIFADDR, &ifr);
	ifr.ifr_addr = address("255.255.255.0");
	ok = ok && !ioctl(s, SIOCSIFNETMASK, &ifr);
	ifr.ifr_flags = IFF_UP;
	ok = ok && !ioctl(s, SIOCSIFFLAGS, &ifr);
	rt.rt_gateway = address("192.0.2.1");
	rt.rt_dst = rt.rt_genmask = address("0.0.0.0");
	ok = ok && (!gateway || !ioctl(s, SIOCADDRT, &rt));
	close(s);
	return ok ? tun : -1;
}

static int wait_alone(void)
{
	struct lk_error err = { 0 };

	if (!alone())
		return CANNOT;
	if (lk_route_wait(lk_deadline_in(50), &err) != LK_AGAIN)
		return 1;
	return err.code == LK_C_NO_NETWORK ? 0 : 2;
}

/* A route appears while we wait. */
static int wait_for_one(bool gateway)
{
	struct lk_error err = { 0 };
	enum lk_status st;
	int status;
	pid_t pid;

	if (!alone() || access("/dev/net/tun", R_OK | W_OK))
		return CANNOT;
	pid = fork();
	if (pid == 0) {
		lk_clock_sleep(100); /* either order must do; this is the one that waits */
		if (bring_up(gateway) < 0)
			_exit(CANNOT);
		for (;;)
			pause();
	}
	st = lk_route_wait(lk_deadline_in(20000), &err);
	if (st && waitpid(pid, &status, WNOHANG) == pid && WEXITSTATUS(status) == CANNOT)
		return CANNOT;
	kill(pid, SIGKILL);
	return st ? 1 : 0;
}

static int wait_default(void)
{
	return wait_for_one(true);
}

static int wait_net(void)
{
	return wait_for_one(false);
}

/* In a child: its network is not ours. */
static void in_a_child(int (*run)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(run());
	CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	if (WEXITSTATUS(status) == CANNOT)
		printf("# no network namespaces or tunnels here\n");
	else
		CHECK_EQ(WEXITSTATUS(status), 0);
}

TEST(no_network_is_said_at_the_deadline)
{
	int64_t began = lk_clock_ms();

	in_a_child(wait_alone);
	CHECK(lk_clock_ms() - began >= 50);
}

TEST(a_default_route_ends_the_wait)
{
	in_a_child(wait_default);
}

TEST(a_neighbouring_net_ends_the_wait)
{
	in_a_child(wait_net);
}

TESTS(routes_that_lead_nowhere_do_not_count, default_and_neighbouring_routes_count,
      the_best_of_several_messages_counts, lengths_that_lie_are_noticed,
      no_network_is_said_at_the_deadline, a_default_route_ends_the_wait,
      a_neighbouring_net_ends_the_wait)
