/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of measuring into a TDX guest's register, and of the log that goes along with a quote then. */
#include "attestation/eventlog.h"
#include "attestation/register_rtmr.h"
#include "attestation/tdx.h"
#include "core/base64.h"
#include "core/json.h"
#include "tests/check.h"
#include "tests/fakes/fake_kernel.h"

#define V4_RTMR3 520

static uint8_t event[LK_AAEL_EVENT_MAX], entry[LK_AAEL_ENTRY_MAX];
static size_t event_n, entry_n;
static uint8_t ccel[32768], table[64];

static void begin(void)
{
	struct lk_error err = { 0 };

	memset(&fake, 0, sizeof(fake));
	fake.has_rtmr[3] = true;
	CHECK_OK(lk_crypto_setup(&err));
	CHECK_OK(lk_aael_event("latchkey.example", "unlock", "{\"volume\":\"rootfs\"}", event,
			       &event_n, &err));
	CHECK_OK(lk_aael_entry(4, LK_TCG_SHA384, event, event_n, entry, &entry_n, &err));
}

TEST(an_event_is_extended)
{
	static const char expected[] =
		"2cd678b06fa85b47d89fde23716f076bea96975ae6c68d4a544f3982a53f19cc"
		"01bfcc5035e677b17a5a472d5883899a";
	struct lk_error err = { 0 };
	char hex[97];

	begin();
	CHECK_OK(lk_rtmr_extend(&fake_kernel, 3, event, event_n, &err));
	lk_hex_encode(fake.rtmr[3], 48, hex);
	CHECK_STR(hex, expected);
}

TEST(a_register_that_is_not_there_is_an_error)
{
	struct lk_error err = { 0 };

	begin();
	fake.has_rtmr[3] = false;
	CHECK(lk_rtmr_extend(&fake_kernel, 3, event, event_n, &err) != LK_OK);
	CHECK_EQ(err.code, LK_C_REGISTER);
	CHECK_HAS(err.frames[0].text, "rtmr3:sha384");
}

TEST(only_the_last_register_may_be_named)
{
	struct lk_register r;
	struct lk_error err = { 0 };

	CHECK_OK(lk_register_parse("rtmr:3", &r, &err));
	CHECK_STR(r.kind->name, "rtmr");
	CHECK_EQ(r.number + r.kind->log_base, 4);
	CHECK_EQ(r.kind->log_alg, LK_TCG_SHA384);
	CHECK_EQ(lk_register_parse("rtmr:2", &r, &err), LK_CONFIG);
	CHECK_EQ(lk_register_parse("rtmr:4", &r, &err), LK_CONFIG);
	CHECK_EQ(lk_register_parse("rtmr:", &r, &err), LK_CONFIG);
	CHECK_EQ(lk_register_parse("rtmr", &r, &err), LK_CONFIG);
}

/* "cc_eventlog" of evidence whose quote has this RTMR 3; 0: none. */
static size_t log_of(const uint8_t rtmr3[48], uint8_t *out, size_t max)
{
	const uint8_t digest[48] = { 1 };
	LK_JSON *doc = NULL;
	struct lk_error err = { 0 };
	const char *text;
	size_t n;

	fake.has_tsm = true;
	fake.provider = "tdx_guest";
	fake.blob_n = fake_fixture("tdx-gcp.quote", fake.blob, sizeof(fake.blob));
	fake.data_at = 568;
	memcpy(fake.blob + V4_RTMR3, rtmr3, 48);
	fake.file_path[0] = "/sys/firmware/acpi/tables/CCEL";
	fake.file[0] = table;
	fake.file_n[0] = fake_fixture("tdx-gcp.ccel-table", table, sizeof(table));
	fake.file_path[1] = "/sys/firmware/acpi/tables/data/CCEL";
	fake.file[1] = ccel;
	fake.file_n[1] = fake_fixture("tdx-gcp.ccel", ccel, sizeof(ccel));
	fake.file_path[2] = LK_REGISTER_LOG;
	fake.file[2] = entry;
	fake.file_n[2] = entry_n;
	CHECK_OK(lk_tdx_evidence(&fake_kernel, digest, sizeof(digest), &doc, &err));
	CHECK(fake_kernel_ends());
	if (lk_json_is_null(lk_json_get(doc, "cc_eventlog")))
		return 0;
	CHECK_OK(lk_json_get_string(doc, "cc_eventlog", 65536, &text, &err));
	CHECK(lk_b64_decode(LK_B64_STD, text, strlen(text), out, max, &n));
	return n;
}

TEST(our_events_follow_the_firmwares)
{
	static uint8_t log[32768];
	const uint8_t zero[48] = { 0 }, other[48] = { 3 };
	struct lk_error err = { 0 };

	begin();
	CHECK_OK(lk_rtmr_extend(&fake_kernel, 3, event, event_n, &err));
	CHECK_EQ(log_of(fake.rtmr[3], log, sizeof(log)), 18101 + entry_n + 8);
	CHECK_MEM(log + 18101, entry, entry_n);
	/* events that went elsewhere stay behind */
	CHECK_EQ(log_of(zero, log, sizeof(log)), 18101 + 8);
	/* somebody else extended the register */
	CHECK_EQ(log_of(other, log, sizeof(log)), 0);
}

TESTS(an_event_is_extended, a_register_that_is_not_there_is_an_error,
      only_the_last_register_may_be_named, our_events_follow_the_firmwares)
