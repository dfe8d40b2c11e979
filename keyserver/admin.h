/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Administration over the Unix socket: HTTP with JSON bodies, for root and for the user that the
 * server runs as (SO_PEERCRED). latchkeyd(8) lists the routes.
 */
#pragma once

#include "keyserver/http_server.h"
#include "keyserver/server.h"

/* ctx of the service is the server, which outlives it. */
struct lk_service lk_admin_service(struct lk_server *server);
