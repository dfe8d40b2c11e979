/* SPDX-License-Identifier: Apache-2.0 */
/* The rule for dm-crypt's work queues, fact by fact, and how it reads the machine. */
#include "agent/tuning.h"

#include <sys/sysmacros.h>

#include "tests/check.h"

static const struct lk_tuning_facts good = {
	.kernel_major = 6,
	.kernel_minor = 1,
	.cpu_aes = true,
	.guest = false,
	.rotational = false,
};

static bool bypass(struct lk_tuning_facts facts, enum lk_workqueues wanted)
{
	struct lk_tuning chosen = lk_tuning_choose(wanted, &facts);

	CHECK(chosen.why && *chosen.why);
	return chosen.bypass;
}

TEST(each_fact_alone_decides)
{
	struct lk_tuning_facts f = good;

	CHECK(bypass(f, LK_WORKQUEUES_AUTO));
	f.cpu_aes = false;
	CHECK(!bypass(f, LK_WORKQUEUES_AUTO));
	f = good;
	f.rotational = true;
	CHECK(!bypass(f, LK_WORKQUEUES_AUTO));
	f.guest = true;
	CHECK(bypass(f, LK_WORKQUEUES_AUTO));
	f.cpu_aes = false;
	CHECK(!bypass(f, LK_WORKQUEUES_AUTO));
}

TEST(old_kernels_keep_their_queues)
{
	static const struct {
		unsigned major, minor;
		bool bypass;
	} rows[] = {
		{ 0, 0, false },  { 4, 19, false }, { 5, 9, false },
		{ 5, 14, false }, { 5, 15, true },  { 7, 0, true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct lk_tuning_facts f = good;

		f.kernel_major = rows[i].major;
		f.kernel_minor = rows[i].minor;
		CHECK_EQ(bypass(f, LK_WORKQUEUES_AUTO), rows[i].bypass);
	}
}

TEST(the_operator_has_the_last_word)
{
	const struct lk_tuning_facts nothing = { 0 };

	CHECK(bypass(nothing, LK_WORKQUEUES_OFF));
	CHECK(!bypass(good, LK_WORKQUEUES_ON));
}

TEST(processors_are_read_by_whole_words)
{
	const char *intel = "\nprocessor\t: 0\nflags\t\t: fpu aes sse4_1\nbugs\t\t: hypervisor\n";

	CHECK(lk_tuning_cpu_has(intel, "aes"));
	CHECK(lk_tuning_cpu_has(intel, "fpu") && lk_tuning_cpu_has(intel, "sse4_1"));
	CHECK(!lk_tuning_cpu_has(intel, "sse4") && !lk_tuning_cpu_has(intel, "ae"));
	CHECK(!lk_tuning_cpu_has(intel, "hypervisor"));
	CHECK(lk_tuning_cpu_has("\nFeatures\t: fp asimd aes", "aes"));
	CHECK(!lk_tuning_cpu_has("\nflags\t: vaes\n", "aes"));
	CHECK(!lk_tuning_cpu_has("\nflags", "aes") && !lk_tuning_cpu_has("\nflags:", "aes"));
	CHECK(!lk_tuning_cpu_has("\nflags\t: \nfpu aes\n", "aes"));
	CHECK(!lk_tuning_cpu_has("", "aes"));
}

TEST(releases_are_read)
{
	unsigned a = 0, b = 0;

	CHECK(lk_tuning_release("6.1.0-28-cloud-amd64", &a, &b) && a == 6 && b == 1);
	CHECK(lk_tuning_release("5.15", &a, &b) && a == 5 && b == 15);
	CHECK(!lk_tuning_release("next", &a, &b) && !lk_tuning_release("", &a, &b));
	CHECK(!lk_tuning_release("6", &a, &b));
}

TEST(this_machine_has_facts)
{
	struct lk_tuning_facts here = lk_tuning_facts_here(makedev(0, 0));

	CHECK(here.kernel_major >= 4);
	CHECK(here.rotational); /* no such device: counts against the bypass */
}

TEST(options_are_described_as_the_table_has_them)
{
	char buf[LK_TUNING_TEXT];

	CHECK_STR(lk_tuning_describe(512, false, false, buf), "none");
	CHECK_STR(lk_tuning_describe(4096, false, false, buf), "sector_size:4096");
	CHECK_STR(lk_tuning_describe(512, true, false, buf), "allow_discards");
	CHECK_STR(lk_tuning_describe(4096, true, true, buf),
		  "sector_size:4096 allow_discards no_read_workqueue no_write_workqueue");
}

TESTS(each_fact_alone_decides, old_kernels_keep_their_queues, the_operator_has_the_last_word,
      processors_are_read_by_whole_words, releases_are_read, this_machine_has_facts,
      options_are_described_as_the_table_has_them)
