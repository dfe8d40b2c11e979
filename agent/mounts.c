/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the kernel's list of mounts. */
#include "agent/mounts.h"

#include <limits.h>
#include <string.h>

#include "core/digits.h"

#define LINE (3 * PATH_MAX) /* two paths, and what is short */

/* The kernel writes blanks and backslashes as three octal digits. */
static bool unescape(const char *from, char *to, size_t size)
{
	size_t n = 0;

	for (; *from; from++, n++) {
		if (n + 1 >= size)
			return false;
		to[n] = *from;
		if (*from == '\\' && strspn(from + 1, "01234567") >= 3) {
			to[n] = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 |
				       (from[3] - '0'));
			from += 3;
		}
	}
	to[n] = '\0';
	return true;
}

static bool is_writable(const char *options)
{
	return strncmp(options, "rw", 2) == 0 && (options[2] == ',' || options[2] == '\0');
}

/* "ID PARENT MAJOR:MINOR ROOT PATH OPTIONS ..." */
static bool line_fits(char *line, dev_t device, char *path, size_t size)
{
	char *field[6], *rest = NULL;
	dev_t number;
	unsigned i;

	for (i = 0; i < 6; i++) {
		field[i] = strtok_r(i ? NULL : line, " \n", &rest);
		if (!field[i])
			return false;
	}
	return lk_device_number_read(field[2], &number) && number == device &&
	       strcmp(field[3], "/") == 0 && is_writable(field[5]) &&
	       unescape(field[4], path, size);
}

bool lk_mounts_find(FILE *mountinfo, dev_t device, char *path, size_t size)
{
	char line[LINE];

	while (fgets(line, sizeof(line), mountinfo))
		if (line_fits(line, device, path, size))
			return true;
	return false;
}
