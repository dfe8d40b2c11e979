/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waiting for the network: the kernel says through rtnetlink(7) when a route appears; nothing is
 * polled. A default route counts at once, a route to a neighbouring net alone a moment later.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "core/deadline.h"
#include "core/error.h"

/* Return when packets can leave the machine. LK_AGAIN with LK_C_NO_NETWORK at the deadline. */
enum lk_status lk_route_wait(struct lk_deadline deadline, struct lk_error *err);

/* What one datagram of the kernel says; the best of its messages. */
enum lk_route_news {
	LK_ROUTE_NOTHING,
	LK_ROUTE_NET,	  /* a net beyond a real interface, not only link-local */
	LK_ROUTE_DEFAULT, /* a default route */
};
struct lk_route_datagram {
	enum lk_route_news news;
	bool done;   /* the dump has ended */
	bool broken; /* not rtnetlink's format, or an error message */
};
/* Pure; buf need not be aligned. */
struct lk_route_datagram lk_route_parse(const void *buf, size_t len);
