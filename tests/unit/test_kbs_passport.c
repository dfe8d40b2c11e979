/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of passport mode: a token of one server brought to another, and taken or not. */
#include "tests/check.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_server.h"
#include "tests/fakes/kbs_run.h"

/* An issuer, a broker, and a volume that takes the token of one to the other. */
struct two {
	struct fake_server issuer, broker;
	char *token_urls[2];
};

static void two_start(struct two *t, const char *issuer, const char *broker, struct volume *v)
{
	fake_start(&t->issuer, issuer);
	fake_start(&t->broker, broker);
	volume_init(v, t->broker.url, NULL);
	t->token_urls[0] = t->issuer.url;
	option_list(kbs(), v->options, "token_url", t->token_urls, 1);
}

static void two_stop(struct two *t)
{
	fake_stop(&t->issuer);
	fake_stop(&t->broker);
}

TEST(a_token_is_brought_to_another)
{
	struct volume a, b;
	struct two t;
	struct run r;

	two_start(&t, "", "", &a);
	volume_init(&b, t.broker.url, NULL);
	option_list(kbs(), b.options, "token_url", t.token_urls, 1);
	option_text(kbs(), b.options, "key_uri", "default/disk/two");
	CHECK(kbs()->same_session(a.options, b.options));
	prepared(&r, &a, &b);
	CHECK_EQ(fake_count(&t.broker, "connections"), 0);
	CHECK_EQ(fetch(&r, 0), LK_OK);
	holds_key(&r);
	CHECK_EQ(fetch(&r, 1), LK_OK);
	CHECK_EQ(r.key.bytes.len, 14);
	CHECK_EQ(fake_count(&t.issuer, "attest"), 1);
	CHECK_EQ(fake_count(&t.issuer, "resource"), 0);
	CHECK_EQ(fake_count(&t.broker, "auth"), 0);
	CHECK_EQ(fake_count(&t.broker, "bearer"), 2);
	CHECK_EQ(fake_count(&t.broker, "connections"), 1);
	finish(&r);
	two_stop(&t);
}

TEST(every_kind_of_key)
{
	static const char *const kinds[] = { "ec-p521", "rsa-2048" };
	struct volume v;
	struct two t;
	struct run r;
	size_t i;

	two_start(&t, "speaks=0.4.0", "", &v);
	for (i = 0; i < 2; i++) {
		option_text(kbs(), v.options, "tee_key", kinds[i]);
		prepared(&r, &v, NULL);
		CHECK_EQ(fetch(&r, 0), LK_OK);
		holds_key(&r);
		finish(&r);
	}
	two_stop(&t);
}

TEST(a_token_that_nobody_trusts)
{
	char text[2048];
	struct volume v;
	struct two t;
	struct run r;

	two_start(&t, "", "resource=verifier", &v);
	prepared(&r, &v, NULL);
	CHECK_EQ(fetch(&r, 0), LK_DENIED);
	CHECK_EQ(r.err.code, LK_C_TOKEN_REFUSED);
	CHECK(!strstr(lk_error_format(&r.err, text, sizeof(text)), "eyJ")); /* no token in it */
	CHECK_EQ(fake_count(&t.issuer, "attest"), 2); /* it might have been too old */
	CHECK_EQ(fake_count(&t.issuer, "keys"), 2);
	finish(&r);
	two_stop(&t);
}

TEST(denials_are_no_reason_to_attest_again)
{
	static const struct {
		const char *mode;
		enum lk_code code;
	} rows[] = { { "resource=deny", LK_C_KBS_DENIED },
		     { "resource=missing", LK_C_KBS_NO_RESOURCE },
		     { "resource=badtag", LK_C_JWE_INVALID },
		     { "resource=html403", LK_C_KBS_DENIED },
		     { "resource=503", LK_C_SERVER_BUSY } };
	struct volume v;
	struct two t;
	struct run r;
	size_t i;

	two_start(&t, "", "", &v);
	prepared(&r, &v, NULL);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fake_set(&t.broker, rows[i].mode);
		CHECK(fetch(&r, 0) != LK_OK);
		CHECK_EQ(r.err.code, rows[i].code);
	}
	fake_set(&t.broker, "resource=ok"); /* the last failure was not for good */
	CHECK_EQ(fetch(&r, 0), LK_OK);
	CHECK_EQ(fake_count(&t.issuer, "attest"), 1);
	finish(&r);
	two_stop(&t);
}

TEST(a_dead_broker_is_passed_over)
{
	struct fake_server dead;
	struct volume v;
	struct two t;
	struct run r;

	fake_start(&dead, "");
	fake_stop(&dead);
	two_start(&t, "", "", &v);
	v.urls[0] = dead.url;
	v.urls[1] = t.broker.url;
	option_list(kbs(), v.options, "kbs_url", v.urls, 2);
	prepared(&r, &v, NULL);
	CHECK_EQ(fetch(&r, 0), LK_OK);
	holds_key(&r);
	CHECK_STR(r.note.endpoint, "127.0.0.1 (2nd of 2, 1st dead)");
	CHECK_EQ(fetch(&r, 0), LK_OK);
	CHECK_EQ(fake_count(&t.broker, "connections"), 1);
	finish(&r);
	two_stop(&t);
}

TEST(a_token_is_renewed_before_it_ends)
{
	struct volume v;
	struct two t;
	struct run r;

	two_start(&t, "attest=short", "", &v); /* a minute */
	attempt_ms = LK_FOREVER;
	prepared(&r, &v, NULL);
	attempt_ms = 30000;
	fake_clock_ahead_ms = 50000;
	CHECK_EQ(fetch(&r, 0), LK_OK);
	CHECK_EQ(fake_count(&t.issuer, "attest"), 1);
	fake_clock_ahead_ms = 56000;
	CHECK_EQ(fetch(&r, 0), LK_OK);
	holds_key(&r);
	CHECK_EQ(fake_count(&t.issuer, "attest"), 2);
	fake_clock_ahead_ms = 0;
	finish(&r);
	two_stop(&t);
}

TEST(a_token_that_never_lived)
{
	struct volume v;
	struct two t;
	struct run r;

	two_start(&t, "attest=ended", "", &v);
	CHECK_EQ(prepare(&r, &v, NULL), LK_TAMPERED);
	CHECK_EQ(r.err.code, LK_C_REPLY_INVALID);
	CHECK_EQ(fake_count(&t.broker, "connections"), 0);
	two_stop(&t);
}

TEST(each_is_known_by_its_own_certificate)
{
	struct volume v;
	struct two t;
	struct run r;

	two_start(&t, "tls=good", "tls=good", &v);
	option_text(kbs(), v.options, "kbs_root_cert", fake_file(&t.broker, "ca.pem"));
	/* the issuer is not known by the broker's */
	CHECK_EQ(prepare(&r, &v, NULL), LK_TAMPERED);
	CHECK_EQ(r.err.code, LK_C_TLS_UNTRUSTED);
	option_text(kbs(), v.options, "token_root_cert", fake_file(&t.issuer, "ca.pem"));
	prepared(&r, &v, NULL);
	CHECK_EQ(fetch(&r, 0), LK_OK);
	holds_key(&r);
	finish(&r);
	/* nor the broker by the issuer's */
	option_text(kbs(), v.options, "kbs_root_cert", fake_file(&t.issuer, "ca.pem"));
	prepared(&r, &v, NULL);
	CHECK_EQ(fetch(&r, 0), LK_TAMPERED);
	CHECK_EQ(r.err.code, LK_C_TLS_UNTRUSTED);
	CHECK_EQ(fake_count(&t.broker, "bearer"), 1);
	finish(&r);
	two_stop(&t);
}

static enum lk_code check(const struct volume *v)
{
	struct lk_error err = { 0 };

	return kbs()->check(v->options, &err) ? err.code : LK_C_NONE;
}

TEST(options_are_checked)
{
	char plain[] = "http://issuer.example", tls[] = "https://issuer.example", bad[] = "x";
	char *urls[] = { plain };
	struct volume v, w;

	volume_init(&v, "http://kbs.example", NULL);
	option_list(kbs(), v.options, "token_url", urls, 1);
	CHECK_EQ(check(&v), LK_C_NONE);
	volume_init(&w, "http://kbs.example", NULL);
	CHECK(!kbs()->same_session(v.options, w.options));
	urls[0] = bad;
	CHECK_EQ(check(&v), LK_C_CONFIG_VALUE);
	urls[0] = tls;
	CHECK_EQ(check(&v), LK_C_CONFIG_MISSING);
	option_text(kbs(), v.options, "token_root_cert", "/etc/latchkey/issuer.pem");
	CHECK_EQ(check(&v), LK_C_NONE);
	option_text(kbs(), v.options, "token_root_cert", "issuer.pem");
	CHECK_EQ(check(&v), LK_C_CONFIG_VALUE);
	option_text(kbs(), v.options, "token_root_cert", NULL);
	option_text(kbs(), v.options, "kbs_root_cert", "/etc/latchkey/kbs.pem");
	CHECK_EQ(check(&v), LK_C_NONE);
	option_text(kbs(), v.options, "cdh_command", "hub");
	CHECK_EQ(check(&v), LK_C_CONFIG_VALUE);
	volume_init(&v, "https://kbs.example", NULL);
	option_text(kbs(), v.options, "kbs_root_cert", "/etc/latchkey/kbs.pem");
	option_text(kbs(), v.options, "token_root_cert", "/etc/latchkey/issuer.pem");
	CHECK_EQ(check(&v), LK_C_CONFIG_MISSING);
	option_text(kbs(), v.options, "token_root_cert", NULL);
	option_list(kbs(), v.options, "token_url", urls, 1);
	option_text(kbs(), v.options, "tee_key", "rsa-2048");
	option_text(kbs(), v.options, "kbs_protocol", "0.1.1");
	CHECK_EQ(check(&v), LK_C_CONFIG_VALUE);
}

TESTS(a_token_is_brought_to_another, every_kind_of_key, a_token_that_nobody_trusts,
      denials_are_no_reason_to_attest_again, a_dead_broker_is_passed_over,
      a_token_is_renewed_before_it_ends, a_token_that_never_lived,
      each_is_known_by_its_own_certificate, options_are_checked)
