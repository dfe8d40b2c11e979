/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of reports through configfs-tsm, against a kernel that is made up (tests/tsm: a real one). */
#include "attestation/tsm.h"
#include "core/crypto.h"
#include "tests/check.h"
#include "tests/fakes/fake_kernel.h"

static const uint8_t data[LK_TSM_DATA] =
	"sixty-four bytes that somebody wants to have signed by a TEE...";

static void begin(void)
{
	struct lk_error err = { 0 };

	memset(&fake, 0, sizeof(fake));
	fake.has_tsm = true;
	fake.provider = "sev_guest";
	fake.blob_n = 1184;
	fake.data_at = 0x50;
	CHECK_OK(lk_crypto_setup(&err));
}

/* The outcome's code; what was reported is as asked for. */
static enum lk_status ask(enum lk_code *ret)
{
	const struct lk_tsm_request q = {
		.kernel = &fake_kernel, .root = LK_TSM_ROOT, .provider = "sev_guest", .data = data
	};
	LK_TSM_REPORT r = { 0 };
	struct lk_error err = { 0 };
	const enum lk_status st = lk_tsm_report(&q, lk_deadline_in(10000), &r, &err);

	*ret = err.code;
	if (!st) {
		CHECK_EQ(r.out_len, fake.blob_n);
		CHECK_MEM(r.out + fake.data_at, data, sizeof(data));
		CHECK_EQ(r.aux_len, fake.aux_n);
		CHECK_MEM(r.aux ? r.aux : fake.aux, fake.aux, fake.aux_n);
	}
	CHECK(fake_kernel_ends());
	return st;
}

TEST(a_report_holds_the_data_and_leaves_nothing)
{
	enum lk_code code;

	begin();
	CHECK_EQ(ask(&code), LK_OK);
	CHECK_EQ(fake.makes, 1);
	CHECK_EQ(fake.level_writes, 0);
	fake.aux_n = sizeof(fake.aux);
	CHECK_EQ(ask(&code), LK_OK);
}

TEST(the_lowest_level_is_asked_for_as_text)
{
	enum lk_code code;

	begin();
	fake.floor = "2";
	CHECK_EQ(ask(&code), LK_OK);
	CHECK_EQ(fake.level_writes, 1);
	fake.floor = "4";
	CHECK_EQ(ask(&code), LK_INTERNAL);
	CHECK_EQ(code, LK_C_TEE_FAILED);
	fake.floor = "2\n3";
	CHECK_EQ(ask(&code), LK_INTERNAL);
}

TEST(without_a_provider_it_is_absent)
{
	enum lk_code code;

	begin();
	fake.provider = NULL;
	CHECK_EQ(ask(&code), LK_ABSENT);
	CHECK_EQ(code, LK_C_TEE_ABSENT);
	fake.has_tsm = false;
	CHECK_EQ(ask(&code), LK_ABSENT);
	CHECK_EQ(fake.slept, 0);
}

TEST(another_provider_is_not_asked)
{
	enum lk_code code;

	begin();
	fake.provider = "tdx_guest";
	CHECK_EQ(ask(&code), LK_ABSENT);
	CHECK_EQ(fake.requests, 0);
	fake.provider = "sev_guest2";
	CHECK_EQ(ask(&code), LK_ABSENT);
	fake.provider = "sev_guest\nsev_guest";
	CHECK_EQ(ask(&code), LK_INTERNAL);
	fake.provider = "a provider whose name has more than thirty-one letters";
	CHECK_EQ(ask(&code), LK_INTERNAL);
}

TEST(who_is_busy_is_asked_again)
{
	static const int passing[] = { EBUSY, EINTR, EAGAIN, ETIMEDOUT };
	enum lk_code code;
	size_t i;

	for (i = 0; i < sizeof(passing) / sizeof(passing[0]); i++) {
		begin();
		fake.out_errors[0] = fake.out_errors[1] = passing[i];
		CHECK_EQ(ask(&code), LK_OK);
		CHECK_EQ(fake.makes, 3);
		CHECK_EQ(fake.slept, 50 + 100);
	}
}

TEST(five_times_at_most)
{
	enum lk_code code;
	int i;

	begin();
	for (i = 0; i < FAKE_ERRORS; i++)
		fake.out_errors[i] = EBUSY;
	CHECK_EQ(ask(&code), LK_AGAIN);
	CHECK_EQ(code, LK_C_TEE_BUSY);
	CHECK_EQ(fake.requests, 5);
	CHECK_EQ(fake.slept, 50 + 100 + 200 + 400);
}

TEST(the_deadline_ends_it)
{
	const struct lk_tsm_request q = {
		.kernel = &fake_kernel, .root = LK_TSM_ROOT, .provider = "sev_guest", .data = data
	};
	LK_TSM_REPORT r = { 0 };
	struct lk_error err = { 0 };

	begin();
	fake.out_errors[0] = fake.out_errors[1] = fake.out_errors[2] = EBUSY;
	CHECK_EQ(lk_tsm_report(&q, lk_deadline_in(100), &r, &err), LK_TIMEOUT);
	CHECK_EQ(err.code, LK_C_NONE);
	CHECK(fake.requests < 3);
	CHECK(fake_kernel_ends());
}

TEST(what_cannot_pass_is_not_tried_again)
{
	static const int final[] = { EINVAL, EIO, EFBIG, ENOTTY, ENXIO };
	enum lk_code code;
	size_t i;

	for (i = 0; i < sizeof(final) / sizeof(final[0]); i++) {
		begin();
		fake.out_errors[0] = final[i];
		CHECK_EQ(ask(&code), LK_INTERNAL);
		CHECK_EQ(code, LK_C_TEE_FAILED);
		CHECK_EQ(fake.requests, 1);
	}
	begin();
	fake.aux_error = EIO;
	CHECK_EQ(ask(&code), LK_INTERNAL);
}

TEST(a_name_that_is_taken_is_no_failure)
{
	enum lk_code code;

	begin();
	fake.make_errors[0] = fake.make_errors[1] = EEXIST;
	CHECK_EQ(ask(&code), LK_OK);
	CHECK_EQ(fake.slept, 0);
	begin();
	fake.make_errors[0] = EACCES;
	CHECK_EQ(ask(&code), LK_INTERNAL);
	CHECK_EQ(code, LK_C_TEE_FAILED);
}

TEST(an_answer_to_somebody_elses_request_is_not_taken)
{
	enum lk_code code;

	begin();
	fake.foreign_writes = 1;
	CHECK_EQ(ask(&code), LK_OK);
	CHECK_EQ(fake.requests, 2);
	begin();
	fake.foreign_writes = 9;
	CHECK_EQ(ask(&code), LK_AGAIN);
	CHECK_EQ(code, LK_C_TEE_BUSY);
}

TEST(data_that_was_lost_on_close_is_noticed)
{
	enum lk_code code;

	begin();
	fake.lose_data = true;
	CHECK_EQ(ask(&code), LK_INTERNAL);
	CHECK_EQ(code, LK_C_TEE_FAILED);
	begin();
	fake.lose_data = fake.report_anyway = true;
	CHECK_EQ(ask(&code), LK_AGAIN);
	CHECK_EQ(code, LK_C_TEE_BUSY);
}

TEST(an_empty_report_is_none)
{
	enum lk_code code;

	begin();
	fake.blob_n = 0;
	CHECK_EQ(ask(&code), LK_INTERNAL);
	CHECK_EQ(code, LK_C_TEE_FAILED);
}

TEST(a_directory_that_can_be_made_is_the_proof)
{
	char provider[LK_TSM_PROVIDER_MAX];
	struct lk_error err = { 0 };

	begin();
	CHECK_OK(lk_tsm_provider(&fake_kernel, LK_TSM_ROOT, provider, &err));
	CHECK_STR(provider, "sev_guest");
	CHECK(lk_tsm_present(&fake_kernel, "sev_guest", "/dev/sev-guest"));
	CHECK(!lk_tsm_present(&fake_kernel, "tdx_guest", "/dev/tdx_guest"));
	fake.provider = NULL;
	CHECK_EQ(lk_tsm_provider(&fake_kernel, LK_TSM_ROOT, provider, &err), LK_ABSENT);
	CHECK(!lk_tsm_present(&fake_kernel, "sev_guest", "/dev/sev-guest"));
	fake.device = "/dev/sev-guest";
	CHECK(lk_tsm_present(&fake_kernel, "sev_guest", "/dev/sev-guest"));
	CHECK(!lk_tsm_present(&fake_kernel, "tdx_guest", "/dev/tdx_guest"));
	CHECK(fake_kernel_ends());
}

/* The real table, on plain files. */
TEST(files_are_read_to_their_end)
{
	char dir[] = "/tmp/latchkey-test-XXXXXX", path[64];
	static uint8_t bytes[70000];
	uint8_t *got = NULL;

	CHECK(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/made", dir);
	CHECK_EQ(lk_the_kernel.make_dir(path), 0);
	CHECK_EQ(lk_the_kernel.make_dir(path), -EEXIST);
	CHECK_EQ(lk_the_kernel.remove_dir(path), 0);
	CHECK_EQ(lk_the_kernel.put(path, "x", 1), -ENOENT);
	CHECK_EQ(lk_the_kernel.get(path, 10, &got), -ENOENT);
	memset(bytes, 'b', sizeof(bytes));
	close(open(path, O_CREAT | O_WRONLY, 0600));
	CHECK_EQ(lk_the_kernel.get(path, 10, &got), 0);
	CHECK_EQ(got[0], 0);
	free(got);
	CHECK_EQ(lk_the_kernel.put(path, bytes, sizeof(bytes)), 0);
	CHECK_EQ(lk_the_kernel.get(path, sizeof(bytes), &got), sizeof(bytes));
	CHECK_MEM(got, bytes, sizeof(bytes));
	CHECK_EQ(got[sizeof(bytes)], 0);
	free(got);
	CHECK_EQ(lk_the_kernel.get(path, sizeof(bytes) - 1, &got), -EFBIG);
	CHECK_EQ(unlink(path), 0);
	CHECK_EQ(rmdir(dir), 0);
}

TESTS(a_report_holds_the_data_and_leaves_nothing, the_lowest_level_is_asked_for_as_text,
      without_a_provider_it_is_absent, another_provider_is_not_asked, who_is_busy_is_asked_again,
      five_times_at_most, the_deadline_ends_it, what_cannot_pass_is_not_tried_again,
      a_name_that_is_taken_is_no_failure, an_answer_to_somebody_elses_request_is_not_taken,
      data_that_was_lost_on_close_is_noticed, an_empty_report_is_none,
      a_directory_that_can_be_made_is_the_proof, files_are_read_to_their_end)
