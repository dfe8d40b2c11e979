/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 of RFC 4648: strict decoding (no white space, no stray bits, padding exactly as the
 * dialect says), constant time in the data so that keys may pass through. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum lk_b64 {
	LK_B64_STD, /* section 4, padded */
	LK_B64_URL, /* section 5, no padding: JOSE */
};

/* Bytes needed to encode n bytes, terminator included. */
#define LK_B64_SIZE(n) ((((size_t)(n) + 2) / 3) * 4 + 1)

/* Encode into out (LK_B64_SIZE(n) bytes are enough); returns the text length. */
size_t lk_b64_encode(enum lk_b64 dialect, const void *data, size_t n, char *out);
/* Decode exactly len characters into out of cap bytes; false if malformed or too long. */
bool lk_b64_decode(enum lk_b64 dialect, const char *text, size_t len, uint8_t *out, size_t cap,
		   size_t *ret_n);

/* Lower-case hex; decode takes both cases, even length only. */
void lk_hex_encode(const void *data, size_t n, char *out /* 2n + 1 */);
bool lk_hex_decode(const char *text, size_t len, uint8_t *out, size_t cap, size_t *ret_n);
