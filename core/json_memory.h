/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory behind jansson: wiped when freed, and safe when it runs out. jansson's lexer drops a
 * character when its buffer cannot grow and then trusts positions that no longer hold, so a parse
 * that is starved must not go on for one more instruction: it is left by a jump, and everything
 * that it had allocated is wiped and freed.
 */
#pragma once

#include <setjmp.h>
#include <stddef.h>

#include "core/error.h"

struct lk_json_block;

/* One parse on this thread. `escape` is set by the caller (setjmp) right after begin. */
struct lk_json_parse {
	jmp_buf escape;
	struct lk_json_block *blocks; /* what lives of this parse */
};

void *lk_json_alloc(size_t n);
void lk_json_release(void *p);

/* From here an allocation that fails jumps to p->escape. */
void lk_json_parse_begin(struct lk_json_parse *p);
/* The parse came through: its blocks become ordinary ones. */
void lk_json_parse_end(struct lk_json_parse *p);
/* It did not: wipe and free all of them. */
void lk_json_parse_abandon(struct lk_json_parse *p);
