/* SPDX-License-Identifier: Apache-2.0 */
/* Single exchanges with the hostile broker (after tests/check.h and a clock). */
#pragma once

#include "core/crypto.h"
#include "core/http.h"

#define AUTH "{\"version\":\"0.4.0\",\"tee\":\"sample\",\"extra-params\":{}}"

__attribute__((unused)) static struct lk_http *client(const char *ca, const char *pin)
{
	char *pins[] = { (char *)(uintptr_t)pin };
	const struct lk_strings list = { pins, pin ? 1 : 0 };
	const struct lk_http_options o = {
		.ca_pem = ca,
		.pins = &list,
		.allow_plaintext = true,
		.trust_keys = "kbs_root_cert",
	};
	struct lk_http *h = NULL;
	struct lk_error err = { 0 };

	CHECK_OK(lk_crypto_setup(&err));
	CHECK_OK(lk_http_new(&o, &h, &err));
	return h;
}

__attribute__((unused)) static struct lk_http_request post(const char *base)
{
	return (struct lk_http_request){
		.method = "POST",
		.base = base,
		.path = "/kbs/v0/auth",
		.body = AUTH,
		.body_len = strlen(AUTH),
		.max_answer = 65536,
		.max_ms = 1500,
		.deadline = lk_deadline_in(20000),
	};
}

/* One exchange with a fresh client; clears the answer. */
__attribute__((unused)) static enum lk_status once(const char *url, const char *ca, const char *pin,
						   struct lk_error *err)
{
	struct lk_http_response r = { 0 };
	struct lk_http_request req = post(url);
	struct lk_http *h = client(ca, pin);
	enum lk_status st;

	*err = (struct lk_error){ 0 };
	st = lk_http_exchange(h, &req, &r, err);
	CHECK(st == LK_OK || (!r.body.data && !r.head.data));
	lk_http_response_clear(&r);
	lk_http_free(h);
	return st;
}
