/* SPDX-License-Identifier: Apache-2.0 */
/* The superblock of a hash tree: what is taken from it, and all that it must not say. */
#include <fcntl.h>
#include <unistd.h>

#include "agent/settings.h"
#include "agent/verity_superblock.h"
#include "core/cleanup.h"
#include "tests/check.h"

/* One as veritysetup writes it. */
static uint8_t *good(void)
{
	static uint8_t bytes[LK_VERITY_SUPERBLOCK];
	char path[512];
	LK_FD int fd = -1;

	snprintf(path, sizeof(path), "%s/tests/fuzz/seeds/verity_superblock/good", LK_SOURCE_DIR);
	fd = open(path, O_RDONLY);
	CHECK_EQ(read(fd, bytes, sizeof(bytes)), sizeof(bytes));
	return bytes;
}

TEST(taken)
{
	struct lk_verity_superblock sb;
	struct lk_error err = { 0 };

	CHECK_OK(lk_verity_superblock_parse(good(), LK_VERITY_SUPERBLOCK, &sb, &err));
	CHECK_EQ(sb.data_blocks, 8);
	CHECK_EQ(sb.hash_offset, 4096);
	CHECK_EQ(sb.salt_len, 32);
	CHECK_EQ(sb.salt[31], 31);
}

static const char *refusal(const uint8_t *bytes, size_t n)
{
	static char text[512];
	struct lk_verity_superblock sb;
	struct lk_error err = { 0 };

	if (lk_verity_superblock_parse(bytes, n, &sb, &err) == LK_OK)
		return "accepted";
	CHECK_EQ(err.status, LK_TAMPERED);
	return lk_error_format(&err, text, sizeof(text));
}

/* The good one with one byte changed. */
static const char *changed(size_t at, uint8_t to)
{
	uint8_t *bytes = good();

	bytes[at] = to;
	return refusal(bytes, LK_VERITY_SUPERBLOCK);
}

TEST(refused)
{
	CHECK_HAS(refusal(good(), LK_VERITY_SUPERBLOCK - 1), "is cut off");
	CHECK_HAS(changed(0, 'V'), "is not there");
	CHECK_HAS(changed(7, 1), "is not there");
	CHECK_HAS(changed(8, 2), "version 1 and format 1");
	CHECK_HAS(changed(12, 0), "version 1 and format 1");
	CHECK_HAS(changed(35, '5'), "another hash than sha256");
	CHECK_HAS(changed(60, 'x'), "another hash than sha256");
	CHECK_HAS(changed(65, 2), "another size than 4096");
	CHECK_HAS(changed(69, 0x20), "another size than 4096");
	CHECK_HAS(changed(72, 0), "no possible number of blocks");
	CHECK_HAS(changed(79, 0x7f), "no possible number of blocks");
	CHECK_HAS(changed(81, 2), "a salt that is too long");
	CHECK_HAS(changed(80, 8), "or more than one");
	CHECK_HAS(changed(84, 1), "holds what is not known");
	CHECK_HAS(changed(511, 1), "holds what is not known");
	/* a name for the tree, which nobody asks for */
	CHECK_STR(changed(20, 99), "accepted");
}

TEST(fills_what_was_left_open)
{
	struct lk_verity_params params = { 0 };
	LK_BLOCKDEV dev = LK_BLOCKDEV_NONE;
	struct lk_error err = { 0 };
	char name[] = "/tmp/lk-test-sb-XXXXXX";

	dev.fd = mkstemp(name);
	CHECK(dev.fd >= 0);
	unlink(name);
	CHECK_EQ(lk_verity_superblock_read(&dev, &params, &err), LK_TAMPERED); /* empty */
	err = (struct lk_error){ 0 };
	CHECK_EQ(pwrite(dev.fd, good(), LK_VERITY_SUPERBLOCK, 0), LK_VERITY_SUPERBLOCK);
	CHECK_OK(lk_verity_superblock_read(&dev, &params, &err));
	CHECK_OK(lk_verity_superblock_read(&dev, &params, &err)); /* again, and nothing leaks */
	CHECK_EQ(params.salt.len, 32);
	CHECK_EQ(params.salt.data[1], 1);
	CHECK_EQ(params.data_blocks, 8);
	CHECK_EQ(params.data_block_size, 4096);
	CHECK_EQ(params.hash_block_size, 4096);
	CHECK_EQ(params.hash_offset, 4096);
	free(params.salt.data);
}

TESTS(taken, refused, fills_what_was_left_open)
