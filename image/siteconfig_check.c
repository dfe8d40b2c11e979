/* SPDX-License-Identifier: Apache-2.0 */
/* Asking the agent's reader whether it will take a configuration, and telling the operator in terms
 * of the files that the operator wrote. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/settings.h"
#include "image/siteconfig.h"

/* The operator's line for a line of the final fde file. */
static unsigned long own_line(const struct lk_siteconfig *site, unsigned long line)
{
	unsigned long own = line;
	size_t i;

	for (i = 0; i < LK_SITE_ADDITIONS; i++)
		if (site->added[i].behind && line > site->added[i].behind)
			own -= site->added[i].lines;
	return own;
}

/* "FOLDER/fde.conf:7: x" becomes "DIR/fde.conf:5: x". */
static void translate(const struct lk_siteconfig *site, const char *folder, const char *dir,
		      char text[LK_ERROR_TEXT])
{
	size_t n = strlen(folder), name;
	char said[LK_ERROR_TEXT], *rest;
	unsigned long line;

	if (strncmp(text, folder, n) != 0 || text[n] != '/')
		return;
	snprintf(said, sizeof(said), "%s", text + n);
	name = strcspn(said, ":");
	if (strncmp(said, "/fde.", 5) != 0 || said[name] != ':') {
		snprintf(text, LK_ERROR_TEXT, "%s%s", dir, said);
		return;
	}
	line = strtoul(said + name + 1, &rest, 10);
	snprintf(text, LK_ERROR_TEXT, "%s%.*s:%lu%s", dir, (int)name, said, own_line(site, line),
		 rest);
}

enum lk_status lk_siteconfig_check(const struct lk_siteconfig *site, const char *folder,
				   const char *dir, struct lk_site_facts *ret, struct lk_error *err)
{
	LK_SETTINGS *settings = NULL;
	const struct lk_volume *root;
	enum lk_status st;
	uint32_t i;

	st = lk_settings_load(folder, &settings, err);
	for (i = 0; st && i < err->n_frames; i++)
		translate(site, folder, dir, err->frames[i].text);
	if (st)
		return st;
	root = settings->n_volumes ? &settings->volumes[0] : NULL;
	if (!root || !root->is_root || !root->has_verity)
		return lk_raise(err, LK_INTERNAL, "the final configuration has no verified root");
	if (!root->encrypted && site->encrypted)
		return lk_raise_code(err, LK_C_CONFIG_VALUE,
				     "[rootfs] says encrypted = false: give --verity-only, or the "
				     "disk will be");
	snprintf(ret->mapper, LK_SITE_NAME, "%s", root->name);
	ret->snapshot = lk_volume_has_snapshot(root);
	return LK_OK;
}
