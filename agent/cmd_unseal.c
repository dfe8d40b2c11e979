/* SPDX-License-Identifier: Apache-2.0 */
/* latchkey unseal --check: open a sealed secret as the unlock would, and tell of what comes out its
 * length and a salted fingerprint. */
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "agent/commands.h"
#include "agent/harden.h"
#include "agent/stages.h"
#include "core/cleanup.h"
#include "core/textfile.h"
#include "providers/sealed.h"

#define USAGE  "unseal --check FILE [--config DIR]"
#define VOLUME "(sealed)" /* no volume can be called that */

/* The file as the only key of a volume that there is for this purpose. */
static enum lk_status add_volume(struct lk_settings *s, const char *path, struct lk_error *err)
{
	const struct lk_provider *p = lk_provider_find("sealed");
	LK_FREE char *text = NULL;
	struct lk_volume_source source = { .provider = p };
	enum lk_status st;
	size_t n;

	if (!p)
		return lk_raise_code(err, LK_C_CONFIG_UNKNOWN, "this build has no provider sealed");
	st = lk_textfile_read(path, LK_SEALED_MAX, &text, &n, err);
	if (st)
		return lk_context(err, "%s", path);
	if (lk_sealed_form(text, n) == LK_SEALED_NOT)
		return lk_raise_code(err, LK_C_SEALED_INVALID, "%s holds no sealed secret", path);
	source.options = calloc(1, p->options_size);
	if (!source.options)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	st = lk_provider_set(p, source.options, "secret", text, err);
	if (!st)
		st = lk_settings_add_source(s, VOLUME, path, &source, err);
	if (st) {
		lk_keys_free(p->keys, source.options);
		free(source.options);
	}
	return st;
}

static enum lk_status unseal(const char *path, const char *config_dir, struct lk_run *run,
			     struct lk_error *err)
{
	struct lk_fetch_result *got = NULL;
	enum lk_status st;

	st = lk_settings_load_system(config_dir, &run->settings, err);
	if (!st)
		st = add_volume(run->settings, path, err);
	if (st)
		return st;
	run->rehearse = run->only = VOLUME;
	st = lk_run_rehearse(run, &got, err);
	return st ? st : lk_cmd_print_check(&got->key, got->note.endpoint, err);
}

int lk_cmd_unseal(int argc, char **argv)
{
	static const struct option options[] = {
		{ "check", required_argument, NULL, 'k' },
		{ "config", required_argument, NULL, 'c' },
		{ 0 },
	};
	const char *path = NULL, *config_dir = NULL;
	struct lk_error err = { 0 };
	struct lk_run run = { 0 };
	enum lk_status st;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'k')
			path = optarg;
		else if (c == 'c')
			config_dir = optarg;
		else
			return lk_cmd_usage(USAGE);
	}
	if (!path || optind != argc)
		return lk_cmd_usage(USAGE);
	st = lk_harden(&err);
	if (!st)
		st = unseal(path, config_dir, &run, &err);
	lk_run_end(&run);
	return st ? lk_cmd_fail(&err) : 0;
}
