/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of a quoting service, as tests make them up. */
#pragma once

#include <stdint.h>
#include <string.h>

static inline void put32(uint8_t *p, uint32_t v)
{
	memcpy(p, &v, 4);
}

/* An answer with this quote behind an id of some length; its length. */
static inline size_t qgs_answer(uint8_t *out, const uint8_t *quote, size_t n, uint32_t id)
{
	const uint32_t size = (uint32_t)(24 + id + n);

	memset(out, 0, 24 + id);
	out[0] = 1;
	out[4] = 1;
	put32(out + 8, size);
	put32(out + 16, id);
	put32(out + 20, (uint32_t)n);
	memcpy(out + 24 + id, quote, n);
	return size;
}
