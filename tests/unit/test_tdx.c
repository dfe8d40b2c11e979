/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the evidence of a TDX guest: quote and event log, from kernel, device and host. */
#include "attestation/tdx.h"
#include "attestation/tdx_quote.h"
#include "core/base64.h"
#include "core/crypto.h"
#include "core/json.h"
#include "tests/check.h"
#include "tests/fakes/fake_kernel.h"
#include "tests/fakes/qgs_answer.h"

#define V4_DATA 568

static uint8_t bytes[16384];
static uint8_t digest[48];

/* ---- evidence ---- */

static void begin(const char *fixture)
{
	struct lk_error err = { 0 };

	memset(&fake, 0, sizeof(fake));
	memset(digest, 0xd1, sizeof(digest));
	fake.has_tsm = true;
	fake.provider = "tdx_guest";
	fake.blob_n = fake_fixture(fixture, fake.blob, sizeof(fake.blob));
	fake.data_at = fake.blob[0] == 4 ? V4_DATA : V4_DATA + 6;
	CHECK_OK(lk_crypto_setup(&err));
}

/* "cc_eventlog" of the evidence made last; log_n 0: null. */
static uint8_t log_bytes[32768];
static size_t log_n;

static void take_log(const struct json_t *doc)
{
	struct lk_error err = { 0 };
	const char *text;

	log_n = 0;
	CHECK(lk_json_has(doc, "cc_eventlog"));
	if (lk_json_is_null(lk_json_get(doc, "cc_eventlog")))
		return;
	CHECK_OK(lk_json_get_string(doc, "cc_eventlog", 65536, &text, &err));
	CHECK(lk_b64_decode(LK_B64_STD, text, strlen(text), log_bytes, sizeof(log_bytes), &log_n));
}

/* The outcome; the quote of the evidence is left in `bytes`. */
static enum lk_status make(enum lk_code *code, size_t *quote_n)
{
	LK_JSON *doc = NULL;
	struct lk_error err = { 0 };
	const enum lk_status st = lk_tdx_evidence(&fake_kernel, digest, sizeof(digest), &doc, &err);
	const char *text;

	CHECK(fake_kernel_ends());
	*code = err.code;
	if (st)
		return st;
	CHECK_EQ(lk_json_count(doc), 2);
	CHECK_OK(lk_json_get_string(doc, "quote", 65536, &text, &err));
	CHECK(lk_b64_decode(LK_B64_STD, text, strlen(text), bytes, sizeof(bytes), quote_n));
	take_log(doc);
	return LK_OK;
}

static void check_data(const uint8_t *at)
{
	static const uint8_t zero[16];

	CHECK_MEM(at, digest, sizeof(digest));
	CHECK_MEM(at + sizeof(digest), zero, sizeof(zero));
}

TEST(evidence_comes_from_the_kernel)
{
	enum lk_code code;
	size_t n;

	begin("tdx-v5.quote");
	CHECK_EQ(make(&code, &n), LK_OK);
	CHECK_EQ(n, 5006);
	check_data(bytes + V4_DATA + 6);
	CHECK_EQ(fake.device_calls, 0);

	begin("tdx-gcp.quote");
	CHECK_EQ(make(&code, &n), LK_OK);
	CHECK_EQ(n, 4935); /* without what the host padded it with */
	check_data(bytes + V4_DATA);
}

TEST(a_debugged_domain_makes_no_evidence)
{
	enum lk_code code;
	size_t n;

	begin("tdx-debug.quote");
	CHECK_EQ(make(&code, &n), LK_TAMPERED);
	CHECK_EQ(code, LK_C_TEE_DEBUG);
}

TEST(an_older_quote_makes_no_evidence)
{
	enum lk_code code;
	size_t n;

	begin("tdx-gcp.quote");
	fake.data_at = 4000; /* the data goes elsewhere: REPORTDATA is as recorded */
	CHECK_EQ(make(&code, &n), LK_TAMPERED);
	CHECK_EQ(code, LK_C_EVIDENCE_INVALID);
	begin("tdx-gcp.quote");
	fake.blob_n = 600;
	CHECK_EQ(make(&code, &n), LK_TAMPERED);
}

/* A machine with an older kernel: the device, and a quoting service with this quote. */
static void begin_older(const char *fixture)
{
	const size_t n = fake_fixture(fixture, bytes, sizeof(bytes));
	size_t len;

	begin(fixture);
	memset(fake.blob, 0, sizeof(fake.blob));
	fake.blob[0] = 0x81;
	fake.has_tsm = false;
	fake.device = "/dev/tdx_guest";
	memcpy(bytes + V4_DATA, digest, sizeof(digest));
	memset(bytes + V4_DATA + sizeof(digest), 0, 16);
	len = qgs_answer(fake.answer + 4, bytes, n, 16);
	fake.answer[2] = (uint8_t)(len >> 8);
	fake.answer[3] = (uint8_t)len;
	fake.answer_n = 4 + len;
}

/* What the service was sent. */
static void check_request(void)
{
	static const uint8_t begins[] = { 0, 0, 4, 0x18, 1, 0, 0, 0, 0, 0, 0, 0, 0x18, 4,
					  0, 0, 0, 0,	 0, 0, 0, 4, 0, 0, 0, 0, 0,    0 };

	CHECK_EQ(fake.request_n, 4 + 1048);
	CHECK_MEM(fake.request, begins, sizeof(begins));
	CHECK_EQ(fake.request[28], 0x81);
	check_data(fake.request + 28 + 128);
}

TEST(an_older_kernel_has_the_host_asked)
{
	enum lk_code code;
	size_t n;

	begin_older("tdx-gcp.quote");
	CHECK_EQ(make(&code, &n), LK_OK);
	CHECK_EQ(fake.port, 4050);
	CHECK_EQ(n, 4935);
	check_data(bytes + V4_DATA);
	check_request();
	begin_older("tdx-gcp.quote");
	fake.answer_pieces = 7;
	CHECK_EQ(make(&code, &n), LK_OK);
}

TEST(a_configured_port_helps_where_the_kernel_fails)
{
	static const char conf[] = "port = 1234\n";
	enum lk_code code;
	size_t n;

	begin_older("tdx-gcp.quote");
	fake.has_tsm = true;
	fake.out_errors[0] = EIO;
	CHECK_EQ(make(&code, &n), LK_INTERNAL);
	CHECK_EQ(code, LK_C_TEE_FAILED);
	CHECK_EQ(fake.port, 0);

	begin_older("tdx-gcp.quote");
	fake.has_tsm = true;
	fake.out_errors[0] = EIO;
	fake.file_path[0] = "/etc/tdx-attest.conf";
	fake.file[0] = (const uint8_t *)conf;
	fake.file_n[0] = strlen(conf);
	CHECK_EQ(make(&code, &n), LK_OK);
	CHECK_EQ(fake.port, 1234);

	fake.has_tsm = false;
	fake.file[0] = (const uint8_t *)"port = x";
	fake.file_n[0] = 8;
	CHECK_EQ(make(&code, &n), LK_CONFIG);
	CHECK_EQ(code, LK_C_CONFIG_VALUE);
}

TEST(a_host_without_a_quote_is_an_error)
{
	enum lk_code code;
	size_t n;

	begin_older("tdx-gcp.quote");
	fake.host_error = ECONNRESET;
	CHECK_EQ(make(&code, &n), LK_INTERNAL);
	CHECK_EQ(code, LK_C_TEE_FAILED);
	begin_older("tdx-gcp.quote");
	fake.answer_n = 2000; /* then it is gone */
	CHECK_EQ(make(&code, &n), LK_INTERNAL);
	begin_older("tdx-gcp.quote");
	fake.answer[0] = 1; /* sixteen megabytes are announced */
	CHECK_EQ(make(&code, &n), LK_TAMPERED);
	begin_older("tdx-gcp.quote");
	fake.answer[4 + 12] = 1;
	CHECK_EQ(make(&code, &n), LK_INTERNAL);
	begin_older("tdx-gcp.quote");
	fake.answer[4 + 24 + 16 + V4_DATA] ^= 1;
	CHECK_EQ(make(&code, &n), LK_TAMPERED);
	CHECK_EQ(code, LK_C_EVIDENCE_INVALID);
}

TEST(the_device_is_judged_too)
{
	enum lk_code code;
	size_t n;

	begin_older("tdx-gcp.quote");
	fake.device_errors[0] = EINTR;
	CHECK_EQ(make(&code, &n), LK_OK);
	CHECK_EQ(fake.device_calls, 2);
	begin_older("tdx-gcp.quote");
	fake.device_errors[0] = EIO;
	CHECK_EQ(make(&code, &n), LK_INTERNAL);
	begin_older("tdx-gcp.quote");
	fake.blob[512] = 1;
	CHECK_EQ(make(&code, &n), LK_TAMPERED);
	CHECK_EQ(code, LK_C_TEE_DEBUG);
	CHECK_EQ(fake.port, 0);
	begin_older("tdx-gcp.quote");
	fake.blob[0] = 0;
	CHECK_EQ(make(&code, &n), LK_TAMPERED);
	begin_older("tdx-gcp.quote");
	fake.device = NULL;
	CHECK_EQ(make(&code, &n), LK_ABSENT);
	CHECK_EQ(code, LK_C_TEE_ABSENT);
}

/* ---- the event log ---- */

static uint8_t table[64], ccel[32768];

static void with_log(void)
{
	begin("tdx-gcp.quote");
	fake.file_path[0] = "/sys/firmware/acpi/tables/CCEL";
	fake.file[0] = table;
	fake.file_n[0] = fake_fixture("tdx-gcp.ccel-table", table, sizeof(table));
	fake.file_path[1] = "/sys/firmware/acpi/tables/data/CCEL";
	fake.file[1] = ccel;
	fake.file_n[1] = fake_fixture("tdx-gcp.ccel", ccel, sizeof(ccel));
}

TEST(a_log_that_replays_goes_along)
{
	static const uint8_t end[8] = { 255, 255, 255, 255, 255, 255, 255, 255 };
	enum lk_code code;
	size_t n;

	with_log();
	CHECK_EQ(make(&code, &n), LK_OK);
	CHECK_EQ(log_n, 18101 + 8);
	CHECK_MEM(log_bytes, ccel, 18101);
	CHECK_MEM(log_bytes + 18101, end, 8);
}

TEST(a_log_that_says_something_else_stays_behind)
{
	enum lk_code code;
	size_t n;

	with_log();
	ccel[18101 - 200] ^= 1; /* within the last event's data: the digest still stands */
	CHECK_EQ(make(&code, &n), LK_OK);
	with_log();
	ccel[200] ^= 1;
	CHECK_EQ(make(&code, &n), LK_OK);
	CHECK_EQ(log_n, 0);
	with_log();
	fake.file_n[1] = 9000;
	CHECK_EQ(make(&code, &n), LK_OK);
	CHECK_EQ(log_n, 0);
	with_log();
	fake.file_path[1] = NULL;
	CHECK_EQ(make(&code, &n), LK_OK);
	CHECK_EQ(log_n, 0);
	with_log();
	table[36] = 1; /* of an SEV guest */
	CHECK_EQ(make(&code, &n), LK_OK);
	CHECK_EQ(log_n, 0);
	begin("tdx-gcp.quote"); /* no log, but a quote with registers that somebody extended */
	CHECK_EQ(make(&code, &n), LK_OK);
	CHECK_EQ(log_n, 0);
}

TEST(without_measurements_the_log_is_a_header)
{
	enum lk_code code;
	size_t n;

	begin("tdx-gcp.quote");
	memset(fake.blob + 376, 0, 4 * LK_TDX_MR);
	CHECK_EQ(make(&code, &n), LK_OK);
	CHECK_EQ(log_n, 69 + 8);
	CHECK_EQ(log_bytes[4], 3);
	CHECK_EQ(log_bytes[28], 37);
	CHECK_EQ(log_bytes[56], 2);
	CHECK_MEM(log_bytes + 60, "\x0c\x00\x30\x00\x12\x00\x20\x00\x00", 9);
}

TEST(presence_is_told_by_kernel_or_device)
{
	begin("tdx-gcp.quote");
	CHECK(lk_tdx_present(&fake_kernel));
	fake.provider = "sev_guest";
	CHECK(!lk_tdx_present(&fake_kernel));
	begin_older("tdx-gcp.quote");
	CHECK(lk_tdx_present(&fake_kernel));
	fake.device = NULL;
	CHECK(!lk_tdx_present(&fake_kernel));
}

TESTS(evidence_comes_from_the_kernel, a_debugged_domain_makes_no_evidence,
      an_older_quote_makes_no_evidence, an_older_kernel_has_the_host_asked,
      a_configured_port_helps_where_the_kernel_fails, a_host_without_a_quote_is_an_error,
      the_device_is_judged_too, a_log_that_replays_goes_along,
      a_log_that_says_something_else_stays_behind, without_measurements_the_log_is_a_header,
      presence_is_told_by_kernel_or_device)
