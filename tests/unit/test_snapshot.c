/* SPDX-License-Identifier: Apache-2.0 */
/* The sums behind a snapshot's store, its status, and which roots may have one. */

#include "agent/snapshot.h"

#include "tests/check.h"

static struct lk_error err;

#define CHUNKS(n) ((uint64_t)(n)*LK_SNAPSHOT_CHUNK)

TEST(room_leaves_header_and_references_out)
{
	static const struct {
		uint64_t size, store, room;
	} rows[] = {
		{ 0, 0, 0 },
		{ CHUNKS(2), CHUNKS(2), 0 },
		{ CHUNKS(3), CHUNKS(3), 1 },
		{ CHUNKS(4) - 1, CHUNKS(3), 1 },
		/* chunks 0 and 1, 256 of data: the next references would lie behind the end */
		{ CHUNKS(258), CHUNKS(257), 255 },
		{ CHUNKS(259), CHUNKS(259), 256 },
		{ CHUNKS(260), CHUNKS(260), 257 },
		{ CHUNKS(1 + 2 * 257), CHUNKS(2 * 257), 511 },
		{ CHUNKS(2 + 2 * 257), CHUNKS(2 + 2 * 257), 512 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CHECK_EQ(lk_snapshot_store(rows[i].size), rows[i].store);
		CHECK_EQ(lk_snapshot_room(rows[i].size), rows[i].room);
	}
}

TEST(file_systems_are_known_by_their_first_bytes)
{
	uint8_t head[LK_SNAPSHOT_HEAD] = { 0 };

	CHECK_STR(lk_snapshot_filesystem(head, sizeof(head)), "unknown");
	head[1024 + 56] = 0x53;
	head[1024 + 57] = 0xef;
	CHECK_STR(lk_snapshot_filesystem(head, sizeof(head)), "ext4");
	CHECK_STR(lk_snapshot_filesystem(head, 1024 + 57), "unknown");
	memcpy(head + 1024, "\xe2\xe1\xf5\xe0", 4);
	CHECK_STR(lk_snapshot_filesystem(head, sizeof(head)), "erofs");
	memcpy(head, "XFSB", 4);
	CHECK_STR(lk_snapshot_filesystem(head, sizeof(head)), "xfs");
	CHECK_STR(lk_snapshot_filesystem(head, 3), "unknown");
	head[102] = 0x02;
	CHECK_EQ(lk_snapshot_xfs_sector(head, sizeof(head)), 512);
	CHECK_EQ(lk_snapshot_xfs_sector(head, 103), 0);
	head[0] = 'x';
	CHECK_EQ(lk_snapshot_xfs_sector(head, sizeof(head)), 0);
}

TEST(status_is_read)
{
	struct lk_snapshot_use use;

	CHECK_OK(lk_snapshot_use_parse("4096/65536 16", &use, &err));
	CHECK_EQ(use.used, 4096);
	CHECK_EQ(use.total, 65536);
	CHECK_EQ(use.bookkeeping, 16);
	CHECK(!use.overflowed && !use.lost);
	CHECK_OK(lk_snapshot_use_parse("Overflow", &use, &err));
	CHECK(use.overflowed && !use.lost);
	CHECK_OK(lk_snapshot_use_parse("Invalid", &use, &err));
	CHECK(use.overflowed && use.lost);
}

TEST(its_state_is_told)
{
	struct lk_snapshot_use use = { .used = 204800, .total = 819200 };
	char text[LK_SNAPSHOT_TEXT];

	CHECK_STR(lk_snapshot_describe(&use, text), "25% of 400 MiB used");
	use.overflowed = true;
	CHECK_HAS(lk_snapshot_describe(&use, text), "FULL: ");
	use.lost = true;
	CHECK_HAS(lk_snapshot_describe(&use, text), "LOST: ");
	use = (struct lk_snapshot_use){ .used = 0 };
	CHECK_STR(lk_snapshot_describe(&use, text), "0% of 0 MiB used");
}

TEST(any_other_status_is_refused)
{
	static const char *const rows[] = {
		"",
		"Merge failed",
		"Unknown",
		"1/2",
		"1/2 ",
		"1 2 3",
		"1/2 3",
		"3/2 1",
		"-1/2 1",
		"1/2 1 ",
		"1/2 1x",
		"Overflow ",
		"overflow",
		"12345678901234567890/12345678901234567890 1",
		" 4096/65536 16",
	};
	struct lk_snapshot_use use;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (lk_snapshot_use_parse(rows[i], &use, &err) != LK_TAMPERED)
			check_fail(__FILE__, __LINE__, "passed: '%s'", rows[i]);
		CHECK_EQ(err.code, LK_C_TABLE_MISMATCH);
	}
}

TESTS(room_leaves_header_and_references_out, file_systems_are_known_by_their_first_bytes,
      status_is_read, its_state_is_told, any_other_status_is_refused)
