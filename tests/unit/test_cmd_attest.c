/* SPDX-License-Identifier: Apache-2.0 */
/* agent/cmd_attest.c: what `latchkey attest` takes and prints, with the sample attester. */
#include "tests/headers/command_output.h"
#include "tests/headers/config_dir.h"

#include "agent/commands.h"
#include "attestation/hardware.h"
#include "core/crypto.h"

static struct lk_error err;

static int attest(const char *a, const char *b, const char *c, const char *d, const char *e)
{
	const char *const words[COMMAND_WORDS] = { "attest", a, b, c, d, e };

	return command_run(lk_cmd_attest, words);
}

#define DIGEST "21d17a5051afdff8c27fe9123e41ad48aaa295314f15c1a62ccab1797a289b91"

/* A machine with real hardware refuses the sample; then that is what is tested. */
static bool sample_works(void)
{
	const struct lk_hardware hw = lk_hardware_probe();

	CHECK_OK(lk_crypto_setup(&err));
	if (!hw.tdx_cpu && !hw.snp_cpu && !hw.tsm && !hw.tpm)
		return true;
	CHECK_EQ(attest("--tee", "sample", NULL, NULL, NULL), lk_exit_code(LK_CONFIG));
	return false;
}

TEST(wrong_usage)
{
	CHECK_EQ(attest("now", NULL, NULL, NULL, NULL), 1);
	CHECK_EQ(attest("--tee", NULL, NULL, NULL, NULL), 1);
	CHECK_EQ(attest("--digest", DIGEST, "--data", "/dev/null", NULL), 1);
	CHECK_EQ(attest("--tee", "tpm9", NULL, NULL, NULL), lk_exit_code(LK_ABSENT));
}

TEST(evidence_carries_the_digest)
{
	if (!sample_works())
		return;
	CHECK_EQ(attest("--tee", "sample", "--json", "--digest", DIGEST), 0);
	CHECK_STR(said, "{\"svn\":\"1\",\"report_data\":"
			"\"IdF6UFGv3/jCf+kSPkGtSKqilTFPFcGmLMqxeXoom5E=\"}\n");
	CHECK_EQ(attest("--tee", "sample", "--digest", "21d1", NULL), 1);
	CHECK_EQ(attest("--tee", "sample", "--digest", "xx" DIGEST, NULL), 1);
}

TEST(people_are_told_what_it_binds)
{
	if (!sample_works())
		return;
	CHECK_EQ(attest("--tee", "sample", "--data", "/dev/null", NULL), 0);
	CHECK_HAS(said, "tee            sample: proves nothing");
	/* sha384sum < /dev/null */
	CHECK_HAS(said, "38b060a751ac96384cd9327eb1b1e36a21fdb71114be0743");
	CHECK_HAS(said, "SHA-384 of /dev/null");
	CHECK_HAS(said, "event log      none that replays");
	CHECK_EQ(attest("--tee", "sample", "--data", "/no/such", NULL), 1);
}

TEST(the_configuration_chooses)
{
	config_dir_new();
	config_put("latchkey.conf", "[agent]\ntee = \"sample\"\nregister = \"tpm:15\"\n", 0600);
	config_put("volumes.d/d.conf", "volume = \"d\"\ndev = \"/dev/vdb\"\n[encrypt.otp]\n", 0600);
	if (sample_works()) {
		CHECK_EQ(attest("--config", config_dir, NULL, NULL, NULL), 0);
		CHECK_HAS(said, "register       tpm:15");
	}
	CHECK_EQ(attest("--config", "/no/such", NULL, NULL, NULL), 1);
	config_dir_remove();
}

TESTS(wrong_usage, evidence_carries_the_digest, people_are_told_what_it_binds,
      the_configuration_chooses)
