/* SPDX-License-Identifier: Apache-2.0 */
/* agent/cmd_status.c: the reports of both phases, alone and together. */
#include "tests/headers/command_output.h"
#include "tests/headers/config_dir.h"

#include "agent/commands.h"
#include "agent/report.h"
#include "core/json.h"

static struct lk_error err;

static int status(const char *a, const char *b, const char *c, const char *d, const char *e)
{
	const char *const words[COMMAND_WORDS] = { "status", a, b, c, d, e };

	return command_run(lk_cmd_status, words);
}

static void write_report(const char *name, const char *phase, const char *volume,
			 const char *outcome, const char *why)
{
	struct lk_report_volume v = { 0 };
	const struct lk_report r = { .version = "1",
				     .phase = phase,
				     .clock = "trusted",
				     .outcome = outcome,
				     .volumes = &v,
				     .n_volumes = 1 };

	snprintf(v.name, sizeof(v.name), "%s", volume);
	snprintf(v.outcome, sizeof(v.outcome), "%s", *why ? "denied" : "open");
	snprintf(v.error, sizeof(v.error), "%s", why);
	CHECK_OK(lk_report_write(&r, config_path(name), &err));
}

#define BOTH "--report", config_path("one"), "--system", config_path("two")

TEST(both_phases_are_printed)
{
	config_dir_new();
	write_report("one", "initrd", "root", "open", "");
	write_report("two", "system", "data0", "partly", "the policy refused");
	CHECK_EQ(status(BOTH, NULL), 0);
	CHECK_HAS(said, "latchkey 1, phase initrd: open\n");
	CHECK_HAS(said, "volume root: open\n");
	CHECK_HAS(said, "latchkey 1, phase system: partly\n");
	CHECK_HAS(said, "volume data0: denied\n");
	CHECK_HAS(said, "the policy refused");
	config_dir_remove();
}

TEST(in_json_the_second_is_a_member)
{
	LK_JSON *doc = NULL;

	config_dir_new();
	write_report("one", "initrd", "root", "open", "");
	write_report("two", "system", "data0", "open", "");
	CHECK_EQ(status("--json", BOTH), 0);
	CHECK_OK(lk_json_parse(said, strlen(said), &doc, &err));
	CHECK_STR(lk_json_string_value(lk_json_get(doc, "phase")), "initrd");
	CHECK_STR(lk_json_string_value(lk_json_get(lk_json_get(doc, "system"), "phase")), "system");
	config_dir_remove();
}

TEST(one_alone_will_do)
{
	config_dir_new();
	CHECK_EQ(status(BOTH, NULL), lk_exit_code(LK_ABSENT));
	write_report("two", "system", "data0", "open", "");
	CHECK_EQ(status(BOTH, NULL), 0);
	CHECK_HAS(said, "phase system: open");
	write_report("one", "initrd", "root", "open", "");
	CHECK_EQ(status("--report", config_path("one"), NULL, NULL, NULL), 0);
	CHECK(!strstr(said, "phase system"));
	config_put("two", "no report", 0644);
	CHECK(status(BOTH, NULL) != 0);
	config_dir_remove();
}

TEST(what_is_recalled)
{
	struct lk_report_volume v = { 0 };
	LK_JSON *doc = NULL;

	config_dir_new();
	write_report("two", "system", "data0", "partly", "no");
	CHECK_OK(lk_report_read(config_path("two"), &doc, &err));
	CHECK(!lk_report_recall(doc, "data1", &v));
	CHECK(lk_report_recall(doc, "data0", &v));
	CHECK_STR(v.outcome, "denied");
	CHECK_STR(v.error, "no");
	config_dir_remove();
}

TESTS(both_phases_are_printed, in_json_the_second_is_a_member, one_alone_will_do, what_is_recalled)
