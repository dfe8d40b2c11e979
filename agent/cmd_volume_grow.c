/* SPDX-License-Identifier: Apache-2.0 */
/* latchkey volume grow: mounted file systems of volumes with grow = true take what room their
 * mappings have. The mappings themselves took it when they were opened. */
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/cmd_volume.h"
#include "agent/commands.h"
#include "agent/grow.h"
#include "agent/harden.h"
#include "agent/mounts.h"
#include "agent/settings.h"
#include "core/cleanup.h"
#include "core/log.h"

#define USAGE "volume grow NAME | --all [--config DIR]"

static enum lk_status find_mount(const struct lk_volume *v, char *path, size_t size,
				 struct lk_error *err)
{
	LK_FILE FILE *list = NULL;
	char node[LK_VOLUME_NAME_MAX + sizeof("/dev/mapper/")];
	struct stat s;

	snprintf(node, sizeof(node), "/dev/mapper/%s", v->name);
	if (stat(node, &s) != 0 || !S_ISBLK(s.st_mode))
		return lk_raise(err, LK_ABSENT, "volume '%s' is not open", v->name);
	list = fopen("/proc/self/mountinfo", "re");
	if (!list)
		return lk_raise(err, LK_INTERNAL, "read the list of mounts: %m");
	if (!lk_mounts_find(list, s.st_rdev, path, size))
		return lk_raise(err, LK_ABSENT, "volume '%s' is not mounted for writing", v->name);
	return LK_OK;
}

static enum lk_status grow_volume(const struct lk_volume *v, struct lk_error *err)
{
	char path[PATH_MAX];
	enum lk_status st;
	bool grown = false;

	st = find_mount(v, path, sizeof(path), err);
	if (!st)
		st = lk_grow_filesystem(path, &grown, err);
	if (st)
		return lk_context(err, "grow volume '%s'", v->name);
	lk_log(LK_LOG_INFO, "volume '%s': the file system at %s %s", v->name, path,
	       grown ? "has grown" : "is as large as its device");
	return LK_OK;
}

/* What is not open or not mounted is no error here: its next mount is followed by another call. */
static int grow_all(const struct lk_settings *s)
{
	int code = 0;
	size_t i;

	for (i = 0; i < s->n_known; i++) {
		struct lk_error err = { 0 };
		enum lk_status st;
		char line[512];

		if (!s->volumes[i].grow)
			continue;
		st = grow_volume(&s->volumes[i], &err);
		if (st == LK_ABSENT)
			lk_log(LK_LOG_INFO, "%s", lk_error_format(&err, line, sizeof(line)));
		else if (st)
			code = lk_cmd_fail(&err);
	}
	return code;
}

static int grow_named(const struct lk_settings *s, const char *name)
{
	struct lk_error err = { 0 };
	size_t i;

	for (i = 0; i < s->n_known; i++)
		if (strcmp(s->volumes[i].name, name) == 0)
			break;
	if (i == s->n_known)
		lk_raise(&err, LK_CONFIG, "no volume '%s' is configured", name);
	else if (!s->volumes[i].grow)
		lk_raise(&err, LK_CONFIG, "volume '%s' does not have grow = true", name);
	else
		grow_volume(&s->volumes[i], &err);
	return err.status ? lk_cmd_fail(&err) : 0;
}

int lk_cmd_volume_grow(int argc, char **argv)
{
	static const struct option options[] = {
		{ "all", no_argument, NULL, 'a' },
		{ "config", required_argument, NULL, 'c' },
		{ 0 },
	};
	const char *config_dir = NULL;
	LK_SETTINGS *settings = NULL;
	struct lk_error err = { 0 };
	bool all = false;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == '?')
			return lk_cmd_usage(USAGE);
		if (c == 'c')
			config_dir = optarg;
		all = all || c == 'a';
	}
	if (argc - optind != !all)
		return lk_cmd_usage(USAGE);
	if (lk_harden(&err) || lk_settings_load_system(config_dir, &settings, &err))
		return lk_cmd_fail(&err);
	return all ? grow_all(settings) : grow_named(settings, argv[optind]);
}
