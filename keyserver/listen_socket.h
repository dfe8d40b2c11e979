/* SPDX-License-Identifier: Apache-2.0 */
/* The two listening sockets: TCP by numeric address, and the admin's Unix socket. */
#pragma once

#include "core/error.h"

#define LK_SOCKET_DEFAULT "/run/latchkeyd/admin.sock"
#define LK_ADDRESS_SIZE	  64

/* address: "192.0.2.1:8443" or "[::]:8443"; port 0: any free one. bound: the address as it is. */
enum lk_status lk_listen_tcp(const char *address, int *ret_fd, char bound[LK_ADDRESS_SIZE],
			     struct lk_error *err);
/* Mode 0600. A socket that nobody serves any more is replaced; a served one is LK_CONFIG. */
enum lk_status lk_listen_unix(const char *path, int *ret_fd, struct lk_error *err);
/* Connect to it. LK_ABSENT with LK_C_SERVER_ABSENT. */
enum lk_status lk_connect_unix(const char *path, int *ret_fd, struct lk_error *err);
