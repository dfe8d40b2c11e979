/* SPDX-License-Identifier: Apache-2.0 */
/* Durations and sizes as the configuration writes them. Pure. */
#include <inttypes.h>
#include <string.h>

#include "core/config_internal.h"

struct unit {
	const char *name;
	int64_t factor;
};

/* Largest first: printing takes the first that divides. */
static const struct unit durations[] = {
	{ "h", 3600000 }, { "m", 60000 }, { "s", 1000 }, { "ms", 1 }, { 0 },
};
static const struct unit sizes[] = {
	{ "T", INT64_C(1) << 40 }, { "G", 1 << 30 }, { "M", 1 << 20 },
	{ "K", 1 << 10 },	   { "", 1 },	     { 0 },
};

/* Digits, then one of the units. */
static bool parse(const char *text, const struct unit *units, int64_t *ret)
{
	const size_t n = strspn(text, "0123456789");
	int64_t value = 0;
	size_t i;

	if (!n || (n > 1 && *text == '0'))
		return false;
	for (i = 0; i < n; i++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, text[i] - '0', &value))
			return false;
	for (; units->name; units++)
		if (strcmp(text + n, units->name) == 0)
			return !__builtin_mul_overflow(value, units->factor, ret);
	return false;
}

static void print(FILE *out, int64_t value, const struct unit *units)
{
	while (units[1].name && (value % units->factor || !value))
		units++;
	fprintf(out, "%" PRId64 "%s", value / units->factor, units->name);
}

bool lk_duration_parse(const char *text, int64_t *ret)
{
	int64_t ms;

	if (strcmp(text, "infinity") == 0) {
		*ret = LK_FOREVER;
		return true;
	}
	if (!parse(text, durations, &ms) || ms == LK_FOREVER)
		return false;
	*ret = ms;
	return true;
}

bool lk_size_parse(const char *text, int64_t *ret)
{
	int64_t bytes;

	if (!parse(text, sizes, &bytes))
		return false;
	*ret = bytes;
	return true;
}

void lk_duration_print(FILE *out, int64_t ms)
{
	if (ms == LK_FOREVER)
		fputs("infinity", out);
	else
		print(out, ms, durations);
}

void lk_size_print(FILE *out, int64_t bytes)
{
	print(out, bytes, sizes);
}
