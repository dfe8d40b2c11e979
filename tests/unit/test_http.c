/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the bounded HTTP client against a server that misbehaves. */
#include "core/http.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include "core/crypto.h"
#include "tests/check.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_server.h"

#define AUTH "{\"version\":\"0.4.0\",\"tee\":\"sample\",\"extra-params\":{}}"

static struct lk_http *client(const char *ca, const char *pin)
{
	char *pins[] = { (char *)(uintptr_t)pin };
	const struct lk_strings list = { pins, pin ? 1 : 0 };
	const struct lk_http_options o = {
		.ca_pem = ca,
		.pins = &list,
		.allow_plaintext = true,
		.trust_keys = "kbs_root_cert",
	};
	struct lk_http *h = NULL;
	struct lk_error err = { 0 };

	CHECK_OK(lk_crypto_setup(&err));
	CHECK_OK(lk_http_new(&o, &h, &err));
	return h;
}

static struct lk_http_request post(const char *base)
{
	return (struct lk_http_request){
		.method = "POST",
		.base = base,
		.path = "/kbs/v0/auth",
		.body = AUTH,
		.body_len = strlen(AUTH),
		.max_answer = 65536,
		.max_ms = 1500,
		.deadline = lk_deadline_in(20000),
	};
}

/* One exchange with a fresh client; clears the answer. */
static enum lk_status once(const char *url, const char *ca, const char *pin, struct lk_error *err)
{
	struct lk_http_response r = { 0 };
	struct lk_http_request req = post(url);
	struct lk_http *h = client(ca, pin);
	enum lk_status st;

	*err = (struct lk_error){ 0 };
	st = lk_http_exchange(h, &req, &r, err);
	CHECK(st == LK_OK || (!r.body.data && !r.head.data));
	lk_http_response_clear(&r);
	lk_http_free(h);
	return st;
}

static enum lk_code code_of(struct fake_server *f, const char *mode)
{
	struct lk_error err;
	char line[64];
	int64_t began = lk_clock_ms();

	snprintf(line, sizeof(line), "auth=%s", mode);
	fake_set(f, line);
	CHECK(once(f->url, NULL, NULL, &err) != LK_OK);
	CHECK(lk_clock_ms() - began < 5000);
	return err.code;
}

TEST(hostile_answers_have_a_code_each)
{
	static const struct {
		const char *mode;
		enum lk_code code;
	} rows[] = {
		{ "big", LK_C_HTTP_LIMIT },	   { "endless", LK_C_HTTP_LIMIT },
		{ "chunks", LK_C_HTTP_LIMIT },	   { "headers", LK_C_HTTP_LIMIT },
		{ "longheader", LK_C_HTTP_LIMIT }, { "continues", LK_C_HTTP_LIMIT },
		{ "redirect", LK_C_HTTP_LIMIT },   { "garbage", LK_C_REPLY_INVALID },
		{ "reset", LK_C_UNREACHABLE },	   { "cut", LK_C_UNREACHABLE },
		{ "drip", LK_C_UNREACHABLE },	   { "hang", LK_C_UNREACHABLE },
	};
	struct fake_server f;
	size_t i;

	fake_start(&f, "");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (code_of(&f, rows[i].mode) != rows[i].code)
			check_fail(__FILE__, __LINE__, "wrong code for %s", rows[i].mode);
	fake_stop(&f);
}

TEST(busy_servers_say_when_to_come_back)
{
	struct fake_server f;
	struct lk_error err;

	fake_start(&f, "auth=429");
	CHECK_EQ(once(f.url, NULL, NULL, &err), LK_AGAIN);
	CHECK_EQ(err.code, LK_C_SERVER_BUSY);
	CHECK_EQ(err.retry_after_ms, 7000);
	fake_set(&f, "auth=503");
	CHECK_EQ(once(f.url, NULL, NULL, &err), LK_AGAIN);
	CHECK_EQ(err.retry_after_ms, 3000);
	fake_stop(&f);
}

TEST(the_deadline_ends_a_drip)
{
	struct lk_http *h = client(NULL, NULL);
	struct lk_http_response r = { 0 };
	struct lk_http_request req;
	struct lk_error err = { 0 };
	struct fake_server f;
	int64_t began = lk_clock_ms();

	fake_start(&f, "auth=drip");
	req = post(f.url);
	req.max_ms = 0;
	req.deadline = lk_deadline_in(1200);
	CHECK_EQ(lk_http_exchange(h, &req, &r, &err), LK_TIMEOUT);
	CHECK(lk_clock_ms() - began < 2500);
	fake_stop(&f);
	lk_http_free(h);
}

TEST(nobody_there_is_unreachable)
{
	struct fake_server f;
	struct lk_error err;

	fake_start(&f, "");
	fake_stop(&f);
	CHECK_EQ(once(f.url, NULL, NULL, &err), LK_AGAIN);
	CHECK_EQ(err.code, LK_C_UNREACHABLE);
}

TEST(a_name_that_does_not_resolve_is_a_name_lookup)
{
	/* nothing answers on this port: the look-up fails fast and without a network */
	const struct lk_http_options o = { .allow_plaintext = true, .name_servers = "127.0.0.1:9" };
	struct lk_http_request req = post("http://kbs.invalid:8080");
	struct lk_http_response r = { 0 };
	struct lk_error err = { 0 };
	struct lk_http *h = NULL;

	CHECK_OK(lk_http_new(&o, &h, &err));
	CHECK_EQ(lk_http_exchange(h, &req, &r, &err), LK_AGAIN);
	CHECK_EQ(err.code, LK_C_NAME_LOOKUP);
	lk_http_free(h);
}

/* A name server with one answer, 127.0.0.1 whatever the name, until it is killed. */
static pid_t name_server(int *ret_port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	static const uint8_t answer[] = { 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 127, 0, 0, 1 };
	uint8_t q[512 + sizeof(answer)];
	bool a;
	ssize_t n;
	pid_t pid;

	CHECK(fd >= 0 && !bind(fd, (struct sockaddr *)&at, len));
	CHECK(!getsockname(fd, (struct sockaddr *)&at, &len));
	*ret_port = ntohs(at.sin_port);
	pid = fork();
	while (pid == 0) {
		size_t end = 12;

		n = recvfrom(fd, q, 512, 0, (struct sockaddr *)&at, &len);
		while (n > 0 && end < 500 && q[end])
			end += (size_t)q[end] + 1;
		end += 5; /* root label, type, class */
		a = q[end - 3] == 1;
		memcpy(q + end, answer, sizeof(answer));
		q[2] |= 0x80;
		q[3] = 0x80;
		q[7] = a;
		q[11] = 0; /* no additional record */
		sendto(fd, q, end + (a ? sizeof(answer) : 0), 0, (struct sockaddr *)&at, len);
	}
	close(fd);
	return pid;
}

TEST(names_are_asked_of_the_servers_given)
{
	struct lk_http_options o = { .allow_plaintext = true };
	struct lk_http_response r = { 0 };
	struct lk_http_request req;
	struct lk_error err = { 0 };
	struct lk_http *h = NULL;
	struct fake_server f;
	char servers[32], url[64];
	int port;
	pid_t pid = name_server(&port);

	fake_start(&f, "");
	snprintf(servers, sizeof(servers), "127.0.0.1:%d", port);
	snprintf(url, sizeof(url), "http://kbs.example:%d", f.port);
	o.name_servers = servers;
	req = post(url);
	CHECK_OK(lk_http_new(&o, &h, &err));
	CHECK_OK(lk_http_exchange(h, &req, &r, &err));
	lk_http_response_clear(&r);
	lk_http_free(h);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	fake_stop(&f);
}

/* ---- trust ---- */

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

/* ---- connections and races ---- */

TEST(one_connection_serves_many_exchanges)
{
	struct lk_http_response r = { 0 };
	struct lk_http_request req;
	struct lk_error err = { 0 };
	struct fake_server f;
	struct lk_http *h;
	int i;

	fake_start(&f, "tls=good");
	h = client(fake_file(&f, "ca.pem"), NULL);
	req = post(f.url);
	for (i = 0; i < 3; i++) {
		CHECK_OK(lk_http_exchange(h, &req, &r, &err));
		CHECK_EQ(r.status, 200);
		CHECK(!r.clock_untrusted);
		lk_http_response_clear(&r);
	}
	CHECK_EQ(fake_count(&f, "connections"), 1);
	lk_http_free(h);
	fake_stop(&f);
}

static enum lk_status race(struct lk_http *h, const char *a, const char *b, bool dead[2],
			   size_t *ret_winner, struct lk_error *err)
{
	const char *const bases[] = { a, b };
	const struct lk_http_race two = { bases, 2, dead, 250, 500 };
	struct lk_http_response r = { 0 };
	struct lk_http_request req = post(NULL);
	enum lk_status st = lk_http_race(h, &req, &two, ret_winner, &r, err);

	lk_http_response_clear(&r);
	return st;
}

TEST(the_first_wins_when_it_is_well)
{
	struct fake_server a, b;
	struct lk_error err = { 0 };
	struct lk_http *h = client(NULL, NULL);
	bool dead[2] = { false, false };
	size_t winner = 9;

	fake_start(&a, "");
	fake_start(&b, "");
	CHECK_OK(race(h, a.url, b.url, dead, &winner, &err));
	CHECK_EQ(winner, 0);
	CHECK(!dead[0] && !dead[1]);
	CHECK_EQ(fake_count(&b, "connections"), 0);
	lk_http_free(h);
	fake_stop(&a);
	fake_stop(&b);
}

TEST(a_stalled_handshake_costs_the_head_start)
{
	struct fake_server a, b;
	struct lk_error err = { 0 };
	struct lk_http *h;
	bool dead[2] = { false, false };
	char stalled[64];
	size_t winner = 9;
	int64_t began;

	fake_start(&a, "tls=stall");
	fake_start(&b, "tls=good");
	h = client(fake_file(&b, "ca.pem"), NULL);
	snprintf(stalled, sizeof(stalled), "https://localhost:%d", a.port);
	began = lk_clock_ms();
	CHECK_OK(race(h, stalled, b.url, dead, &winner, &err));
	CHECK_EQ(winner, 1);
	CHECK(lk_clock_ms() - began >= 250 && lk_clock_ms() - began < 1000);
	CHECK_EQ(fake_count(&a, "auth"), 0);
	lk_http_free(h);
	fake_stop(&a);
	fake_stop(&b);
}

TEST(a_refused_connection_costs_nothing)
{
	struct fake_server a, b;
	struct lk_error err = { 0 };
	struct lk_http *h = client(NULL, NULL);
	bool dead[2] = { false, false };
	size_t winner = 9;
	int64_t began;

	fake_start(&a, "");
	fake_start(&b, "");
	fake_stop(&a);
	began = lk_clock_ms();
	CHECK_OK(race(h, a.url, b.url, dead, &winner, &err));
	CHECK_EQ(winner, 1);
	CHECK(dead[0] && !dead[1]);
	CHECK(lk_clock_ms() - began < 240);
	lk_http_free(h);
	fake_stop(&b);
}

TEST(a_winner_without_an_answer_is_dead)
{
	struct fake_server a, b;
	struct lk_error err = { 0 };
	struct lk_http *h = client(NULL, NULL);
	bool dead[2] = { false, false };
	size_t winner = 9;

	fake_start(&a, "auth=hang");
	fake_start(&b, "");
	CHECK_EQ(race(h, a.url, b.url, dead, &winner, &err), LK_AGAIN);
	CHECK_EQ(err.code, LK_C_UNREACHABLE);
	CHECK(dead[0] && !dead[1]);
	CHECK_EQ(winner, 9);
	CHECK_OK(race(h, a.url, b.url, dead, &winner, &err));
	CHECK_EQ(winner, 1);
	lk_http_free(h);
	fake_stop(&a);
	fake_stop(&b);
}

TEST(all_dead_is_unreachable_with_the_address)
{
	struct fake_server a, b;
	struct lk_error err = { 0 };
	struct lk_http *h = client(NULL, NULL);
	bool dead[2] = { false, false };
	char text[2048];
	size_t winner = 9;

	fake_start(&a, "");
	fake_start(&b, "");
	fake_stop(&a);
	fake_stop(&b);
	CHECK_EQ(race(h, a.url, b.url, dead, &winner, &err), LK_AGAIN);
	CHECK_EQ(err.code, LK_C_UNREACHABLE);
	CHECK(dead[0] && dead[1]);
	CHECK_HAS(lk_error_format(&err, text, sizeof(text)), b.url);
	lk_http_free(h);
}

/* ---- headers ---- */

TEST(headers_are_found_by_name_and_number)
{
	static const char head[] = "HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nset-cookie:b=2 \r\n"
				   "Set-Cookies: c\r\nEmpty:\r\n\r\n";
	const char *v;
	size_t n;

	CHECK(lk_http_header(head, strlen(head), "Set-Cookie", 0, &v, &n) && n == 3);
	CHECK_MEM(v, "a=1", 3);
	CHECK(lk_http_header(head, strlen(head), "Set-Cookie", 1, &v, &n) && n == 3);
	CHECK_MEM(v, "b=2", 3);
	CHECK(!lk_http_header(head, strlen(head), "Set-Cookie", 2, &v, &n));
	CHECK(lk_http_header(head, strlen(head), "empty", 0, &v, &n) && n == 0);
	CHECK(!lk_http_header(NULL, 0, "a", 0, &v, &n));
}

TEST(retry_after_is_a_bounded_number)
{
	CHECK_EQ(lk_http_retry_after("7", 1), 7000);
	CHECK_EQ(lk_http_retry_after("99999999999999999999", 20), 3600 * 1000);
	CHECK_EQ(lk_http_retry_after("Fri, 31 Dec 1999 23:59:59 GMT", 29), 0);
	CHECK_EQ(lk_http_retry_after("-1", 2), 0);
	CHECK_EQ(lk_http_retry_after("", 0), 0);
}

TESTS(hostile_answers_have_a_code_each, busy_servers_say_when_to_come_back,
      the_deadline_ends_a_drip, nobody_there_is_unreachable,
      a_name_that_does_not_resolve_is_a_name_lookup, names_are_asked_of_the_servers_given,
      trust_must_be_configured, bad_trust_anchors_are_refused,
      only_the_configured_ca_and_pin_are_trusted, any_one_of_several_pins_fits,
      another_host_s_certificate_is_refused, an_expired_certificate, a_certificate_of_the_future,
      a_wrong_name_is_refused_with_an_unset_clock_too, one_connection_serves_many_exchanges,
      the_first_wins_when_it_is_well, a_stalled_handshake_costs_the_head_start,
      a_refused_connection_costs_nothing, a_winner_without_an_answer_is_dead,
      all_dead_is_unreachable_with_the_address, headers_are_found_by_name_and_number,
      retry_after_is_a_bounded_number)
