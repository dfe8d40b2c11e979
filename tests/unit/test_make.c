/* SPDX-License-Identifier: Apache-2.0 */
/* When a volume may be made: the blank rule on files, what a device holds, every state against every
 * occasion; swap headers and the programs' arguments. Making itself needs device-mapper:
 * tests/volumes. */

#include "agent/make.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent/blank.h"
#include "agent/makefs.h"
#include "core/crypto.h"
#include "core/json.h"
#include "providers/provider.h"
#include "tests/check.h"

#define MIB (UINT64_C(1024) * 1024)

static struct lk_error err;
static struct lk_volume_source random_source, fetched_source;
static char name[] = "data0";

TEST(setup)
{
	lk_json_setup();
	CHECK_OK(lk_crypto_setup(&err));
	random_source.provider = lk_provider_find("otp");
	fetched_source.provider = lk_provider_find("exec");
	CHECK(random_source.provider && fetched_source.provider);
}

/* ---- the blank rule ---- */

TEST(the_parts_lie_in_order_and_cover_the_ends)
{
	static const uint64_t sizes[] = {
		1,	  4096,	      34 * MIB,		34 * MIB + 1,	  35 * MIB,
		36 * MIB, 1000 * MIB, 1000 * MIB + 777, UINT64_C(1) << 43
	};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint64_t end = 0;
		struct lk_blank_part part;
		unsigned n;

		for (n = 0; lk_blank_part(sizes[i], n, &part); n++) {
			CHECK(part.length > 0 && part.offset >= end);
			CHECK(n > 0 || part.offset == 0);
			end = part.offset + part.length;
		}
		CHECK_EQ(end, sizes[i]);
		CHECK(n <= LK_BLANK_BLOCKS + 2);
	}
	CHECK(!lk_blank_part(0, 0, &(struct lk_blank_part){ 0 }));
}

static int memory(uint64_t size)
{
	int fd = memfd_create("disk", MFD_CLOEXEC);

	CHECK(fd >= 0 && ftruncate(fd, (off_t)size) == 0);
	return fd;
}

static const char *look_with(int fd, uint64_t size, uint64_t at)
{
	static struct lk_blank_found found;
	uint8_t byte = 1;

	CHECK_EQ(pwrite(fd, &byte, 1, (off_t)at), 1);
	CHECK_OK(lk_blank_look(fd, size, &found, &err));
	byte = 0;
	CHECK_EQ(pwrite(fd, &byte, 1, (off_t)at), 1);
	return found.what;
}

TEST(one_byte_is_enough)
{
	const uint64_t size = 2048 * MIB;
	LK_FD int fd = memory(size);
	struct lk_blank_part part;
	struct lk_blank_found found;

	CHECK_OK(lk_blank_look(fd, size, &found, &err));
	CHECK_STR(found.what, "");
	CHECK_STR(look_with(fd, size, 0), "data at byte 0");
	CHECK_STR(look_with(fd, size, 32 * MIB - 1), "data at byte 33554431");
	CHECK_STR(look_with(fd, size, size - 1), "data at byte 2147483647");
	CHECK(lk_blank_part(size, 100, &part));
	CHECK_HAS(look_with(fd, size, part.offset), "data at byte");
	CHECK_HAS(look_with(fd, size, part.offset + part.length - 1), "data at byte");
	CHECK_STR(look_with(fd, size, part.offset + part.length), "");
	CHECK(lk_blank_look(fd, size + 1, &found, &err) == LK_INTERNAL);
}

TEST(signatures_are_named)
{
	static const char swap[] = "SWAPSPACE2";
	LK_FD int fd = memory(64 * MIB);
	struct lk_blank_found found;

	CHECK_EQ(pwrite(fd, swap, 10, 4086), 10);
	CHECK_EQ(pwrite(fd, "\1", 1, 1024), 1);
	CHECK_EQ(pwrite(fd, "\377", 1, 1028), 1);
	CHECK_OK(lk_blank_look(fd, 64 * MIB, &found, &err));
	CHECK_HAS(found.what, "swap");
}

/* ---- what a device holds ---- */

static struct lk_look look_at(int fd, uint64_t size)
{
	struct lk_blockdev dev = { .fd = fd, .size = size, .path = "/dev/test" };
	struct lk_look look = { 0 };

	CHECK_OK(lk_make_look(&dev, &look, &err));
	return look;
}

TEST(the_first_sector_says_what_a_device_is)
{
	const uint64_t size = 64 * MIB;
	const struct lk_label label = { .kind = LK_LABEL_THROW_AWAY, .name = "data0" };
	uint8_t sector[LK_LABEL_SIZE];
	LK_FD int fd = memory(size);
	struct lk_look look;

	CHECK_EQ(look_at(fd, size).content, LK_CONTENT_BLANK);
	CHECK_OK(lk_label_write(&label, NULL, sector, &err));
	CHECK_EQ(pwrite(fd, sector, sizeof(sector), 0), sizeof(sector));
	/* Whatever lies behind the label: a cut left it there. */
	CHECK_EQ(pwrite(fd, "x", 1, 20 * MIB), 1);
	look = look_at(fd, size);
	CHECK_EQ(look.content, LK_CONTENT_LABEL);
	CHECK_STR(look.what, "the throw-away volume 'data0'");
	sector[300] ^= 1;
	CHECK_EQ(pwrite(fd, sector, sizeof(sector), 0), sizeof(sector));
	look = look_at(fd, size);
	CHECK_EQ(look.content, LK_CONTENT_FOREIGN);
	CHECK_STR(look.what, "a damaged label");
	CHECK_EQ(pwrite(fd, "LUKS\xba\xbe", 6, 0), 6);
	CHECK_EQ(look_at(fd, size).content, LK_CONTENT_LUKS);
	CHECK_EQ(pwrite(fd, "nobody", 6, 0), 6);
	CHECK_EQ(look_at(fd, size).content, LK_CONTENT_FOREIGN);
}

/* ---- every state against every occasion ---- */

enum { MAKE = -1, OPEN = -2 };

static const struct lk_look looks[] = {
	{ .content = LK_CONTENT_BLANK, .what = "nothing" },
	{ .content = LK_CONTENT_LUKS, .what = "a LUKS volume" },
	{ .content = LK_CONTENT_FOREIGN, .what = "ext4" },
	{ .content = LK_CONTENT_LABEL, .label = { .kind = LK_LABEL_BEING_MADE, .name = "data0" } },
	{ .content = LK_CONTENT_LABEL, .label = { .kind = LK_LABEL_BEING_MADE, .name = "data1" } },
	{ .content = LK_CONTENT_LABEL, .label = { .kind = LK_LABEL_THROW_AWAY, .name = "data0" } },
	{ .content = LK_CONTENT_LABEL, .label = { .kind = LK_LABEL_THROW_AWAY, .name = "data1" } },
};
#define N_LOOKS (sizeof(looks) / sizeof(looks[0]))

static void check_decisions(const struct lk_volume *v, enum lk_occasion occasion,
			    const int want[N_LOOKS])
{
	for (size_t i = 0; i < N_LOOKS; i++) {
		bool make = false;
		enum lk_status st = lk_make_decide(v, occasion, &looks[i], &make, &err);
		int got = st ? (int)err.code : make ? MAKE : OPEN;

		if (got != want[i])
			check_fail(__FILE__, __LINE__, "look %zu, occasion %d: %d, not %d", i,
				   occasion, got, want[i]);
	}
}

TEST(nothing_is_erased_that_nobody_gave_up)
{
	enum { FULL = LK_C_NOT_BLANK, HALF = LK_C_UNFINISHED, NONE = LK_C_HEADER_INVALID };
	static const int never[] = { NONE, OPEN, FULL, HALF, FULL, FULL, FULL };
	static const int blank[] = { MAKE, OPEN, FULL, MAKE, FULL, FULL, FULL };
	static const int init[] = { MAKE, FULL, FULL, MAKE, FULL, FULL, FULL };
	static const int all[] = { MAKE, MAKE, MAKE, MAKE, MAKE, MAKE, MAKE };
	static const int random[] = { MAKE, FULL, FULL, FULL, FULL, MAKE, FULL };
	struct lk_volume v = { .name = name, .sources = &fetched_source, .n_sources = 1 };

	check_decisions(&v, LK_OCCASION_BOOT, never);
	check_decisions(&v, LK_OCCASION_INIT, init);
	check_decisions(&v, LK_OCCASION_ERASE, all);
	v.format = LK_FORMAT_BLANK;
	check_decisions(&v, LK_OCCASION_BOOT, blank);
	check_decisions(&v, LK_OCCASION_INIT, init);
	v.format = LK_FORMAT_ALWAYS;
	check_decisions(&v, LK_OCCASION_BOOT, all);
	v = (struct lk_volume){ .name = name, .sources = &random_source, .n_sources = 1 };
	check_decisions(&v, LK_OCCASION_BOOT, random);
	v.format = LK_FORMAT_ALWAYS;
	check_decisions(&v, LK_OCCASION_BOOT, all);
}

/* ---- file systems ---- */

TEST(swap_headers_are_what_the_kernel_reads)
{
	uint8_t page[LK_SWAP_PAGE], uuid[16];
	uint32_t number;

	memset(uuid, 0x5a, sizeof(uuid));
	CHECK_OK(lk_swap_header(8 * MIB + 100, uuid, "a-name-too-long-for-it", page, &err));
	CHECK(memcmp(page + 4086, "SWAPSPACE2", 10) == 0);
	memcpy(&number, page + 1024, 4);
	CHECK_EQ(number, 1);
	memcpy(&number, page + 1028, 4);
	CHECK_EQ(number, 2047);
	memcpy(&number, page + 1032, 4);
	CHECK_EQ(number, 0);
	CHECK(memcmp(page + 1036, uuid, 16) == 0);
	CHECK_STR((char *)page + 1052, "a-name-too-long");
	CHECK_EQ(lk_swap_header(36863 + 4096, uuid, "x", page, &err), LK_CONFIG);
	CHECK_EQ(err.code, LK_C_DEVICE_SIZE);
	CHECK_OK(lk_swap_header(UINT64_C(1) << 50, uuid, "x", page, &err));
	memcpy(&number, page + 1028, 4);
	CHECK_EQ(number, UINT32_MAX);
}

static const char *arguments(enum lk_filesystem fs, bool write_all)
{
	static char line[512];
	const struct lk_makefs m = { fs, "/dev/mapper/d", "a-long-name-for-data", write_all };
	const char *args[LK_MAKEFS_ARGS];
	char label[LK_MAKEFS_LABEL];

	lk_makefs_arguments(&m, label, args);
	line[0] = '\0';
	for (size_t i = 0; args[i]; i++)
		snprintf(line + strlen(line), sizeof(line) - strlen(line), "%s ", args[i]);
	return line;
}

TEST(programs_are_told_what_to_do)
{
	CHECK_STR(lk_makefs_program(LK_FS_EXT4), "mkfs.ext4");
	CHECK(!lk_makefs_program(LK_FS_SWAP));
	CHECK_STR(arguments(LK_FS_EXT4, false),
		  "-q -F -E lazy_itable_init=1,lazy_journal_init=1,nodiscard -L a-long-name-for- "
		  "/dev/mapper/d ");
	CHECK_STR(arguments(LK_FS_EXT4, true),
		  "-q -F -E lazy_itable_init=0,lazy_journal_init=0,nodiscard -L a-long-name-for- "
		  "/dev/mapper/d ");
	CHECK_STR(arguments(LK_FS_XFS, true), "-q -f -K -L a-long-name- /dev/mapper/d ");
	CHECK_STR(arguments(LK_FS_VFAT, true), "-n A-LONG-NAME /dev/mapper/d ");
}

TESTS(setup, the_parts_lie_in_order_and_cover_the_ends, one_byte_is_enough, signatures_are_named,
      the_first_sector_says_what_a_device_is, nothing_is_erased_that_nobody_gave_up,
      swap_headers_are_what_the_kernel_reads, programs_are_told_what_to_do)
