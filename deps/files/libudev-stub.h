/* SPDX-License-Identifier: Apache-2.0 */
/* The part of libudev that libdevmapper calls. */
#pragma once

struct udev;
struct udev_queue;

struct udev *udev_new(void);
struct udev *udev_unref(struct udev *context);
struct udev_queue *udev_queue_new(struct udev *context);
struct udev_queue *udev_queue_unref(struct udev_queue *queue);
int udev_queue_get_udev_is_active(struct udev_queue *queue);
