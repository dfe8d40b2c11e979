/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Administration over the Unix socket, for root and for the user that the server runs as
 * (SO_PEERCRED): HTTP with JSON bodies, but for resources, which are plain bytes both ways, so
 * that no JSON reader ever holds a secret. latchkeyd(8) lists the routes.
 */
#pragma once

#include "keyserver/http_server.h"
#include "keyserver/server.h"

#define LK_ADMIN_PREFIX "/admin/v1/"

/* ctx of the service is the server, which outlives it. */
struct lk_service lk_admin_service(struct lk_server *server);
