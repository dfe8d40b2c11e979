/* SPDX-License-Identifier: Apache-2.0 */
/* GUIDs as partition tables, LUKS headers and people write them (RFC 9562). */
#pragma once

#include <stdint.h>

#include "core/error.h"

#define LK_GUID_TEXT 37 /* 36 characters, lower case, and the terminator */

struct lk_guid {
	uint8_t bytes[16]; /* in the order of the text */
};

/* A fresh random one (version 4). */
enum lk_status lk_guid_random(struct lk_guid *ret, struct lk_error *err);
void lk_guid_format(const struct lk_guid *guid, char out[LK_GUID_TEXT]);
/* As GPT and UEFI store it: the first three groups little-endian (UEFI 2.10, appendix A). */
void lk_guid_to_disk(const struct lk_guid *guid, uint8_t out[16]);
