/* SPDX-License-Identifier: Apache-2.0 */
/* What somebody types at a console as a recovery key: the result is as long as before or a recovery
 * key, and saying it again changes nothing. */
#include <stdlib.h>
#include <string.h>

#include "agent/recovery_key.h"
#include "core/cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lk_error err = { 0 };
	LK_SECRET typed = { 0 };
	LK_SECRET again = { 0 };

	if (size > LK_RECOVERY_KEY_MAX)
		return 0;
	if (lk_secret_alloc(&typed, LK_RECOVERY_KEY_MAX, &err) ||
	    lk_secret_append(&typed, data, size, &err))
		abort();
	lk_recovery_key_normalise(&typed);
	if (typed.len > size && typed.len != LK_RECOVERY_KEY_LEN)
		abort();
	if (lk_secret_alloc(&again, LK_RECOVERY_KEY_MAX, &err) ||
	    lk_secret_append(&again, typed.data, typed.len, &err))
		abort();
	lk_recovery_key_normalise(&again);
	if (!lk_secret_equal(&typed, &again))
		abort();
	return 0;
}
