/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of what a TDX guest is told: quotes, the quoting service's messages and its port, and the table
 * that leads to an event log. */
#include "attestation/ccel.h"
#include "attestation/qgs.h"
#include "attestation/tdx_quote.h"
#include "tests/check.h"
#include "tests/fakes/fake_kernel.h"
#include "tests/fakes/qgs_answer.h"

#define V4_DATA	      568
#define V4_ATTRIBUTES 168

static uint8_t bytes[16384];

static enum lk_code parse(const uint8_t *p, size_t n, struct lk_tdx_quote *ret)
{
	struct lk_error err = { 0 };

	return lk_tdx_quote_parse(p, n, ret, &err) ? err.code : LK_C_NONE;
}

/* ---- quotes ---- */

TEST(real_quotes_are_understood)
{
	struct lk_tdx_quote q;
	size_t n = fake_fixture("tdx-debug.quote", bytes, sizeof(bytes));

	CHECK_EQ(parse(bytes, n, &q), LK_C_NONE);
	CHECK_EQ(q.version, 4);
	CHECK_EQ(q.used, 4936);
	CHECK_EQ(q.signed_len, 632);
	CHECK_EQ(q.attributes, 0x10000001);
	CHECK(q.mrtd == bytes + 184 && q.rtmr == bytes + 376 && q.report_data == bytes + 568);

	n = fake_fixture("tdx-v5.quote", bytes, sizeof(bytes));
	CHECK_EQ(parse(bytes, n, &q), LK_C_NONE);
	CHECK_EQ(q.version, 5);
	CHECK_EQ(q.body_len, 648);
	CHECK_EQ(q.signed_len, 702);
	CHECK_EQ(q.used, 5006);

	n = fake_fixture("tdx-gcp.quote", bytes, sizeof(bytes));
	CHECK_EQ(n, 8000);
	CHECK_EQ(parse(bytes, n, &q), LK_C_NONE);
	CHECK_EQ(q.used, 4935);
}

TEST(every_truncation_is_refused)
{
	static const char *const names[] = { "tdx-debug.quote", "tdx-v5.quote" };
	struct lk_tdx_quote q;
	size_t i, n, len;

	for (i = 0; i < 2; i++) {
		len = fake_fixture(names[i], bytes, sizeof(bytes));
		for (n = 0; n < len; n++) {
			uint8_t *cut = malloc(n + 1);

			memcpy(cut, bytes, n);
			CHECK_EQ(parse(cut, n, &q), LK_C_EVIDENCE_INVALID);
			free(cut);
		}
	}
}

/* Changes one byte of a v4 or v5 quote; the outcome. */
static enum lk_code changed(const char *name, size_t at, uint8_t value)
{
	struct lk_tdx_quote q;
	const size_t n = fake_fixture(name, bytes, sizeof(bytes));

	bytes[at] = value;
	return parse(bytes, n, &q);
}

TEST(other_kinds_are_refused)
{
	CHECK_EQ(changed("tdx-debug.quote", 0, 3), LK_C_EVIDENCE_INVALID);
	CHECK_EQ(changed("tdx-debug.quote", 1, 1), LK_C_EVIDENCE_INVALID);
	CHECK_EQ(changed("tdx-debug.quote", 4, 0), LK_C_EVIDENCE_INVALID);
	CHECK_EQ(changed("tdx-v5.quote", 48, 2), LK_C_EVIDENCE_INVALID);
	CHECK_EQ(changed("tdx-v5.quote", 48, 1), LK_C_EVIDENCE_INVALID);
	CHECK_EQ(changed("tdx-v5.quote", 53, 1), LK_C_EVIDENCE_INVALID);
	CHECK_EQ(changed("tdx-debug.quote", 635, 0xff), LK_C_EVIDENCE_INVALID);
}

TEST(only_what_was_asked_for_and_no_debugging)
{
	struct lk_tdx_quote q;
	struct lk_error err = { 0 };
	uint8_t data[LK_TDX_DATA];
	size_t n = fake_fixture("tdx-debug.quote", bytes, sizeof(bytes));

	memcpy(data, bytes + V4_DATA, sizeof(data));
	CHECK_EQ(parse(bytes, n, &q), LK_C_NONE);
	CHECK_EQ(lk_tdx_quote_check(&q, data, &err), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_TEE_DEBUG);
	bytes[V4_ATTRIBUTES] &= 0xfe;
	CHECK_EQ(parse(bytes, n, &q), LK_C_NONE);
	CHECK_OK(lk_tdx_quote_check(&q, data, &err));
	data[63] ^= 1;
	CHECK_EQ(lk_tdx_quote_check(&q, data, &err), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_EVIDENCE_INVALID);
}

/* ---- messages ---- */

static enum lk_code take(const uint8_t *m, size_t n, const uint8_t **quote, size_t *len)
{
	struct lk_error err = { 0 };

	return lk_qgs_answer(m, n, quote, len, &err) ? err.code : LK_C_NONE;
}

TEST(an_answer_is_taken_apart)
{
	uint8_t m[128];
	const uint8_t *quote;
	size_t n = qgs_answer(m, (const uint8_t *)"quote", 5, 16), len, i;

	CHECK_EQ(take(m, n, &quote, &len), LK_C_NONE);
	CHECK_EQ(len, 5);
	CHECK_MEM(quote, "quote", 5);
	for (i = 0; i < n; i++)
		CHECK_EQ(take(m, i, &quote, &len), LK_C_EVIDENCE_INVALID);
	m[4] = 0;
	CHECK_EQ(take(m, n, &quote, &len), LK_C_EVIDENCE_INVALID);
	m[4] = 1;
	m[0] = 2;
	CHECK_EQ(take(m, n, &quote, &len), LK_C_EVIDENCE_INVALID);
	m[0] = 1;
	put32(m + 16, 0xffffffff);
	CHECK_EQ(take(m, n, &quote, &len), LK_C_EVIDENCE_INVALID);
	put32(m + 16, 15);
	CHECK_EQ(take(m, n, &quote, &len), LK_C_EVIDENCE_INVALID);
	n = qgs_answer(m, (const uint8_t *)"", 0, 16);
	CHECK_EQ(take(m, n, &quote, &len), LK_C_EVIDENCE_INVALID);
	put32(m + 12, 0x12001);
	CHECK_EQ(take(m, n, &quote, &len), LK_C_TEE_FAILED);
}

static enum lk_status port_of(const char *text, uint32_t *ret)
{
	struct lk_error err = { 0 };

	return lk_qgs_port(text, ret, &err);
}

TEST(the_port_is_read_as_intels_library_does)
{
	uint32_t port = 1;

	CHECK_EQ(port_of("", &port), LK_OK);
	CHECK_EQ(port, 0);
	CHECK_EQ(port_of("# port = 1\nport = 4050\n", &port), LK_OK);
	CHECK_EQ(port, 4050);
	CHECK_EQ(port_of("other = x\n \tport=65535 # here\nports = 3", &port), LK_OK);
	CHECK_EQ(port, 65535);
	CHECK_EQ(port_of("port = 0", &port), LK_CONFIG);
	CHECK_EQ(port_of("port = 65536", &port), LK_CONFIG);
	CHECK_EQ(port_of("port = 40 50", &port), LK_CONFIG);
	CHECK_EQ(port_of("port = -1", &port), LK_CONFIG);
	CHECK_EQ(port_of("port =", &port), LK_CONFIG);
	CHECK_EQ(port_of("port = 0x10", &port), LK_CONFIG);
}

TEST(only_a_tdx_guests_table_counts)
{
	struct lk_error err = { 0 };
	const size_t n = fake_fixture("tdx-gcp.ccel-table", bytes, sizeof(bytes));

	CHECK_EQ(n, 56);
	CHECK_OK(lk_ccel_table_check(bytes, n, &err));
	CHECK_EQ(lk_ccel_table_check(bytes, n - 1, &err), LK_TAMPERED);
	CHECK_EQ(lk_ccel_table_check(bytes, 0, &err), LK_TAMPERED);
	bytes[9]++;
	CHECK_EQ(lk_ccel_table_check(bytes, n, &err), LK_TAMPERED);
	bytes[9]--;
	bytes[36]--;
	bytes[9]++;
	CHECK_EQ(lk_ccel_table_check(bytes, n, &err), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_EVIDENCE_INVALID);
}

TESTS(real_quotes_are_understood, every_truncation_is_refused, other_kinds_are_refused,
      only_what_was_asked_for_and_no_debugging, an_answer_is_taken_apart,
      the_port_is_read_as_intels_library_does, only_a_tdx_guests_table_counts)
