/* SPDX-License-Identifier: Apache-2.0 */
/* keyserver/http_body.c: no body beyond its limit, and not all memory for all bodies. */
#include "tests/check.h"

#include "keyserver/http_body.h"

TEST(beyond_its_limit)
{
	struct lk_http_body b = { .max = 10 };

	CHECK(lk_http_body_append(&b, "0123456789", 10));
	CHECK(!lk_http_body_append(&b, "x", 1));
	CHECK(lk_http_body_append(&b, "", 0));
	CHECK_EQ(b.len, 10);
	lk_http_body_clear(&b);
	CHECK(!lk_http_body_append(&b, "x", 1)); /* cleared: takes nothing */
	CHECK_STR(lk_http_body_data(&b), "");
	b = (struct lk_http_body){ .max = 10, .locked = true };
	CHECK(!lk_http_body_append(&b, "0123456789x", 11));
	CHECK(lk_http_body_append(&b, "0123456789", 10));
	CHECK(!lk_http_body_append(&b, "x", 1));
	lk_http_body_clear(&b);
}

TEST(in_pieces)
{
	struct lk_http_body b = { .max = 20000 };
	struct lk_http_body locked = { .max = 20000, .locked = true };
	char piece[7] = "abcdefg";
	unsigned i;

	for (i = 0; i < 2800; i++) {
		CHECK(lk_http_body_append(&b, piece, sizeof(piece)));
		CHECK(lk_http_body_append(&locked, piece, sizeof(piece)));
	}
	CHECK_EQ(b.len, 19600);
	CHECK_EQ(locked.len, 19600);
	CHECK_EQ(locked.secret.len, 19600);
	CHECK_MEM(lk_http_body_data(&b), lk_http_body_data(&locked), 19600);
	CHECK_MEM(lk_http_body_data(&b) + 19593, "abcdefg", 7);
	lk_http_body_clear(&b);
	lk_http_body_clear(&locked);
}

TEST(all_together)
{
	enum { N = 40, PIECE = 1 << 21 };
	static struct lk_http_body b[N];
	char *piece = calloc(1, PIECE);
	unsigned i, taken = 0, again = 0;

	for (i = 0; i < N; i++) {
		b[i].max = PIECE;
		taken += lk_http_body_append(&b[i], piece, PIECE);
	}
	CHECK_EQ(taken, 32); /* 64 MiB */
	for (i = 0; i < N; i++)
		lk_http_body_clear(&b[i]);
	for (i = 0; i < N; i++) {
		b[i].max = PIECE;
		again += lk_http_body_append(&b[i], piece, PIECE);
		lk_http_body_clear(&b[i]);
	}
	CHECK_EQ(again, N);
	free(piece);
}

TESTS(beyond_its_limit, in_pieces, all_together)
