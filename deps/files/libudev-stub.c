/* SPDX-License-Identifier: Apache-2.0 */
/* Answers the one question libdevmapper asks libudev: is udevd running? */
#include <unistd.h>

#include "libudev.h"

/* Both objects are stateless: any address that is not NULL will do. */
static char object;

struct udev *udev_new(void)
{
	return (struct udev *)&object;
}

struct udev *udev_unref(struct udev *context)
{
	(void)context;
	return NULL;
}

struct udev_queue *udev_queue_new(struct udev *context)
{
	(void)context;
	return (struct udev_queue *)&object;
}

struct udev_queue *udev_queue_unref(struct udev_queue *queue)
{
	(void)queue;
	return NULL;
}

int udev_queue_get_udev_is_active(struct udev_queue *queue)
{
	(void)queue;
	return access("/run/udev/control", F_OK) == 0;
}
