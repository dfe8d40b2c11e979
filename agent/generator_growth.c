/* SPDX-License-Identifier: Apache-2.0 */
/* Ties the growth of file systems to their mounts: with every start of a mount of fstab comes
 * latchkey-grow@NAME.service behind it, and what is mounted otherwise is grown once in a boot. */
#include <stdio.h>
#include <string.h>

#include "agent/fstab.h"
#include "agent/generator.h"
#include "agent/generator_units.h"

#define SYSTEM_UNITS "/usr/lib/systemd/system"

static const struct lk_volume *find_growing(const struct lk_settings *s, const char *name)
{
	size_t i;

	for (i = 0; name && i < s->n_known; i++)
		if (s->volumes[i].grow && strcmp(s->volumes[i].name, name) == 0)
			return &s->volumes[i];
	return NULL;
}

/* systemd takes the first of two lines for one place. */
static bool came_before(const char *fstab, const struct lk_fstab_line *line, const char *unit)
{
	char earlier_unit[LK_FSTAB_UNIT];
	struct lk_fstab_line earlier;
	unsigned number = 0;

	while (lk_fstab_next(&fstab, line->file, &number, &earlier) && number < line->number)
		if (lk_fstab_mount_unit(&earlier, earlier_unit) && strcmp(earlier_unit, unit) == 0)
			return true;
	return false;
}

static enum lk_status generate_mount(const struct lk_volume *v, const char *mount, const char *dir,
				     struct lk_error *err)
{
	char name[LK_FSTAB_UNIT + 32];

	(void)snprintf(name, sizeof(name), "%s.d/40-latchkey.conf", mount);
	return lk_unit_write(dir, name, err,
			     "# Written by latchkey-generator\n"
			     "[Unit]\n"
			     "Wants=latchkey-grow@%1$s.service\n"
			     "Before=latchkey-grow@%1$s.service\n",
			     v->name);
}

static bool any_grows(const struct lk_settings *s)
{
	size_t i;

	for (i = 0; i < s->n_known; i++)
		if (s->volumes[i].grow)
			return true;
	return false;
}

enum lk_status lk_generate_growth(const struct lk_settings *s, const char *fstab, size_t len,
				  const char *dir, struct lk_error *err)
{
	const char *at = fstab;
	struct lk_fstab_line line;
	char mount[LK_FSTAB_UNIT];
	unsigned number = 0;
	enum lk_status st;

	if (!any_grows(s))
		return LK_OK;
	st = lk_unit_link(dir, "multi-user.target.wants", SYSTEM_UNITS, "latchkey-grow.service",
			  err);
	while (!st && lk_fstab_next(&at, fstab + len, &number, &line)) {
		const struct lk_volume *v = find_growing(s, lk_fstab_mapping(&line));

		if (v && !lk_fstab_has(&line, "ro") && lk_fstab_mount_unit(&line, mount) &&
		    !came_before(fstab, &line, mount))
			st = generate_mount(v, mount, dir, err);
	}
	return st;
}
