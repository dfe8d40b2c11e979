/* SPDX-License-Identifier: Apache-2.0 */
/* keyserver/session.c: sessions end on time, make room for each other, and keep one token. */
#include "tests/check.h"

#include "core/crypto.h"
#include "keyserver/session.h"

static struct lk_error err;

static struct lk_sessions *table(size_t capacity)
{
	struct lk_sessions *t = NULL;

	CHECK_OK(lk_crypto_setup(&err));
	CHECK_OK(lk_sessions_new(capacity, 1000, &t, &err));
	return t;
}

static void open_at(struct lk_sessions *t, int64_t now, char id[LK_SESSION_ID_SIZE])
{
	LK_SESSION s = { 0 };

	CHECK_OK(lk_session_open(t, "sample", now, 5000, &s, &err));
	memcpy(id, s.id, LK_SESSION_ID_SIZE);
}

static bool lives(struct lk_sessions *t, const char *id, int64_t now)
{
	LK_SESSION s = { 0 };

	return lk_session_find(t, id, now, &s, &err) == LK_OK;
}

TEST(unknown_ids)
{
	struct lk_sessions *t = table(4);
	char id[LK_SESSION_ID_SIZE];

	open_at(t, 0, id);
	CHECK(!lives(t, "", 0));
	CHECK(!lives(t, "00000000000000000000000000000000", 0));
	id[31] = id[31] == 'a' ? 'b' : 'a';
	CHECK(!lives(t, id, 0));
	CHECK_EQ(err.status, LK_ABSENT);
	lk_sessions_free(t);
}

TEST(end_on_time)
{
	struct lk_sessions *t = table(4);
	char id[LK_SESSION_ID_SIZE];
	LK_SESSION s = { 0 };

	open_at(t, 100, id);
	CHECK(lives(t, id, 1099));
	CHECK(!lives(t, id, 1100));
	CHECK(!lives(t, id, 1099)); /* gone, whatever the clock says now */
	CHECK_EQ(lk_sessions_count(t), 0);
	open_at(t, 2000, id);
	CHECK_EQ(lk_session_attested(t, id, "t", "p", 3000, &s, &err), LK_ABSENT);
	lk_sessions_free(t);
}

TEST(attesting_does_not_extend)
{
	struct lk_sessions *t = table(4);
	char id[LK_SESSION_ID_SIZE];
	LK_SESSION s = { 0 };

	open_at(t, 0, id);
	CHECK_OK(lk_session_attested(t, id, "token", "payload", 900, &s, &err));
	CHECK_EQ(s.ends_ms, 1000);
	CHECK_EQ(s.ends_wall, 5001);
	CHECK(lives(t, id, 999));
	CHECK(!lives(t, id, 1000));
	lk_sessions_free(t);
}

TEST(the_first_token_stays)
{
	struct lk_sessions *t = table(4);
	char id[LK_SESSION_ID_SIZE];
	LK_SESSION first = { 0 };
	LK_SESSION second = { 0 };
	LK_SESSION found = { 0 };

	open_at(t, 0, id);
	CHECK_OK(lk_session_attested(t, id, "one", "1", 1, &first, &err));
	CHECK_OK(lk_session_attested(t, id, "two", "2", 2, &second, &err));
	CHECK_STR(second.token, "one");
	CHECK_OK(lk_session_find(t, id, 3, &found, &err));
	CHECK_STR(found.token, "one");
	CHECK_STR(found.payload, "1");
	CHECK_STR(found.tee, "sample");
	lk_sessions_free(t);
}

TEST(the_oldest_unattested_makes_room)
{
	struct lk_sessions *t = table(3);
	char id[5][LK_SESSION_ID_SIZE];
	LK_SESSION s = { 0 };

	open_at(t, 0, id[0]);
	open_at(t, 1, id[1]);
	open_at(t, 2, id[2]);
	CHECK_OK(lk_session_attested(t, id[0], "t", "p", 3, &s, &err));
	open_at(t, 4, id[3]);
	CHECK(lives(t, id[0], 5));
	CHECK(!lives(t, id[1], 5));
	CHECK(lives(t, id[2], 5));
	open_at(t, 5, id[4]);
	CHECK(!lives(t, id[2], 5));
	CHECK_EQ(lk_sessions_count(t), 3);
	lk_sessions_free(t);
}

TEST(full_of_attested_ones)
{
	struct lk_sessions *t = table(2);
	char id[2][LK_SESSION_ID_SIZE];
	LK_SESSION s = { 0 };
	unsigned i;

	for (i = 0; i < 2; i++) {
		open_at(t, i, id[i]);
		lk_session_clear(&s);
		CHECK_OK(lk_session_attested(t, id[i], "t", "p", i, &s, &err));
	}
	lk_session_clear(&s);
	CHECK_EQ(lk_session_open(t, "sample", 10, 0, &s, &err), LK_AGAIN);
	CHECK_OK(lk_session_open(t, "sample", 1000, 0, &s, &err)); /* the first has ended */
	CHECK(lives(t, id[1], 1000));
	lk_sessions_sweep(t, 1001);
	CHECK_EQ(lk_sessions_count(t), 1);
	lk_sessions_free(t);
}

TEST(many)
{
	enum { N = 500 };
	static char id[N][LK_SESSION_ID_SIZE];
	struct lk_sessions *t = table(N);
	unsigned i;

	for (i = 0; i < N; i++)
		open_at(t, i, id[i]);
	for (i = 0; i < N; i++)
		CHECK(lives(t, id[i], N));
	for (i = 0; i < N; i += 2) /* ends are taken out of the middle of their buckets too */
		CHECK(!lives(t, id[i], 5000));
	lk_sessions_sweep(t, 5000);
	CHECK_EQ(lk_sessions_count(t), 0);
	lk_sessions_free(t);
}

TEST(ids_and_nonces)
{
	struct lk_sessions *t = table(2);
	LK_SESSION a = { 0 };
	LK_SESSION b = { 0 };

	CHECK_OK(lk_session_open(t, "tdx", 0, 0, &a, &err));
	CHECK_OK(lk_session_open(t, "tdx", 0, 0, &b, &err));
	CHECK_EQ(strlen(a.id), 32);
	CHECK_EQ(strlen(a.nonce), 44);
	CHECK(a.id[12] == '4' && strchr("89ab", a.id[16]));
	CHECK(strcmp(a.id, b.id) != 0 && strcmp(a.nonce, b.nonce) != 0);
	CHECK_EQ(lk_session_open(t, "a-name-that-is-longer-than-any-tee", 0, 0, &a, &err),
		 LK_INTERNAL);
	lk_sessions_free(t);
}

TESTS(unknown_ids, end_on_time, attesting_does_not_extend, the_first_token_stays,
      the_oldest_unattested_makes_room, full_of_attested_ones, many, ids_and_nonces)
