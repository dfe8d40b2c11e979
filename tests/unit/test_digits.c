/* SPDX-License-Identifier: Apache-2.0 */
#include "core/digits.h"

#include <sys/sysmacros.h>

#include "tests/check.h"

TEST(digits)
{
	const char *text = "18446744073709551615:7";
	uint64_t n = 0;

	CHECK(lk_digits_read(&text, ':', &n));
	CHECK(n == UINT64_MAX);
	CHECK(lk_digits_read(&text, '\0', &n));
	CHECK_EQ(n, 7);
}

TEST(what_is_no_number)
{
	static const char *const wrong[] = {
		"", " 1", "+1", "-1", "1 ", "0x1", "18446744073709551616"
	};
	uint64_t n;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		const char *text = wrong[i];

		CHECK(!lk_digits_read(&text, '\0', &n));
		CHECK(text == wrong[i]);
	}
}

TEST(device_numbers)
{
	static const char *const wrong[] = { "",     "8",    "8:",    ":1",
					     "8:1 ", "8:-1", "8:1:2", "4294967296:0" };
	dev_t number = 0;

	CHECK(lk_device_number_read("253:17", &number));
	CHECK(number == makedev(253, 17));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		CHECK(!lk_device_number_read(wrong[i], &number));
}

TESTS(digits, what_is_no_number, device_numbers)
