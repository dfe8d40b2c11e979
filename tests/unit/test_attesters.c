/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the choice of an attester, and of the sample one. */
#include <string.h>

#include "attestation/hardware.h"
#include "core/base64.h"
#include "core/json.h"
#include "tests/check.h"

static bool yes(void)
{
	return true;
}

static bool no(void)
{
	return false;
}

static const struct lk_attester here = { .name = "here", .present = yes };
static const struct lk_attester there = { .name = "there", .present = no };
static const struct lk_attester fake = { .name = "fake", .present = yes, .insecure = true };
static const struct lk_attester *const all[] = { &fake, &there, &here, NULL };
static const struct lk_attester *const poor[] = { &fake, &there, NULL };
static const struct lk_attester *const none[] = { NULL };

static const struct lk_attester *chosen;

static enum lk_code choose(const struct lk_attester *const *list, struct lk_hardware hw,
			   const char *name)
{
	struct lk_error err = { 0 };

	chosen = NULL;
	return lk_attester_choose(list, &hw, name, &chosen, &err) ? err.code : LK_C_NONE;
}

TEST(an_insecure_attester_is_refused_on_real_hardware)
{
	static const struct lk_hardware real[] = {
		{ .tdx_cpu = true }, { .snp_cpu = true }, { .tsm = true }, { .tpm = true }
	};
	size_t i;

	for (i = 0; i < 4; i++) {
		CHECK_EQ(choose(all, real[i], "fake"), LK_C_TEE_REFUSED);
		CHECK(!chosen);
	}
	CHECK_EQ(choose(all, (struct lk_hardware){ 0 }, "fake"), LK_C_NONE);
	CHECK(chosen == &fake);
}

TEST(auto_never_means_an_insecure_attester)
{
	CHECK_EQ(choose(poor, (struct lk_hardware){ 0 }, "auto"), LK_C_TEE_ABSENT);
	CHECK_EQ(choose(none, (struct lk_hardware){ 0 }, "auto"), LK_C_TEE_ABSENT);
	CHECK_EQ(choose(all, (struct lk_hardware){ .tpm = true }, "auto"), LK_C_NONE);
	CHECK(chosen == &here);
}

TEST(what_is_not_there_is_absent)
{
	CHECK_EQ(choose(all, (struct lk_hardware){ 0 }, "there"), LK_C_TEE_ABSENT);
	CHECK_EQ(choose(all, (struct lk_hardware){ 0 }, "tdx"), LK_C_TEE_ABSENT);
	CHECK_EQ(choose(all, (struct lk_hardware){ 0 }, ""), LK_C_TEE_ABSENT);
	CHECK_EQ(choose(none, (struct lk_hardware){ .tpm = true }, "fake"), LK_C_TEE_ABSENT);
	CHECK(!chosen);
}

static const struct lk_attester *sample(void)
{
	size_t i;

	for (i = 0; lk_attesters[i]; i++)
		if (strcmp(lk_attesters[i]->name, "sample") == 0)
			return lk_attesters[i];
	return NULL;
}

TEST(sample_evidence_is_exact)
{
	static const char digest_hex[] = "21d17a5051afdff8c27fe9123e41ad48aaa295314f15c1a62ccab179"
					 "7a289b9180c4f34dbe4ed1adef0e6f1615ed5e1c";
	LK_JSON *evidence = NULL;
	LK_JSON_TEXT *text = NULL;
	struct lk_error err = { 0 };
	uint8_t digest[64];
	size_t n;

	CHECK(sample() && sample()->insecure && sample()->present());
	CHECK(lk_hex_decode(digest_hex, strlen(digest_hex), digest, sizeof(digest), &n));
	CHECK_EQ(n, 48);
	CHECK_OK(sample()->evidence(sample(), digest, n, &evidence, &err));
	CHECK_OK(lk_json_dump(evidence, LK_JSON_COMPACT, &text, &n, &err));
	CHECK_STR(text, "{\"svn\":\"1\",\"report_data\":"
			"\"IdF6UFGv3/jCf+kSPkGtSKqilTFPFcGmLMqxeXoom5GAxPNNvk7Rre8ObxYV7V4c\"}");
}

TEST(digests_of_odd_size_are_refused)
{
	struct json_t *evidence = NULL;
	struct lk_error err = { 0 };
	uint8_t digest[65] = { 0 };

	CHECK_EQ(sample()->evidence(sample(), digest, 65, &evidence, &err), LK_INTERNAL);
	CHECK(!evidence);
}

TEST(this_machine_can_be_looked_at)
{
	const struct lk_hardware hw = lk_hardware_probe();

	printf("# tdx %d snp %d tsm %d tpm %d\n", hw.tdx_cpu, hw.snp_cpu, hw.tsm, hw.tpm);
}

TESTS(an_insecure_attester_is_refused_on_real_hardware, auto_never_means_an_insecure_attester,
      what_is_not_there_is_absent, sample_evidence_is_exact, digests_of_odd_size_are_refused,
      this_machine_can_be_looked_at)
