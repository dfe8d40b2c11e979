/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the key broker provider against a broker that keeps the protocol, or breaks it. */
#include "attestation/attester.h"
#include "core/crypto.h"
#include "core/json.h"
#include "providers/provider.h"
#include "tests/check.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_server.h"
#include "tests/fakes/provider_options.h"

static const char key_text[] = "latchkey passphrase \0\1\377";
#define KEY_LEN 23

/* One volume's options, big enough for the provider's own struct. */
struct volume {
	_Alignas(16) char options[512];
	char *urls[2];
	char *pins[1];
};

static const struct lk_provider *kbs(void)
{
	const struct lk_provider *p = lk_provider_find("kbs");

	CHECK(p && p->options_size <= sizeof(((struct volume *)0)->options));
	return p;
}

static void volume_init(struct volume *v, const char *url_a, const char *url_b)
{
	*v = (struct volume){ .urls = { (char *)(uintptr_t)url_a, (char *)(uintptr_t)url_b } };
	option_defaults(kbs(), v->options);
	option_list(kbs(), v->options, "kbs_url", v->urls, url_b ? 2 : 1);
	option_text(kbs(), v->options, "key_uri", "kbs:///default/disk/root");
	option_text(kbs(), v->options, "allow_plaintext_http", "true");
}

static int64_t attempt_ms = 30000;

/* A batch of up to two volumes, and where its session lives. */
struct run {
	struct lk_batch_item items[2];
	struct lk_batch batch;
	struct lk_strings dns;
	struct lk_network network;
	void *session;
	struct lk_volume_key key;
	struct lk_fetch_note note;
	struct lk_error err;
};

static enum lk_status prepare(struct run *r, struct volume *a, struct volume *b)
{
	struct lk_error err = { 0 };

	*r = (struct run){ .items = { { "root", a->options }, { "data", b ? b->options : NULL } } };
	lk_json_setup();
	CHECK_OK(lk_crypto_setup(&err));
	CHECK_OK(lk_attester_pick("sample", &r->batch.attester, &err));
	r->network.dns = &r->dns;
	r->batch.items = r->items;
	r->batch.n_items = b ? 2 : 1;
	r->batch.network = &r->network;
	r->batch.deadline = lk_deadline_in(attempt_ms);
	return kbs()->prepare(&r->batch, &r->session, &r->err);
}

static enum lk_status fetch(struct run *r, size_t i)
{
	lk_secret_wipe(&r->key.bytes);
	r->err = (struct lk_error){ 0 };
	return kbs()->fetch(r->session, i, &r->key, &r->note, &r->err);
}

/* Prepare, and print why not. */
static void prepared(struct run *r, struct volume *a, struct volume *b)
{
	char text[2048];

	if (prepare(r, a, b))
		check_fail(__FILE__, __LINE__, "%s", lk_error_format(&r->err, text, sizeof(text)));
}

static void finish(struct run *r)
{
	lk_secret_wipe(&r->key.bytes);
	kbs()->finish(r->session);
}

static void holds_key(const struct run *r)
{
	CHECK_EQ(r->key.bytes.len, KEY_LEN);
	CHECK_MEM(r->key.bytes.data, key_text, KEY_LEN);
	CHECK_EQ(r->key.form, LK_KEY_PASSPHRASE);
}

/* ---- the narrow path ---- */

static void three_round_trips(const char *tee_key)
{
	struct fake_server f;
	struct volume v;
	struct run r;

	fake_start(&f, "");
	volume_init(&v, f.url, NULL);
	option_text(kbs(), v.options, "tee_key", tee_key);
	prepared(&r, &v, NULL);
	CHECK_EQ(fetch(&r, 0), LK_OK);
	holds_key(&r);
	CHECK_EQ(fake_count(&f, "connections"), 1);
	CHECK_EQ(fake_count(&f, "auth"), 1);
	CHECK_EQ(fake_count(&f, "verified"), 1);
	CHECK_EQ(fake_count(&f, "resource"), 1);
	CHECK_EQ(fake_count(&f, "unasked"), 0);
	CHECK_STR(r.note.endpoint, "127.0.0.1");
	CHECK(!r.note.clock_untrusted);
	finish(&r);
	fake_stop(&f);
}

TEST(three_round_trips_on_one_connection_p256)
{
	three_round_trips("ec-p256");
}

TEST(three_round_trips_on_one_connection_p521)
{
	three_round_trips("ec-p521");
}

TEST(three_round_trips_on_one_connection_rsa)
{
	three_round_trips("rsa-2048");
}

TEST(two_volumes_share_one_session)
{
	struct fake_server f;
	struct volume a, b;
	struct run r;

	fake_start(&f, "");
	volume_init(&a, f.url, NULL);
	volume_init(&b, f.url, NULL);
	option_text(kbs(), b.options, "key_uri", "default/disk/two");
	CHECK(kbs()->same_session(a.options, b.options));
	prepared(&r, &a, &b);
	CHECK_EQ(fetch(&r, 0), LK_OK);
	holds_key(&r);
	CHECK_EQ(fetch(&r, 1), LK_OK);
	CHECK_EQ(r.key.bytes.len, 14);
	CHECK_EQ(fake_count(&f, "connections"), 1);
	CHECK_EQ(fake_count(&f, "attest"), 1);
	CHECK_EQ(fake_count(&f, "resource"), 2);
	finish(&r);
	fake_stop(&f);
}

TEST(a_denial_is_one_volume_s_alone)
{
	struct fake_server f;
	struct volume a, b;
	struct run r;

	fake_start(&f, "resource=denytwo");
	volume_init(&a, f.url, NULL);
	volume_init(&b, f.url, NULL);
	option_text(kbs(), a.options, "key_uri", "default/disk/two");
	prepared(&r, &a, &b);
	CHECK_EQ(fetch(&r, 0), LK_DENIED);
	CHECK_EQ(r.err.code, LK_C_KBS_DENIED);
	CHECK(!r.key.bytes.data);
	CHECK_EQ(fetch(&r, 1), LK_OK);
	holds_key(&r);
	CHECK_EQ(fake_count(&f, "auth"), 1);
	finish(&r);
	fake_stop(&f);
}

TEST(a_server_may_keep_its_state_in_the_cookie)
{
	struct fake_server f;
	struct volume v;
	struct run r;

	fake_start(&f, "attest=newcookie auth=sha512");
	volume_init(&v, f.url, NULL);
	prepared(&r, &v, NULL);
	CHECK_EQ(fetch(&r, 0), LK_OK);
	holds_key(&r);
	finish(&r);
	fake_stop(&f);
}

TEST(large_keys_arrive_whole)
{
	struct fake_server f;
	struct volume v;
	struct run r;

	fake_start(&f, "resource=large");
	volume_init(&v, f.url, NULL);
	prepared(&r, &v, NULL);
	CHECK_EQ(fetch(&r, 0), LK_OK);
	CHECK_EQ(r.key.bytes.len, 60000);
	finish(&r);
	fake_stop(&f);
}

/* ---- hostile servers ---- */

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
		{ "strange", LK_C_KBS_DENIED },	    { "jweerror", LK_C_JWE_INVALID },
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
	CHECK(lk_clock_ms() - began < 3000);
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

/* ---- several endpoints ---- */

/* Milliseconds to a key when the first of two endpoints is as told. */
static int64_t ms_to_key(const char *first, const char *endpoint)
{
	struct fake_server a, b;
	struct volume v;
	struct run r;
	int64_t began;

	fake_start(&a, first);
	fake_start(&b, "");
	volume_init(&v, a.url, b.url);
	began = lk_clock_ms();
	prepared(&r, &v, NULL);
	CHECK_EQ(fetch(&r, 0), LK_OK);
	began = lk_clock_ms() - began;
	holds_key(&r);
	CHECK_STR(r.note.endpoint, endpoint);
	finish(&r);
	fake_stop(&a);
	fake_stop(&b);
	return began;
}

TEST(a_dead_first_endpoint_costs_less_than_two_seconds)
{
	static const char *const modes[] = { "auth=hang", "tls=stall", "auth=nononce", "auth=503",
					     "attest=500" };
	const int64_t alive = ms_to_key("", "127.0.0.1 (1st of 2)");
	size_t i;

	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		CHECK(ms_to_key(modes[i], "127.0.0.1 (2nd of 2, 1st dead)") - alive < 2000);
}

TEST(a_refused_connection_is_passed_over)
{
	struct fake_server a, b;
	struct volume v;
	struct run r;

	fake_start(&a, "");
	fake_start(&b, "");
	fake_stop(&a);
	volume_init(&v, a.url, b.url);
	prepared(&r, &v, NULL);
	CHECK_EQ(fetch(&r, 0), LK_OK);
	CHECK_STR(r.note.endpoint, "127.0.0.1 (2nd of 2, 1st dead)");
	CHECK_EQ(fake_count(&b, "connections"), 1);
	finish(&r);
	fake_stop(&b);
}

TEST(no_endpoint_at_all)
{
	struct fake_server a, b;
	struct volume v;
	struct run r;

	fake_start(&a, "");
	fake_start(&b, "auth=reset");
	fake_stop(&a);
	volume_init(&v, a.url, b.url);
	CHECK_EQ(prepare(&r, &v, NULL), LK_AGAIN);
	CHECK_EQ(r.err.code, LK_C_UNREACHABLE);
	fake_stop(&b);
}

TEST(a_refusal_of_the_evidence_is_final)
{
	struct fake_server a, b;
	struct volume v;
	struct run r;

	fake_start(&a, "attest=reject");
	fake_start(&b, "");
	volume_init(&v, a.url, b.url);
	CHECK_EQ(prepare(&r, &v, NULL), LK_DENIED);
	CHECK_EQ(fake_count(&b, "connections"), 0);
	fake_stop(&a);
	fake_stop(&b);
}

/* ---- TLS and the clock ---- */

TEST(tls_by_file_and_by_pin)
{
	struct fake_server f;
	struct volume v;
	struct run r;
	struct lk_error err = { 0 };
	char path[128];

	fake_start(&f, "tls=good");
	volume_init(&v, f.url, NULL);
	option_text(kbs(), v.options, "allow_plaintext_http", "false");
	snprintf(path, sizeof(path), "%s/absent.pem", f.dir);
	option_text(kbs(), v.options, "kbs_root_cert", path);
	CHECK_EQ(kbs()->load(v.options, &err), LK_CONFIG);
	snprintf(path, sizeof(path), "%s/pin", f.dir);
	CHECK_EQ(kbs()->load(v.options, &err), LK_CONFIG);
	snprintf(path, sizeof(path), "%s/ca.pem", f.dir);
	option_text(kbs(), v.options, "kbs_root_cert", strdup(path));
	CHECK_OK(kbs()->load(v.options, &err));
	prepared(&r, &v, NULL);
	CHECK_EQ(fetch(&r, 0), LK_OK);
	holds_key(&r);
	CHECK_EQ(fake_count(&f, "connections"), 1);
	CHECK_STR(r.note.endpoint, "localhost");
	finish(&r);

	free(*option_string(kbs(), v.options, "kbs_root_cert"));
	option_text(kbs(), v.options, "kbs_root_cert", fake_file(&f, "other.pem"));
	CHECK_EQ(prepare(&r, &v, NULL), LK_TAMPERED);
	CHECK_EQ(r.err.code, LK_C_TLS_UNTRUSTED);

	option_text(kbs(), v.options, "kbs_root_cert", NULL);
	v.pins[0] = fake_file(&f, "otherpin");
	option_list(kbs(), v.options, "kbs_spki_pin", v.pins, 1);
	CHECK_EQ(prepare(&r, &v, NULL), LK_TAMPERED);
	v.pins[0] = fake_file(&f, "pin");
	prepared(&r, &v, NULL);
	finish(&r);
	fake_stop(&f);
}

TEST(an_unset_clock_is_noted)
{
	struct fake_server f;
	struct volume v;
	struct run r;

	fake_start(&f, "tls=expired");
	volume_init(&v, f.url, NULL);
	option_text(kbs(), v.options, "kbs_root_cert", fake_file(&f, "ca.pem"));
	CHECK_EQ(prepare(&r, &v, NULL), LK_TAMPERED);
	fake_clock_unset = true;
	prepared(&r, &v, NULL);
	CHECK_EQ(fetch(&r, 0), LK_OK);
	fake_clock_unset = false;
	CHECK(r.note.clock_untrusted);
	finish(&r);
	fake_stop(&f);
}

/* ---- options ---- */

static enum lk_code check(const struct volume *v)
{
	struct lk_error err = { 0 };

	return kbs()->check(v->options, &err) ? err.code : LK_C_NONE;
}

TEST(options_are_checked)
{
	struct volume v;

	volume_init(&v, "http://kbs.example", NULL);
	CHECK_EQ(check(&v), LK_C_NONE);
	option_text(kbs(), v.options, "allow_plaintext_http", "false");
	CHECK_EQ(check(&v), LK_C_CONFIG_VALUE);
	volume_init(&v, "https://kbs.example", NULL);
	CHECK_EQ(check(&v), LK_C_CONFIG_MISSING);
	option_text(kbs(), v.options, "kbs_root_cert", "/etc/latchkey/ca.pem");
	CHECK_EQ(check(&v), LK_C_NONE);
	option_text(kbs(), v.options, "kbs_root_cert", "ca.pem");
	CHECK_EQ(check(&v), LK_C_CONFIG_VALUE);
	option_text(kbs(), v.options, "kbs_root_cert", "-----BEGIN CERTIFICATE-----\nAAAA\n");
	CHECK(check(&v) != LK_C_NONE);
	volume_init(&v, "http://kbs.example", "ftp://x");
	CHECK_EQ(check(&v), LK_C_CONFIG_VALUE);
	volume_init(&v, "http://kbs.example", NULL);
	option_text(kbs(), v.options, "key_uri", "default/root");
	CHECK_EQ(check(&v), LK_C_CONFIG_VALUE);
}

TEST(a_cdh_of_another_is_refused_by_name)
{
	struct volume v;

	volume_init(&v, "http://kbs.example", NULL);
	option_text(kbs(), v.options, "cdh_type", "one-shot");
	CHECK_EQ(check(&v), LK_C_NONE);
	option_text(kbs(), v.options, "cdh_type", "daemon");
	CHECK_EQ(check(&v), LK_C_CONFIG_VALUE);
	option_text(kbs(), v.options, "cdh_type", "native");
	option_text(kbs(), v.options, "cdh_command", "/usr/bin/confidential-data-hub");
	CHECK_EQ(check(&v), LK_C_CONFIG_VALUE);
	option_text(kbs(), v.options, "cdh_command", NULL);
	option_text(kbs(), v.options, "cdh_socket", "/run/cdh.sock");
	CHECK_EQ(check(&v), LK_C_CONFIG_VALUE);
}

TEST(sessions_are_shared_by_equal_trust_only)
{
	struct volume a, b;

	volume_init(&a, "http://kbs.example", NULL);
	volume_init(&b, "http://kbs.example", NULL);
	option_text(kbs(), b.options, "key_uri", "a/b/c");
	CHECK(kbs()->same_session(a.options, b.options));
	option_text(kbs(), b.options, "kbs_root_cert", "/ca.pem");
	CHECK(!kbs()->same_session(a.options, b.options));
	volume_init(&b, "http://other.example", NULL);
	CHECK(!kbs()->same_session(a.options, b.options));
	volume_init(&b, "http://kbs.example", "http://other.example");
	CHECK(!kbs()->same_session(a.options, b.options));
	volume_init(&b, "http://kbs.example", NULL);
	option_text(kbs(), b.options, "tee_key", "ec-p521");
	CHECK(!kbs()->same_session(a.options, b.options));
}

TEST(unknown_providers_are_not_found)
{
	CHECK(!lk_provider_find("nothing"));
	CHECK(!lk_provider_find(""));
	CHECK_STR(lk_provider_find("exec")->name, "exec");
}

TESTS(three_round_trips_on_one_connection_p256, three_round_trips_on_one_connection_p521,
      three_round_trips_on_one_connection_rsa, two_volumes_share_one_session,
      a_denial_is_one_volume_s_alone, a_server_may_keep_its_state_in_the_cookie,
      large_keys_arrive_whole, hostile_challenges, hostile_attestation_answers, hostile_resources,
      a_replayed_answer_does_not_open, a_dripping_challenge_ends_with_the_deadline,
      an_ended_session_is_renewed_once, a_session_that_never_lasts_is_not_renewed_twice,
      a_replayed_nonce_is_refused, an_old_session_is_renewed_before_it_ends,
      a_dead_first_endpoint_costs_less_than_two_seconds, a_refused_connection_is_passed_over,
      no_endpoint_at_all, a_refusal_of_the_evidence_is_final, tls_by_file_and_by_pin,
      an_unset_clock_is_noted, options_are_checked, a_cdh_of_another_is_refused_by_name,
      sessions_are_shared_by_equal_trust_only, unknown_providers_are_not_found)
