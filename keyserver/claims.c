/* SPDX-License-Identifier: Apache-2.0 */
/* Claims made of bytes: hex, as reference values are written. */
#include "keyserver/claims.h"

#include "core/base64.h"
#include "core/json.h"

bool lk_claims_set_hex(struct json_t *obj, const char *name, const void *data, size_t n)
{
	char hex[2 * LK_CLAIM_BYTES_MAX + 1];

	if (n > LK_CLAIM_BYTES_MAX)
		return false;
	lk_hex_encode(data, n, hex);
	return lk_json_set_string(obj, name, hex);
}

bool lk_claims_append_hex(struct json_t *list, const void *data, size_t n)
{
	char hex[2 * LK_CLAIM_BYTES_MAX + 1];

	if (n > LK_CLAIM_BYTES_MAX)
		return false;
	lk_hex_encode(data, n, hex);
	return lk_json_append_string(list, hex);
}
