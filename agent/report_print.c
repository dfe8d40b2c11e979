/* SPDX-License-Identifier: Apache-2.0 */
/* The report of an unlock, for people. */
#include <stdio.h>

#include "agent/report.h"
#include "core/json.h"

static const char *text(const struct json_t *o, const char *name)
{
	const char *s = lk_json_string_value(lk_json_get(o, name));

	return s ? s : "";
}

static long long number(const struct json_t *o, const char *name)
{
	int64_t n;

	return lk_json_int_value(lk_json_get(o, name), &n) ? (long long)n : 0;
}

static void print_field(const char *label, const char *value)
{
	if (*value)
		printf("  %-14s %s\n", label, value);
}

static void print_volume(const struct json_t *v)
{
	bool degraded = false;
	struct lk_error err;

	printf("volume %s: %s\n", text(v, "name"), text(v, "outcome"));
	print_field("provider", text(v, "provider"));
	print_field("endpoint", text(v, "endpoint"));
	print_field("luks uuid", text(v, "luks_uuid"));
	print_field("header digest", text(v, "header_digest"));
	print_field("header mac", text(v, "header_mac"));
	if (!lk_json_get_bool(v, "header_degraded", &degraded, &err) && degraded)
		print_field("header", "DEGRADED: one copy on the disk is damaged, not repaired");
	print_field("options", text(v, "options"));
	print_field("chosen for", text(v, "options_why"));
	print_field("root hash", text(v, "root_hash"));
	print_field("writable", text(v, "writable"));
	print_field("layer", text(v, "writable_type"));
	print_field("trust", text(v, "trust"));
	print_field("growth", text(v, "growth"));
	print_field("error", text(v, "error"));
}

void lk_report_print(const struct json_t *report)
{
	const struct json_t *stages = lk_json_get(report, "stages");
	const struct json_t *volumes = lk_json_get(report, "volumes");
	const struct json_t *error = lk_json_get(report, "error");
	size_t i;

	printf("latchkey %s, phase %s: %s\n", text(report, "version"), text(report, "phase"),
	       text(report, "outcome"));
	print_field("tee", text(report, "tee"));
	print_field("register", text(report, "register"));
	print_field("clock", text(report, "clock"));
	printf("  %-14s %lld\n", "attempts", number(report, "attempts"));
	for (i = 0; i < lk_json_count(stages); i++) {
		const struct json_t *s = lk_json_at(stages, i);

		printf("  [%zu/5] %-14s %5lld ms   %s\n", i + 1, text(s, "name"), number(s, "ms"),
		       text(s, "detail"));
	}
	for (i = 0; i < lk_json_count(volumes); i++)
		print_volume(lk_json_at(volumes, i));
	if (!error)
		return;
	printf("error: %s\n", text(error, "text"));
	print_field("what to do", text(error, "help"));
}
