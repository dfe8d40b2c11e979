/* SPDX-License-Identifier: Apache-2.0 */
/* What reading, building and changing partition tables share: where fields lie, and checksums. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum lk_gpt_field { /* of a header */
		    LK_GPT_REVISION = 8,
		    LK_GPT_HEADER_SIZE = 12,
		    LK_GPT_CRC = 16,
		    LK_GPT_SELF = 24,
		    LK_GPT_OTHER = 32,
		    LK_GPT_FIRST_USABLE = 40,
		    LK_GPT_LAST_USABLE = 48,
		    LK_GPT_DISK_ID = 56,
		    LK_GPT_ARRAY = 72,
		    LK_GPT_N_ENTRIES = 80,
		    LK_GPT_ENTRY_SIZE = 84,
		    LK_GPT_ARRAY_CRC = 88,
		    LK_GPT_HEADER_END = 92,
};

enum lk_gpt_entry_field {
	LK_GPT_ENTRY_TYPE = 0,
	LK_GPT_ENTRY_FIRST = 32,
	LK_GPT_ENTRY_LAST = 40,
};

#define LK_GPT_SIGNATURE  "EFI PART"
#define LK_GPT_REVISION_1 0x00010000u

static inline void lk_gpt_put32(uint8_t *at, uint32_t v)
{
	size_t i;

	for (i = 0; i < 4; i++)
		at[i] = (uint8_t)(v >> (8 * i));
}

static inline void lk_gpt_put64(uint8_t *at, uint64_t v)
{
	lk_gpt_put32(at, (uint32_t)v);
	lk_gpt_put32(at + 4, (uint32_t)(v >> 32));
}

static inline uint32_t lk_gpt_get32(const uint8_t *at)
{
	return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
	       (uint32_t)at[3] << 24;
}

static inline uint64_t lk_gpt_get64(const uint8_t *at)
{
	return lk_gpt_get32(at) | (uint64_t)lk_gpt_get32(at + 4) << 32;
}

/* An entry without a type is free. */
static inline bool lk_gpt_used(const uint8_t *entry)
{
	static const uint8_t none[16];

	return memcmp(entry + LK_GPT_ENTRY_TYPE, none, sizeof(none)) != 0;
}

/* core/gpt.c: CRC-32 of ISO 3309, as UEFI wants it. */
uint32_t lk_gpt_crc32(const uint8_t *data, size_t n);
/* core/gpt.c: put the checksum of a whole header into it. */
void lk_gpt_seal(uint8_t *header, uint32_t size);
