/* SPDX-License-Identifier: Apache-2.0 */
/* Making and writing GUIDs. */
#include "core/guid.h"

#include <stdio.h>
#include <string.h>

#include "core/crypto.h"

enum lk_status lk_guid_random(struct lk_guid *ret, struct lk_error *err)
{
	struct lk_guid guid;
	enum lk_status st;

	st = lk_random(guid.bytes, sizeof(guid.bytes), err);
	if (st)
		return lk_context(err, "make a GUID");
	guid.bytes[6] = (uint8_t)((guid.bytes[6] & 0x0f) | 0x40);
	guid.bytes[8] = (uint8_t)((guid.bytes[8] & 0x3f) | 0x80);
	*ret = guid;
	return LK_OK;
}

void lk_guid_format(const struct lk_guid *guid, char out[LK_GUID_TEXT])
{
	const uint8_t *b = guid->bytes;

	snprintf(out, LK_GUID_TEXT,
		 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
		 b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
		 b[15]);
}

void lk_guid_to_disk(const struct lk_guid *guid, uint8_t out[16])
{
	static const uint8_t from[16] = { 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15 };
	size_t i;

	for (i = 0; i < sizeof(from); i++)
		out[i] = guid->bytes[from[i]];
}
