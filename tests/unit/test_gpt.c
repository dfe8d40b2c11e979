/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of partition tables; sfdisk judges whole disks in tests/image. */
#include "core/gpt.h"
#include "tests/check.h"

#include <stdbool.h>

static uint8_t head[LK_GPT_HEAD * LK_GPT_SECTOR], tail[LK_GPT_TAIL * LK_GPT_SECTOR];

static uint64_t get(const uint8_t *at, unsigned n)
{
	uint64_t v = 0;

	while (n--)
		v = v << 8 | at[n];
	return v;
}

static const struct lk_gpt_partition good = {
	.type = { { 0x4f, 0x68, 0xbc, 0xe3, 0xe8, 0xcd, 0x4d, 0xb1, 0x96, 0xe7, 0xfb, 0xca, 0xf9,
		    0x84, 0xb7, 0x09 } },
	.id = { { 0x01, 0x02, 0x03, 0x04 } },
	.first = 2048,
	.last = 4095,
	.attributes = LK_GPT_READ_ONLY,
	.name = "root",
};

static bool refused(const struct lk_gpt_partition *partitions, size_t n, uint64_t n_sectors)
{
	const struct lk_gpt gpt = { .n_sectors = n_sectors,
				    .partitions = partitions,
				    .n_partitions = n };
	struct lk_error err = { 0 };

	return lk_gpt_build(&gpt, head, tail, &err) == LK_INTERNAL;
}

TEST(bad_layouts_are_refused)
{
	struct lk_gpt_partition p[2] = { good, good };

	CHECK(refused(p, 1, 67));
	CHECK(refused(p, 1, 4095 + 33)); /* runs into the backup */
	CHECK(!refused(p, 1, 4096 + 33));
	CHECK(refused(p, 2, 8192)); /* overlap */
	p[1].first = 4095;
	p[1].last = 5000;
	CHECK(refused(p, 2, 8192));
	p[1].first = 4096;
	CHECK(!refused(p, 2, 8192));
	p[1].last = 4095; /* empty */
	CHECK(refused(p, 2, 8192));
	p[0].first = 33; /* in the primary table */
	CHECK(refused(p, 1, 8192));
	p[0] = good;
	p[0].name = "ro\xc3\xb6t";
	CHECK(refused(p, 1, 8192));
	p[0].name = "0123456789012345678901234567890123456";
	CHECK(refused(p, 1, 8192));
}

TEST(both_tables_describe_the_disk)
{
	const struct lk_gpt gpt = { .n_sectors = 8192, .partitions = &good, .n_partitions = 1 };
	const uint8_t *primary = head + 512, *backup = tail + 32 * 512;
	struct lk_error err = { 0 };

	CHECK_OK(lk_gpt_build(&gpt, head, tail, &err));
	CHECK_EQ(get(head + 510, 2), 0xaa55);
	CHECK_EQ(head[450], 0xee);
	CHECK_EQ(get(head + 458, 4), 8191);
	CHECK_MEM(primary, "EFI PART", 8);
	CHECK_MEM(backup, "EFI PART", 8);
	CHECK_EQ(get(primary + 24, 8), 1);
	CHECK_EQ(get(primary + 32, 8), 8191);
	CHECK_EQ(get(backup + 24, 8), 8191);
	CHECK_EQ(get(backup + 32, 8), 1);
	CHECK_EQ(get(primary + 72, 8), 2);
	CHECK_EQ(get(backup + 72, 8), 8192 - 33);
	CHECK_EQ(get(primary + 48, 8), 8192 - 34);
	CHECK_MEM(head + 1024, tail, 128 * 128);
}

TEST(guids_are_stored_in_mixed_order)
{
	static const uint8_t type[16] = { 0xe3, 0xbc, 0x68, 0x4f, 0xcd, 0xe8, 0xb1, 0x4d,
					  0x96, 0xe7, 0xfb, 0xca, 0xf9, 0x84, 0xb7, 0x09 };
	char text[LK_GUID_TEXT];

	CHECK_MEM(tail, type, 16);
	CHECK_MEM(&good.type, &lk_gpt_root_x86_64, 16);
	lk_guid_format(&lk_gpt_root_x86_64, text);
	CHECK_STR(text, "4f68bce3-e8cd-4db1-96e7-fbcaf984b709");
	CHECK_EQ(get(tail + 32, 8), 2048);
	CHECK_EQ(get(tail + 40, 8), 4095);
	CHECK_EQ(get(tail + 48, 8), 1ull << 60);
	CHECK_MEM(tail + 56, "r\0o\0o\0t\0\0", 9);
}

TEST(huge_disks_fill_the_protective_entry)
{
	const struct lk_gpt gpt = { .n_sectors = 1ull << 33 };
	struct lk_error err = { 0 };

	CHECK_OK(lk_gpt_build(&gpt, head, tail, &err));
	CHECK_EQ(get(head + 458, 4), UINT32_MAX);
}

TEST(random_guids_are_version_4)
{
	struct lk_guid a, b;
	struct lk_error err = { 0 };
	char text[LK_GUID_TEXT];

	CHECK_OK(lk_guid_random(&a, &err));
	CHECK_OK(lk_guid_random(&b, &err));
	CHECK(memcmp(&a, &b, sizeof(a)) != 0);
	lk_guid_format(&a, text);
	CHECK_EQ(text[14], '4');
	CHECK(strchr("89ab", text[19]) != NULL);
}

TESTS(bad_layouts_are_refused, both_tables_describe_the_disk, guids_are_stored_in_mixed_order,
      huge_disks_fill_the_protective_entry, random_guids_are_version_4)
