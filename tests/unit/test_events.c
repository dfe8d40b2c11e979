/* SPDX-License-Identifier: Apache-2.0 */
/* agent/events.c: the boot's events and their digests. */
#include "tests/check.h"

#include "agent/events.h"
#include "core/base64.h"
#include "core/crypto.h"

static struct lk_error err;

TEST(digest_is_that_of_the_log_format)
{
	/* printf 'LEAA\024\000\000\000latchkey unlock root' | sha384sum */
	static const char want[] = "1323a67827a6a905a0b2f576963fcb27a75dfc07b394a02f";
	struct lk_events events = { .n = 0 };
	char hex[97];

	CHECK_OK(lk_crypto_setup(&err));
	CHECK_OK(lk_events_add(&events, "unlock", "root", &err));
	CHECK_EQ(events.n, 1);
	lk_hex_encode(events.list[0].sha384, 48, hex);
	CHECK_HAS(hex, want);
}

TEST(order_is_kept)
{
	struct lk_events events = { .n = 0 };

	CHECK_OK(lk_events_add(&events, "header", "aa", &err));
	CHECK_OK(lk_events_add(&events, "unlock", "root", &err));
	CHECK_STR(events.list[0].operation, "header");
	CHECK_STR(events.list[1].content, "root");
}

TEST(text_that_would_blur_the_fields_is_refused)
{
	struct lk_events events = { .n = 0 };
	char longest[200];

	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	CHECK_EQ(lk_events_add(&events, "unlock root", "x", &err), LK_INTERNAL);
	CHECK_EQ(lk_events_add(&events, "unlock", "a b", &err), LK_INTERNAL);
	CHECK_EQ(lk_events_add(&events, "unlock", "a\nb", &err), LK_INTERNAL);
	CHECK_EQ(lk_events_add(&events, "unlock", longest, &err), LK_INTERNAL);
	CHECK_EQ(events.n, 0);
}

TEST(a_full_list_is_an_error)
{
	struct lk_events events = { .n = LK_EVENTS_MAX };

	CHECK_EQ(lk_events_add(&events, "unlock", "root", &err), LK_INTERNAL);
}

TESTS(digest_is_that_of_the_log_format, order_is_kept, text_that_would_blur_the_fields_is_refused,
      a_full_list_is_an_error)
