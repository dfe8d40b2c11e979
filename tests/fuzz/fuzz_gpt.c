/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole disks with hostile partition tables. The first byte picks the sector size, the
 * partition and whether checksums are made right, the second how many MiB of nothing lie behind the rest, which is the disk. Whatever is
 * planned writes to no partition but ours, and leaves a table that needs nothing more.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/gpt_internal.h"
#include "core/gpt_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct image {
	uint8_t *bytes;
	uint64_t size;
};

static void must(bool ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "broken: %s\n", what);
		abort();
	}
}

static enum lk_status read_image(void *arg, uint64_t offset, void *buf, size_t len,
				 struct lk_error *err)
{
	const struct image *image = arg;

	(void)err;
	must(offset <= image->size && len <= image->size - offset, "reads within the disk");
	memcpy(buf, image->bytes + offset, len);
	return LK_OK;
}

/* Writes go around every partition of the table as it was. */
static void check_write(const struct lk_gpt_copy *c, const struct lk_gpt_write *w, uint32_t sector)
{
	uint32_t i;

	for (i = 0; i < c->n_entries; i++) {
		const uint8_t *e = c->entries + (size_t)i * LK_GPT_ENTRY;
		const uint64_t first = lk_gpt_get64(e + LK_GPT_ENTRY_FIRST) * sector;
		const uint64_t end = (lk_gpt_get64(e + LK_GPT_ENTRY_LAST) + 1) * sector;

		must(!lk_gpt_used(e) || w->offset >= end || w->offset + w->len <= first,
		     "no partition is written to");
	}
}

static void apply(const struct lk_gpt_disk *disk, struct image *image,
		  const struct lk_gpt_plan *plan)
{
	struct lk_error err = { 0 };
	unsigned i;

	for (i = 0; i < plan->n_writes; i++) {
		const struct lk_gpt_write *w = &plan->writes[i];
		LK_GPT_COPY c = { 0 };

		must(lk_gpt_load(disk, 1, &c, &err) == LK_OK, "the first copy is always good");
		check_write(&c, w, disk->sector);
		must(w->offset <= image->size && w->len <= image->size - w->offset,
		     "writes within the disk");
		memcpy(image->bytes + w->offset, w->data, w->len);
	}
}

static void try_growth(const struct lk_gpt_disk *disk, struct image *image, uint32_t number)
{
	struct lk_error err = { 0 };
	LK_GPT_COPY c = { 0 };
	uint64_t first;
	unsigned round;

	if (lk_gpt_load(disk, 1, &c, &err) || number > c.n_entries)
		return;
	first = lk_gpt_get64(c.entries + (size_t)(number - 1) * LK_GPT_ENTRY + LK_GPT_ENTRY_FIRST);
	for (round = 0;; round++) {
		LK_GPT_PLAN plan = { 0 };

		if (lk_gpt_plan_growth(disk, number, first, &plan, &err)) {
			must(round == 0, "what was planned is accepted");
			must(err.code != LK_C_NONE, "refusals have a code");
			return;
		}
		must(plan.first == first && plan.last >= first && plan.last < disk->n_sectors,
		     "the partition is on the disk");
		if (!plan.needed)
			return;
		must(round < 2, "two rounds are enough");
		apply(disk, image, &plan);
	}
}

/* Right checksums, so that more than the checksums is tried. */
static void seal(const struct lk_gpt_disk *disk, const struct image *image, uint64_t at)
{
	uint64_t array, len;
	uint8_t *h;

	if (at >= disk->n_sectors)
		return;
	h = image->bytes + at * disk->sector;
	array = lk_gpt_get64(h + LK_GPT_ARRAY);
	len = (uint64_t)lk_gpt_get32(h + LK_GPT_N_ENTRIES) * LK_GPT_ENTRY;
	if (array < disk->n_sectors && len <= image->size - array * disk->sector)
		lk_gpt_put32(h + LK_GPT_ARRAY_CRC,
			     lk_gpt_crc32(image->bytes + array * disk->sector, len));
	lk_gpt_seal(h, LK_GPT_HEADER_END);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct image image = { 0 };
	struct lk_gpt_disk disk = { .read = read_image, .arg = &image };

	if (size < 2)
		return 0;
	disk.sector = data[0] & 1 ? 4096 : 512;
	image.size = (size - 2 + ((uint64_t)(data[1] & 3) << 20)) / disk.sector * disk.sector;
	image.bytes = calloc(1, image.size + size);
	if (!image.bytes)
		return 0;
	memcpy(image.bytes, data + 2, size - 2);
	disk.n_sectors = image.size / disk.sector;
	if (data[0] & 8 && image.size >= 2ul * disk.sector) {
		seal(&disk, &image, 1);
		seal(&disk, &image, lk_gpt_get64(image.bytes + disk.sector + LK_GPT_OTHER));
	}
	try_growth(&disk, &image, 1 + (data[0] >> 1) % 4);
	free(image.bytes);
	return 0;
}
