/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Session ids, tokens and keys leave nothing behind. The broker is told which ones to use as
 * their complement, so that before they arrive this process does not hold them.
 */
#include "tests/check.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_server.h"
#include "tests/fakes/kbs_run.h"
#include "tests/fakes/memory_search.h"

/* 24 random lower-case letters: fit for a cookie, a token and a key. Letters and their
 * complement share no byte. */
static struct needle canary(char hex[64])
{
	struct needle x = { .len = 24 };
	struct lk_error err = { 0 };
	size_t i;

	CHECK_OK(lk_random(x.complement, x.len, &err));
	for (i = 0; i < x.len; i++) {
		x.complement[i] = (uint8_t) ~('a' + x.complement[i] % 26);
		snprintf(hex + 2 * i, 3, "%02x", x.complement[i]);
	}
	return x;
}

static void nothing_is_left(const char *tls)
{
	struct fake_server f;
	struct needle x;
	struct volume v;
	struct run r;
	char hex[64], options[128];

	x = canary(hex);
	snprintf(options, sizeof(options), "tls=%s canary=%s", tls, hex);
	fake_start(&f, options);
	volume_init(&v, f.url, NULL);
	if (strcmp(tls, "none") != 0)
		option_text(kbs(), v.options, "kbs_root_cert", fake_file(&f, "ca.pem"));
	prepared(&r, &v, NULL);
	CHECK_EQ(fetch(&r, 0), LK_OK);
	CHECK_EQ(r.key.bytes.len, x.len);
	CHECK(search_memory(&x) >= 2); /* the key and the cookie, for now: the search works */
	finish(&r);
	CHECK_EQ(search_memory(&x), 0);
	fake_stop(&f);
}

TEST(nothing_is_left_of_a_session_in_the_clear)
{
	nothing_is_left("none");
}

TEST(nothing_is_left_of_a_session_under_tls)
{
	nothing_is_left("good");
}

TESTS(nothing_is_left_of_a_session_in_the_clear, nothing_is_left_of_a_session_under_tls)
