/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of reading a kernel's setup header. */
#include "image/kernel.h"
#include "tests/check.h"

#include <stdbool.h>

static unsigned char head[LK_KERNEL_HEAD];

static void make(unsigned offset, const char *text)
{
	memset(head, 0, sizeof(head));
	memcpy(head + 0x202, "HdrS", 4);
	head[0x20e] = (unsigned char)offset;
	head[0x20f] = (unsigned char)(offset >> 8);
	memcpy(head + 0x200 + offset, text, strlen(text));
}

static bool refused(size_t n)
{
	struct lk_error err = { 0 };
	char release[LK_RELEASE_SIZE];

	return lk_kernel_parse(head, n, release, &err) == LK_CONFIG;
}

TEST(what_is_no_kernel_is_refused)
{
	memset(head, 0, sizeof(head));
	CHECK(refused(0));
	CHECK(refused(sizeof(head)));
	make(0x3000, "6.1.0-1 (x)");
	CHECK(refused(0x20f));
	CHECK(refused(0x3200)); /* the release lies behind the end */
	CHECK(refused(0x3204)); /* it is cut */
	make(0x3000, "");
	CHECK(refused(sizeof(head)));
	make(0xffff, "");
	CHECK(refused(sizeof(head)));
	make(0x3000, "0123456789012345678901234567890123456789012345678901234567890123456789"
		     "0123456789012345678901234567890123456789012345678901234567890123456789 ");
	CHECK(refused(sizeof(head)));
}

TEST(the_release_ends_at_a_blank)
{
	struct lk_error err = { 0 };
	char release[LK_RELEASE_SIZE];

	make(0x3e80, "6.1.0-13-amd64 (debian-kernel) #1 SMP");
	CHECK_OK(lk_kernel_parse(head, sizeof(head), release, &err));
	CHECK_STR(release, "6.1.0-13-amd64");
}

TESTS(what_is_no_kernel_is_refused, the_release_ends_at_a_blank)
