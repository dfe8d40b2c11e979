/* SPDX-License-Identifier: Apache-2.0 */
/* latchkey volume init, open, close: the stages of a boot over one volume, at an operator's word. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "agent/cmd_volume.h"
#include "agent/commands.h"
#include "agent/harden.h"
#include "agent/stages.h"
#include "agent/volume_key.h"
#include "core/interrupt.h"
#include "core/program.h"
#include "core/progress.h"

#define CLOSE_MS 5000

struct options {
	const char *config_dir, *name;
	bool erase, no_progress;
};

static bool parse(int argc, char **argv, const struct option *known, struct options *o)
{
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (c == 'c')
			o->config_dir = optarg;
		else if (c == 'e')
			o->erase = true;
		else if (c == 'p')
			o->no_progress = true;
		else
			return false;
	}
	if (optind + 1 != argc)
		return false;
	o->name = argv[optind];
	return true;
}

static const struct option plain_options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ 0 },
};

/* The volume's settings; a root is the initramfs's business. */
static enum lk_status check_volume(const struct options *o, struct lk_settings **ret,
				   const struct lk_volume **ret_volume, struct lk_error *err)
{
	enum lk_status st = lk_volume_settings(o->config_dir, o->name, ret, ret_volume, err);

	if (!st && (*ret_volume)->is_root)
		return lk_raise(err, LK_CONFIG, "'%s' is the root: it is opened in the initramfs",
				o->name);
	return st;
}

/* ---- init ---- */

static enum lk_status check_init(const struct lk_volume *v, struct lk_error *err)
{
	size_t i;

	if (lk_volume_throw_away(v))
		return lk_raise(
			err, LK_CONFIG,
			"volume '%s' is made anew at each opening; there is nothing to keep",
			v->name);
	for (i = 0; i < v->n_sources; i++)
		if (!lk_source_may_format(&v->sources[i]))
			return lk_raise(
				err, LK_CONFIG,
				"volume '%s': a volume is made with a fetched key only over "
				"TLS from a server whose CA or public key is configured",
				v->name);
	return LK_OK;
}

static unsigned n_steps(const struct lk_volume *v)
{
	return 1u + v->integrity + (v->makefs >= 0);
}

static enum lk_status init(const struct options *o, struct lk_error *err)
{
	LK_SETTINGS *settings = NULL;
	const struct lk_volume *v;
	struct lk_progress progress;
	struct lk_run run = { .config_dir = o->config_dir, .only = o->name };
	struct lk_error interrupted = { 0 };
	enum lk_status st;

	st = check_volume(o, &settings, &v, err);
	if (!st)
		st = check_init(v, err);
	if (st)
		return st;
	lk_progress_setup(&progress, !o->no_progress, n_steps(v));
	run.phase = LK_PHASE_SYSTEM;
	run.occasion = o->erase ? LK_OCCASION_ERASE : LK_OCCASION_INIT;
	run.progress = &progress;
	lk_interrupt_setup();
	st = lk_run_stages(&run, err);
	if (!st)
		printf("%s: made on %s, UUID %s\n", o->name, run.volumes[0].dev.path,
		       run.report.volumes[0].luks_uuid);
	lk_run_end(&run);
	if (st && lk_interrupt_check(&interrupted))
		lk_context(err, "volume '%s' is not made; the same command makes it anew", o->name);
	return st;
}

int lk_cmd_volume_init(int argc, char **argv)
{
	static const struct option known[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "erase", no_argument, NULL, 'e' },
		{ "no-progress", no_argument, NULL, 'p' },
		{ 0 },
	};
	struct options o = { 0 };
	struct lk_error err = { 0 };
	enum lk_status st;

	if (!parse(argc, argv, known, &o))
		return lk_cmd_usage("volume init NAME [--erase] [--no-progress] [--config DIR]");
	st = lk_harden(&err);
	if (!st)
		st = init(&o, &err);
	return st ? lk_cmd_fail(&err) : 0;
}

/* ---- open and close ---- */

static enum lk_status open_volume(const struct options *o, struct lk_error *err)
{
	struct lk_run run = { .config_dir = o->config_dir,
			      .only = o->name,
			      .phase = LK_PHASE_SYSTEM };
	LK_SETTINGS *settings = NULL;
	const struct lk_volume *v;
	enum lk_status st;

	st = check_volume(o, &settings, &v, err);
	if (!st)
		st = lk_luks_check_free(o->name, err);
	if (st)
		return st;
	st = lk_run_stages(&run, err);
	if (!st)
		printf("%s: open as /dev/mapper/%s\n", o->name, o->name);
	lk_run_end(&run);
	return st;
}

int lk_cmd_volume_open(int argc, char **argv)
{
	struct options o = { 0 };
	struct lk_error err = { 0 };
	enum lk_status st;

	if (!parse(argc, argv, plain_options, &o))
		return lk_cmd_usage("volume open NAME [--config DIR]");
	st = lk_harden(&err);
	if (!st)
		st = open_volume(&o, &err);
	return st ? lk_cmd_fail(&err) : 0;
}

int lk_cmd_volume_close(int argc, char **argv)
{
	LK_SETTINGS *settings = NULL;
	const struct lk_volume *v;
	struct options o = { 0 };
	struct lk_error err = { 0 };
	enum lk_status st;

	if (!parse(argc, argv, plain_options, &o))
		return lk_cmd_usage("volume close NAME [--config DIR]");
	st = lk_harden(&err);
	if (!st)
		st = check_volume(&o, &settings, &v, &err);
	if (!st)
		st = lk_luks_close(o.name, v->luks_uuid, lk_deadline_in(CLOSE_MS), &err);
	if (st)
		return lk_cmd_fail(&err);
	printf("%s: closed\n", o.name);
	return 0;
}
