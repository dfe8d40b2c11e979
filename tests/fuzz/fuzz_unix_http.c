/* SPDX-License-Identifier: Apache-2.0 */
/* Answers on the key server's socket: what is taken apart lies within the answer. */
#include <stdlib.h>

#include "core/unix_http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lk_unix_parts parts = { .status = -1 };
	struct lk_error err = { 0 };

	if (lk_unix_parse(data, size, &parts, &err)) {
		if (parts.status != -1 || err.status != LK_TAMPERED)
			abort();
		return 0;
	}
	if (parts.status < 200 || parts.status > 599 || parts.body + parts.body_len != size)
		abort();
	return 0;
}
