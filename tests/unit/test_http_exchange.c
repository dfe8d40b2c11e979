/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of whom an exchange trusts: CA, pin, name, dates and the clock. */
#include "tests/check.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_server.h"
#include "tests/fakes/http_client.h"

TEST(trust_must_be_configured)
{
	const struct lk_http_options none = { .trust_keys = "kbs_root_cert or kbs_spki_pin" };
	struct lk_http_request req = post("https://localhost:1");
	struct lk_http_response r = { 0 };
	struct lk_error err = { 0 };
	struct lk_http *h = NULL;
	char text[2048];

	CHECK_OK(lk_http_new(&none, &h, &err));
	CHECK_EQ(lk_http_exchange(h, &req, &r, &err), LK_CONFIG);
	CHECK_EQ(err.code, LK_C_CONFIG_MISSING);
	CHECK_HAS(lk_error_format(&err, text, sizeof(text)), "kbs_root_cert or kbs_spki_pin");
	fake_clock_unset = true;
	CHECK_EQ(lk_http_exchange(h, &req, &r, &err), LK_CONFIG);
	fake_clock_unset = false;
	CHECK_EQ(err.code, LK_C_CLOCK_UNTRUSTED);
	req.base = "http://localhost:1";
	CHECK_EQ(lk_http_exchange(h, &req, &r, &err), LK_CONFIG);
	CHECK_EQ(err.code, LK_C_CONFIG_VALUE);
	lk_http_free(h);
}

TEST(bad_trust_anchors_are_refused)
{
	char short_pin[] = "sha256//AAAA",
	     two[] = "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA;"
		     "AAA=";
	char *items[] = { short_pin };
	const struct lk_strings pins = { items, 1 };
	struct lk_http_options o = { .pins = &pins };
	struct lk_error err = { 0 };
	struct lk_http *h = NULL;

	CHECK_EQ(lk_http_new(&o, &h, &err), LK_CONFIG);
	items[0] = two;
	CHECK_EQ(lk_http_new(&o, &h, &err), LK_CONFIG);
	o = (struct lk_http_options){ .ca_pem = "no certificate" };
	CHECK_EQ(lk_http_new(&o, &h, &err), LK_CONFIG);
	CHECK(!h);
}

static void untrusted(const char *url, const char *ca, const char *pin)
{
	struct lk_error err;

	CHECK_EQ(once(url, ca, pin, &err), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_TLS_UNTRUSTED);
}

TEST(only_the_configured_ca_and_pin_are_trusted)
{
	struct fake_server f;
	struct lk_error err;
	char *ca, *other, *pin, *otherpin;

	fake_start(&f, "tls=good");
	ca = fake_file(&f, "ca.pem");
	other = fake_file(&f, "other.pem");
	pin = fake_file(&f, "pin");
	otherpin = fake_file(&f, "otherpin");
	untrusted(f.url, other, NULL);
	untrusted(f.url, NULL, otherpin);
	untrusted(f.url, ca, otherpin); /* both, if both are given */
	untrusted(f.url, other, pin);
	CHECK_EQ(fake_count(&f, "auth"), 0);
	CHECK_OK(once(f.url, ca, NULL, &err));
	CHECK_OK(once(f.url, NULL, pin, &err));
	CHECK_OK(once(f.url, ca, pin, &err));
	fake_stop(&f);
}

TEST(any_one_of_several_pins_fits)
{
	struct lk_http_response r = { 0 };
	struct lk_http_request req;
	struct lk_error err = { 0 };
	struct lk_http *h = NULL;
	struct lk_http_options o = { 0 };
	struct lk_strings pins;
	struct fake_server f;
	char *items[2];

	fake_start(&f, "tls=tls12");
	items[0] = fake_file(&f, "otherpin");
	items[1] = fake_file(&f, "pin");
	pins = (struct lk_strings){ items, 2 };
	o.pins = &pins;
	req = post(f.url);
	CHECK_OK(lk_http_new(&o, &h, &err));
	CHECK_OK(lk_http_exchange(h, &req, &r, &err));
	lk_http_response_clear(&r);
	lk_http_free(h);
	fake_stop(&f);
}

TEST(another_host_s_certificate_is_refused)
{
	struct fake_server f;

	fake_start(&f, "tls=misnamed");
	untrusted(f.url, fake_file(&f, "ca.pem"), NULL);
	fake_stop(&f);
}

static void dates_matter_unless_the_clock_is_unset(const char *kind)
{
	struct lk_http_response r = { 0 };
	struct lk_http_request req;
	struct fake_server f;
	struct lk_error err = { 0 };
	struct lk_http *h;

	fake_start(&f, kind);
	req = post(f.url);
	untrusted(f.url, fake_file(&f, "ca.pem"), NULL);

	fake_clock_unset = true;
	untrusted(f.url, fake_file(&f, "other.pem"), NULL);
	untrusted(f.url, NULL, fake_file(&f, "otherpin"));
	h = client(fake_file(&f, "ca.pem"), NULL);
	CHECK_OK(lk_http_exchange(h, &req, &r, &err));
	fake_clock_unset = false;
	CHECK(r.clock_untrusted);
	lk_http_response_clear(&r);
	lk_http_free(h);
	fake_stop(&f);
}

TEST(a_certificate_signed_over_sha1_is_refused)
{
	struct fake_server f;

	fake_start(&f, "tls=sha1");
	untrusted(f.url, fake_file(&f, "ca.pem"), NULL);
	fake_stop(&f);
}

TEST(an_expired_certificate)
{
	dates_matter_unless_the_clock_is_unset("tls=expired");
}

TEST(a_certificate_of_the_future)
{
	dates_matter_unless_the_clock_is_unset("tls=future");
}

TEST(a_wrong_name_is_refused_with_an_unset_clock_too)
{
	struct fake_server f;

	fake_start(&f, "tls=misnamed");
	fake_clock_unset = true;
	untrusted(f.url, fake_file(&f, "ca.pem"), NULL);
	fake_clock_unset = false;
	fake_stop(&f);
}

TESTS(trust_must_be_configured, bad_trust_anchors_are_refused,
      only_the_configured_ca_and_pin_are_trusted, any_one_of_several_pins_fits,
      another_host_s_certificate_is_refused, a_certificate_signed_over_sha1_is_refused,
      an_expired_certificate, a_certificate_of_the_future,
      a_wrong_name_is_refused_with_an_unset_clock_too)
