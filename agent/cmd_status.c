/* SPDX-License-Identifier: Apache-2.0 */
/* latchkey status: print the report of the last unlock. */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>

#include "agent/commands.h"
#include "agent/report.h"
#include "agent/report_plot.h"
#include "core/cleanup.h"
#include "core/json.h"

#define USAGE "status [--json | --plot FILE] [--report FILE]"

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

static int plot(const struct json_t *report, const char *path)
{
	struct lk_error err = { 0 };
	LK_FILE FILE *out = fopen(path, "we");

	if (out)
		lk_report_plot(out, report);
	if (!out || fflush(out) || ferror(out)) {
		lk_raise(&err, LK_CONFIG, "write %s: %m", path);
		return lk_cmd_fail(&err);
	}
	return 0;
}

int lk_cmd_status(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "plot", required_argument, NULL, 'p' },
		{ "report", required_argument, NULL, 'r' },
		{ 0 },
	};
	const char *path = LK_REPORT_PATH, *drawing = NULL;
	struct lk_error err = { 0 };
	LK_JSON *report = NULL;
	bool json = false;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c != 'j' && c != 'p' && c != 'r')
			return lk_cmd_usage(USAGE);
		if (c == 'j')
			json = true;
		if (c == 'p')
			drawing = optarg;
		if (c == 'r')
			path = optarg;
	}
	if (optind != argc || (json && drawing))
		return lk_cmd_usage(USAGE);
	if (lk_report_read(path, &report, &err))
		return lk_cmd_fail(&err);
	if (drawing)
		return plot(report, drawing);
	if (json)
		return print_json(report);
	lk_report_print(report);
	return 0;
}
