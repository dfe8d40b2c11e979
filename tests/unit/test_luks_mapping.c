/* SPDX-License-Identifier: Apache-2.0 */
/* agent/luks_mapping.c: whose mapping is it, by its UUID. */
#include "tests/check.h"

#include "agent/luks.h"

#define UUID "0aa3a3a5-8b5e-4a3f-9a35-2f6f6d2a1e11"
#define HEX  "0aa3a3a58b5e4a3f9a352f6f6d2a1e11"

TEST(the_mapping_of_the_volume)
{
	char below[LK_LUKS_BELOW_NAME];

	CHECK(lk_luks_mapping_is("CRYPT-LUKS2-" HEX "-data-0", "LUKS2", UUID, "data-0"));
	CHECK(lk_luks_mapping_is("CRYPT-LUKS2-" HEX "-data-0", "LUKS2", NULL, "data-0"));
	CHECK_STR(lk_luks_below_name("data-0", below), "data-0_dif");
	CHECK(lk_luks_mapping_is("CRYPT-SUBDEV-" HEX "-data-0_dif", "SUBDEV", UUID, below));
}

TEST(the_mapping_of_another)
{
	static const char *const others[] = {
		"",
		"CRYPT-LUKS2-",
		"CRYPT-LUKS2-" HEX,
		"CRYPT-LUKS2-" HEX "-",
		"CRYPT-LUKS2-" HEX "-data",
		"CRYPT-LUKS2-" HEX "-data00",
		"CRYPT-LUKS2-" HEX "0-data0",
		"CRYPT-LUKS2-0" HEX "-data0",
		"CRYPT-LUKS2-" HEX "_data0",
		"CRYPT-LUKS1-" HEX "-data0",
		"CRYPT-PLAIN-data0",
		"LVM-" HEX HEX,
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		CHECK(!lk_luks_mapping_is(others[i], "LUKS2", UUID, "data0"));
		CHECK(!lk_luks_mapping_is(others[i], "LUKS2", NULL, "data0"));
	}
	CHECK(!lk_luks_mapping_is("CRYPT-LUKS2-1aa3a3a58b5e4a3f9a352f6f6d2a1e11-data0", "LUKS2",
				  UUID, "data0"));
}

/* A report that does not know the volume's UUID knows no mapping of it. */
TEST(no_uuid_is_no_mapping)
{
	CHECK(!lk_luks_mapping_is("CRYPT-LUKS2-" HEX "-data0", "LUKS2", "", "data0"));
	CHECK(!lk_luks_mapping_is("CRYPT-LUKS2-" HEX "-data0", "LUKS2", UUID "1", "data0"));
}

TESTS(the_mapping_of_the_volume, the_mapping_of_another, no_uuid_is_no_mapping)
