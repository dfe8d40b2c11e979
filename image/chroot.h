/* SPDX-License-Identifier: Apache-2.0 */
/* A tree as a temporary root: what a program that runs inside sees and may do. */
#pragma once

#include "core/error.h"

struct lk_chroot {
	const char *tree;	 /* seen read-only */
	const char *root;	 /* an empty folder: where it is put together */
	const char *work;	 /* seen as /run/latchkey-image, writable */
	const char *temp;	 /* seen as /var/tmp and /tmp, writable */
	const char *over, *what; /* the folder `what` is seen as `over`, read-only */
};

/* In a child process before it executes a program: enter the root for good. From there on the
 * process is alone with its children, has no network, and has only the capabilities that touch
 * files. A struct lk_tool's enter function. */
enum lk_status lk_chroot_enter(void *chroot, struct lk_error *err);
