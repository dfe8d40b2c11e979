/* SPDX-License-Identifier: Apache-2.0 */
/* One signed exchange, for the files of keymanager/aliyun. */
#pragma once

#include "keymanager/aliyun.h"
#include "keymanager/aliyun_sign.h"

/* Seconds since 1970, as the services see it. */
int64_t lk_aliyun_now(const struct lk_aliyun_clock *clock);

/* How one request is made and its refusal read; `send` is called again for another try. */
struct lk_aliyun_call {
	enum lk_status (*send)(struct lk_aliyun *k, const void *arg, struct lk_http_response *ret,
			       struct lk_error *err);
	enum lk_status (*refuse)(int status, const void *body, size_t n, struct lk_error *err);
	const void *arg;
};
enum lk_status lk_aliyun_do(struct lk_aliyun *k, const struct lk_aliyun_call *call,
			    struct lk_http_response *ret, struct lk_error *err);

/* Call an action with these parameters beside the common ones, signed by k->token; at the shared
 * gateway if k->region is set, else at a dedicated instance. */
enum lk_status lk_aliyun_call_rpc(struct lk_aliyun *k, const char *action,
				  const struct lk_aliyun_param *params, size_t n,
				  struct lk_http_response *ret, struct lk_error *err);
