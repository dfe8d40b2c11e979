/* SPDX-License-Identifier: Apache-2.0 */
/* Test vectors are written in hex; this turns them into bytes and secrets. */
#pragma once

#include "core/base64.h"
#include "core/cleanup.h"
#include "core/secret.h"
#include "tests/check.h"

#define BYTES_MAX 1024

struct bytes {
	uint8_t data[BYTES_MAX];
	size_t len;
};

__attribute__((unused)) static struct bytes hex(const char *text)
{
	struct bytes b = { 0 };

	CHECK(lk_hex_decode(text, strlen(text), b.data, sizeof(b.data), &b.len));
	return b;
}

__attribute__((unused)) static struct bytes b64url(const char *text)
{
	struct bytes b = { 0 };

	CHECK(lk_b64_decode(LK_B64_URL, text, strlen(text), b.data, sizeof(b.data), &b.len));
	return b;
}

__attribute__((unused)) static struct lk_secret secret_hex(const char *text)
{
	struct bytes b = hex(text);
	struct lk_error err = { 0 };
	struct lk_secret s = { 0 };

	CHECK_OK(lk_secret_from(&s, b.data, b.len, &err));
	return s;
}

/* Compare with a vector. */
#define CHECK_HEX(p, n, text)                                                                      \
	do {                                                                                       \
		struct bytes want_ = hex(text);                                                    \
		CHECK_EQ((n), want_.len);                                                          \
		CHECK_MEM((p), want_.data, want_.len);                                             \
	} while (0)
