/* SPDX-License-Identifier: Apache-2.0 */
/* core/gpt_read.c, core/gpt_grow.c: which tables are believed, what growth does to one, and that a
 * cut at any byte of any write leaves a table that the next try finishes. */
#include <stdbool.h>

#include "core/gpt.h"
#include "core/gpt_internal.h"
#include "core/gpt_table.h"
#include "tests/check.h"

#define MIB	 (1u << 20)
#define DISK_MAX (8u * MIB)
#define BIG	 (6u * MIB)
#define SMALL	 (4u * MIB)

static uint8_t image[DISK_MAX], before[DISK_MAX];
static struct lk_error err;
static int reads_left;

static enum lk_status read_image(void *arg, uint64_t offset, void *buf, size_t len,
				 struct lk_error *e)
{
	const struct lk_gpt_disk *disk = arg;

	if (reads_left-- == 0)
		return lk_raise(e, LK_INTERNAL, "the disk does not answer");
	CHECK(offset + len <= disk->n_sectors * disk->sector);
	memcpy(buf, image + offset, len);
	return LK_OK;
}

static struct lk_gpt_disk disk;

static void set_disk(uint32_t sector, uint64_t size)
{
	disk = (struct lk_gpt_disk){ sector, size / sector, read_image, &disk };
	reads_left = -1;
}

static void put_entry(uint8_t *entry, uint8_t id, uint64_t first, uint64_t last)
{
	memset(entry, 0, LK_GPT_ENTRY);
	memset(entry + LK_GPT_ENTRY_TYPE, 0x11, 16);
	memset(entry + 16, id, 16);
	lk_gpt_put64(entry + LK_GPT_ENTRY_FIRST, first);
	lk_gpt_put64(entry + LK_GPT_ENTRY_LAST, last);
}

static uint8_t *header(uint64_t at)
{
	return image + at * disk.sector;
}

/* Make the checksums of the copy at a sector right. */
static void seal(uint64_t at)
{
	uint8_t *h = header(at);
	const uint8_t *entries = image + lk_gpt_get64(h + LK_GPT_ARRAY) * disk.sector;

	lk_gpt_put32(h + LK_GPT_ARRAY_CRC,
		     lk_gpt_crc32(entries, (size_t)lk_gpt_get32(h + LK_GPT_N_ENTRIES) * 128));
	lk_gpt_seal(h, LK_GPT_HEADER_END);
}

static void put_header(uint64_t at, uint64_t other, uint64_t array, uint32_t n)
{
	uint8_t *h = header(at);
	const uint64_t len = ((uint64_t)n * 128 + disk.sector - 1) / disk.sector;

	memcpy(h, LK_GPT_SIGNATURE, 8);
	lk_gpt_put32(h + LK_GPT_REVISION, LK_GPT_REVISION_1);
	lk_gpt_put32(h + LK_GPT_HEADER_SIZE, LK_GPT_HEADER_END);
	lk_gpt_put64(h + LK_GPT_SELF, at);
	lk_gpt_put64(h + LK_GPT_OTHER, other);
	lk_gpt_put64(h + LK_GPT_FIRST_USABLE, 2 + len);
	lk_gpt_put64(h + LK_GPT_LAST_USABLE, disk.n_sectors - 2 - len);
	memset(h + LK_GPT_DISK_ID, 0xd1, 16);
	lk_gpt_put64(h + LK_GPT_ARRAY, array);
	lk_gpt_put32(h + LK_GPT_N_ENTRIES, n);
	lk_gpt_put32(h + LK_GPT_ENTRY_SIZE, 128);
	seal(at);
}

/* A disk of 4 MiB with two partitions, the second up to the third MiB; then it becomes larger. */
static void make(uint32_t sector, uint64_t size)
{
	const uint64_t mib = MIB / sector, len = 16384 / sector;
	uint64_t last;

	memset(image, 0, sizeof(image));
	set_disk(sector, SMALL);
	last = disk.n_sectors - 1;
	image[450] = 0xee;
	lk_gpt_put32(image + 454, 1);
	lk_gpt_put32(image + 458, (uint32_t)last);
	image[510] = 0x55;
	image[511] = 0xaa;
	put_entry(header(2), 1, mib, 2 * mib - 1);
	put_entry(header(2) + 128, 2, 2 * mib, 3 * mib - 1);
	memcpy(header(last - len), header(2), 16384);
	put_header(1, last, 2, 128);
	put_header(last, 1, last - len, 128);
	set_disk(sector, size);
}

static enum lk_status plan_for(uint32_t number, struct lk_gpt_plan *plan)
{
	return lk_gpt_plan_growth(&disk, number, (uint64_t)number * MIB / disk.sector, plan, &err);
}

/* Plan and write until there is nothing to do; *ret_last is where the partition ends. */
static unsigned grow(uint64_t *ret_last)
{
	unsigned rounds;

	for (rounds = 0; rounds < 4; rounds++) {
		LK_GPT_PLAN plan = { 0 };

		CHECK_OK(plan_for(2, &plan));
		*ret_last = plan.last;
		if (!plan.needed)
			return rounds;
		for (unsigned i = 0; i < plan.n_writes; i++)
			memcpy(image + plan.writes[i].offset, plan.writes[i].data,
			       plan.writes[i].len);
	}
	return rounds;
}

/* Both copies are whole, in their places, and say the same. */
static void check_grown(uint64_t size)
{
	LK_GPT_COPY a = { 0 }, b = { 0 };
	const uint64_t n = size / disk.sector, len = 16384 / disk.sector;

	CHECK_OK(lk_gpt_load(&disk, 1, &a, &err));
	CHECK_OK(lk_gpt_load(&disk, n - 1, &b, &err));
	CHECK_EQ(a.other, n - 1);
	CHECK_EQ(b.other, 1);
	CHECK_EQ(a.array, 2);
	CHECK_EQ(b.array, n - 1 - len);
	CHECK_EQ(a.first_usable, 2 + len);
	CHECK_EQ(a.last_usable, n - 2 - len);
	CHECK_EQ(b.last_usable, n - 2 - len);
	CHECK_MEM(a.entries, b.entries, a.array_len);
	CHECK_EQ(lk_gpt_get64(a.entries + 128 + LK_GPT_ENTRY_FIRST), 2 * MIB / disk.sector);
	CHECK_EQ(lk_gpt_get64(a.entries + 128 + LK_GPT_ENTRY_LAST), (size - MIB) / disk.sector - 1);
	CHECK_EQ(lk_gpt_get64(a.entries + LK_GPT_ENTRY_LAST), 2 * MIB / disk.sector - 1);
	CHECK_EQ(lk_gpt_get32(image + 458), n - 1);
}

TEST(a_larger_disk_is_taken)
{
	static const uint32_t sectors[] = { 512, 4096 };
	uint64_t last;

	for (size_t i = 0; i < 2; i++) {
		make(sectors[i], BIG);
		memcpy(before, image, sizeof(image));
		CHECK_EQ(grow(&last), 1);
		CHECK_EQ(last, (BIG - MIB) / sectors[i] - 1);
		check_grown(BIG);
		/* nothing but the tables was written to */
		CHECK_MEM(image + MIB, before + MIB, 2 * MIB);
		CHECK_MEM(image + 2 * sectors[i] + 16384, before + 2 * sectors[i] + 16384,
			  MIB - 2 * sectors[i] - 16384);
		CHECK_EQ(grow(&last), 0);
	}
}

TEST(room_on_the_same_disk_is_taken)
{
	uint64_t last;

	make(512, SMALL);
	/* up to the last MiB that is free as a whole: the last one holds the second copy */
	CHECK_EQ(grow(&last), 0);
	lk_gpt_put64(header(2) + 128 + LK_GPT_ENTRY_LAST, (2 * MIB + MIB / 2) / 512 - 1);
	seal(1);
	CHECK_EQ(grow(&last), 1);
	check_grown(SMALL);
}

TEST(little_room_is_left_alone)
{
	uint64_t last;

	make(512, SMALL + 4096);
	memcpy(before, image, sizeof(image));
	CHECK_EQ(grow(&last), 0);
	CHECK_EQ(last, 3 * MIB / 512 - 1);
	CHECK_MEM(image, before, sizeof(image));
}

/* What the kernel would do: the first copy or nothing. */
static bool first_copy_is_good(void)
{
	LK_GPT_COPY c = { 0 };

	return lk_gpt_load(&disk, 1, &c, &err) == LK_OK;
}

static void cut(const struct lk_gpt_plan *plan, unsigned whole, size_t part)
{
	for (unsigned i = 0; i < whole && i < plan->n_writes; i++)
		memcpy(image + plan->writes[i].offset, plan->writes[i].data, plan->writes[i].len);
	if (whole < plan->n_writes)
		memcpy(image + plan->writes[whole].offset, plan->writes[whole].data, part);
}

static void check_cuts(uint64_t size)
{
	uint64_t last;

	memcpy(before, image, sizeof(image));
	for (unsigned whole = 0; whole <= 6; whole++) {
		size_t part = 0, len;

		do {
			LK_GPT_PLAN plan = { 0 };

			memcpy(image, before, sizeof(image));
			CHECK_OK(plan_for(2, &plan));
			CHECK_EQ(plan.n_writes, 6);
			len = whole < plan.n_writes ? plan.writes[whole].len : 0;
			cut(&plan, whole, part);
			CHECK(first_copy_is_good());
			grow(&last);
			CHECK_EQ(last, (size - MIB) / disk.sector - 1);
			if (whole != 3 || part) /* the record alone is not worth a plan */
				check_grown(size);
			part += disk.sector;
		} while (part < len);
	}
}

TEST(a_cut_at_every_sector_is_finished)
{
	make(512, BIG);
	check_cuts(BIG);
	make(4096, BIG);
	check_cuts(BIG);
	make(512, SMALL + MIB);
	check_cuts(SMALL + MIB);
}

/* Cut, then a disk that is larger by less than a table, cut again: the array in use is never
 * written over. */
static void check_two_cuts(uint64_t size, unsigned whole, unsigned again, uint64_t more)
{
	LK_GPT_PLAN plan = { 0 }, second = { 0 };
	uint64_t last;

	make(512, size);
	CHECK_OK(plan_for(2, &plan));
	cut(&plan, whole, 0);
	set_disk(512, size + more);
	CHECK_OK(plan_for(2, &second));
	cut(&second, again, 0);
	CHECK(first_copy_is_good());
	grow(&last);
	CHECK_EQ(last, ((size + more) / 512 - 33) / 2048 * 2048 - 1);
}

TEST(a_cut_and_a_larger_disk)
{
	for (uint64_t more = 0; more < 40 * 512; more += 1536)
		for (unsigned whole = 0; whole <= 6; whole++)
			for (unsigned again = 0; again <= 6; again++)
				check_two_cuts(BIG + 10 * 512, whole, again, more);
}

static enum lk_status refused_as(enum lk_code code)
{
	LK_GPT_PLAN plan = { 0 };
	enum lk_status st = plan_for(2, &plan);

	CHECK(st != LK_OK);
	CHECK_EQ(err.code, code);
	CHECK_EQ(plan.n_writes, 0);
	return st;
}

static void change64(uint64_t at, unsigned field, uint64_t value)
{
	make(512, BIG);
	lk_gpt_put64(header(at) + field, value);
	seal(at);
}

static void change32(uint64_t at, unsigned field, uint32_t value)
{
	make(512, BIG);
	lk_gpt_put32(header(at) + field, value);
	lk_gpt_seal(header(at), LK_GPT_HEADER_END);
}

TEST(damaged_tables_are_left_alone)
{
	make(512, BIG);
	memset(header(1), 0, 512);
	refused_as(LK_C_PARTITION_TABLE);
	make(512, BIG);
	header(1)[LK_GPT_DISK_ID] ^= 1;
	refused_as(LK_C_PARTITION_TABLE);
	make(512, BIG);
	header(2)[200] ^= 1;
	refused_as(LK_C_PARTITION_TABLE);
}

TEST(hostile_headers_are_refused)
{
	static const struct {
		unsigned field;
		uint64_t value;
	} rows[] = {
		{ LK_GPT_SELF, 2 },
		{ LK_GPT_OTHER, 1 },
		{ LK_GPT_OTHER, 0 },
		{ LK_GPT_OTHER, BIG / 512 },
		{ LK_GPT_OTHER, UINT64_MAX },
		{ LK_GPT_FIRST_USABLE, 0 },
		{ LK_GPT_FIRST_USABLE, 5000 },
		{ LK_GPT_FIRST_USABLE, UINT64_MAX },
		{ LK_GPT_LAST_USABLE, BIG / 512 },
		{ LK_GPT_LAST_USABLE, UINT64_MAX },
		{ LK_GPT_LAST_USABLE, 5000 },
	};
	static const uint64_t arrays[] = { 0, 1, 20, 2048, BIG / 512 - 1, BIG / 512, UINT64_MAX };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		change64(1, rows[i].field, rows[i].value);
		refused_as(LK_C_PARTITION_TABLE);
	}
	for (size_t i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++) {
		make(512, BIG);
		lk_gpt_put64(header(1) + LK_GPT_ARRAY, arrays[i]);
		lk_gpt_seal(header(1), LK_GPT_HEADER_END);
		refused_as(LK_C_PARTITION_TABLE);
	}
}

TEST(hostile_sizes_are_refused)
{
	static const struct {
		unsigned field;
		uint32_t value;
	} rows[] = {
		{ LK_GPT_REVISION, 0x00020000 },   { LK_GPT_N_ENTRIES, 0 },
		{ LK_GPT_N_ENTRIES, 1025 },	   { LK_GPT_N_ENTRIES, UINT32_MAX },
		{ LK_GPT_ENTRY_SIZE, 0 },	   { LK_GPT_ENTRY_SIZE, 64 },
		{ LK_GPT_ENTRY_SIZE, UINT32_MAX },
	};
	static const uint32_t sizes[] = { 0, 91, 513, UINT32_MAX };
	LK_GPT_PLAN plan = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		change32(1, rows[i].field, rows[i].value);
		refused_as(LK_C_PARTITION_TABLE);
	}
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		make(512, BIG);
		lk_gpt_put32(header(1) + LK_GPT_HEADER_SIZE, sizes[i]);
		refused_as(LK_C_PARTITION_TABLE);
	}
	make(512, BIG);
	set_disk(513, BIG);
	CHECK_EQ(plan_for(2, &plan), LK_TAMPERED);
	set_disk(512, 512);
	CHECK_EQ(plan_for(2, &plan), LK_TAMPERED);
}

TEST(hostile_entries_are_refused)
{
	static const struct {
		uint64_t first, last;
	} rows[] = {
		{ 4096, 4095 }, { 4096, UINT64_MAX }, { 4096, SMALL / 512 - 33 }, { 33, 40 },
		{ 4095, 5000 }, { 3000, 3000 },	      { 0, UINT64_MAX },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		make(512, BIG);
		put_entry(header(2) + 128, 2, rows[i].first, rows[i].last);
		seal(1);
		refused_as(LK_C_PARTITION_TABLE);
	}
}

TEST(only_the_last_partition_grows)
{
	LK_GPT_PLAN plan = { 0 };

	make(512, BIG);
	CHECK_EQ(plan_for(1, &plan), LK_CONFIG);
	CHECK_EQ(err.code, LK_C_PARTITION_PLACE);
	/* by its place, not by its number */
	put_entry(header(2) + 256, 3, 3 * MIB / 512, 3 * MIB / 512 + 7);
	seal(1);
	memset(header(SMALL / 512 - 1), 0, 512);
	refused_as(LK_C_PARTITION_PLACE);
	make(512, BIG);
	CHECK_EQ(lk_gpt_plan_growth(&disk, 2, 4097, &plan, &err), LK_TAMPERED);
	CHECK_EQ(lk_gpt_plan_growth(&disk, 3, 0, &plan, &err), LK_TAMPERED);
	CHECK_EQ(lk_gpt_plan_growth(&disk, 0, 4096, &plan, &err), LK_TAMPERED);
	CHECK_EQ(lk_gpt_plan_growth(&disk, 129, 4096, &plan, &err), LK_TAMPERED);
}

TEST(copies_that_differ_are_left_alone)
{
	const uint64_t second = SMALL / 512 - 1;
	uint64_t last;

	make(512, BIG);
	header(second - 32)[16] ^= 1; /* the other partition's id */
	seal(second);
	refused_as(LK_C_PARTITION_TABLE);
	/* one that another tool has just put at the new end */
	make(512, BIG);
	memcpy(header(BIG / 512 - 33), header(2), 16384);
	put_entry(header(BIG / 512 - 33) + 256, 3, 3 * MIB / 512, 3 * MIB / 512 + 7);
	put_header(BIG / 512 - 1, 1, BIG / 512 - 33, 128);
	refused_as(LK_C_PARTITION_TABLE);
	/* a damaged one is made anew */
	make(512, BIG);
	memset(header(second - 32), 0xff, 33 * 512);
	CHECK_EQ(grow(&last), 1);
	check_grown(BIG);
}

TEST(a_table_without_room_is_left_alone)
{
	make(512, BIG);
	lk_gpt_put64(header(1) + LK_GPT_FIRST_USABLE, 20);
	memcpy(header(SMALL / 512 - 33), header(2), 16384);
	lk_gpt_put64(header(1) + LK_GPT_ARRAY, SMALL / 512 - 33);
	seal(1);
	refused_as(LK_C_PARTITION_TABLE);
}

TEST(a_hybrid_record_is_kept)
{
	uint64_t last;

	make(512, BIG);
	image[462 + 4] = 0x83;
	memcpy(before, image, 512);
	CHECK_EQ(grow(&last), 1);
	CHECK_MEM(image, before, 512);
}

TEST(a_disk_that_does_not_answer_is_an_error)
{
	for (int n = 0; n < 7; n++) {
		LK_GPT_PLAN plan = { 0 };

		make(512, BIG);
		memcpy(header(BIG / 512 - 33), header(2), 16384);
		put_header(BIG / 512 - 1, 1, BIG / 512 - 33, 128);
		reads_left = n;
		CHECK_EQ(plan_for(2, &plan), LK_INTERNAL);
		CHECK_EQ(plan.n_writes, 0);
	}
}

TESTS(a_larger_disk_is_taken, room_on_the_same_disk_is_taken, little_room_is_left_alone,
      a_cut_at_every_sector_is_finished, a_cut_and_a_larger_disk, damaged_tables_are_left_alone,
      hostile_headers_are_refused, hostile_sizes_are_refused, hostile_entries_are_refused,
      only_the_last_partition_grows, copies_that_differ_are_left_alone,
      a_table_without_room_is_left_alone, a_hybrid_record_is_kept,
      a_disk_that_does_not_answer_is_an_error)
