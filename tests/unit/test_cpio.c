/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of archives for the initramfs; cpio(1) and the kernel judge whole ones elsewhere. */
#include "core/cleanup.h"
#include "image/cpio.h"
#include "tests/check.h"

#define ARCHIVE LK_CLEANUP(lk_cpio_free) struct lk_cpio

TEST(bad_paths_are_refused)
{
	ARCHIVE c = { 0 };
	struct lk_error err = { 0 };
	char longest[257];

	memset(longest, 'a', 256);
	longest[256] = '\0';
	CHECK_EQ(lk_cpio_add_file(&c, "", 0600, "x", 1, &err), LK_INTERNAL);
	CHECK_EQ(lk_cpio_add_file(&c, "/etc/x", 0600, "x", 1, &err), LK_INTERNAL);
	CHECK_EQ(lk_cpio_add_file(&c, longest, 0600, "x", 1, &err), LK_INTERNAL);
	CHECK_EQ(c.len, 0);
}

TEST(what_does_not_fit_is_refused)
{
	ARCHIVE c = { 0 };
	struct lk_error err = { 0 };

	CHECK_EQ(lk_cpio_add_file(&c, "x", 0600, "", LK_CPIO_MAX + 1, &err), LK_CONFIG);
	CHECK_EQ(c.len, 0);
}

TEST(an_archive_is_byte_for_byte_as_described)
{
	static const char expected[] = "070701"
				       "00000001"
				       "000041ed"
				       "00000000"
				       "00000000"
				       "00000002"
				       "00000000"
				       "00000000"
				       "00000000"
				       "00000000"
				       "00000000"
				       "00000000"
				       "00000004"
				       "00000000"
				       "etc\0\0\0"
				       "070701"
				       "00000002"
				       "00008180"
				       "00000000"
				       "00000000"
				       "00000001"
				       "00000000"
				       "00000005"
				       "00000000"
				       "00000000"
				       "00000000"
				       "00000000"
				       "00000006"
				       "00000000"
				       "etc/f\0"
				       "hello\0\0\0"
				       "070701"
				       "00000000"
				       "00000000"
				       "00000000"
				       "00000000"
				       "00000001"
				       "00000000"
				       "00000000"
				       "00000000"
				       "00000000"
				       "00000000"
				       "00000000"
				       "0000000b"
				       "00000000"
				       "TRAILER!!!\0\0\0\0";
	ARCHIVE c = { 0 };
	struct lk_error err = { 0 };

	CHECK_OK(lk_cpio_add_folder(&c, "etc", 0755, &err));
	CHECK_OK(lk_cpio_add_file(&c, "etc/f", 0600, "hello", 5, &err));
	CHECK_OK(lk_cpio_end(&c, &err));
	CHECK_EQ(c.len, sizeof(expected) - 1);
	CHECK_MEM(c.data, expected, c.len);
}

TEST(padding_is_zero_after_growing)
{
	ARCHIVE c = { 0 };
	struct lk_error err = { 0 };
	static char big[10001];
	size_t before;

	memset(big, 'x', sizeof(big));
	CHECK_OK(lk_cpio_add_file(&c, "a", 0600, big, sizeof(big), &err));
	before = c.len;
	CHECK_EQ(before % 4, 0);
	CHECK_MEM(c.data + before - 3, "\0\0\0", 3);
}

TESTS(bad_paths_are_refused, what_does_not_fit_is_refused, an_archive_is_byte_for_byte_as_described,
      padding_is_zero_after_growing)
