/* SPDX-License-Identifier: Apache-2.0 */
/* The files and links that a generator leaves for systemd. */
#include "agent/generator_units.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"

#define PATH_BYTES 1024

enum lk_status lk_unit_write(const char *dir, const char *name, struct lk_error *err,
			     const char *fmt, ...)
{
	char path[PATH_BYTES];
	LK_FILE FILE *f = NULL;
	char *slash;
	va_list ap;
	bool ok;

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path))
		return lk_raise(err, LK_INTERNAL, "the path of %s is too long", name);
	slash = strrchr(path, '/');
	*slash = '\0';
	if (mkdir(path, 0755) && errno != EEXIST)
		return lk_raise(err, LK_INTERNAL, "create %s: %m", path);
	*slash = '/';
	f = fopen(path, "wxe");
	if (!f)
		return lk_raise(err, LK_INTERNAL, "create %s: %m", path);
	va_start(ap, fmt);
	ok = vfprintf(f, fmt, ap) >= 0;
	va_end(ap);
	if (!ok || fflush(f))
		return lk_raise(err, LK_INTERNAL, "write %s: %m", path);
	return LK_OK;
}

enum lk_status lk_unit_link(const char *dir, const char *folder, const char *where,
			    const char *unit, struct lk_error *err)
{
	char path[PATH_BYTES], target[PATH_BYTES];

	if (snprintf(path, sizeof(path), "%s/%s/%s", dir, folder, unit) >= (int)sizeof(path))
		return lk_raise(err, LK_INTERNAL, "the path of %s is too long", unit);
	(void)snprintf(target, sizeof(target), "%s/%s", where, unit);
	*strrchr(path, '/') = '\0';
	if (mkdir(path, 0755) && errno != EEXIST)
		return lk_raise(err, LK_INTERNAL, "create %s: %m", path);
	path[strlen(path)] = '/';
	if (symlink(target, path))
		return lk_raise(err, LK_INTERNAL, "link %s: %m", path);
	return LK_OK;
}
