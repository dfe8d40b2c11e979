/* SPDX-License-Identifier: Apache-2.0 */
/* keyserver/audit.c: each entry follows from the one before, however many write at once. */
#include <pthread.h>

#include "core/base64.h"
#include "core/deadline.h"
#include "keyserver_fixture.h"

static struct lk_error err;

/* The clock, in the place of core/clock.c. */
static int64_t now_ms = 1000;

int64_t lk_clock_ms(void)
{
	return now_ms;
}

void lk_clock_sleep(int64_t ms)
{
	now_ms += ms;
}

int64_t lk_clock_wall(void)
{
	return 1700000000;
}

bool lk_clock_plausible(void)
{
	return true;
}

struct seen {
	int64_t seq;
	uint8_t digest[LK_AUDIT_HASH];
	char last[1024];
};

static enum lk_status look(void *to, const struct lk_audit_row *row, struct lk_error *e)
{
	struct seen *s = to;
	enum lk_status st;

	st = lk_audit_follows(row, s->seq, s->digest, e);
	if (st)
		return st;
	s->seq = row->seq;
	snprintf(s->last, sizeof(s->last), "%s", row->body);
	return lk_audit_digest(row, s->digest, e);
}

static struct seen walk(struct fixture *f)
{
	struct seen s = { 0 };

	CHECK_OK(lk_store_list_audit(f->server.store, 0, 1000000, look, &s, &err));
	return s;
}

TEST(breaks_are_found)
{
	uint8_t zero[LK_AUDIT_HASH] = { 0 }, digest[LK_AUDIT_HASH], other[LK_AUDIT_HASH];
	char body[] = "{\"event\":\"x\"}";
	struct lk_audit_row row = { .seq = 1, .time = 5, .body = body };

	CHECK_OK(lk_crypto_setup(&err));
	CHECK_OK(lk_audit_follows(&row, 0, zero, &err));
	CHECK_EQ(lk_audit_follows(&row, 1, zero, &err), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_AUDIT_BROKEN);
	row.prev[0] = 1;
	CHECK_EQ(lk_audit_follows(&row, 0, zero, &err), LK_TAMPERED);
	CHECK_OK(lk_audit_digest(&row, digest, &err));
	row.time++;
	CHECK_OK(lk_audit_digest(&row, other, &err));
	CHECK(memcmp(digest, other, sizeof(digest)) != 0);
}

TEST(the_digest_is_of_canonical_json)
{
	/* echo -n '{"body":{"event":"x"},"prev":"00...","seq":1,"time":5}' | sha256sum */
	char body[] = "{\"event\":\"x\"}", hex[2 * LK_AUDIT_HASH + 1];
	struct lk_audit_row row = { .seq = 1, .time = 5, .body = body };
	uint8_t digest[LK_AUDIT_HASH];

	CHECK_OK(lk_audit_digest(&row, digest, &err));
	lk_hex_encode(digest, sizeof(digest), hex);
	CHECK_STR(hex, "f43184d87d5c2b3be573c857ca42ff7a94335d6e02c4ce8ab68802d895655a1b");
}

TEST(what_is_written)
{
	struct fixture f;
	struct lk_audit_event e = {
		.event = "resource",
		.outcome = "denied",
		.reason = "rule \"1\"",
		.peer = "192.0.2.1",
		.session = "0123456789abcdef0123456789abcdef",
		.tee = "sample",
		.resource = "a/b/c",
		.version = 3,
	};
	struct seen s;

	fixture_open(&f, 1000);
	CHECK_EQ(walk(&f).seq, 1); /* init */
	CHECK_OK(lk_audit_write(f.server.audit, &e, &err));
	s = walk(&f);
	CHECK_EQ(s.seq, 2);
	CHECK_STR(s.last, "{\"event\":\"resource\",\"outcome\":\"denied\",\"peer\":\"192.0.2.1\","
			  "\"reason\":\"rule \\\"1\\\"\",\"resource\":\"a/b/c\","
			  "\"session\":\"3eb1bd439947eb76\",\"tee\":\"sample\",\"version\":3}");
	fixture_close(&f);
}

TEST(not_without_its_transaction)
{
	struct fixture f;
	const struct lk_audit_event e = { .event = "x", .outcome = "done" };

	fixture_open(&f, 1000);
	{
		LK_STORE_WRITE w = { 0 };

		CHECK_OK(lk_store_begin(f.server.store, &w, &err));
		CHECK_OK(lk_audit_write_with(&w, &e, &err));
		CHECK_OK(lk_audit_write_with(&w, &e, &err));
	}
	CHECK_EQ(walk(&f).seq, 1);
	CHECK_OK(lk_audit_write(f.server.audit, &e, &err));
	CHECK_EQ(walk(&f).seq, 2);
	fixture_close(&f);
}

TEST(anybody_cannot_fill_it)
{
	struct fixture f;
	const struct lk_audit_event cheap = { .event = "x", .outcome = "denied", .anybody = true };
	const struct lk_audit_event real = { .event = "y", .outcome = "allowed" };
	struct seen s;
	unsigned i;

	fixture_open(&f, 1000);
	for (i = 0; i < 1000; i++)
		CHECK_OK(lk_audit_write(f.server.audit, &cheap, &err));
	CHECK_EQ(walk(&f).seq, 201);
	CHECK_OK(lk_audit_write(f.server.audit, &real, &err)); /* has no limit */
	CHECK_EQ(walk(&f).seq, 202);
	lk_clock_sleep(1000); /* worth five entries */
	for (i = 0; i < 10; i++)
		CHECK_OK(lk_audit_write(f.server.audit, &cheap, &err));
	s = walk(&f);
	CHECK_EQ(s.seq, 207);
	lk_clock_sleep(1000);
	CHECK_OK(lk_audit_write(f.server.audit, &cheap, &err));
	s = walk(&f);
	CHECK_STR(s.last, "{\"event\":\"x\",\"outcome\":\"denied\",\"suppressed\":5}");
	fixture_close(&f);
}

static void *writer(void *audit)
{
	const struct lk_audit_event e = { .event = "x", .outcome = "done" };
	struct lk_error mine = { 0 };
	unsigned i;

	for (i = 0; i < 50; i++)
		if (lk_audit_write(audit, &e, &mine))
			return audit;
	return NULL;
}

TEST(many_writers)
{
	struct fixture f;
	pthread_t threads[8];
	void *failed;
	unsigned i;

	fixture_open(&f, 1000);
	for (i = 0; i < 8; i++)
		CHECK_EQ(pthread_create(&threads[i], NULL, writer, f.server.audit), 0);
	for (i = 0; i < 8; i++) {
		CHECK_EQ(pthread_join(threads[i], &failed), 0);
		CHECK(!failed);
	}
	CHECK_EQ(walk(&f).seq, 401);
	fixture_close(&f);
}

TESTS(breaks_are_found, the_digest_is_of_canonical_json, what_is_written,
      not_without_its_transaction, anybody_cannot_fill_it, many_writers)
