/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for systemd-networkd to write down the name servers of a lease: the route that the lease
 * brings is there a moment before, and a resolver without servers fails at once. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/nameservers.h"

/* What networkd needs for it even on a slow machine. */
#define WAIT_MS 1000

/* Both folders, as far as they exist; their files come by renaming. -1: nobody writes there. */
static int watch(const char *root)
{
	static const char *const folders[] = { "run/systemd/netif", "run/systemd/netif/leases" };
	LK_FD int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	bool any = false;
	char path[256];
	size_t i;

	for (i = 0; fd >= 0 && i < sizeof(folders) / sizeof(folders[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", root, folders[i]);
		if (inotify_add_watch(fd, path, IN_MOVED_TO | IN_CLOSE_WRITE | IN_CREATE) >= 0)
			any = true;
	}
	return any ? lk_take_fd(fd) : -1;
}

/* What happened does not matter, only that something did. */
static void drain(int fd)
{
	char events[4096];

	while (read(fd, events, sizeof(events)) > 0)
		;
}

enum lk_status lk_nameservers_wait(const char *root, const struct lk_strings *configured,
				   struct lk_deadline deadline, struct lk_nameservers *ret,
				   struct lk_error *err)
{
	const struct lk_deadline end = lk_deadline_within(deadline, WAIT_MS);
	LK_FD int fd = watch(root);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	enum lk_status st;

	for (;;) {
		st = lk_nameservers_find(root, configured, ret, err);
		if (st || ret->n > 0 || fd < 0 || lk_deadline_passed(end))
			return st;
		if (poll(&p, 1, lk_deadline_left(end)) < 0 && errno != EINTR)
			return lk_raise(err, LK_INTERNAL, "wait for name servers: %m");
		drain(fd);
	}
}
