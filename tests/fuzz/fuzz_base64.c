/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 and hex: what decodes must encode to the very same text. */
#include <stdlib.h>
#include <string.h>

#include "core/base64.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_dialect(enum lk_b64 dialect, const char *text, size_t len)
{
	size_t n, cap = len / 4 * 3 + 2;
	uint8_t *out = malloc(cap);
	char *again = malloc(LK_B64_SIZE(cap));

	if (!out || !again)
		abort();
	if (lk_b64_decode(dialect, text, len, out, cap, &n)) {
		if (lk_b64_encode(dialect, out, n, again) != len || memcmp(again, text, len) != 0)
			abort();
		if (n && lk_b64_decode(dialect, text, len, out, n - 1, &n))
			abort();
	}
	free(out);
	free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *out = malloc(size + 1);
	size_t n;

	if (!out)
		abort();
	check_dialect(LK_B64_STD, (const char *)data, size);
	check_dialect(LK_B64_URL, (const char *)data, size);
	if (lk_hex_decode((const char *)data, size, out, size / 2, &n) && n != size / 2)
		abort();
	free(out);
	return 0;
}
