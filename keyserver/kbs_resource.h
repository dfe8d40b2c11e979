/* SPDX-License-Identifier: Apache-2.0 */
/* Handing out resources: to whoever shows a token of ours and satisfies the policy, encrypted to
 * the key that was attested. */
#pragma once

#include "keyserver/http_server.h"

#define LK_KBS_RESOURCE_PATH "/kbs/v0/resource/"

/* A route's handler; ctx is the struct lk_server. */
void lk_kbs_answer_resource(void *ctx, const struct lk_call *call, struct lk_reply *ret);
