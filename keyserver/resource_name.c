/* SPDX-License-Identifier: Apache-2.0 */
/* The alphabet of resource names and the matching of patterns, which never cross a slash. */
#include "keyserver/resource_name.h"

#include <stddef.h>
#include <string.h>

#define SEGMENTS 3

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-';
}

static bool segment_ok(const char *s, size_t n, bool glob)
{
	size_t i;

	if (n == 0 || s[0] == '.')
		return false;
	for (i = 0; i < n; i++)
		if (!is_word(s[i]) && s[i] != '.' && !(glob && s[i] == '*'))
			return false;
	return true;
}

static bool three_segments(const char *s, bool glob)
{
	unsigned n;

	if (strnlen(s, LK_RESOURCE_NAME_MAX + 1) > LK_RESOURCE_NAME_MAX)
		return false;
	for (n = 1; n <= SEGMENTS; n++) {
		size_t len = strcspn(s, "/");

		if (!segment_ok(s, len, glob))
			return false;
		s += len;
		if (n < SEGMENTS && *s++ != '/')
			return false;
	}
	return *s == '\0';
}

bool lk_resource_name_ok(const char *name)
{
	return three_segments(name, false);
}

bool lk_resource_glob_ok(const char *glob)
{
	return three_segments(glob, true);
}

bool lk_resource_glob_match(const char *glob, const char *name)
{
	const char *star = NULL, *resume = NULL;

	/* Going back to the latest star is enough: a star of an earlier segment could only help
	 * by swallowing a slash. */
	while (*name) {
		if (*glob == '*') {
			star = ++glob;
			resume = name;
		} else if (*glob == *name) {
			if (*name == '/')
				star = NULL;
			glob++;
			name++;
		} else if (star && *resume != '/') {
			glob = star;
			name = ++resume;
		} else {
			return false;
		}
	}
	while (*glob == '*')
		glob++;
	return *glob == '\0';
}
