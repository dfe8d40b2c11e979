/* SPDX-License-Identifier: Apache-2.0 */
/* latchkey volume rotate, recover, recovery-key: the life of a volume's key. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "agent/cmd_volume.h"
#include "agent/cmd_volume_ways.h"
#include "agent/commands.h"
#include "agent/harden.h"
#include "agent/recovery_key.h"
#include "agent/stages.h"
#include "agent/unlock.h"
#include "agent/volume_key.h"

struct options {
	const char *config_dir, *name;
	struct lk_publish publish;
	bool restart, check, replace, open;
};

enum option_id {
	OPT_CONFIG = 256,
	OPT_ENROLL,
	OPT_RESOURCE,
	OPT_SOCKET,
	OPT_ESCROW_TO,
	OPT_ESCROW_OUT,
	OPT_RESTART,
	OPT_CHECK,
	OPT_REPLACE,
	OPT_OPEN,
};

static const struct option rotate_options[] = {
	{ "config", required_argument, NULL, OPT_CONFIG },
	{ "enroll", required_argument, NULL, OPT_ENROLL },
	{ "resource", required_argument, NULL, OPT_RESOURCE },
	{ "socket", required_argument, NULL, OPT_SOCKET },
	{ "escrow-to", required_argument, NULL, OPT_ESCROW_TO },
	{ "escrow-out", required_argument, NULL, OPT_ESCROW_OUT },
	{ "restart", no_argument, NULL, OPT_RESTART },
	{ 0 },
};
static const struct option recover_options[] = {
	{ "config", required_argument, NULL, OPT_CONFIG },
	{ "enroll", required_argument, NULL, OPT_ENROLL },
	{ "resource", required_argument, NULL, OPT_RESOURCE },
	{ "socket", required_argument, NULL, OPT_SOCKET },
	{ "escrow-to", required_argument, NULL, OPT_ESCROW_TO },
	{ "escrow-out", required_argument, NULL, OPT_ESCROW_OUT },
	{ "restart", no_argument, NULL, OPT_RESTART },
	{ "check", no_argument, NULL, OPT_CHECK },
	{ "open", no_argument, NULL, OPT_OPEN },
	{ 0 },
};
static const struct option recovery_key_options[] = {
	{ "config", required_argument, NULL, OPT_CONFIG },
	{ "replace", no_argument, NULL, OPT_REPLACE },
	{ 0 },
};

static bool take(struct options *o, int id)
{
	switch (id) {
	case OPT_CONFIG:
		o->config_dir = optarg;
		return true;
	case OPT_ENROLL:
		o->publish.enroll = optarg;
		return true;
	case OPT_RESOURCE:
		o->publish.resource = optarg;
		return true;
	case OPT_SOCKET:
		o->publish.socket = optarg;
		return true;
	case OPT_ESCROW_TO:
		o->publish.escrow_to = optarg;
		return true;
	case OPT_ESCROW_OUT:
		o->publish.escrow_out = optarg;
		return true;
	case OPT_RESTART:
		return o->restart = true;
	case OPT_CHECK:
		return o->check = true;
	case OPT_REPLACE:
		return o->replace = true;
	case OPT_OPEN:
		return o->open = true;
	default:
		return false;
	}
}

/* Options and one name, in any order. */
static bool parse(int argc, char **argv, const struct option *options, struct options *o)
{
	int id;

	while ((id = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (!take(o, id))
			return false;
	if (optind + 1 != argc)
		return false;
	o->name = argv[optind];
	return true;
}

static struct lk_volume_ways ways_for(const struct options *o)
{
	return (struct lk_volume_ways){
		.config_dir = o->config_dir,
		.name = o->name,
		.publish = o->publish,
	};
}

static enum lk_status rotate(const struct options *o, const struct lk_volume_key *recovery,
			     struct lk_error *err)
{
	LK_VOLUME_WAYS w = ways_for(o);
	struct lk_rotate_request request = { .recovery = recovery };
	struct lk_rotate_ways ways;
	enum lk_status st;

	st = lk_volume_ways_open(&w, true, err);
	if (st)
		return st;
	request.volume = w.volume;
	/* What latchkeyd was given, it gives out: a secret it does not have is lost. */
	request.restart = o->restart || o->publish.enroll;
	ways = lk_volume_ways_of(&w);
	return lk_rotate(&request, &ways, err);
}

int lk_cmd_volume_rotate(int argc, char **argv)
{
	struct options o = { 0 };
	struct lk_error err = { 0 };
	enum lk_status st;

	if (!parse(argc, argv, rotate_options, &o))
		return lk_cmd_usage("volume rotate NAME " LK_PUBLISH_USAGE
				    " [--restart] [--config DIR]");
	st = lk_harden(&err);
	if (!st)
		st = rotate(&o, NULL, &err);
	return st ? lk_cmd_fail(&err) : 0;
}

/* Does the key open the volume, and is the header its own? */
static enum lk_status check(const struct options *o, const struct lk_volume_key *key,
			    struct lk_error *err)
{
	LK_VOLUME_WAYS w = ways_for(o);
	LK_CLEANUP(lk_luks_prepared_free_p) struct lk_luks_prepared *p = NULL;
	LK_BLOCKDEV dev = LK_BLOCKDEV_NONE;
	struct lk_volume_key tried = { .form = key->form };
	struct lk_header_identity identity;
	struct lk_luks_rules rules;
	enum lk_status st;

	st = lk_volume_ways_open(&w, false, err);
	if (!st)
		st = lk_volume_find(w.volume, &dev, err);
	if (st)
		return st;
	rules = lk_volume_rules(w.volume);
	st = lk_luks_prepare(&dev, &rules, &p, err);
	if (!st)
		st = lk_secret_from(&tried.bytes, key->bytes.data, key->bytes.len, err);
	if (!st)
		st = lk_volume_unlock(w.volume, p, &tried, &identity, err);
	lk_secret_wipe(&tried.bytes);
	if (st)
		return lk_context(err, "try the recovery key of volume '%s'", o->name);
	printf("%s: the key opens the volume, header MAC %s\n", o->name,
	       identity.has_mac ? "ok" : "absent");
	return LK_OK;
}

/* By the stages of a boot, with this key in place of what the provider gives out. */
static enum lk_status open_by(const struct options *o, struct lk_volume_key *key,
			      struct lk_error *err)
{
	struct lk_run run = { .config_dir = o->config_dir, .only = o->name, .given = key };
	LK_SETTINGS *settings = NULL;
	const struct lk_volume *v;
	enum lk_status st;

	st = lk_volume_settings(o->config_dir, o->name, &settings, &v, err);
	if (!st && (v->is_root || v->fallback != LK_FALLBACK_RECOVERY_KEY))
		st = lk_raise(err, LK_CONFIG,
			      v->is_root ? "'%s' is the root: its recovery key is asked for in the "
					   "initramfs"
					 : "volume '%s' takes no recovery key: fallback = "
					   "\"recovery-key\" is not configured",
			      o->name);
	if (!st)
		st = lk_luks_check_free(o->name, err);
	if (st)
		return st;
	run.phase = LK_PHASE_SYSTEM;
	st = lk_run_stages(&run, err);
	if (!st)
		printf("%s: open as /dev/mapper/%s, by its recovery key\n", o->name, o->name);
	lk_run_end(&run);
	return st;
}

int lk_cmd_volume_recover(int argc, char **argv)
{
	struct options o = { 0 };
	struct lk_error err = { 0 };
	struct lk_volume_key key = { 0 };
	enum lk_status st;

	if (!parse(argc, argv, recover_options, &o) ||
	    o.check + o.open + (o.publish.enroll || o.publish.escrow_to) > 1)
		return lk_cmd_usage("volume recover NAME (--check | --open | " LK_PUBLISH_USAGE
				    " [--restart]) [--config DIR]");
	st = lk_harden(&err);
	if (!st)
		st = lk_volume_read_key(STDIN_FILENO, &key, &err);
	if (!st)
		st = o.check  ? check(&o, &key, &err)
		     : o.open ? open_by(&o, &key, &err)
			      : rotate(&o, &key, &err);
	lk_secret_wipe(&key.bytes);
	return st ? lk_cmd_fail(&err) : 0;
}

static enum lk_status make_recovery_key(const struct options *o, struct lk_error *err)
{
	LK_VOLUME_WAYS w = ways_for(o);
	LK_SECRET secret = { 0 };
	struct lk_rotate_ways ways;
	enum lk_status st;

	st = lk_volume_ways_open(&w, false, err);
	if (st)
		return st;
	if (w.volume->fallback != LK_FALLBACK_RECOVERY_KEY)
		return lk_raise(err, LK_CONFIG,
				"volume '%s' takes no recovery key: fallback = \"recovery-key\" is "
				"not configured",
				o->name);
	ways = lk_volume_ways_of(&w);
	st = lk_recovery_key_new(&secret, err);
	if (!st)
		st = lk_rotate_recovery(w.volume, &secret, o->replace, &ways, err);
	if (st)
		return st;
	/* Unbuffered: a stream would keep a copy. */
	if (write(STDOUT_FILENO, secret.data, secret.len) != (ssize_t)secret.len ||
	    write(STDOUT_FILENO, "\n", 1) != 1)
		return lk_raise(err, LK_CONFIG,
				"print the recovery key: %m (make another one with --replace)");
	return LK_OK;
}

int lk_cmd_volume_recovery_key(int argc, char **argv)
{
	struct options o = { 0 };
	struct lk_error err = { 0 };
	enum lk_status st;

	if (!parse(argc, argv, recovery_key_options, &o))
		return lk_cmd_usage("volume recovery-key NAME [--replace] [--config DIR]");
	st = lk_harden(&err);
	if (!st)
		st = make_recovery_key(&o, &err);
	return st ? lk_cmd_fail(&err) : 0;
}
