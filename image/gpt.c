/* SPDX-License-Identifier: Apache-2.0 */
/* Building GUID partition tables. */
#include "image/gpt.h"

#include <string.h>

#define ENTRY_SIZE   128u
#define ENTRIES_SIZE (LK_GPT_PARTITIONS * ENTRY_SIZE)
#define HEADER_SIZE  92u
#define NAME_MAX_LEN 35u

/* clang-format off */
const struct lk_guid lk_gpt_root_x86_64 = { { 0x4f, 0x68, 0xbc, 0xe3, 0xe8, 0xcd, 0x4d, 0xb1,
					      0x96, 0xe7, 0xfb, 0xca, 0xf9, 0x84, 0xb7, 0x09 } };
/* clang-format on */

static void put32(uint8_t *at, uint32_t v)
{
	size_t i;

	for (i = 0; i < 4; i++)
		at[i] = (uint8_t)(v >> (8 * i));
}

static void put64(uint8_t *at, uint64_t v)
{
	put32(at, (uint32_t)v);
	put32(at + 4, (uint32_t)(v >> 32));
}

/* CRC-32 of ISO 3309, reflected, as UEFI wants it; a table is not worth it for 17 KiB. */
static uint32_t crc32_of(const uint8_t *data, size_t n)
{
	uint32_t crc = UINT32_MAX;
	unsigned bit;

	while (n--) {
		crc ^= *data++;
		for (bit = 0; bit < 8; bit++)
			crc = (crc >> 1) ^ (0xedb88320u & (0u - (crc & 1u)));
	}
	return ~crc;
}

static enum lk_status check_partition(const struct lk_gpt *gpt, size_t i, struct lk_error *err)
{
	const struct lk_gpt_partition *p = &gpt->partitions[i];
	const unsigned char *c;
	size_t j;

	if (p->first < LK_GPT_HEAD || p->last < p->first || p->last >= gpt->n_sectors - LK_GPT_TAIL)
		return lk_raise(err, LK_INTERNAL, "partition %zu does not fit the disk", i + 1);
	if (strlen(p->name) > NAME_MAX_LEN)
		return lk_raise(err, LK_INTERNAL, "the name of partition %zu is too long", i + 1);
	for (c = (const unsigned char *)p->name; *c; c++)
		if (*c < 0x20 || *c > 0x7e)
			return lk_raise(err, LK_INTERNAL, "the name of partition %zu is not ASCII",
					i + 1);
	for (j = 0; j < i; j++)
		if (p->first <= gpt->partitions[j].last && gpt->partitions[j].first <= p->last)
			return lk_raise(err, LK_INTERNAL, "partitions %zu and %zu overlap", j + 1,
					i + 1);
	return LK_OK;
}

static enum lk_status check(const struct lk_gpt *gpt, struct lk_error *err)
{
	enum lk_status st = LK_OK;
	size_t i;

	if (gpt->n_sectors <= LK_GPT_HEAD + LK_GPT_TAIL)
		return lk_raise(err, LK_INTERNAL, "the disk is too small for a partition table");
	if (gpt->n_partitions > LK_GPT_PARTITIONS)
		return lk_raise(err, LK_INTERNAL, "too many partitions");
	for (i = 0; i < gpt->n_partitions && !st; i++)
		st = check_partition(gpt, i, err);
	return st;
}

static void put_entry(uint8_t *at, const struct lk_gpt_partition *p)
{
	size_t i;

	lk_guid_to_disk(&p->type, at);
	lk_guid_to_disk(&p->id, at + 16);
	put64(at + 32, p->first);
	put64(at + 40, p->last);
	put64(at + 48, p->attributes);
	for (i = 0; p->name[i]; i++)
		at[56 + 2 * i] = (uint8_t)p->name[i]; /* UTF-16LE */
}

static void put_header(uint8_t *at, const struct lk_gpt *gpt, uint64_t self, uint64_t other,
		       uint64_t entries, uint32_t entries_crc)
{
	memcpy(at, "EFI PART", 8);
	put32(at + 8, 0x00010000);
	put32(at + 12, HEADER_SIZE);
	put64(at + 24, self);
	put64(at + 32, other);
	put64(at + 40, LK_GPT_HEAD);
	put64(at + 48, gpt->n_sectors - LK_GPT_TAIL - 1);
	lk_guid_to_disk(&gpt->disk, at + 56);
	put64(at + 72, entries);
	put32(at + 80, LK_GPT_PARTITIONS);
	put32(at + 84, ENTRY_SIZE);
	put32(at + 88, entries_crc);
	put32(at + 16, crc32_of(at, HEADER_SIZE)); /* over itself as zero */
}

/* One entry of type 0xEE over the whole disk, so that old tools see it as full. */
static void put_protective_mbr(uint8_t *at, uint64_t n_sectors)
{
	static const uint8_t entry[8] = { 0x00, 0x00, 0x02, 0x00, 0xee, 0xff, 0xff, 0xff };

	memcpy(at + 446, entry, sizeof(entry));
	put32(at + 454, 1);
	put32(at + 458, n_sectors - 1 > UINT32_MAX ? UINT32_MAX : (uint32_t)(n_sectors - 1));
	at[510] = 0x55;
	at[511] = 0xaa;
}

enum lk_status lk_gpt_build(const struct lk_gpt *gpt, uint8_t head[LK_GPT_HEAD * LK_GPT_SECTOR],
			    uint8_t tail[LK_GPT_TAIL * LK_GPT_SECTOR], struct lk_error *err)
{
	uint8_t *entries = head + 2ul * LK_GPT_SECTOR;
	uint64_t last = gpt->n_sectors - 1;
	enum lk_status st;
	uint32_t crc;
	size_t i;

	st = check(gpt, err);
	if (st)
		return lk_context(err, "lay out the partition table");

	memset(head, 0, (size_t)LK_GPT_HEAD * LK_GPT_SECTOR);
	memset(tail, 0, (size_t)LK_GPT_TAIL * LK_GPT_SECTOR);
	for (i = 0; i < gpt->n_partitions; i++)
		put_entry(entries + i * ENTRY_SIZE, &gpt->partitions[i]);
	crc = crc32_of(entries, ENTRIES_SIZE);
	put_protective_mbr(head, gpt->n_sectors);
	put_header(head + LK_GPT_SECTOR, gpt, 1, last, 2, crc);
	memcpy(tail, entries, ENTRIES_SIZE);
	put_header(tail + ENTRIES_SIZE, gpt, last, 1, last - LK_GPT_TAIL + 1, crc);
	return LK_OK;
}
