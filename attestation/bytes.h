/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers in the byte layouts of reports and quotes. The caller has checked that they are there. */
#pragma once

#include <stdint.h>

static inline uint16_t lk_le16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t lk_le32(const uint8_t *p)
{
	return lk_le16(p) | (uint32_t)lk_le16(p + 2) << 16;
}

static inline uint64_t lk_le64(const uint8_t *p)
{
	return lk_le32(p) | (uint64_t)lk_le32(p + 4) << 32;
}

static inline void lk_put_le32(uint8_t *p, uint32_t value)
{
	p[0] = (uint8_t)value;
	p[1] = (uint8_t)(value >> 8);
	p[2] = (uint8_t)(value >> 16);
	p[3] = (uint8_t)(value >> 24);
}
