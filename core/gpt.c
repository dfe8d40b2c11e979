/* SPDX-License-Identifier: Apache-2.0 */
/* Building GUID partition tables. */
#include "core/gpt.h"

#include <string.h>

#include "core/gpt_internal.h"
#include "core/gpt_table.h"

#define ENTRY_SIZE   LK_GPT_ENTRY
#define ENTRIES_SIZE (LK_GPT_PARTITIONS * ENTRY_SIZE)
#define HEADER_SIZE  ((uint32_t)LK_GPT_HEADER_END)
#define NAME_MAX_LEN 35u

/* clang-format off */
const struct lk_guid lk_gpt_root_x86_64 = { { 0x4f, 0x68, 0xbc, 0xe3, 0xe8, 0xcd, 0x4d, 0xb1,
					      0x96, 0xe7, 0xfb, 0xca, 0xf9, 0x84, 0xb7, 0x09 } };
const struct lk_guid lk_gpt_root_x86_64_verity = { { 0x2c, 0x73, 0x57, 0xed, 0xeb, 0xd2, 0x46, 0xd9,
						     0xae, 0xc1, 0x23, 0xd4, 0x37, 0xec, 0x2b, 0xf5 } };
const struct lk_guid lk_gpt_linux_data = { { 0x0f, 0xc6, 0x3d, 0xaf, 0x84, 0x83, 0x47, 0x72,
					     0x8e, 0x79, 0x3d, 0x69, 0xd8, 0x47, 0x7d, 0xe4 } };
/* clang-format on */

/* CRC-32 of ISO 3309, reflected, as UEFI wants it; a table is not worth it for 17 KiB. */
uint32_t lk_gpt_crc32(const uint8_t *data, size_t n)
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

void lk_gpt_seal(uint8_t *header, uint32_t size)
{
	lk_gpt_put32(header + LK_GPT_CRC, 0); /* over itself as zero */
	lk_gpt_put32(header + LK_GPT_CRC, lk_gpt_crc32(header, size));
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
	lk_gpt_put64(at + 32, p->first);
	lk_gpt_put64(at + 40, p->last);
	lk_gpt_put64(at + 48, p->attributes);
	for (i = 0; p->name[i]; i++)
		at[56 + 2 * i] = (uint8_t)p->name[i]; /* UTF-16LE */
}

static void put_header(uint8_t *at, const struct lk_gpt *gpt, uint64_t self, uint64_t other,
		       uint64_t entries, uint32_t entries_crc)
{
	memcpy(at, LK_GPT_SIGNATURE, 8);
	lk_gpt_put32(at + LK_GPT_REVISION, LK_GPT_REVISION_1);
	lk_gpt_put32(at + LK_GPT_HEADER_SIZE, HEADER_SIZE);
	lk_gpt_put64(at + LK_GPT_SELF, self);
	lk_gpt_put64(at + LK_GPT_OTHER, other);
	lk_gpt_put64(at + LK_GPT_FIRST_USABLE, LK_GPT_HEAD);
	lk_gpt_put64(at + LK_GPT_LAST_USABLE, gpt->n_sectors - LK_GPT_TAIL - 1);
	lk_guid_to_disk(&gpt->disk, at + LK_GPT_DISK_ID);
	lk_gpt_put64(at + LK_GPT_ARRAY, entries);
	lk_gpt_put32(at + LK_GPT_N_ENTRIES, LK_GPT_PARTITIONS);
	lk_gpt_put32(at + LK_GPT_ENTRY_SIZE, ENTRY_SIZE);
	lk_gpt_put32(at + LK_GPT_ARRAY_CRC, entries_crc);
	lk_gpt_seal(at, HEADER_SIZE);
}

/* One entry of type 0xEE over the whole disk, so that old tools see it as full. */
static void put_protective_mbr(uint8_t *at, uint64_t n_sectors)
{
	static const uint8_t entry[8] = { 0x00, 0x00, 0x02, 0x00, 0xee, 0xff, 0xff, 0xff };

	memcpy(at + 446, entry, sizeof(entry));
	lk_gpt_put32(at + 454, 1);
	lk_gpt_put32(at + 458, n_sectors - 1 > UINT32_MAX ? UINT32_MAX : (uint32_t)(n_sectors - 1));
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
	crc = lk_gpt_crc32(entries, ENTRIES_SIZE);
	put_protective_mbr(head, gpt->n_sectors);
	put_header(head + LK_GPT_SECTOR, gpt, 1, last, 2, crc);
	memcpy(tail, entries, ENTRIES_SIZE);
	put_header(tail + ENTRIES_SIZE, gpt, last, 1, last - LK_GPT_TAIL + 1, crc);
	return LK_OK;
}
