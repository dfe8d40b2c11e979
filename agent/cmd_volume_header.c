/* SPDX-License-Identifier: Apache-2.0 */
/* latchkey volume header: a header into a file, and back. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "agent/cmd_volume.h"
#include "agent/cmd_volume_ways.h"
#include "agent/commands.h"
#include "agent/harden.h"
#include "agent/header_backup.h"
#include "agent/volume_key.h"

#define USAGE "volume header backup|restore NAME FILE [--recovery-key] [--config DIR]"

struct options {
	const char *config_dir, *name, *path;
	bool restore, recovery_key;
};

static bool parse(int argc, char **argv, struct options *o)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "recovery-key", no_argument, NULL, 'r' },
		{ 0 },
	};
	int id;

	while ((id = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (id == 'c')
			o->config_dir = optarg;
		else if (id == 'r')
			o->recovery_key = true;
		else
			return false;
	}
	if (optind + 3 != argc)
		return false;
	o->restore = strcmp(argv[optind], "restore") == 0;
	o->name = argv[optind + 1];
	o->path = argv[optind + 2];
	return o->restore || strcmp(argv[optind], "backup") == 0;
}

static enum lk_status restore(const struct lk_volume *v, const struct lk_blockdev *dev,
			      const struct lk_volume_key *key, const char *path,
			      struct lk_error *err)
{
	LK_LUKS_WRITES writes = { 0 };
	enum lk_status st;

	st = lk_header_restore_plan(v, dev, key, path, &writes, err);
	if (!st)
		st = lk_luks_writes_apply(&writes, dev, err);
	return st ? lk_context(err, "restore the header of volume '%s'", v->name) : LK_OK;
}

static enum lk_status run(const struct options *o, struct lk_volume_key *key, struct lk_error *err)
{
	LK_VOLUME_WAYS w = { .config_dir = o->config_dir, .name = o->name };
	LK_BLOCKDEV dev = LK_BLOCKDEV_NONE;
	enum lk_status st;

	st = lk_volume_ways_open(&w, false, err);
	if (!st)
		st = o->recovery_key ? lk_volume_read_key(STDIN_FILENO, key, err)
				     : lk_volume_fetch(o->config_dir, o->name, key, err);
	if (!st)
		st = lk_volume_find(w.volume, &dev, err);
	if (st)
		return st;
	st = o->restore ? restore(w.volume, &dev, key, o->path, err)
			: lk_header_backup(w.volume, &dev, key, o->path, err);
	if (!st)
		printf("%s: header %s %s\n", o->name, o->restore ? "restored from" : "backed up to",
		       o->path);
	return st;
}

int lk_cmd_volume_header(int argc, char **argv)
{
	struct options o = { 0 };
	struct lk_error err = { 0 };
	struct lk_volume_key key = { 0 };
	enum lk_status st;

	if (!parse(argc, argv, &o))
		return lk_cmd_usage(USAGE);
	st = lk_harden(&err);
	if (!st)
		st = run(&o, &key, &err);
	lk_secret_wipe(&key.bytes);
	return st ? lk_cmd_fail(&err) : 0;
}
