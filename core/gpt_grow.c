/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Planning the growth of a disk's last partition. The order of the writes:
 *
 *	1. the second copy's entries at the end of the disk, 2. its header
 *	3. the protective record in sector 0
 *	4. the first copy's header, naming the entries at the end of the disk: from here on, grown
 *	5. the first copy's entries, which nobody reads at that moment
 *	6. the first copy's header, naming its own entries again
 *
 * A cut after 4 leaves a first copy that is valid and names the array at the end: the next plan
 * finishes 5 and 6 before it does anything else.
 */
#include "core/gpt_table.h"

#include <stdlib.h>
#include <string.h>

#include "core/gpt_internal.h"

#define bad(err, ...) lk_raise_code(err, LK_C_PARTITION_TABLE, __VA_ARGS__)

#define MIB	      (1u << 20)
#define BLOCK	      4096u /* the largest sector of dm-crypt: a partition is a multiple of it */

/* The protective MBR: its first record, at 446, is of type 0xee (at 450) from sector 1 (at 454). */
#define MBR_RECORDS 446u
#define MBR_TYPE    450u
#define MBR_FIRST   454u
#define MBR_LENGTH  458u
#define MBR_OTHERS  462u
#define MBR_END	    510u

void lk_gpt_plan_free(struct lk_gpt_plan *plan)
{
	size_t i;

	for (i = 0; i < LK_GPT_WRITES; i++)
		free(plan->memory[i]);
	*plan = (struct lk_gpt_plan){ 0 };
}

/* A write of a private copy of data, to be changed before the plan is handed out. */
static uint8_t *add_write(struct lk_gpt_plan *plan, uint64_t offset, const uint8_t *data,
			  size_t len)
{
	uint8_t *copy = malloc(len);

	if (!copy)
		return NULL;
	memcpy(copy, data, len);
	plan->memory[plan->n_writes] = copy;
	plan->writes[plan->n_writes++] = (struct lk_gpt_write){ offset, len, copy };
	return copy;
}

static bool add_header(struct lk_gpt_plan *plan, const struct lk_gpt_copy *c, uint32_t sector,
		       uint64_t self, uint64_t array)
{
	uint8_t *h = add_write(plan, self * sector, c->header, sector);

	if (!h)
		return false;
	lk_gpt_put64(h + LK_GPT_SELF, self);
	lk_gpt_put64(h + LK_GPT_OTHER, self == c->self ? c->other : c->self);
	lk_gpt_put64(h + LK_GPT_LAST_USABLE, c->last_usable);
	lk_gpt_put64(h + LK_GPT_ARRAY, array);
	lk_gpt_put32(h + LK_GPT_ARRAY_CRC,
		     lk_gpt_crc32(c->entries, (size_t)c->n_entries * LK_GPT_ENTRY));
	lk_gpt_seal(h, lk_gpt_get32(h + LK_GPT_HEADER_SIZE));
	return true;
}

/* The entries' own place: right behind the first header. */
static bool has_own_place(const struct lk_gpt_copy *c, uint32_t sector)
{
	return 2 + c->array_len / sector <= c->first_usable;
}

/* Bring the entries of the first copy back into their own place. */
static bool add_return(struct lk_gpt_plan *plan, const struct lk_gpt_copy *c, uint32_t sector)
{
	return add_write(plan, (uint64_t)2 * sector, c->entries, c->array_len) &&
	       add_header(plan, c, sector, 1, 2);
}

/* The record that shows the disk as full to those who know no GUID partition tables. */
static enum lk_status add_record(struct lk_gpt_plan *plan, const struct lk_gpt_disk *disk,
				 struct lk_error *err)
{
	const uint64_t all = disk->n_sectors - 1;
	const uint32_t length = all > UINT32_MAX ? UINT32_MAX : (uint32_t)all;
	static const uint8_t none[MBR_END - MBR_OTHERS];
	uint8_t sector[4096];
	enum lk_status st;

	st = disk->read(disk->arg, 0, sector, disk->sector, err);
	if (st)
		return st;
	if (sector[MBR_TYPE] != 0xee || lk_gpt_get32(sector + MBR_FIRST) != 1 ||
	    memcmp(sector + MBR_OTHERS, none, sizeof(none)) != 0 ||
	    lk_gpt_get32(sector + MBR_LENGTH) == length)
		return LK_OK; /* not plain, or right already */
	lk_gpt_put32(sector + MBR_LENGTH, length);
	return add_write(plan, 0, sector, disk->sector)
		       ? LK_OK
		       : lk_raise(err, LK_INTERNAL, "out of memory");
}

static enum lk_status add_growth(struct lk_gpt_plan *plan, const struct lk_gpt_disk *disk,
				 const struct lk_gpt_copy *grown, struct lk_error *err)
{
	const uint64_t array = grown->other - grown->array_len / disk->sector;
	enum lk_status st;

	if (!add_write(plan, array * disk->sector, grown->entries, grown->array_len) ||
	    !add_header(plan, grown, disk->sector, grown->other, array))
		return lk_raise(err, LK_INTERNAL, "out of memory");
	st = add_record(plan, disk, err);
	if (st)
		return st;
	if (!add_header(plan, grown, disk->sector, 1, array) ||
	    !add_return(plan, grown, disk->sector))
		return lk_raise(err, LK_INTERNAL, "out of memory");
	return LK_OK;
}

/* Do both copies tell the same, but for the end of the partition? */
static bool same_table(const struct lk_gpt_copy *a, const struct lk_gpt_copy *b, uint32_t number)
{
	const size_t end = (size_t)(number - 1) * LK_GPT_ENTRY + LK_GPT_ENTRY_LAST;
	const size_t len = (size_t)a->n_entries * LK_GPT_ENTRY;

	return a->n_entries == b->n_entries && a->first_usable == b->first_usable &&
	       memcmp(a->header + LK_GPT_DISK_ID, b->header + LK_GPT_DISK_ID, 16) == 0 &&
	       memcmp(a->entries, b->entries, end) == 0 &&
	       memcmp(a->entries + end + 8, b->entries + end + 8, len - end - 8) == 0;
}

/* A second copy that is damaged or not there is made anew; one that contradicts is somebody
 * else's unfinished work. */
static enum lk_status check_second(const struct lk_gpt_disk *disk, const struct lk_gpt_copy *c,
				   uint64_t at, uint32_t number, struct lk_error *err)
{
	LK_GPT_COPY second = { 0 };
	struct lk_error why = { 0 };
	enum lk_status st = lk_gpt_load(disk, at, &second, &why);

	if (st == LK_TAMPERED)
		return LK_OK;
	if (st) {
		*err = why;
		return st;
	}
	if (same_table(c, &second, number))
		return LK_OK;
	return bad(err, "the two copies of the table differ");
}

/* The table must know the partition as the kernel does, and nothing may lie behind it. */
static enum lk_status check_place(const struct lk_gpt_copy *c, uint32_t number, uint64_t first,
				  struct lk_error *err)
{
	const uint8_t *e;
	uint32_t i;

	if (number < 1 || number > c->n_entries)
		return bad(err, "the table has no partition %u", number);
	e = c->entries + (size_t)(number - 1) * LK_GPT_ENTRY;
	if (!lk_gpt_used(e) || lk_gpt_get64(e + LK_GPT_ENTRY_FIRST) != first)
		return bad(err, "the table has no partition %u at sector %llu", number,
			   (unsigned long long)first);
	for (i = 0, e = c->entries; i < c->n_entries; i++, e += LK_GPT_ENTRY)
		if (lk_gpt_used(e) && lk_gpt_get64(e + LK_GPT_ENTRY_FIRST) > first)
			return lk_raise_code(err, LK_C_PARTITION_PLACE,
					     "partition %u lies behind it", i + 1);
	return LK_OK;
}

/* The last sector that the partition can have: the next one begins a MiB of the disk. */
static uint64_t possible_last(const struct lk_gpt_disk *disk, uint64_t first, uint64_t last_usable)
{
	const uint64_t mib = MIB / disk->sector, block = BLOCK / disk->sector;
	const uint64_t end = (last_usable + 1) / mib * mib;

	if (end <= first + block)
		return 0;
	return first + (end - first) / block * block - 1;
}

/* What the table is to be: c becomes it. */
static enum lk_status plan_growth(const struct lk_gpt_disk *disk, struct lk_gpt_copy *c,
				  uint32_t number, struct lk_gpt_plan *plan, struct lk_error *err)
{
	uint8_t *entry = c->entries + (size_t)(number - 1) * LK_GPT_ENTRY;
	const uint64_t tail = c->array_len / disk->sector + 1;
	uint64_t last;

	plan->first = lk_gpt_get64(entry + LK_GPT_ENTRY_FIRST);
	plan->last = lk_gpt_get64(entry + LK_GPT_ENTRY_LAST);
	plan->final = true;
	if (disk->n_sectors <= tail)
		return LK_OK;
	last = possible_last(disk, plan->first, disk->n_sectors - tail - 1);
	if (last <= plan->last)
		return LK_OK;
	plan->needed = true;
	plan->last = last;
	lk_gpt_put64(entry + LK_GPT_ENTRY_LAST, last);
	c->last_usable = disk->n_sectors - tail - 1;
	c->other = disk->n_sectors - 1;
	return add_growth(plan, disk, c, err);
}

static enum lk_status plan_return(const struct lk_gpt_disk *disk, const struct lk_gpt_copy *c,
				  uint32_t number, struct lk_gpt_plan *plan, struct lk_error *err)
{
	const uint8_t *entry = c->entries + (size_t)(number - 1) * LK_GPT_ENTRY;

	plan->first = lk_gpt_get64(entry + LK_GPT_ENTRY_FIRST);
	plan->last = lk_gpt_get64(entry + LK_GPT_ENTRY_LAST);
	plan->needed = true;
	if (!add_return(plan, c, disk->sector))
		return lk_raise(err, LK_INTERNAL, "out of memory");
	return LK_OK;
}

enum lk_status lk_gpt_plan_growth(const struct lk_gpt_disk *disk, uint32_t number, uint64_t first,
				  struct lk_gpt_plan *ret, struct lk_error *err)
{
	LK_GPT_COPY c = { 0 };
	LK_GPT_PLAN plan = { 0 };
	enum lk_status st;

	st = lk_gpt_load(disk, 1, &c, err);
	if (!st)
		st = check_place(&c, number, first, err);
	if (!st && !has_own_place(&c, disk->sector))
		st = bad(err, "the table has no room for its entries behind its header");
	if (!st)
		st = check_second(disk, &c, c.other, number, err);
	if (!st && c.other != disk->n_sectors - 1)
		st = check_second(disk, &c, disk->n_sectors - 1, number, err);
	if (st)
		return st;
	st = c.array < c.first_usable ? plan_growth(disk, &c, number, &plan, err)
				      : plan_return(disk, &c, number, &plan, err);
	if (st)
		return st;
	*ret = plan;
	plan = (struct lk_gpt_plan){ 0 };
	return LK_OK;
}
