/* SPDX-License-Identifier: Apache-2.0 */
/* Changes a header's keyslots and token in memory, and says what to write where. */
#include "agent/luks_edit.h"

#include <string.h>

#include "agent/luks_header_internal.h"
#include "agent/luks_internal.h"

static bool whole(const struct lk_luks_bytes *copy, uint64_t offset)
{
	struct lk_error ignored = { 0 };
	bool good = false;

	return lk_luks_copy_check(copy->data, copy->len, offset, &good, &ignored) == LK_OK && good;
}

/* Which copy was taken, and its labels. */
static void note_copy(struct lk_luks_edit *e, const struct lk_luks_copies *c)
{
	const uint64_t hdr_size = e->header.hdr_size;
	const uint8_t *from;

	e->second_in_force = !whole(&c->primary, 0) ||
			     (whole(&c->secondary, hdr_size) &&
			      lk_luks_be64(c->secondary.data + LK_LUKS_AT_SEQID) >
				      lk_luks_be64(c->primary.data + LK_LUKS_AT_SEQID));
	from = e->second_in_force ? c->secondary.data : c->primary.data;
	memcpy(e->labels.label, from + LK_LUKS_AT_LABEL, sizeof(e->labels.label));
	memcpy(e->labels.subsystem, from + LK_LUKS_AT_SUBSYSTEM, sizeof(e->labels.subsystem));
}

enum lk_status lk_luks_edit_begin(const struct lk_blockdev *dev, const struct lk_luks_rules *rules,
				  struct lk_luks_edit *ret, struct lk_error *err)
{
	LK_LUKS_EDIT e = { .rules = *rules, .device_size = dev->size };
	LK_LUKS_COPIES c = { 0 };
	enum lk_status st;

	e.prepared = calloc(1, sizeof(*e.prepared));
	if (!e.prepared)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	e.prepared->memory_fd = -1;
	st = lk_luks_copies_read(dev->fd, dev->size, &c, err);
	if (!st)
		st = lk_luks_header_parse(c.primary.data, c.primary.len, c.secondary.data,
					  c.secondary.len, dev->size, rules, &e.header, err);
	if (!st)
		st = lk_luks_memory_new(&e.header, dev->fd, &e.prepared->memory_fd, err);
	if (st)
		return st;
	e.prepared->header = e.header;
	note_copy(&e, &c);
	*ret = e;
	e.prepared = NULL;
	return LK_OK;
}

void lk_luks_edit_end(struct lk_luks_edit *e)
{
	lk_luks_prepared_free(e->prepared);
	e->prepared = NULL;
}

/* The keyslot that the library made, read under our rules. */
static enum lk_status read_made(const struct lk_luks_edit *e, unsigned id,
				struct lk_luks_keyslot *ret, struct lk_error *err)
{
	struct lk_luks_rules rules = e->rules;
	LK_LUKS_COPIES c = { 0 };
	struct lk_luks_header made;
	enum lk_status st;

	rules.max_keyslots = LK_LUKS_KEYSLOTS_MAX; /* the dropped ones are still in it */
	st = lk_luks_copies_read(e->prepared->memory_fd, e->device_size, &c, err);
	if (!st)
		st = lk_luks_header_parse(c.primary.data, c.primary.len, NULL, 0, e->device_size,
					  &rules, &made, err);
	if (st)
		return lk_context(err, "read the new keyslot");
	for (size_t i = 0; i < made.n_keyslots; i++) {
		if (made.keyslots[i].id == id) {
			*ret = made.keyslots[i];
			return LK_OK;
		}
	}
	return lk_raise(err, LK_INTERNAL, "the new keyslot is not there");
}

static void insert(struct lk_luks_header *h, const struct lk_luks_keyslot *slot)
{
	size_t at = h->n_keyslots++;

	for (; at > 0 && h->keyslots[at - 1].id > slot->id; at--)
		h->keyslots[at] = h->keyslots[at - 1];
	h->keyslots[at] = *slot;
}

enum lk_status lk_luks_edit_add(struct lk_luks_edit *e, const struct lk_secret *volume_key,
				const struct lk_secret *secret, enum lk_keyslot_kind kind,
				unsigned *ret_id, struct lk_error *err)
{
	struct lk_luks_keyslot slot = { 0 };
	enum lk_status st;
	unsigned id;

	if (e->header.n_keyslots >= e->rules.max_keyslots ||
	    e->header.n_keyslots >= LK_LUKS_KEYSLOTS_MAX)
		return lk_raise(err, LK_CONFIG,
				"the header has %zu keyslots, and max_keyslots allows no other",
				e->header.n_keyslots);
	st = lk_luks_keyslot_add(e->prepared->memory_fd, volume_key, secret, kind, &id, err);
	if (!st)
		st = read_made(e, id, &slot, err);
	if (st)
		return st;
	insert(&e->header, &slot);
	e->added |= UINT32_C(1) << id;
	*ret_id = id;
	return LK_OK;
}

void lk_luks_edit_drop(struct lk_luks_edit *e, uint32_t keyslots)
{
	struct lk_luks_header *h = &e->header;
	size_t kept = 0;

	e->dropped |= keyslots & lk_luks_keyslot_bits(h);
	for (size_t i = 0; i < h->n_keyslots; i++)
		if (!(keyslots >> h->keyslots[i].id & 1))
			h->keyslots[kept++] = h->keyslots[i];
	h->n_keyslots = kept;
	h->token.keyslots &= ~keyslots;
	h->token.recovery &= ~keyslots;
	h->token.next &= ~keyslots;
}

enum lk_status lk_luks_edit_sign(struct lk_luks_edit *e, const struct lk_header_owner *owner,
				 const struct lk_secret *volume_key, struct lk_error *err)
{
	const struct lk_header_fields fields = lk_header_fields_of(&e->header);
	struct lk_luks_token *t = &e->header.token;
	uint64_t generation = t->has_mac ? t->generation : 0;
	enum lk_status st;

	if (generation >= INT64_MAX)
		return lk_raise(err, LK_CONFIG, "the header's generation cannot be raised");
	st = lk_header_mac(&fields, owner, generation + 1, volume_key, t->mac, err);
	if (st)
		return st;
	t->generation = generation + 1;
	t->has_mac = e->header.has_token = true;
	return LK_OK;
}

static const struct lk_luks_keyslot *find(const struct lk_luks_header *h, unsigned id)
{
	for (size_t i = 0; i < h->n_keyslots; i++)
		if (h->keyslots[i].id == id)
			return &h->keyslots[i];
	return NULL;
}

/* One area of keyslot `slot`: as it lies in memory, or random bytes. */
static enum lk_status plan_area(const struct lk_luks_edit *e, const struct lk_luks_keyslot *slot,
				bool wiped, struct lk_luks_writes *w, struct lk_error *err)
{
	struct lk_luks_write *to = &w->list[w->n];
	enum lk_status st = LK_OK;

	if (w->n + 2 >= LK_LUKS_WRITES_MAX)
		return lk_raise(err, LK_INTERNAL, "too many areas to write");
	to->len = (size_t)slot->area_size;
	to->offset = slot->area_offset;
	to->data = malloc(to->len);
	if (!to->data)
		return lk_raise(err, LK_INTERNAL, "out of memory for a keyslot's area");
	w->n++;
	if (wiped)
		st = lk_random(to->data, to->len, err);
	else if (pread(e->prepared->memory_fd, to->data, to->len, (off_t)to->offset) !=
		 (ssize_t)to->len)
		st = lk_raise(err, LK_INTERNAL, "read the new keyslot: %m");
	return st;
}

/* What nobody needs yet, then what nobody needs any more. */
static enum lk_status plan_areas(const struct lk_luks_edit *e, struct lk_luks_writes *w,
				 struct lk_error *err)
{
	const struct lk_luks_header *was = &e->prepared->header;
	enum lk_status st = LK_OK;

	for (size_t i = 0; i < e->header.n_keyslots && !st; i++)
		if (e->added >> e->header.keyslots[i].id & 1)
			st = plan_area(e, &e->header.keyslots[i], false, w, err);
	for (size_t i = 0; i < was->n_keyslots && !st; i++)
		if ((e->dropped >> was->keyslots[i].id & 1) &&
		    !find(&e->header, was->keyslots[i].id))
			st = plan_area(e, &was->keyslots[i], true, w, err);
	return st;
}

static enum lk_status plan_copy(const struct lk_luks_header *h, const struct lk_luks_edit *e,
				uint64_t offset, struct lk_luks_writes *w, struct lk_error *err)
{
	struct lk_luks_write *to = &w->list[w->n];
	enum lk_status st;

	st = lk_luks_header_store(h, &e->labels, offset, &to->data, &to->len, err);
	if (st)
		return st;
	to->offset = offset;
	w->n++;
	return LK_OK;
}

/* The agent that boots must accept both copies: try them before anything is written. */
static enum lk_status try_copies(const struct lk_luks_edit *e, const struct lk_luks_writes *w,
				 struct lk_error *err)
{
	const struct lk_luks_write *a = &w->list[w->n - 1], *b = &w->list[w->n - 2];
	const struct lk_luks_write *first = a->offset == 0 ? a : b, *second = a->offset ? a : b;
	struct lk_luks_header h;
	enum lk_status st;

	st = lk_luks_header_parse(first->data, first->len, second->data, second->len,
				  e->device_size, &e->rules, &h, err);
	if (!st && h.degraded != LK_LUKS_BOTH_GOOD)
		st = lk_raise(err, LK_INTERNAL, "the copies differ");
	if (!st)
		return LK_OK;
	lk_context(err, "try the new header");
	err->status = LK_INTERNAL; /* ours, not the disk's */
	err->code = LK_C_NONE;
	return LK_INTERNAL;
}

enum lk_status lk_luks_edit_plan(const struct lk_luks_edit *e, struct lk_luks_writes *ret,
				 struct lk_error *err)
{
	struct lk_luks_header h = e->header;
	const uint64_t in_force = e->second_in_force ? h.hdr_size : 0;
	LK_LUKS_WRITES w = { 0 };
	enum lk_status st;

	h.seqid = e->prepared->header.seqid + 1;
	if (h.seqid == 0)
		return lk_raise(err, LK_CONFIG, "the header's sequence number cannot be raised");
	st = plan_areas(e, &w, err);
	if (!st)
		st = plan_copy(&h, e, h.hdr_size - in_force, &w, err);
	if (!st)
		st = plan_copy(&h, e, in_force, &w, err);
	if (!st)
		st = try_copies(e, &w, err);
	if (st)
		return st;
	*ret = w;
	w.n = 0;
	return LK_OK;
}
