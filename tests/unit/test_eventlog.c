/* SPDX-License-Identifier: Apache-2.0 */
/* attestation/eventlog*.c: logs read, replayed and written; what lies is refused. */
#include <stdlib.h>

#include "attestation/eventlog.h"
#include "attestation/eventlog_bytes.h"
#include "tests/unit/bytes.h"

static struct lk_error err;

/* ---- a log built by hand: SHA-256 and SHA-384, as a firmware with two banks writes it ---- */

#define SPEC                                                                                       \
	"0000000003000000000000000000000000000000000000000000000025000000"                         \
	"53706563204944204576656e743033000000000000020002020000000b0020000c00300000"

static uint8_t built[4096];
static size_t n_built;

static void put(const void *p, size_t n)
{
	memcpy(built + n_built, p, n);
	n_built += n;
}

static void put32(uint32_t v)
{
	uint8_t p[4];

	lk_put32(p, v);
	put(p, 4);
}

static void record(uint32_t index, uint32_t type, const void *data, size_t n, const void *hashed,
		   size_t n_hashed)
{
	uint8_t digest[LK_HASH_MAX];

	put32(index);
	put32(type);
	put32(2);
	put("\x0b\0", 2);
	CHECK_OK(lk_hash(LK_SHA256, hashed, n_hashed, digest, &err));
	put(digest, 32);
	put("\x0c\0", 2);
	CHECK_OK(lk_hash(LK_SHA384, hashed, n_hashed, digest, &err));
	put(digest, 48);
	put32((uint32_t)n);
	put(data, n);
}

static void build(void)
{
	static const char action[] = "Calling EFI Application from Boot Option";
	static const char fw[] = "l\0k\0-\0f\0w\0-\0001\0\0";
	static const char linux16[] = ".\0l\0i\0n\0u\0x\0\0";
	struct bytes spec = hex(SPEC);
	uint8_t event[LK_AAEL_EVENT_MAX];
	size_t n;

	CHECK_OK(lk_crypto_setup(&err));
	n_built = 0;
	put(spec.data, spec.len);
	record(0, 8, fw, 16, fw, 16);
	record(0, 4, "\0\0\0", 4, "\0\0\0", 4);
	record(4, 4, "\0\0\0", 4, "\0\0\0", 4);
	record(4, 0x80000007, action, strlen(action), action, strlen(action));
	record(11, 0xd, linux16, 14, ".linux", 7);
	record(11, 0xd, linux16, 14, "KERNEL", 6);
	CHECK_OK(lk_aael_event("latchkey.example", "unlock", "{\"volume\":\"rootfs\"}", event, &n,
			       &err));
	record(15, 6, event, n, event, n);
}

TEST(a_log_replays_to_the_registers)
{
	struct lk_replay r;

	build();
	CHECK_EQ(n_built, 912);
	CHECK_OK(lk_eventlog_replay(built, n_built, LK_EVENTLOG_TPM, LK_TCG_SHA256, &r, &err));
	CHECK_EQ(r.extended, 1 << 0 | 1 << 4 | 1 << 11 | 1 << 15);
	CHECK_HEX(r.value[0], 32,
		  "156d60720a716d3d813c40f2100ca5a2183933e9210ab3ad106957a72f0f765f");
	CHECK_HEX(r.value[4], 32,
		  "dd50c8da0f899f655b4305d2438663c1b3da6d1922a0c8226533ac417abcd523");
	CHECK_HEX(r.value[11], 32,
		  "48ce0f5b58f021a07d22dd51576c402ec10cb7357fadb09340e725ac820afd30");
	CHECK_HEX(r.value[15], 32,
		  "ba3dd1eb303407051a4a37b1e6cb58984f8d77fb15491bfaf5956148de3e67d3");
	CHECK_EQ(r.value[16][0], 0);
	CHECK_EQ(r.value[17][31], 0xff);
	CHECK_EQ(r.value[22][0], 0xff);
	CHECK_EQ(r.value[23][0], 0);
}

TEST(the_other_bank_as_well)
{
	struct lk_replay r;

	build();
	CHECK_OK(lk_eventlog_replay(built, n_built, LK_EVENTLOG_TPM, LK_TCG_SHA384, &r, &err));
	CHECK_HEX(r.value[0], 48,
		  "e9090726dcc9a3f5636c670cd61dcb4cb0009ebcd3387db74980cc7757959ccff93a74e32e302b39"
		  "a1081fc04a10b913");
	CHECK_HEX(r.value[15], 48,
		  "2cd678b06fa85b47d89fde23716f076bea96975ae6c68d4a544f3982a53f19cc01bfcc5035e677b1"
		  "7a5a472d5883899a");
	CHECK_EQ(lk_eventlog_replay(built, n_built, LK_EVENTLOG_TPM, LK_TCG_SHA1, &r, &err),
		 LK_CONFIG);
}

TEST(the_locality_shows_in_the_first_register)
{
	struct lk_replay r;
	uint8_t want[32] = { 0 };
	uint8_t digest[LK_HASH_MAX];

	build();
	n_built = 69;
	record(0, 3, "StartupLocality\0\3", 17, "", 0);
	record(0, 8, "x", 1, "x", 1);
	CHECK_OK(lk_eventlog_replay(built, n_built, LK_EVENTLOG_TPM, LK_TCG_SHA256, &r, &err));
	want[31] = 3;
	CHECK_OK(lk_hash(LK_SHA256, "x", 1, digest, &err));
	CHECK_OK(lk_register_extend(LK_SHA256, want, digest, &err));
	CHECK_MEM(r.value[0], want, 32);
}

TEST(nothing_behind_an_end_mark_counts)
{
	struct lk_replay r;
	struct lk_eventlog log;
	struct lk_eventlog_record rec;
	bool end = false;

	build();
	memset(built + n_built, 0xff, 8);
	memset(built + n_built + 8, 'x', 40);
	CHECK_OK(lk_eventlog_replay(built, n_built + 48, LK_EVENTLOG_TPM, LK_TCG_SHA256, &r, &err));
	CHECK_OK(lk_eventlog_open(&log, built, n_built + 48, &err));
	while (!end)
		CHECK_OK(lk_eventlog_next(&log, &rec, &end, &err));
	CHECK_EQ(log.at, 912);
	memset(built + n_built, 0, 8);
	CHECK_OK(lk_eventlog_replay(built, n_built + 48, LK_EVENTLOG_TPM, LK_TCG_SHA256, &r, &err));
	memset(built + n_built, 0xff, 7);
	CHECK_EQ(lk_eventlog_replay(built, n_built + 7, LK_EVENTLOG_TPM, LK_TCG_SHA256, &r, &err),
		 LK_TAMPERED);
}

TEST(every_cut_is_noticed_or_at_a_record)
{
	struct lk_replay r;
	size_t n, whole = 0;

	build();
	for (n = 0; n < n_built; n++) {
		uint8_t *copy = malloc(n ? n : 1);

		memcpy(copy, built, n);
		whole += lk_eventlog_replay(copy, n, LK_EVENTLOG_TPM, LK_TCG_SHA256, &r, &err) ==
			 LK_OK;
		free(copy);
	}
	CHECK_EQ(whole, 7); /* after the first record, and after each of the next six */
}

static enum lk_status with(size_t at, uint8_t byte, enum lk_eventlog_kind kind)
{
	struct lk_replay r;

	build();
	built[at] = byte;
	return lk_eventlog_replay(built, n_built, kind, LK_TCG_SHA256, &r, &err);
}

TEST(lies_about_shape_are_refused)
{
	CHECK_EQ(with(32, 'X', LK_EVENTLOG_TPM), LK_TAMPERED);	     /* no Spec ID */
	CHECK_EQ(with(4, 4, LK_EVENTLOG_TPM), LK_TAMPERED);	     /* an action */
	CHECK_EQ(with(28, 0x24, LK_EVENTLOG_TPM), LK_TAMPERED);	     /* its length */
	CHECK_EQ(with(56, 0, LK_EVENTLOG_TPM), LK_TAMPERED);	     /* no kinds */
	CHECK_EQ(with(56, 17, LK_EVENTLOG_TPM), LK_TAMPERED);	     /* too many */
	CHECK_EQ(with(62, 31, LK_EVENTLOG_TPM), LK_TAMPERED);	     /* SHA-256 of 31 bytes */
	CHECK_EQ(with(64, 0x0b, LK_EVENTLOG_TPM), LK_TAMPERED);	     /* twice the same */
	CHECK_EQ(with(69 + 8, 3, LK_EVENTLOG_TPM), LK_TAMPERED);     /* more digests than kinds */
	CHECK_EQ(with(69 + 12, 4, LK_EVENTLOG_TPM), LK_TAMPERED);    /* a kind not announced */
	CHECK_EQ(with(69 + 46, 0x0b, LK_EVENTLOG_TPM), LK_TAMPERED); /* a kind twice */
	CHECK_EQ(with(69 + 99, 1, LK_EVENTLOG_TPM), LK_TAMPERED);    /* data of 16 MiB */
	CHECK_EQ(with(69, 24, LK_EVENTLOG_TPM), LK_TAMPERED);	     /* a register there is not */
	CHECK_EQ(with(69, 23, LK_EVENTLOG_TPM), LK_OK);
	CHECK_EQ(with(69, 5, LK_EVENTLOG_CC), LK_TAMPERED); /* also because of 11 and 15 */
}

/* ---- entries ---- */

#define CRYPTPILOT                                                                                 \
	"5849135c6c80c7622890c712fb9a0e625c085616f79e80c0027fed9cf7532b8482e088c9aa20d572cfd57036" \
	"6d02305b"

static void check_entry(uint32_t index, uint16_t alg, const char *digest, const char *value)
{
	uint8_t event[LK_AAEL_EVENT_MAX], entry[LK_AAEL_ENTRY_MAX], *log = NULL;
	const uint16_t algs[] = { LK_TCG_SHA384, LK_TCG_SHA256 };
	struct lk_eventlog_parts parts = { .algs = algs, .n_algs = 2, .entries = entry };
	struct lk_replay r;
	enum lk_hash hash;
	size_t n, n_log;

	CHECK_OK(lk_aael_event("cryptpilot.alibabacloud.com", "load_config_untrusted", CRYPTPILOT,
			       event, &n, &err));
	CHECK_EQ(n, 0x9a);
	CHECK_OK(lk_aael_entry(index, alg, event, n, entry, &parts.n_entries, &err));
	CHECK(lk_tcg_hash(alg, &hash));
	CHECK_EQ(parts.n_entries, 18 + lk_hash_size(hash) + n);
	CHECK_HEX(entry + 14, lk_hash_size(hash), digest);
	CHECK_OK(lk_eventlog_join(&parts, &log, &n_log, &err));
	CHECK_OK(lk_eventlog_replay(log, n_log, index == 4 ? LK_EVENTLOG_CC : LK_EVENTLOG_TPM, alg,
				    &r, &err));
	CHECK_EQ(r.extended, 1u << index);
	/* the reference has PCR 17 from zeros */
	if (index == 17) {
		memset(r.value[17], 0, 32);
		CHECK_OK(lk_register_extend(hash, r.value[17], entry + 14, &err));
	}
	CHECK_HEX(r.value[index], lk_hash_size(hash), value);
	free(log);
}

TEST(entries_are_those_of_the_attestation_agent)
{
	check_entry(4, LK_TCG_SHA384,
		    "ca51d53202f9c646a15ec015253fd08555b1b1177ed414118665cbfd11d9126c3fc452a323e101"
		    "c0f335c9f4eafd9284",
		    "f3a5da671038a18e0e07017c5a620c1884046cb6cab2b6ad316ee2d0e0066549b7ed889892537d"
		    "c08e736c3d96c0fad8");
	check_entry(17, LK_TCG_SHA256,
		    "fbb84faa00f5ab1b27fe5cb1458d157f40778540a1a8d8605fc55353010b54d3",
		    "74e60a6904b33e37033b0ad6ac51335606b5a00100ad4471b7b968111ba6064a");
}

TEST(an_entry_to_the_byte)
{
	uint8_t event[LK_AAEL_EVENT_MAX], entry[LK_AAEL_ENTRY_MAX];
	struct bytes want;
	size_t n, n_entry;

	CHECK_OK(lk_aael_event("latchkey.example", "unlock", "{\"volume\":\"rootfs\"}", event, &n,
			       &err));
	CHECK_EQ(n, 51);
	CHECK_HEX(event, 8, "4c4541412b000000");
	CHECK_OK(lk_aael_entry(4, LK_TCG_SHA384, event, n, entry, &n_entry, &err));
	CHECK_EQ(n_entry, 117);
	want = hex(
		"0400000006000000010000000c0012bb9cd409f8a7e9d1b1101ed17b923b796fde7c0fd2fe8c97d8fc"
		"9f83c3f7bc1edab8c73dca38350df9ed823e8d5a8a33000000");
	CHECK_MEM(entry, want.data, want.len);
	CHECK_MEM(entry + want.len, event, n);
}

TEST(the_digests_that_the_agent_tests_itself_with)
{
	uint8_t event[LK_AAEL_EVENT_MAX], digest[LK_HASH_MAX];
	size_t n;

	CHECK_OK(lk_aael_event("domain", "operation", "content", event, &n, &err));
	CHECK_OK(lk_hash(LK_SHA256, event, n, digest, &err));
	CHECK_HEX(digest, 32, "46df8dacf00a07d34a83cdf56d7978697790787cf2ba1432ef7c38f22cd96351");
	CHECK_OK(lk_hash(LK_SHA384, event, n, digest, &err));
	CHECK_HEX(digest, 48,
		  "dad5f0e226318ffa9839b75a472c6aa7fdb5834949d0a0a22990cf04d5692440fb00f3aa0609db7e"
		  "49cd8d793f670d02");
	CHECK_OK(lk_hash(LK_SHA512, event, n, digest, &err));
	CHECK_HEX(digest, 64,
		  "b708d222ca8bd44dfe6ba0c4ca2cbb72379276fba8091025217064be45a813e5d6124ccf073219ed"
		  "b617d1faf007d55061465bdf34b7437dbdc9a7405bd4e9c0");
}

TEST(the_header_is_that_of_the_attestation_agent)
{
	const uint16_t algs[] = { LK_TCG_SHA384, LK_TCG_SM3 };
	uint8_t header[LK_EVENTLOG_HEADER_MAX];
	size_t n;

	CHECK_OK(lk_eventlog_header(algs, 2, header, &n, &err));
	CHECK_HEX(header, n,
		  "0000000003000000000000000000000000000000000000000000000025000000"
		  "000000000000000000000000000000000000000000000000020000000c003000120020"
		  "0000");
}

TEST(texts_that_would_blur_the_fields_are_refused)
{
	uint8_t event[LK_AAEL_EVENT_MAX];
	char longest[LK_AAEL_TEXT_MAX + 1];
	size_t n;

	CHECK_EQ(lk_aael_event("a b", "op", "c", event, &n, &err), LK_INTERNAL);
	CHECK_EQ(lk_aael_event("a", "o p", "c", event, &n, &err), LK_INTERNAL);
	CHECK_EQ(lk_aael_event("a", "op", "c\n", event, &n, &err), LK_INTERNAL);
	CHECK_EQ(lk_aael_event("", "op", "c", event, &n, &err), LK_INTERNAL);
	CHECK_EQ(lk_aael_event("a", "op", "", event, &n, &err), LK_INTERNAL);
	memset(longest, 'x', sizeof(longest) - 1);
	longest[LK_AAEL_TEXT_MAX] = '\0';
	CHECK_EQ(lk_aael_event("a", "op", longest, event, &n, &err), LK_INTERNAL);
	CHECK_OK(lk_aael_event("a", "op", longest + 5, event, &n, &err));
	CHECK_EQ(n, LK_AAEL_EVENT_MAX);
}

/* The last record of the log built by hand, with one byte changed. */
static enum lk_status read_last(size_t at, uint8_t flip, struct lk_aael *ret, bool *ret_is)
{
	struct lk_eventlog log;
	struct lk_eventlog_record r, last;
	bool end = false;

	build();
	built[n_built - 51 + at] ^= flip;
	CHECK_OK(lk_eventlog_open(&log, built, n_built, &err));
	while (!end) {
		CHECK_OK(lk_eventlog_next(&log, &r, &end, &err));
		if (!end)
			last = r;
	}
	return lk_aael_read(&last, LK_TCG_SHA256, ret, ret_is, &err);
}

TEST(an_event_reads_as_it_was_measured)
{
	static struct lk_aael e;
	bool is;

	CHECK_OK(read_last(0, 0, &e, &is));
	CHECK(is);
	CHECK_STR(e.domain, "latchkey.example");
	CHECK_STR(e.operation, "unlock");
	CHECK_STR(e.content, "{\"volume\":\"rootfs\"}");
	CHECK_EQ(read_last(40, 1, &e, &is), LK_TAMPERED); /* another text than the digest's */
	CHECK_OK(read_last(0, 1, &e, &is));		  /* another tag: none of ours */
	CHECK(!is);
}

TEST(malformed_events_are_refused_though_measured)
{
	static struct lk_aael e;
	static const char *const texts[] = { "\7\0\0\0a b",	"\7\0\0\0a  bcd",
					     "\7\0\0\0a b\1cd", "\7\0\0\0abcdefg",
					     "\6\0\0\0a b cde", "\7\0\0\0 b cdef" };
	struct lk_eventlog log;
	struct lk_eventlog_record r;
	bool end, is;
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char data[15] = "LEAA";

		memcpy(data + 4, texts[i], i == 0 ? 7 : 11);
		build();
		n_built = 69;
		record(15, 6, data, i == 0 ? 11 : 15, data, i == 0 ? 11 : 15);
		CHECK_OK(lk_eventlog_open(&log, built, n_built, &err));
		CHECK_OK(lk_eventlog_next(&log, &r, &end, &err));
		CHECK_EQ(lk_aael_read(&r, LK_TCG_SHA256, &e, &is, &err), LK_TAMPERED);
	}
}

TEST(a_firmware_log_is_cut_where_it_ends)
{
	uint8_t *all = NULL;
	struct lk_eventlog_parts parts = { .firmware = built, .entries = built + 912 - 151 };
	struct lk_replay r;
	size_t n;

	build();
	memset(built + n_built, 0xff, 600);
	parts.n_firmware = n_built + 600;
	CHECK_OK(lk_eventlog_join(&parts, &all, &n, &err));
	CHECK_EQ(n, 912 + 8);
	free(all);
	parts.n_entries = 151; /* the last record once more */
	CHECK_OK(lk_eventlog_join(&parts, &all, &n, &err));
	CHECK_EQ(n, 912 + 151 + 8);
	CHECK_OK(lk_eventlog_replay(all, n, LK_EVENTLOG_TPM, LK_TCG_SHA256, &r, &err));
	free(all);
	parts.n_firmware = 900;
	CHECK_EQ(lk_eventlog_join(&parts, &all, &n, &err), LK_TAMPERED);
}

TESTS(a_log_replays_to_the_registers, the_other_bank_as_well,
      the_locality_shows_in_the_first_register, nothing_behind_an_end_mark_counts,
      every_cut_is_noticed_or_at_a_record, lies_about_shape_are_refused,
      entries_are_those_of_the_attestation_agent, an_entry_to_the_byte,
      the_digests_that_the_agent_tests_itself_with, the_header_is_that_of_the_attestation_agent,
      texts_that_would_blur_the_fields_are_refused, an_event_reads_as_it_was_measured,
      malformed_events_are_refused_though_measured, a_firmware_log_is_cut_where_it_ends)
