/* SPDX-License-Identifier: Apache-2.0 */
/* What every provider checks of the key it was given. */
#include "providers/key_bytes.h"

bool lk_key_is_blank(const struct lk_secret *key)
{
	uint8_t any = 0;
	size_t i;

	for (i = 0; i < key->len; i++)
		any |= key->data[i];
	return any == 0;
}
