/* SPDX-License-Identifier: Apache-2.0 */
/* Where a program that the configuration names lies. */
#include <string.h>
#include <sys/stat.h>

#include "core/config_files.h"

enum lk_status lk_command_find(const char *name, char **ret, struct lk_error *err)
{
	const char *place = LK_COMMAND_PATH;
	const bool absolute = *name == '/';

	for (; *place; place += strspn(place, ":")) {
		const int n = (int)strcspn(place, ":");
		LK_FREE char *path = NULL;
		struct stat sb;

		if (asprintf(&path, "%.*s%s%s", absolute ? 0 : n, place, absolute ? "" : "/",
			     name) < 0) {
			path = NULL;
			return lk_raise(err, LK_INTERNAL, "out of memory");
		}
		if (stat(path, &sb) == 0 && S_ISREG(sb.st_mode) && access(path, X_OK) == 0) {
			*ret = lk_take(path);
			return LK_OK;
		}
		if (absolute)
			break;
		place += n;
	}
	return lk_raise_code(err, LK_C_CONFIG_MISSING, "no program '%s'%s%s", name,
			     absolute ? "" : " in ", absolute ? "" : LK_COMMAND_PATH);
}
