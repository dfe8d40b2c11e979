/* SPDX-License-Identifier: Apache-2.0 */
/* Reading one copy of a GUID partition table, with every check. */
#include "core/gpt_table.h"

#include <stdlib.h>
#include <string.h>

#include "core/gpt_internal.h"

#define bad(err, ...) lk_raise_code(err, LK_C_PARTITION_TABLE, __VA_ARGS__)

void lk_gpt_copy_free(struct lk_gpt_copy *copy)
{
	free(copy->header);
	free(copy->entries);
	*copy = (struct lk_gpt_copy){ 0 };
}

static enum lk_status check_disk(const struct lk_gpt_disk *disk, struct lk_error *err)
{
	if (disk->sector < 512 || disk->sector > 4096 || disk->sector & (disk->sector - 1))
		return bad(err, "sectors of %u bytes are not supported", disk->sector);
	if (disk->n_sectors < 6 || disk->n_sectors > INT64_MAX / disk->sector)
		return bad(err, "a disk of %llu sectors holds no table",
			   (unsigned long long)disk->n_sectors);
	return LK_OK;
}

static enum lk_status check_seal(const uint8_t *header, uint32_t sector, struct lk_error *err)
{
	const uint32_t size = lk_gpt_get32(header + LK_GPT_HEADER_SIZE);
	uint8_t copy[4096];

	if (memcmp(header, LK_GPT_SIGNATURE, 8) != 0)
		return bad(err, "there is no GUID partition table");
	if (lk_gpt_get32(header + LK_GPT_REVISION) != LK_GPT_REVISION_1)
		return bad(err, "the table's revision is not 1.0");
	if (size < LK_GPT_HEADER_END || size > sector)
		return bad(err, "the table's header is %u bytes long", size);
	memcpy(copy, header, size);
	lk_gpt_seal(copy, size);
	if (memcmp(copy, header, size) != 0)
		return bad(err, "the checksum of the table's header is wrong");
	return LK_OK;
}

/* The array lies in front of the partitions or behind them, and on neither header. */
static bool array_fits(const struct lk_gpt_copy *c, uint64_t n_sectors, uint32_t sector)
{
	const uint64_t n = c->array_len / sector, end = c->array + n;

	if (c->array < 2 || c->array >= n_sectors || n > n_sectors - c->array)
		return false;
	if (c->self >= c->array && c->self < end)
		return false;
	return end <= c->first_usable || c->array > c->last_usable;
}

static enum lk_status read_fields(const struct lk_gpt_disk *disk, uint64_t at,
				  struct lk_gpt_copy *c, struct lk_error *err)
{
	const uint8_t *h = c->header;
	size_t len;

	c->self = lk_gpt_get64(h + LK_GPT_SELF);
	c->other = lk_gpt_get64(h + LK_GPT_OTHER);
	c->first_usable = lk_gpt_get64(h + LK_GPT_FIRST_USABLE);
	c->last_usable = lk_gpt_get64(h + LK_GPT_LAST_USABLE);
	c->array = lk_gpt_get64(h + LK_GPT_ARRAY);
	c->n_entries = lk_gpt_get32(h + LK_GPT_N_ENTRIES);
	if (c->self != at || c->other == at || c->other < 1 || c->other >= disk->n_sectors)
		return bad(err, "the table's headers are not where the table says");
	if (c->first_usable < 2 || c->first_usable > c->last_usable ||
	    c->last_usable >= disk->n_sectors)
		return bad(err, "the table's usable sectors are not on the disk");
	if (lk_gpt_get32(h + LK_GPT_ENTRY_SIZE) != LK_GPT_ENTRY || c->n_entries == 0 ||
	    c->n_entries > LK_GPT_ENTRIES_MAX)
		return bad(err, "the table has %u entries of %u bytes", c->n_entries,
			   lk_gpt_get32(h + LK_GPT_ENTRY_SIZE));
	len = (size_t)c->n_entries * LK_GPT_ENTRY;
	c->array_len = (len + disk->sector - 1) / disk->sector * disk->sector;
	if (!array_fits(c, disk->n_sectors, disk->sector))
		return bad(err, "the table's entries are not where entries may be");
	return LK_OK;
}

static enum lk_status check_entry(const struct lk_gpt_copy *c, uint32_t i, struct lk_error *err)
{
	const uint8_t *entry = c->entries + (size_t)i * LK_GPT_ENTRY, *e;
	const uint64_t first = lk_gpt_get64(entry + LK_GPT_ENTRY_FIRST);
	const uint64_t last = lk_gpt_get64(entry + LK_GPT_ENTRY_LAST);
	uint32_t j;

	if (first < c->first_usable || first > last || last > c->last_usable)
		return bad(err, "partition %u is not within the usable sectors", i + 1);
	for (j = 0, e = c->entries; j < i; j++, e += LK_GPT_ENTRY)
		if (lk_gpt_used(e) && first <= lk_gpt_get64(e + LK_GPT_ENTRY_LAST) &&
		    last >= lk_gpt_get64(e + LK_GPT_ENTRY_FIRST))
			return bad(err, "partitions %u and %u overlap", j + 1, i + 1);
	return LK_OK;
}

static enum lk_status check_entries(const struct lk_gpt_copy *c, struct lk_error *err)
{
	const size_t len = (size_t)c->n_entries * LK_GPT_ENTRY;
	enum lk_status st = LK_OK;
	uint32_t i;

	if (lk_gpt_crc32(c->entries, len) != lk_gpt_get32(c->header + LK_GPT_ARRAY_CRC))
		return bad(err, "the checksum of the table's entries is wrong");
	for (i = 0; i < c->n_entries && !st; i++)
		if (lk_gpt_used(c->entries + (size_t)i * LK_GPT_ENTRY))
			st = check_entry(c, i, err);
	return st;
}

enum lk_status lk_gpt_load(const struct lk_gpt_disk *disk, uint64_t at, struct lk_gpt_copy *ret,
			   struct lk_error *err)
{
	LK_GPT_COPY c = { 0 };
	enum lk_status st;

	st = check_disk(disk, err);
	if (st)
		return st;
	c.header = malloc(disk->sector);
	if (!c.header)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	st = disk->read(disk->arg, at * disk->sector, c.header, disk->sector, err);
	if (!st)
		st = check_seal(c.header, disk->sector, err);
	if (!st)
		st = read_fields(disk, at, &c, err);
	if (st)
		return st;
	c.entries = malloc(c.array_len);
	if (!c.entries)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	st = disk->read(disk->arg, c.array * disk->sector, c.entries, c.array_len, err);
	if (!st)
		st = check_entries(&c, err);
	if (st)
		return st;
	*ret = c;
	c = (struct lk_gpt_copy){ 0 };
	return LK_OK;
}
