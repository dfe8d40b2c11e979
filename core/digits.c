/* SPDX-License-Identifier: Apache-2.0 */
/* Reads whole numbers and device numbers. */
#include "core/digits.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/sysmacros.h>

bool lk_digits_read(const char **text, char end, uint64_t *ret)
{
	char *rest;

	if (!isdigit((unsigned char)**text))
		return false;
	errno = 0;
	*ret = strtoull(*text, &rest, 10);
	if (errno || *rest != end)
		return false;
	*text = rest + 1;
	return true;
}

bool lk_device_number_read(const char *text, dev_t *ret)
{
	uint64_t major, minor;

	if (!lk_digits_read(&text, ':', &major) || !lk_digits_read(&text, '\0', &minor) ||
	    major > UINT_MAX || minor > UINT_MAX)
		return false;
	*ret = makedev((unsigned)major, (unsigned)minor);
	return true;
}
