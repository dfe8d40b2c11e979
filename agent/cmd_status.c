/* SPDX-License-Identifier: Apache-2.0 */
/* latchkey status: print the report of the last unlock, and of what the system opened since. */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "agent/commands.h"
#include "agent/report.h"
#include "agent/report_plot.h"
#include "agent/snapshot.h"
#include "core/cleanup.h"
#include "core/json.h"

#define USAGE "status [--json | --plot FILE] [--report FILE [--system FILE]]"

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

/* Of the two reports, those that exist; none is an error. The second becomes the member `system`
 * of the first, or is the only one. */
static enum lk_status read_both(const char *path, const char *system, struct json_t **ret,
				struct lk_error *err)
{
	struct lk_error missing = { 0 };
	LK_JSON *first = NULL;
	LK_JSON *later = NULL;
	enum lk_status st;

	st = lk_report_read(path, &first, &missing);
	if (st && st != LK_ABSENT) {
		*err = missing;
		return st;
	}
	st = system ? lk_report_read(system, &later, err) : LK_ABSENT;
	if (st && st != LK_ABSENT)
		return st;
	if (!first && !later) {
		*err = missing;
		return LK_ABSENT;
	}
	if (first && later && !lk_json_set(first, "system", lk_json_ref(later)))
		return lk_raise(err, LK_INTERNAL, "out of memory for the report");
	*ret = first ? lk_take(first) : lk_take(later);
	return LK_OK;
}

/* A layer in chunks can run full below a file system that does not know: ask the kernel. */
static void print_layers(const struct json_t *report)
{
	const struct json_t *volumes = lk_json_get(report, "volumes");
	char said[LK_SNAPSHOT_TEXT], why[512];
	struct lk_snapshot_use use;
	size_t i;

	for (i = 0; i < lk_json_count(volumes); i++) {
		const struct json_t *v = lk_json_at(volumes, i);
		const char *type = lk_json_string_value(lk_json_get(v, "writable_type"));
		const char *name = lk_json_string_value(lk_json_get(v, "name"));
		struct lk_error err = { 0 };

		if (!name || !type || strcmp(type, "dm-snapshot") != 0)
			continue;
		if (lk_snapshot_use(name, &use, &err))
			printf("layer of %s: unknown: %s\n", name,
			       lk_error_format(&err, why, sizeof(why)));
		else
			printf("layer of %s: %s\n", name, lk_snapshot_describe(&use, said));
	}
}

/* live: the report is this machine's. */
static int print_text(const struct json_t *report, bool live)
{
	const struct json_t *system = lk_json_get(report, "system");

	lk_report_print(report);
	if (live)
		print_layers(report);
	if (system)
		lk_report_print(system);
	return 0;
}

int lk_cmd_status(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "plot", required_argument, NULL, 'p' },
		{ "report", required_argument, NULL, 'r' },
		{ "system", required_argument, NULL, 's' },
		{ 0 },
	};
	const char *path = NULL, *system = NULL, *drawing = NULL;
	struct lk_error err = { 0 };
	LK_JSON *report = NULL;
	bool json = false, live;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c != 'j' && c != 'p' && c != 'r' && c != 's')
			return lk_cmd_usage(USAGE);
		if (c == 'j')
			json = true;
		if (c == 'p')
			drawing = optarg;
		if (c == 'r')
			path = optarg;
		if (c == 's')
			system = optarg;
	}
	if (optind != argc || (json && drawing))
		return lk_cmd_usage(USAGE);
	live = !path && !system;
	if (live)
		system = LK_SYSTEM_REPORT_PATH;
	if (read_both(path ? path : LK_REPORT_PATH, system, &report, &err))
		return lk_cmd_fail(&err);
	if (drawing)
		return plot(report, drawing);
	return json ? print_json(report) : print_text(report, live);
}
