/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for a route through rtnetlink(7). */
#include "core/route.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "core/cleanup.h"

/* A lease brings the neighbouring net and, right after it, the default route: wait that long for
 * the second before going on with the first. */
#define SETTLE_MS      200
#define LOOPBACK_INDEX 1

/* The attributes of one route that matter here. */
struct route {
	bool has_way; /* an interface, next hops or a next-hop object, and not loopback */
	bool local_only;
};

static bool link_local(int family, const uint8_t *dst, size_t n)
{
	if (family == AF_INET)
		return n == 4 && dst[0] == 169 && dst[1] == 254;
	return n == 16 && dst[0] == 0xfe && (dst[1] & 0xc0) == 0x80;
}

static void read_attribute(struct route *r, int family, unsigned type, const uint8_t *p, size_t n)
{
	uint32_t index;

	if (type == RTA_OIF && n == sizeof(index)) {
		memcpy(&index, p, sizeof(index));
		r->has_way = index != LOOPBACK_INDEX;
	} else if (type == RTA_MULTIPATH || type == RTA_NH_ID) {
		r->has_way = true;
	} else if (type == RTA_DST) {
		r->local_only = link_local(family, p, n);
	}
}

/* False if the attributes do not fit their own lengths. */
static bool read_attributes(struct route *r, int family, const uint8_t *p, size_t len)
{
	struct rtattr a;

	while (len >= sizeof(a)) {
		memcpy(&a, p, sizeof(a));
		if (a.rta_len < sizeof(a) || a.rta_len > len)
			return false;
		read_attribute(r, family, a.rta_type & NLA_TYPE_MASK, p + sizeof(a),
			       a.rta_len - sizeof(a));
		if (RTA_ALIGN(a.rta_len) >= len)
			return true;
		p += RTA_ALIGN(a.rta_len);
		len -= RTA_ALIGN(a.rta_len);
	}
	return true;
}

static bool read_route(const uint8_t *p, size_t len, enum lk_route_news *ret)
{
	struct route r = { 0 };
	struct rtmsg m;

	if (len < sizeof(m))
		return false;
	memcpy(&m, p, sizeof(m));
	if (m.rtm_family != AF_INET && m.rtm_family != AF_INET6)
		return true;
	if (!read_attributes(&r, m.rtm_family, p + sizeof(m), len - sizeof(m)))
		return false;
	if (m.rtm_type != RTN_UNICAST || m.rtm_table == RT_TABLE_LOCAL || !r.has_way ||
	    r.local_only || (m.rtm_flags & (RTM_F_CLONED | RTNH_F_DEAD | RTNH_F_LINKDOWN)))
		return true;
	if (m.rtm_dst_len == 0)
		*ret = LK_ROUTE_DEFAULT;
	else if (*ret == LK_ROUTE_NOTHING)
		*ret = LK_ROUTE_NET;
	return true;
}

struct lk_route_datagram lk_route_parse(const void *buf, size_t len)
{
	struct lk_route_datagram d = { 0 };
	const uint8_t *p = buf;
	struct nlmsghdr h;

	while (len >= sizeof(h) && !d.done && !d.broken) {
		memcpy(&h, p, sizeof(h));
		if (h.nlmsg_len < sizeof(h) || h.nlmsg_len > len) {
			d.broken = true;
		} else if (h.nlmsg_type == NLMSG_DONE) {
			d.done = true;
		} else if (h.nlmsg_type == NLMSG_ERROR || h.nlmsg_type == NLMSG_OVERRUN) {
			d.broken = true;
		} else if (h.nlmsg_type == RTM_NEWROUTE) {
			d.broken = !read_route(p + sizeof(h), h.nlmsg_len - sizeof(h), &d.news);
		}
		if (d.broken || NLMSG_ALIGN(h.nlmsg_len) >= len)
			break;
		p += NLMSG_ALIGN(h.nlmsg_len);
		len -= NLMSG_ALIGN(h.nlmsg_len);
	}
	return d;
}

/* Subscribed before the dump is asked for, so that no route falls between the two. */
static enum lk_status watch(int *ret, struct lk_error *err)
{
	LK_FD int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct sockaddr_nl self = { .nl_family = AF_NETLINK };

	self.nl_groups = RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE;
	if (fd < 0 || bind(fd, (struct sockaddr *)&self, sizeof(self)))
		return lk_raise(err, LK_INTERNAL, "watch the kernel's routes: %m");
	*ret = lk_take_fd(fd);
	return LK_OK;
}

static enum lk_status ask(int fd, struct lk_error *err)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct {
		struct nlmsghdr h;
		struct rtmsg m;
	} q = {
		.h = { .nlmsg_len = sizeof(q),
		       .nlmsg_type = RTM_GETROUTE,
		       .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.m = { .rtm_family = AF_UNSPEC },
	};

	if (sendto(fd, &q, sizeof(q), 0, (struct sockaddr *)&kernel, sizeof(kernel)) < 0)
		return lk_raise(err, LK_INTERNAL, "ask for the kernel's routes: %m");
	return LK_OK;
}

/* One datagram, from the kernel only. An overrun means that something was lost: ask again. */
static enum lk_status take(int fd, struct lk_route_datagram *ret, struct lk_error *err)
{
	struct sockaddr_nl from = { 0 };
	socklen_t from_len = sizeof(from);
	uint8_t buf[32768];
	ssize_t n;

	n = recvfrom(fd, buf, sizeof(buf), MSG_DONTWAIT, (struct sockaddr *)&from, &from_len);
	*ret = (struct lk_route_datagram){ 0 };
	if (n < 0 && errno == ENOBUFS)
		return ask(fd, err);
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		return lk_raise(err, LK_INTERNAL, "read the kernel's routes: %m");
	if (n > 0 && from.nl_pid == 0)
		*ret = lk_route_parse(buf, (size_t)n);
	return LK_OK;
}

enum lk_status lk_route_wait(struct lk_deadline deadline, struct lk_error *err)
{
	struct lk_deadline settle = { LK_FOREVER };
	struct lk_route_datagram d;
	struct pollfd p = { .events = POLLIN };
	LK_FD int fd = -1;
	enum lk_status st;

	st = watch(&fd, err);
	if (st)
		return st;
	st = ask(fd, err);
	if (st)
		return st;

	p.fd = fd;
	for (;;) {
		int left = lk_deadline_left(deadline), calm = lk_deadline_left(settle);
		int n = poll(&p, 1, left < calm ? left : calm);

		if (n < 0 && errno != EINTR)
			return lk_raise(err, LK_INTERNAL, "wait for a route: %m");
		if (n <= 0 && lk_deadline_passed(settle))
			return LK_OK;
		if (n <= 0 && lk_deadline_passed(deadline))
			return lk_raise_code(err, LK_C_NO_NETWORK, "no route appeared");
		if (n <= 0)
			continue;
		st = take(fd, &d, err);
		if (st)
			return st;
		if (d.broken)
			return lk_raise(err, LK_INTERNAL, "the kernel's routes make no sense");
		if (d.news == LK_ROUTE_DEFAULT)
			return LK_OK;
		if (d.news == LK_ROUTE_NET && settle.at_ms == LK_FOREVER)
			settle = lk_deadline_in(SETTLE_MS);
	}
}
