/* SPDX-License-Identifier: Apache-2.0 */
/* The key broker service as clients see it: /kbs/v0/{auth,attest,resource/...} and /healthz, with
 * the answers, statuses and error texts that clients of the protocol rely on. */
#pragma once

#include "keyserver/http_server.h"
#include "keyserver/server.h"

/* ctx of the service is the server, which outlives it. */
struct lk_service lk_kbs_service(struct lk_server *server);
