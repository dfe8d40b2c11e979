/* SPDX-License-Identifier: Apache-2.0 */
/* Waits for the kernel's and udev's announcements of block devices over netlink. They only say
 * when to look again; nothing in them is believed. */

#include <errno.h>
#include <linux/netlink.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/blockdev_internal.h"

#define GROUP_KERNEL 1
#define GROUP_UDEV   2 /* after its rules: links such as /dev/disk/by-id exist then */

enum lk_status lk_blockdev_news_open(int *ret_fd, struct lk_error *err)
{
	struct sockaddr_nl address = {
		.nl_family = AF_NETLINK,
		.nl_groups = GROUP_KERNEL | GROUP_UDEV,
	};
	LK_FD int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
			      NETLINK_KOBJECT_UEVENT);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
		return lk_raise(err, LK_INTERNAL, "listen for new devices: %s", strerror(errno));
	*ret_fd = lk_take_fd(fd);
	return LK_OK;
}

bool lk_blockdev_news_fits(const char *message, size_t n)
{
	static const char subsystem[] = "SUBSYSTEM=block"; /* with its terminator */

	return memmem(message, n, subsystem, sizeof(subsystem)) != NULL;
}

/* Take all that lies there. Messages lost to a full buffer count as news. */
static bool drain(int fd)
{
	char message[8192];
	bool fits = false;
	ssize_t n;

	for (;;) {
		n = recv(fd, message, sizeof(message), 0);
		if (n >= 0)
			fits = lk_blockdev_news_fits(message, (size_t)n) || fits;
		else if (errno == ENOBUFS)
			fits = true;
		else if (errno != EINTR)
			return fits;
	}
}

bool lk_blockdev_news_wait(int fd, struct lk_deadline deadline)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	while (!lk_deadline_passed(deadline)) {
		if (poll(&p, 1, lk_deadline_left(deadline)) > 0 && drain(fd))
			return true;
	}
	return false;
}
