/* SPDX-License-Identifier: Apache-2.0 */
/* agent/recovery_key.c: the shape of new keys, and what typing does to them. */
#include "agent/recovery_key.h"

#include <string.h>

#include "core/crypto.h"
#include "tests/check.h"

#define KEY "cbdefghi-jklnrtuv-cbdefghi-jklnrtuv-cbdefghi-jklnrtuv-cbdefghi-jklnrtuv"

static struct lk_error err;

static void typed(const char *text, const char *want)
{
	LK_SECRET s = { 0 };

	CHECK_OK(lk_secret_alloc(&s, LK_RECOVERY_KEY_MAX, &err));
	CHECK_OK(lk_secret_append(&s, text, strlen(text), &err));
	lk_recovery_key_normalise(&s);
	CHECK_EQ(s.len, strlen(want));
	CHECK_MEM(s.data, want, s.len);
}

TEST(new_keys_have_the_shape)
{
	LK_SECRET a = { 0 };
	LK_SECRET b = { 0 };

	CHECK_OK(lk_crypto_setup(&err));
	CHECK_OK(lk_recovery_key_new(&a, &err));
	CHECK_OK(lk_recovery_key_new(&b, &err));
	CHECK_EQ(a.len, LK_RECOVERY_KEY_LEN);
	CHECK(!lk_secret_equal(&a, &b));
	for (size_t i = 0; i < a.len; i++)
		CHECK(i % 9 == 8 ? a.data[i] == '-'
				 : strchr("cbdefghijklnrtuv", a.data[i]) != NULL);
}

TEST(all_spellings_are_one)
{
	static const char bare[] =
		"cbdefghijklnrtuvcbdefghijklnrtuvcbdefghijklnrtuvcbdefghijklnrtuv";

	typed(KEY, KEY);
	typed(KEY "\n", KEY);
	typed("  " KEY "\r\n", KEY);
	typed(bare, KEY);
	typed("CBDEFGHI-JKLNRTUV-cbdefghi-jklnrtuv-CBDEFGHI-JKLNRTUV-cbdefghi-jklnrtuv", KEY);
	typed("cbdefghijklnrtuv-cbdefghijklnrtuv-cbdefghijklnrtuv-cbdefghijklnrtuv", KEY);
}

TEST(anything_else_stays_as_it_is)
{
	typed("correct horse", "correct horse");
	typed("correct horse\n", "correct horse");
	typed("-", "-");
	typed("", "");
	typed(" \n", "");
	typed("cbde", "cbde");
	typed(KEY "c", KEY "c");
	typed("a" KEY, "a" KEY);
}

TEST(a_short_buffer_is_left_alone)
{
	static const char bare[] =
		"cbdefghijklnrtuvcbdefghijklnrtuvcbdefghijklnrtuvcbdefghijklnrtuv";
	LK_SECRET s = { 0 };

	CHECK_OK(lk_secret_from(&s, bare, strlen(bare), &err));
	lk_recovery_key_normalise(&s);
	CHECK_EQ(s.len, 64);
}

TESTS(new_keys_have_the_shape, all_spellings_are_one, anything_else_stays_as_it_is,
      a_short_buffer_is_left_alone)
