/* SPDX-License-Identifier: Apache-2.0 */
/* Stream sockets of this machine: connected, written to and read from under a deadline. */
#pragma once

#include <stddef.h>

#include "core/deadline.h"
#include "core/error.h"

/* path: of a socket in the file system, or "@name" of one in the abstract name space. LK_ABSENT with
 * SERVER_ABSENT when nobody listens. */
enum lk_status lk_unix_dial(const char *path, int *ret, struct lk_error *err);
/* All n bytes. LK_AGAIN with UNREACHABLE when the connection breaks or ends, LK_TIMEOUT. */
enum lk_status lk_unix_send(int fd, struct lk_deadline deadline, const void *data, size_t n,
			    struct lk_error *err);
enum lk_status lk_unix_receive(int fd, struct lk_deadline deadline, void *into, size_t n,
			       struct lk_error *err);
/* What there is, at least one byte and at most n; *ret_n 0: the other side has ended. */
enum lk_status lk_unix_receive_some(int fd, struct lk_deadline deadline, void *into, size_t n,
				    size_t *ret_n, struct lk_error *err);
