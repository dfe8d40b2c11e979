/* SPDX-License-Identifier: Apache-2.0 */
/* One signed exchange, for the files of keymanager/aliyun. */
#pragma once

#include "keymanager/aliyun.h"

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
