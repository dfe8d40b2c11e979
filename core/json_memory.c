/* SPDX-License-Identifier: Apache-2.0 */
/* The memory behind jansson. */
#include "core/json_memory.h"

#include <stdint.h>
#include <stdlib.h>

#include "core/secret.h"

/* In front of each block that jansson asks for: it does not tell sizes when it frees. */
struct lk_json_block {
	size_t size;
	struct lk_json_block *next;
	struct lk_json_block **from; /* what points here; NULL: of no parse under way */
	max_align_t data[];
};

static _Thread_local struct lk_json_parse *current;

static void link_block(struct lk_json_block *b)
{
	b->next = current->blocks;
	b->from = &current->blocks;
	if (b->next)
		b->next->from = &b->next;
	current->blocks = b;
}

static void unlink_block(struct lk_json_block *b)
{
	if (!b->from)
		return;
	*b->from = b->next;
	if (b->next)
		b->next->from = b->from;
}

void *lk_json_alloc(size_t n)
{
	struct lk_json_block *b = NULL;

	if (n <= SIZE_MAX - sizeof(*b))
		b = malloc(sizeof(*b) + n);
	if (!b && current)
		longjmp(current->escape, 1);
	if (!b)
		return NULL;
	b->size = n;
	b->next = NULL;
	b->from = NULL;
	if (current)
		link_block(b);
	return b->data;
}

void lk_json_release(void *p)
{
	struct lk_json_block *b;

	if (!p)
		return;
	b = (struct lk_json_block *)((uint8_t *)p - offsetof(struct lk_json_block, data));
	unlink_block(b);
	lk_wipe(b, sizeof(*b) + b->size);
	free(b);
}

void lk_json_parse_begin(struct lk_json_parse *p)
{
	p->blocks = NULL;
	current = p;
}

void lk_json_parse_end(struct lk_json_parse *p)
{
	current = NULL;
	while (p->blocks) {
		struct lk_json_block *b = p->blocks;

		p->blocks = b->next;
		b->from = NULL;
	}
}

void lk_json_parse_abandon(struct lk_json_parse *p)
{
	current = NULL;
	while (p->blocks)
		lk_json_release(p->blocks->data);
}
