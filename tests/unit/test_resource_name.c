/* SPDX-License-Identifier: Apache-2.0 */
/* keyserver/resource_name.c: what is a name, what is a pattern, and what matches. */
#include "tests/check.h"

#include "keyserver/resource_name.h"

TEST(what_is_no_name)
{
	static const char *const bad[] = {
		"",	    "a",       "a/b",	   "a/b/c/d", "a/b/c/", "/a/b/c",
		"a//c",	    "//",      "a/b/",	   "/b/c",    "a/b/.c", ".a/b/c",
		"a/../c",   "a/b/c d", "a/b/c%20", "a/b/c?",  "a/b/c#", "a/b/*",
		"a/b/\xc3", "a\\b\\c", "a/b/c\n",  "a/b/c:",  "a/b/~",
	};
	char longest[LK_RESOURCE_NAME_MAX + 2];
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (lk_resource_name_ok(bad[i]))
			check_fail(__FILE__, __LINE__, "'%s' passes for a name", bad[i]);
	memset(longest, 'x', sizeof(longest));
	memcpy(longest, "a/b/", 4);
	longest[LK_RESOURCE_NAME_MAX + 1] = '\0';
	CHECK(!lk_resource_name_ok(longest));
	longest[LK_RESOURCE_NAME_MAX] = '\0';
	CHECK(lk_resource_name_ok(longest));
}

TEST(what_is_a_name)
{
	CHECK(lk_resource_name_ok("default/disk/root"));
	CHECK(lk_resource_name_ok("a/b/c"));
	CHECK(lk_resource_name_ok("-/_/0"));
	CHECK(lk_resource_name_ok("A.b-c_1/x../y.z"));
}

TEST(what_is_a_pattern)
{
	CHECK(!lk_resource_glob_ok("*"));
	CHECK(!lk_resource_glob_ok("*/*"));
	CHECK(!lk_resource_glob_ok("*/*/*/*"));
	CHECK(!lk_resource_glob_ok("a/b/?"));
	CHECK(!lk_resource_glob_ok("a/b/[c]"));
	CHECK(!lk_resource_glob_ok("a//*"));
	CHECK(lk_resource_glob_ok("*/*/*"));
	CHECK(lk_resource_glob_ok("a*b/**/c*"));
}

TEST(what_does_not_match)
{
	CHECK(!lk_resource_glob_match("a/b/c", "a/b/d"));
	CHECK(!lk_resource_glob_match("a/b/c", "a/b/cc"));
	CHECK(!lk_resource_glob_match("a/b/c*", "a/b/d"));
	CHECK(!lk_resource_glob_match("a*/b/c", "a/x/b/c"));
	CHECK(!lk_resource_glob_match("a/*/c", "a/b/d"));
	CHECK(!lk_resource_glob_match("*a/b/c", "aab/b/c"));
	CHECK(!lk_resource_glob_match("a/*b*b/c", "a/xb/c"));
	CHECK(!lk_resource_glob_match("*/b/c", "x/x/c"));
}

TEST(what_matches)
{
	CHECK(lk_resource_glob_match("a/b/c", "a/b/c"));
	CHECK(lk_resource_glob_match("*/*/*", "a/b/c"));
	CHECK(lk_resource_glob_match("a/b/*", "a/b/anything.at-all"));
	CHECK(lk_resource_glob_match("a/*-prod/c", "a/x-y-prod/c"));
	CHECK(lk_resource_glob_match("a*a/b/c", "aaa/b/c"));
	CHECK(lk_resource_glob_match("a/**/c", "a/b/c"));
	CHECK(lk_resource_glob_match("a/b*/c*", "a/b/c"));
	CHECK(lk_resource_glob_match("a/*b*b/c", "a/xbxb/c"));
}

TESTS(what_is_no_name, what_is_a_name, what_is_a_pattern, what_does_not_match, what_matches)
