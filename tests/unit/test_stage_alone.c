/* SPDX-License-Identifier: Apache-2.0 */
/* agent/stage_alone.c: whose failure is the run's, and for how long others are waited for. */
#include "tests/check.h"

#include <string.h>

#include "agent/stage_steps.h"

#define N 3
static struct lk_volume volumes[N];
static struct lk_volume_state states[N];
static struct lk_fetch_result results[N];
static struct lk_report_volume notes[N];
static struct lk_settings settings = { .volumes = volumes, .n_volumes = N };
static struct lk_error err;

/* A root, the store of its layer, and a data volume. */
static struct lk_run set_up(enum lk_phase phase)
{
	memset(states, 0, sizeof(states));
	memset(results, 0, sizeof(results));
	memset(notes, 0, sizeof(notes));
	volumes[0] = (struct lk_volume){ .name = (char[]){ "root" }, .is_root = true };
	volumes[1] = (struct lk_volume){ .name = (char[]){ "delta" }, .is_delta = true };
	volumes[2] = (struct lk_volume){ .name = (char[]){ "data" } };
	return (struct lk_run){
		.phase = phase,
		.settings = &settings,
		.volumes = states,
		.results = results,
		.report = { .volumes = notes, .n_volumes = N },
	};
}

static enum lk_status fail(struct lk_run *run, size_t i, enum lk_status st)
{
	lk_raise(&err, st, "it failed");
	return lk_stage_alone(run, i, &err);
}

TEST(what_the_root_needs_fails_the_unlock)
{
	struct lk_run run = set_up(LK_PHASE_INITRD);

	CHECK_EQ(fail(&run, 0, LK_DENIED), LK_DENIED);
	CHECK_EQ(fail(&run, 1, LK_DENIED), LK_DENIED);
	CHECK_EQ(fail(&run, 1, LK_ABSENT), LK_ABSENT);
	CHECK_STR(notes[1].outcome, "ABSENT");
	CHECK(!states[0].failed && !states[1].failed);
	CHECK_EQ(err.status, LK_ABSENT);
}

TEST(a_data_volume_fails_alone)
{
	static const enum lk_status every[] = { LK_CONFIG,   LK_ABSENT,	 LK_AGAIN,   LK_DENIED,
						LK_TAMPERED, LK_TIMEOUT, LK_INTERNAL };
	struct lk_run run;
	size_t i;

	for (i = 0; i < sizeof(every) / sizeof(every[0]); i++) {
		run = set_up(LK_PHASE_INITRD);
		CHECK_OK(fail(&run, 2, every[i]));
		CHECK(states[2].failed);
		CHECK_EQ(err.status, LK_OK);
		CHECK_STR(notes[2].outcome, lk_status_name(every[i]));
		CHECK_HAS(notes[2].error, "it failed");
	}
	run = set_up(LK_PHASE_SYSTEM);
	CHECK_OK(fail(&run, 0, LK_TAMPERED));
}

TEST(a_register_that_fails_fails_the_unlock)
{
	struct lk_run run = set_up(LK_PHASE_INITRD);

	lk_raise_code(&err, LK_C_REGISTER, "it is gone");
	CHECK_EQ(lk_stage_alone(&run, 2, &err), LK_TAMPERED);
	CHECK(!states[2].failed);
}

TEST(the_one_volume_of_a_command_does_not_fail_alone)
{
	struct lk_run run = set_up(LK_PHASE_SYSTEM);

	run.only = "data";
	CHECK_EQ(fail(&run, 2, LK_ABSENT), LK_ABSENT);
	run = set_up(LK_PHASE_SYSTEM);
	run.rehearse = "data";
	CHECK_EQ(fail(&run, 2, LK_ABSENT), LK_ABSENT);
}

static bool is_cut(const struct lk_run *run)
{
	return lk_stage_patience(run, (struct lk_deadline){ LK_FOREVER }).at_ms != LK_FOREVER;
}

TEST(a_key_that_others_do_not_need_is_not_waited_for)
{
	const struct lk_deadline past = { 1 };
	struct lk_run run = set_up(LK_PHASE_INITRD);

	results[1].wanted = results[2].wanted = true;
	CHECK(!is_cut(&run)); /* the layer has no key yet */
	results[1].wanted = false;
	CHECK(is_cut(&run));
	CHECK_EQ(lk_stage_patience(&run, past).at_ms, past.at_ms);
	run.phase = LK_PHASE_SYSTEM;
	CHECK(is_cut(&run));
	results[0].wanted = results[1].wanted = true;
	CHECK(!is_cut(&run)); /* nobody has a key */
	states[0].kept = states[1].failed = true;
	CHECK(!is_cut(&run)); /* nobody waits */
	run.only = "data";
	results[0].wanted = results[1].wanted = false;
	CHECK(!is_cut(&run));
}

TESTS(what_the_root_needs_fails_the_unlock, a_data_volume_fails_alone,
      a_register_that_fails_fails_the_unlock, the_one_volume_of_a_command_does_not_fail_alone,
      a_key_that_others_do_not_need_is_not_waited_for)
