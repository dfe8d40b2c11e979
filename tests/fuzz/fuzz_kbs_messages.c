/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a key broker sends: the first byte says which message the rest is. Whatever is accepted
 * must also hold what the code behind relies on.
 */
#include <stdlib.h>
#include <string.h>

#include "core/http.h"
#include "providers/kbs_messages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void challenge(enum lk_kbs_protocol protocol, const uint8_t *p, size_t n)
{
	struct lk_kbs_challenge c = { 0 };
	struct lk_error err = { 0 };

	if (lk_kbs_challenge_parse(protocol, p, n, &c, &err))
		return;
	if (protocol != LK_KBS_0_4_0 && c.hash != LK_SHA384)
		abort();
	if (strlen(c.nonce) < LK_KBS_NONCE_MIN || lk_hash_size(c.hash) < 32)
		abort();
}

static void token(const uint8_t *p, size_t n)
{
	struct lk_error err = { 0 };
	LK_SECRET text = { 0 };
	int64_t life;

	if (!lk_kbs_token_parse(p, n, &text, &life, &err) &&
	    (life < 0 || strspn((char *)text.data, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrst"
						   "uvwxyz0123456789-_.") +
					 1 !=
				 text.len))
		abort();
}

static void cookie(const uint8_t *p, size_t n)
{
	char out[LK_KBS_COOKIE_MAX + 1] = "";
	struct lk_error err = { 0 };

	if (!lk_kbs_cookie_parse(p, n, out, &err) && (!*out || strpbrk(out, "\r\n; \"")))
		abort();
}

static void headers(const uint8_t *p, size_t n)
{
	const char *value;
	unsigned which;
	size_t len;

	for (which = 0; which < 3; which++)
		if (lk_http_header(p, n, "Retry-After", which, &value, &len))
			if (lk_http_retry_after(value, len) > 3600 * 1000 ||
			    (const uint8_t *)value < p || (const uint8_t *)value + len > p + n)
				abort();
}

static void refusal(enum lk_kbs_step step, const uint8_t *p, size_t n)
{
	static const int statuses[] = { 401, 403, 404, 500 };
	char version[LK_KBS_VERSION_SIZE];
	enum lk_kbs_protocol lower;
	struct lk_error err;
	size_t i;

	if (lk_kbs_expected_version(401, p, n, version) &&
	    (!*version || version[strspn(version, "0123456789.")] != '\0' ||
	     (lk_kbs_step_down(LK_KBS_0_4_0, version, &lower) && lower != LK_KBS_0_2_0)))
		abort();
	for (i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		err = (struct lk_error){ 0 };
		if (!lk_kbs_refusal(step, statuses[i], p, n, &err) || !err.code)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	switch (data[0]) {
	case 'c':
		challenge(LK_KBS_0_4_0, data + 1, size - 1);
		challenge(LK_KBS_0_1_0, data + 1, size - 1);
		break;
	case 't':
		token(data + 1, size - 1);
		break;
	case 'k':
		cookie(data + 1, size - 1);
		break;
	case 'h':
		headers(data + 1, size - 1);
		break;
	default:
		refusal((enum lk_kbs_step)(data[0] % 3), data + 1, size - 1);
	}
	return 0;
}
