/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers in event logs: little-endian, at any address. */
#pragma once

#include <stdint.h>

static inline uint16_t lk_get16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t lk_get32(const uint8_t *p)
{
	return (uint32_t)lk_get16(p) | (uint32_t)lk_get16(p + 2) << 16;
}

static inline void lk_put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static inline void lk_put32(uint8_t *p, uint32_t v)
{
	lk_put16(p, (uint16_t)v);
	lk_put16(p + 2, (uint16_t)(v >> 16));
}
