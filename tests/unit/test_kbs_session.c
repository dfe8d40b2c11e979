/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of a session with a key broker that breaks the protocol, replays, or forgets it. */
#include "tests/check.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_server.h"
#include "tests/fakes/kbs_run.h"

struct hostile {
	const char *mode;
	enum lk_code code;
};

static void prepare_fails(const char *step, const struct hostile *rows, size_t n)
{
	struct fake_server f;
	struct volume v;
	struct run r;
	char mode[64];
	size_t i;

	fake_start(&f, "");
	volume_init(&v, f.url, NULL);
	for (i = 0; i < n; i++) {
		snprintf(mode, sizeof(mode), "%s=%s", step, rows[i].mode);
		fake_set(&f, mode);
		if (prepare(&r, &v, NULL) == LK_OK || r.err.code != rows[i].code || r.session)
			check_fail(__FILE__, __LINE__, "%s: %s", mode, lk_error_code_name(&r.err));
	}
	CHECK_EQ(fake_count(&f, "resource"), 0);
	fake_stop(&f);
}

TEST(hostile_challenges)
{
	static const struct hostile rows[] = {
		{ "nononce", LK_C_REPLY_INVALID },     { "shortnonce", LK_C_REPLY_INVALID },
		{ "numbernonce", LK_C_REPLY_INVALID }, { "longnonce", LK_C_REPLY_INVALID },
		{ "noextra", LK_C_REPLY_INVALID },     { "extra", LK_C_REPLY_INVALID },
		{ "md5", LK_C_REPLY_INVALID },	       { "hash7", LK_C_REPLY_INVALID },
		{ "nocookie", LK_C_REPLY_INVALID },    { "badcookie", LK_C_REPLY_INVALID },
		{ "notjson", LK_C_REPLY_INVALID },     { "array", LK_C_REPLY_INVALID },
		{ "deep", LK_C_REPLY_INVALID },	       { "twice", LK_C_REPLY_INVALID },
		{ "html401", LK_C_REPLY_INVALID },     { "empty401", LK_C_REPLY_INVALID },
		{ "html403", LK_C_REPLY_INVALID },     { "html404", LK_C_REPLY_INVALID },
		{ "version", LK_C_PROTOCOL_VERSION },  { "refuse", LK_C_EVIDENCE_REJECTED },
		{ "500", LK_C_SERVER_BUSY },	       { "503", LK_C_SERVER_BUSY },
		{ "redirect", LK_C_HTTP_LIMIT },       { "big", LK_C_HTTP_LIMIT },
		{ "cut", LK_C_UNREACHABLE },
	};

	prepare_fails("auth", rows, sizeof(rows) / sizeof(rows[0]));
}

TEST(hostile_attestation_answers)
{
	static const struct hostile rows[] = {
		{ "reject", LK_C_EVIDENCE_REJECTED },
		{ "html401", LK_C_EVIDENCE_REJECTED },
		{ "empty401", LK_C_EVIDENCE_REJECTED },
		{ "twoparts", LK_C_REPLY_INVALID },
		{ "badpayload", LK_C_REPLY_INVALID },
		{ "textpayload", LK_C_REPLY_INVALID },
		{ "extra", LK_C_REPLY_INVALID },
		{ "notjson", LK_C_REPLY_INVALID },
		{ "500", LK_C_SERVER_BUSY },
		{ "redirect", LK_C_HTTP_LIMIT },
		{ "big", LK_C_HTTP_LIMIT },
		{ "garbage", LK_C_REPLY_INVALID },
	};

	prepare_fails("attest", rows, sizeof(rows) / sizeof(rows[0]));
}

TEST(hostile_resources)
{
	static const struct hostile rows[] = {
		{ "deny", LK_C_KBS_DENIED },	    { "missing", LK_C_KBS_NO_RESOURCE },
		{ "strange", LK_C_KBS_DENIED },	    { "jweerror", LK_C_KBS_TEE_KEY },
		{ "plugin", LK_C_KBS_NO_RESOURCE }, { "html401", LK_C_KBS_DENIED },
		{ "html403", LK_C_KBS_DENIED },	    { "html404", LK_C_KBS_NO_RESOURCE },
		{ "500", LK_C_SERVER_BUSY },	    { "429", LK_C_SERVER_BUSY },
		{ "redirect", LK_C_HTTP_LIMIT },    { "big", LK_C_HTTP_LIMIT },
		{ "empty", LK_C_REPLY_INVALID },    { "zeros", LK_C_REPLY_INVALID },
		{ "wrongalg", LK_C_JWE_INVALID },   { "dir", LK_C_JWE_INVALID },
		{ "curve", LK_C_JWE_INVALID },	    { "badtag", LK_C_JWE_INVALID },
		{ "badwrap", LK_C_JWE_INVALID },    { "shortiv", LK_C_JWE_INVALID },
		{ "padded", LK_C_JWE_INVALID },	    { "extra", LK_C_JWE_INVALID },
		{ "notjson", LK_C_JWE_INVALID },    { "cut", LK_C_UNREACHABLE },
	};
	struct fake_server f;
	struct volume v;
	struct run r;
	char mode[64];
	size_t i;

	fake_start(&f, "");
	volume_init(&v, f.url, NULL);
	prepared(&r, &v, NULL);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(mode, sizeof(mode), "resource=%s", rows[i].mode);
		fake_set(&f, mode);
		if (fetch(&r, 0) == LK_OK || r.err.code != rows[i].code || r.key.bytes.data)
			check_fail(__FILE__, __LINE__, "%s: %s", mode, lk_error_code_name(&r.err));
	}
	CHECK_EQ(fake_count(&f, "auth"), 1); /* nothing of this is a reason to attest again */
	finish(&r);
	fake_stop(&f);
}

TEST(a_replayed_answer_does_not_open)
{
	struct fake_server f;
	struct volume v;
	struct run r;

	fake_start(&f, "resource=replay");
	volume_init(&v, f.url, NULL);
	prepared(&r, &v, NULL);
	CHECK_EQ(fetch(&r, 0), LK_OK);
	finish(&r);
	prepared(&r, &v, NULL);
	CHECK_EQ(fetch(&r, 0), LK_TAMPERED);
	CHECK_EQ(r.err.code, LK_C_JWE_INVALID);
	finish(&r);
	CHECK_EQ(fake_count(&f, "keys"), 2);
	fake_stop(&f);
}

TEST(a_dripping_challenge_ends_with_the_deadline)
{
	struct fake_server f;
	struct volume v;
	struct run r;
	int64_t began = lk_clock_ms();

	fake_start(&f, "auth=drip");
	volume_init(&v, f.url, NULL);
	attempt_ms = 1500;
	CHECK_EQ(prepare(&r, &v, NULL), LK_TIMEOUT);
	attempt_ms = 30000;
	CHECK(lk_clock_ms() - began < 10000);
	fake_stop(&f);
}

/* ---- sessions that end ---- */

TEST(an_ended_session_is_renewed_once)
{
	struct fake_server f;
	struct volume v;
	struct run r;

	fake_start(&f, "resource=goneonce");
	volume_init(&v, f.url, NULL);
	prepared(&r, &v, NULL);
	CHECK_EQ(fetch(&r, 0), LK_OK);
	holds_key(&r);
	CHECK_EQ(fake_count(&f, "attest"), 2);
	CHECK_EQ(fake_count(&f, "keys"), 2); /* a fresh key for a fresh nonce */
	finish(&r);
	fake_stop(&f);
}

TEST(a_session_that_never_lasts_is_not_renewed_twice)
{
	struct fake_server f;
	struct volume v;
	struct run r;

	fake_start(&f, "resource=gone");
	volume_init(&v, f.url, NULL);
	prepared(&r, &v, NULL);
	CHECK_EQ(fetch(&r, 0), LK_AGAIN);
	CHECK_EQ(r.err.code, LK_C_SESSION_EXPIRED);
	CHECK_EQ(fetch(&r, 0), LK_AGAIN);
	CHECK_EQ(fake_count(&f, "attest"), 2);
	finish(&r);
	fake_stop(&f);
}

TEST(a_replayed_nonce_is_refused)
{
	struct fake_server f;
	struct volume v;
	struct run r;

	fake_start(&f, "auth=replay resource=goneonce");
	volume_init(&v, f.url, NULL);
	prepared(&r, &v, NULL);
	CHECK_EQ(fetch(&r, 0), LK_TAMPERED);
	CHECK_EQ(r.err.code, LK_C_REPLY_INVALID);
	CHECK_EQ(fake_count(&f, "attest"), 1);
	/* and what is left is no session */
	CHECK_EQ(fetch(&r, 0), LK_AGAIN);
	CHECK_EQ(r.err.code, LK_C_SESSION_EXPIRED);
	finish(&r);
	fake_stop(&f);
}

TEST(an_old_session_is_renewed_before_it_ends)
{
	struct fake_server f;
	struct volume v;
	struct run r;

	fake_start(&f, "");
	volume_init(&v, f.url, NULL);
	attempt_ms = LK_FOREVER;
	prepared(&r, &v, NULL);
	attempt_ms = 30000;
	fake_clock_ahead_ms = 230000;
	CHECK_EQ(fetch(&r, 0), LK_OK);
	CHECK_EQ(fake_count(&f, "attest"), 1);
	fake_clock_ahead_ms = 241000;
	CHECK_EQ(fetch(&r, 0), LK_OK);
	CHECK_EQ(fake_count(&f, "attest"), 2);
	holds_key(&r);
	fake_clock_ahead_ms = 0;
	finish(&r);
	fake_stop(&f);
}

TESTS(hostile_challenges, hostile_attestation_answers, hostile_resources,
      a_replayed_answer_does_not_open, a_dripping_challenge_ends_with_the_deadline,
      an_ended_session_is_renewed_once, a_session_that_never_lasts_is_not_renewed_twice,
      a_replayed_nonce_is_refused, an_old_session_is_renewed_before_it_ends)
