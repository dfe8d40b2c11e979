/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of SEV-SNP reports, of the certificate table beside them, and of the evidence made of both. */
#include "attestation/snp.h"
#include "attestation/snp_report.h"
#include "core/crypto.h"
#include "core/json.h"
#include "keyserver/snp_report.h"
#include "tests/check.h"
#include "tests/fakes/fake_kernel.h"

static uint8_t report[2048];
static uint8_t digest[48];

static int64_t number(const struct json_t *v)
{
	int64_t n = 0;

	CHECK(lk_json_int_value(v, &n));
	return n;
}

/* ---- a report told as JSON, and put together again by the key server's code ---- */

static void check_rebuilt(bool turin)
{
	struct lk_snp_report theirs;
	LK_JSON *doc = NULL;
	struct lk_error err = { 0 };

	CHECK_OK(lk_snp_report_json(report, &doc, &err));
	CHECK_EQ(lk_json_count(doc), 29);
	CHECK_EQ(lk_json_is_null(lk_json_get(lk_json_get(doc, "reported_tcb"), "fmc")), !turin);
	CHECK_OK(lk_snp_report_from_json(doc, &theirs, &err));
	CHECK_MEM(theirs.bytes, report, LK_SNP_REPORT);
}

TEST(real_reports_are_told_to_the_last_byte)
{
	CHECK_EQ(fake_fixture("snp-milan.report", report, sizeof(report)), LK_SNP_REPORT);
	check_rebuilt(false);
	CHECK_EQ(fake_fixture("snp-vlek.report", report, sizeof(report)), LK_SNP_REPORT);
	check_rebuilt(false);
}

/* Where a report has nothing. */
static bool reserved(size_t at, bool turin, unsigned version)
{
	static const size_t tcbs[] = { 56, 384, 480, 496 };
	size_t i;

	for (i = 0; i < 4; i++)
		if (at >= tcbs[i] && at < tcbs[i] + 8)
			return turin ? at >= tcbs[i] + 4 && at < tcbs[i] + 7
				     : at >= tcbs[i] + 2 && at < tcbs[i] + 6;
	return (at >= 76 && at < 80) || (at >= (version < 3 ? 392 : 395) && at < 416) ||
	       at == 491 || at == 495 || (at >= (version < 5 ? 504 : 520) && at < 672) || at >= 816;
}

/* A report in which every byte counts. */
static void make_report(unsigned version, uint8_t family)
{
	size_t i;

	for (i = 0; i < LK_SNP_REPORT; i++)
		report[i] = reserved(i, family == 0x1a, version) ? 0 : (uint8_t)(i * 7 + 1);
	memset(report, 0, 4);
	report[0] = (uint8_t)version;
	report[8 + 2] = 0x03;
	report[8 + 7] = report[64 + 7] = report[504 + 7] = report[512 + 7] = 0;
	if (version >= 3)
		report[0x188] = family;
}

TEST(each_version_and_processor_has_its_layout)
{
	unsigned version;

	make_report(2, 0);
	check_rebuilt(false);
	for (version = 3; version <= 5; version++) {
		make_report(version, 0x19);
		check_rebuilt(false);
		make_report(version, 0x1a);
		check_rebuilt(true);
	}
}

TEST(members_come_in_their_order)
{
	LK_JSON *doc = NULL;
	LK_JSON_TEXT *text = NULL;
	struct lk_error err = { 0 };
	size_t n;

	make_report(3, 0x1a);
	memset(report + 16, 0, 1024);
	report[0x188] = 0x1a;
	report[0x1e8] = 40;
	report[0x1e9] = 55;
	report[0x1ea] = 1;
	CHECK_OK(lk_snp_report_json(report, &doc, &err));
	CHECK_OK(lk_json_dump(doc, LK_JSON_COMPACT, &text, &n, &err));
	CHECK_HAS(text, "\"family_id\":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0],\"image_id\":[");
	CHECK_HAS(text,
		  "\"vmpl\":0,\"sig_algo\":0,\"current_tcb\":{\"fmc\":0,\"bootloader\":0,\"tee\":0,"
		  "\"snp\":0,\"microcode\":0},\"plat_info\":0,\"key_info\":0,\"report_data\":[");
	CHECK_HAS(text, "\"cpuid_fam_id\":26,\"cpuid_mod_id\":0,\"cpuid_step\":0,\"chip_id\":[");
	CHECK_HAS(text, "\"current\":{\"major\":1,\"minor\":55,\"build\":40},\"committed\":{");
	CHECK_HAS(text,
		  "\"launch_mit_vector\":null,\"current_mit_vector\":null,\"signature\":{\"r\":[");
}

static enum lk_code judge(size_t n)
{
	struct lk_error err = { 0 };
	uint8_t data[LK_SNP_DATA];

	memcpy(data, report + 0x50, sizeof(data));
	return lk_snp_report_check(report, n, data, &err) ? err.code : LK_C_NONE;
}

TEST(what_is_not_known_is_refused)
{
	LK_JSON *doc = NULL;
	struct lk_error err = { 0 };
	uint8_t data[LK_SNP_DATA];

	make_report(5, 0x1a);
	CHECK_EQ(judge(LK_SNP_REPORT), LK_C_NONE);
	CHECK_EQ(judge(LK_SNP_REPORT - 1), LK_C_EVIDENCE_INVALID);
	CHECK_EQ(judge(0), LK_C_EVIDENCE_INVALID);
	memcpy(data, report + 0x50, sizeof(data));
	data[63] ^= 1;
	CHECK_EQ(lk_snp_report_check(report, LK_SNP_REPORT, data, &err), LK_TAMPERED);
	report[10] |= 0x08;
	CHECK_EQ(judge(LK_SNP_REPORT), LK_C_TEE_DEBUG);
	make_report(6, 0x1a);
	CHECK_EQ(judge(LK_SNP_REPORT), LK_C_EVIDENCE_INVALID);
	make_report(1, 0x1a);
	CHECK_EQ(judge(LK_SNP_REPORT), LK_C_EVIDENCE_INVALID);
	make_report(4, 0x1b);
	CHECK_EQ(judge(LK_SNP_REPORT), LK_C_EVIDENCE_INVALID);
	CHECK_EQ(lk_snp_report_json(report, &doc, &err), LK_TAMPERED);
	make_report(5, 0x19);
	report[512 + 7] = 0x80; /* no number of ours holds this */
	CHECK_EQ(lk_snp_report_json(report, &doc, &err), LK_TAMPERED);
	make_report(4, 0x19);
	report[512 + 7] = 0x80; /* version 4 has no such member */
	CHECK_OK(lk_snp_report_json(report, &doc, &err));
}

/* ---- certificates ---- */

static const uint8_t vcek[16] = "\x63\xda\x75\x8d\xe6\x64\x45\x64\xad\xc5\xf4\xb9\x3b\xe8\xac\xcd";
static const uint8_t vcek_mixed[16] =
	"\x8d\x75\xda\x63\x64\xe6\x64\x45\xad\xc5\xf4\xb9\x3b\xe8\xac\xcd";
static const uint8_t vlek[16] = "\xa8\x07\x4b\xc2\xa2\x5a\x48\x3e\xaa\xe6\x39\xc0\x45\xa0\xb8\xa1";
static const uint8_t ask[16] = "\x4a\xb7\xb3\x79\xbb\xac\x4f\xe4\xa0\x2f\x05\xae\xf3\x27\xc7\x82";
static const uint8_t crl[16] = "\x92\xf8\x1b\xc3\x58\x11\x4d\x3d\x97\xff\xd1\x9f\x88\xdc\x67\xea";

static void entry(uint8_t *table, size_t i, const uint8_t *guid, uint32_t offset, uint32_t length)
{
	memcpy(table + 24 * i, guid, 16);
	memcpy(table + 24 * i + 16, &offset, 4);
	memcpy(table + 24 * i + 20, &length, 4);
}

static enum lk_code read_table(const uint8_t *table, size_t n, struct json_t **ret)
{
	struct lk_error err = { 0 };

	return lk_snp_certs_json(table, n, ret, &err) ? err.code : LK_C_NONE;
}

TEST(certificates_are_found_by_either_order)
{
	static const uint8_t *const guids[] = { vcek, vcek_mixed, vlek };
	static const char *const names[] = { "VCEK", "VCEK", "VLEK" };
	uint8_t table[256];
	struct lk_error err = { 0 };
	const char *type;
	size_t i;

	for (i = 0; i < 3; i++) {
		LK_JSON *chain = NULL;

		memset(table, 0, sizeof(table));
		entry(table, 0, ask, 200, 3);
		entry(table, 1, crl, 210, 1);
		entry(table, 2, guids[i], 250, 6);
		memcpy(table + 250, "\xff\x01\x02\x03\x04\x05", 6);
		CHECK_EQ(read_table(table, sizeof(table), &chain), LK_C_NONE);
		CHECK_EQ(lk_json_count(chain), 2);
		CHECK_OK(lk_json_get_string(lk_json_at(chain, 0), "cert_type", 8, &type, &err));
		CHECK_STR(type, "ASK");
		CHECK_OK(lk_json_get_string(lk_json_at(chain, 1), "cert_type", 8, &type, &err));
		CHECK_STR(type, names[i]);
		CHECK_EQ(number(lk_json_at(lk_json_get(lk_json_at(chain, 1), "data"), 0)), 0xff);
	}
}

TEST(a_chain_without_a_leaf_is_none)
{
	uint8_t table[128] = { 0 };
	struct json_t *chain = NULL;

	CHECK_EQ(read_table(table, 0, &chain), LK_C_NONE);
	CHECK_EQ(read_table(table, sizeof(table), &chain), LK_C_NONE);
	entry(table, 0, ask, 100, 3);
	CHECK_EQ(read_table(table, sizeof(table), &chain), LK_C_NONE);
	CHECK(!chain);
}

TEST(a_table_that_lies_is_refused)
{
	static uint8_t large[LK_SNP_CERTS_MAX + 1];
	uint8_t table[128] = { 0 };
	struct json_t *chain = NULL;
	size_t i;

	entry(table, 0, vcek, 128, 1);
	CHECK_EQ(read_table(table, sizeof(table), &chain), LK_C_EVIDENCE_INVALID);
	entry(table, 0, vcek, 100, 29);
	CHECK_EQ(read_table(table, sizeof(table), &chain), LK_C_EVIDENCE_INVALID);
	entry(table, 0, vcek, 0xffffffff, 2);
	CHECK_EQ(read_table(table, sizeof(table), &chain), LK_C_EVIDENCE_INVALID);
	entry(table, 0, vcek, 100, 0);
	CHECK_EQ(read_table(table, sizeof(table), &chain), LK_C_EVIDENCE_INVALID);
	entry(table, 0, vcek, 100, 28);
	CHECK_EQ(read_table(table, 24, &chain), LK_C_EVIDENCE_INVALID);
	CHECK_EQ(read_table(table, 10, &chain), LK_C_EVIDENCE_INVALID);
	for (i = 0; i < 40; i++)
		entry(large, i, vcek, 2000, 1);
	CHECK_EQ(read_table(large, 4096, &chain), LK_C_EVIDENCE_INVALID);
	CHECK_EQ(read_table(large, sizeof(large), &chain), LK_C_EVIDENCE_INVALID);
	CHECK(!chain);
}

/* ---- evidence ---- */

static void begin(bool tsm)
{
	struct lk_error err = { 0 };

	memset(&fake, 0, sizeof(fake));
	memset(digest, 0xd1, sizeof(digest));
	fake.has_tsm = tsm;
	fake.provider = tsm ? "sev_guest" : NULL;
	fake.floor = "0";
	fake.device = tsm ? NULL : "/dev/sev-guest";
	fake.blob_n = fake_fixture("snp-vlek.report", fake.blob, sizeof(fake.blob));
	fake.data_at = 0x50;
	CHECK_OK(lk_crypto_setup(&err));
}

static void with_vcek(void)
{
	fake.aux_n = sizeof(fake.aux);
	entry(fake.aux, 0, vcek, 1000, 1360);
	CHECK_EQ(fake_fixture("snp-milan.vcek", fake.aux + 1000, 1361), 1360);
}

/* The outcome; the report of the evidence is put together again. */
static enum lk_status make(enum lk_code *code, size_t *certs)
{
	struct lk_snp_report theirs;
	LK_JSON *doc = NULL;
	struct lk_error err = { 0 };
	const enum lk_status st = lk_snp_evidence(&fake_kernel, digest, sizeof(digest), &doc, &err);
	const struct json_t *chain;

	CHECK(fake_kernel_ends());
	*code = err.code;
	if (st)
		return st;
	CHECK_EQ(lk_json_count(doc), 2);
	CHECK_OK(lk_snp_report_from_json(lk_json_get(doc, "attestation_report"), &theirs, &err));
	memset(fake.blob + 0x50, 0, 64);
	memcpy(fake.blob + 0x50, digest, sizeof(digest));
	CHECK_MEM(theirs.bytes, fake.blob, LK_SNP_REPORT);
	chain = lk_json_get(doc, "cert_chain");
	CHECK(chain && (lk_json_is_null(chain) || lk_json_is_array(chain)));
	*certs = lk_json_is_null(chain) ? 0 : lk_json_count(chain);
	return LK_OK;
}

TEST(evidence_comes_from_kernel_or_device)
{
	enum lk_code code;
	size_t certs, i;

	for (i = 0; i < 2; i++) {
		begin(i == 0);
		CHECK_EQ(make(&code, &certs), LK_OK);
		CHECK_EQ(certs, 0);
		CHECK_EQ(fake.device_calls, i);
		with_vcek();
		CHECK_EQ(make(&code, &certs), LK_OK);
		CHECK_EQ(certs, 1);
	}
}

TEST(a_busy_host_is_asked_again)
{
	enum lk_code code;
	size_t certs, i;

	begin(false);
	fake.vmm_errors[0] = fake.vmm_errors[1] = 2;
	CHECK_EQ(make(&code, &certs), LK_OK);
	CHECK_EQ(fake.device_calls, 3);
	CHECK_EQ(fake.slept, 50 + 100);
	begin(false);
	for (i = 0; i < FAKE_ERRORS; i++)
		fake.vmm_errors[i] = 2;
	CHECK_EQ(make(&code, &certs), LK_AGAIN);
	CHECK_EQ(code, LK_C_TEE_BUSY);
	CHECK_EQ(fake.device_calls, 5);
}

TEST(more_certificates_than_fit_are_left_out)
{
	enum lk_code code;
	size_t certs;

	begin(false);
	with_vcek();
	fake.vmm_errors[0] = 1;
	CHECK_EQ(make(&code, &certs), LK_OK);
	CHECK_EQ(certs, 0);
	CHECK_EQ(fake.last_command, 0xc0205300);
}

TEST(a_device_that_fails_is_left_alone)
{
	enum lk_code code;
	size_t certs;

	begin(false);
	fake.device_errors[0] = ENOTTY;
	CHECK_EQ(make(&code, &certs), LK_INTERNAL);
	CHECK_EQ(code, LK_C_TEE_FAILED);
	CHECK_EQ(fake.device_calls, 1);
	begin(false);
	fake.snp_status = 0x16;
	CHECK_EQ(make(&code, &certs), LK_INTERNAL);
	CHECK_EQ(code, LK_C_TEE_FAILED);
	begin(false);
	fake.blob_n = 3969;
	CHECK_EQ(make(&code, &certs), LK_TAMPERED);
	begin(false);
	fake.device = NULL;
	CHECK_EQ(make(&code, &certs), LK_ABSENT);
	CHECK_EQ(code, LK_C_TEE_ABSENT);
}

TEST(reports_of_others_make_no_evidence)
{
	enum lk_code code;
	size_t certs;

	begin(true);
	fake.data_at = 0x2a0;
	CHECK_EQ(make(&code, &certs), LK_TAMPERED);
	CHECK_EQ(code, LK_C_EVIDENCE_INVALID);
	begin(true);
	fake.blob[10] |= 0x08;
	CHECK_EQ(make(&code, &certs), LK_TAMPERED);
	CHECK_EQ(code, LK_C_TEE_DEBUG);
	begin(true);
	with_vcek();
	entry(fake.aux, 1, ask, 9000, 1);
	CHECK_EQ(make(&code, &certs), LK_TAMPERED);
	begin(true);
	fake.out_errors[0] = EIO; /* a TSM that fails is not passed by */
	fake.device = "/dev/sev-guest";
	CHECK_EQ(make(&code, &certs), LK_INTERNAL);
	CHECK_EQ(fake.device_calls, 0);
}

TESTS(real_reports_are_told_to_the_last_byte, each_version_and_processor_has_its_layout,
      members_come_in_their_order, what_is_not_known_is_refused,
      certificates_are_found_by_either_order, a_chain_without_a_leaf_is_none,
      a_table_that_lies_is_refused, evidence_comes_from_kernel_or_device,
      a_busy_host_is_asked_again, more_certificates_than_fit_are_left_out,
      a_device_that_fails_is_left_alone, reports_of_others_make_no_evidence)
