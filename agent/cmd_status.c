/* SPDX-License-Identifier: Apache-2.0 */
/* latchkey status: print the report of the last unlock. */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>

#include "agent/commands.h"
#include "agent/report.h"
#include "core/json.h"

#define USAGE "status [--json] [--report FILE]"

static int print_json(const struct json_t *report)
{
	struct lk_error err = { 0 };
	LK_JSON_TEXT *text = NULL;
	size_t len;

	if (lk_json_dump(report, LK_JSON_PRETTY, &text, &len, &err))
		return lk_cmd_fail(&err);
	puts(text);
	return 0;
}

int lk_cmd_status(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "report", required_argument, NULL, 'r' },
		{ 0 },
	};
	const char *path = LK_REPORT_PATH;
	struct lk_error err = { 0 };
	LK_JSON *report = NULL;
	bool json = false;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c != 'j' && c != 'r')
			return lk_cmd_usage(USAGE);
		if (c == 'j')
			json = true;
		if (c == 'r')
			path = optarg;
	}
	if (optind != argc)
		return lk_cmd_usage(USAGE);
	if (lk_report_read(path, &report, &err))
		return lk_cmd_fail(&err);
	if (json)
		return print_json(report);
	lk_report_print(report);
	return 0;
}
