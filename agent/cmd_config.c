/* SPDX-License-Identifier: Apache-2.0 */
/* `latchkey config`: checks, prints and explains the configuration, and tells the dracut module
 * what it has to know. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/commands.h"
#include "agent/settings.h"
#include "core/log.h"
#include "lk_build.h"
#include "providers/provider.h"

/* What a unit gets beyond the deadline, so that the agent ends by itself. */
#define MARGIN_S 15
/* Exit status of `config network` when it cannot say; 0 and 1 are its answers. */
#define CANNOT_SAY 2

struct options {
	bool keep_going, initrd, reveal_nothing, fetch;
	const char *argument; /* what follows the options; NULL if nothing does */
};

struct command {
	const char *name;
	int (*run)(const struct options *options);
	const char *synopsis; /* the options that it takes stand in it */
	const char *summary;
};

static void print_problem(void *arg, const struct lk_error *problem)
{
	char line[LK_ERROR_FRAMES * LK_ERROR_TEXT];

	(void)arg;
	lk_log(LK_LOG_ERROR, "%s", lk_error_format(problem, line, sizeof(line)));
}

static void print_warning(void *arg, const char *text)
{
	(void)arg;
	lk_log(LK_LOG_WARNING, "%s", text);
}

static enum lk_status check_file(void *arg, enum lk_file_kind kind, mode_t mode, const char *path,
				 struct lk_error *err)
{
	(void)arg;
	(void)err;
	if (!mode)
		lk_log(LK_LOG_WARNING, "%s (%s) is not on this machine; the image must have it",
		       path, lk_file_kind_name(kind));
	return LK_OK;
}

static int check(const struct options *o)
{
	static const struct lk_settings_visitor visitor = { check_file, NULL };
	struct lk_problems problems = { print_problem, NULL, 0 };
	struct lk_error err = { 0 };
	LK_SETTINGS *s = NULL;
	enum lk_status st;

	st = lk_settings_check(o->argument, o->keep_going ? &problems : NULL, &s, &err);
	if (!st && !problems.n)
		st = lk_settings_files(s, false, &visitor, &err);
	if (st)
		return lk_cmd_fail(&err);
	if (problems.n) {
		lk_log(LK_LOG_ERROR, "%zu problem%s", problems.n, problems.n == 1 ? "" : "s");
		return lk_exit_code(LK_CONFIG);
	}
	lk_settings_warn(s, print_warning, NULL);
	printf("%s: %zu file%s, %zu volume%s: no errors\n", s->dir, s->n_files,
	       s->n_files == 1 ? "" : "s", s->n_known, s->n_known == 1 ? "" : "s");
	return o->fetch ? lk_config_fetch(s, o->keep_going) : 0;
}

static int show(const struct options *o)
{
	struct lk_error err = { 0 };
	LK_SETTINGS *s = NULL;

	if (lk_settings_load(o->argument, &s, &err))
		return lk_cmd_fail(&err);
	lk_settings_show(stdout, s, !o->reveal_nothing);
	return 0;
}

static enum lk_status print_file(void *arg, enum lk_file_kind kind, mode_t mode, const char *path,
				 struct lk_error *err)
{
	(void)arg;
	if (!mode)
		return lk_raise_code(err, LK_C_CONFIG_MISSING, "no %s %s", lk_file_kind_name(kind),
				     path);
	if (kind == LK_FILE_CREDENTIAL)
		lk_log(LK_LOG_WARNING, "%s: in an unencrypted initramfs the host can read it",
		       path);
	printf("%s\t%04o\t%s\n", lk_file_kind_name(kind), (unsigned)mode, path);
	return LK_OK;
}

static int files(const struct options *o)
{
	static const struct lk_settings_visitor visitor = { print_file, NULL };
	struct lk_error err = { 0 };
	LK_SETTINGS *s = NULL;
	enum lk_status st;

	st = lk_settings_load(o->argument, &s, &err);
	if (!st)
		st = lk_settings_files(s, o->initrd, &visitor, &err);
	return st ? lk_cmd_fail(&err) : 0;
}

static int sample(const struct options *o)
{
	static const char *const kinds[] = { "latchkey", "fde", "volume" };
	const char *wanted = o->argument ? o->argument : kinds[0];
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i], wanted) == 0) {
			lk_settings_sample(stdout, (enum lk_settings_kind)i);
			return 0;
		}
	}
	return lk_cmd_usage("config sample [latchkey|fde|volume]");
}

static bool needs_network(const struct lk_settings *s)
{
	size_t i;

	for (i = 0; i < s->n_volumes; i++)
		if (lk_volume_needs_network(&s->volumes[i]))
			return true;
	return s->n_volumes && lk_sealing_used(s);
}

static int network(const struct options *o)
{
	struct lk_error err = { 0 };
	LK_SETTINGS *s = NULL;

	if (lk_settings_load(o->argument, &s, &err)) {
		(void)lk_cmd_fail(&err);
		return CANNOT_SAY;
	}
	printf("network: %s\n", needs_network(s) ? "needed" : "not needed");
	return needs_network(s) ? 0 : 1;
}

static bool asks(const struct lk_settings *s)
{
	size_t i;

	for (i = 0; i < s->n_volumes; i++)
		if (s->volumes[i].fallback == LK_FALLBACK_RECOVERY_KEY)
			return true;
	return false;
}

/* Must the initramfs have somebody who asks at the console? */
static int ask_password(const struct options *o)
{
	struct lk_error err = { 0 };
	LK_SETTINGS *s = NULL;

	if (lk_settings_load(o->argument, &s, &err)) {
		(void)lk_cmd_fail(&err);
		return CANNOT_SAY;
	}
	printf("password agents: %s\n", asks(s) ? "needed" : "not needed");
	return asks(s) ? 0 : 1;
}

/* The agent died or hangs: as if the key had been denied. */
static int unit_failure_action(const struct options *o)
{
	static const char *const actions[] = {
		[LK_FAIL_POWEROFF] = "poweroff-force",
		[LK_FAIL_REBOOT] = "reboot-force",
		[LK_FAIL_EMERGENCY] = "none",
	};
	struct lk_error err = { 0 };
	LK_SETTINGS *s = NULL;

	if (lk_settings_load(o->argument, &s, &err))
		return lk_cmd_fail(&err);
	printf("%s\n", actions[s->on_denied]);
	return 0;
}

/* What the writable layer takes; the rest is the same for every configuration. */
/* Of the writable layer. */
static void layer_modules(const struct lk_volume *root)
{
	if (root->rw_overlay == LK_OVERLAY_NONE)
		return;
	if (!lk_volume_has_snapshot(root))
		printf("overlay\n");
	else
		printf("dm_snapshot\ndm_zero\n%s",
		       root->rw_overlay == LK_OVERLAY_RAM ? "loop\n" : "");
}

/* Of what proves the root to a key service and of the register; where there is no such hardware they
 * do not load. */
static void tee_modules(const struct lk_settings *s)
{
	const bool attested = lk_volume_attested(&s->volumes[0]);
	const bool any = attested && strcmp(s->tee, "auto") == 0;

	if (any || (attested && strcmp(s->tee, "tpm") == 0) || strncmp(s->reg, "tpm:", 4) == 0)
		printf("tpm_crb\ntpm_tis\n");
	if (!attested)
		return;
	if (any || strcmp(s->tee, "tdx") == 0)
		printf("tdx_guest\n");
	if (any || strcmp(s->tee, "snp") == 0)
		printf("sev_guest\n");
}

static int modules(const struct options *o)
{
	struct lk_error err = { 0 };
	LK_SETTINGS *s = NULL;

	if (lk_settings_load(o->argument, &s, &err))
		return lk_cmd_fail(&err);
	if (s->n_volumes == 0 || !s->volumes[0].is_root)
		return 0;
	layer_modules(&s->volumes[0]);
	tee_modules(s);
	return 0;
}

/* Seconds after which systemd may give up on the agent: never before it gives up by itself. */
static int timeout(const struct options *o)
{
	struct lk_error err = { 0 };
	LK_SETTINGS *s = NULL;
	int64_t margin;

	if (lk_settings_load(o->argument, &s, &err))
		return lk_cmd_fail(&err);
	if (s->deadline_ms == LK_FOREVER || s->on_unreachable == LK_FAIL_WAIT) {
		printf("infinity\n");
		return 0;
	}
	margin = (s->failure_delay_ms + 999) / 1000 + 5; /* the reason stands on the console */
	printf("%" PRId64 "\n", s->deadline_ms / 1000 + (s->deadline_ms % 1000 > 0) +
					(margin > MARGIN_S ? margin : MARGIN_S));
	return 0;
}

static const struct command commands[] = {
	{ "check", check, "check [--keep-going] [--fetch] [DIR]",
	  "read everything, name what is wrong; with --fetch ask every provider once" },
	{ "show", show, "show [--reveal-nothing] [DIR]",
	  "print the effective values; secrets stay hidden" },
	{ "files", files, "files [--initrd] [DIR]",
	  "list the files it consists of and names: KIND, MODE, PATH" },
	{ "sample", sample, "sample [latchkey|fde|volume]", "print a commented sample" },
	{ "network", network, "network [DIR]", "exit status 0: needed, 1: not, 2: cannot say" },
	{ "modules", modules, "modules [DIR]", "list the kernel modules of layer and TEE" },
	{ "ask-password", ask_password, "ask-password [DIR]",
	  "the same for password agents, who ask for a recovery key" },
	{ "timeout", timeout, "timeout [DIR]", "print the unit's time limit in seconds" },
	{ "unit-failure-action", unit_failure_action, "unit-failure-action [DIR]",
	  "print what the unit's failure leads to" },
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void usage(FILE *to)
{
	size_t i;

	fprintf(to, "Usage: latchkey config COMMAND ...\n\n");
	for (i = 0; i < N_COMMANDS; i++)
		fprintf(to, "  %-36s %s\n", commands[i].synopsis, commands[i].summary);
	fprintf(to,
		"\nDIR: read this directory and not " LK_SYSCONFDIR ". See latchkey.conf(5).\n");
}

/* Wrong usage of one sub-command. */
static int refuse(const struct command *c)
{
	char line[128];

	snprintf(line, sizeof(line), "config %s", c->synopsis);
	return lk_cmd_usage(line);
}

/* argv[0] is the sub-command's name. */
static int run(const struct command *c, int argc, char **argv)
{
	static const struct option options[] = {
		{ "keep-going", no_argument, NULL, 'k' },     { "initrd", no_argument, NULL, 'i' },
		{ "reveal-nothing", no_argument, NULL, 'n' }, { "fetch", no_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },	      { 0 },
	};
	struct options o = { 0 };
	int opt, at;

	optind = 0; /* start anew, on this argv */
	while ((opt = getopt_long(argc, argv, "h", options, &at)) != -1) {
		if (opt == 'h') {
			usage(stdout);
			return 0;
		}
		if (opt == '?' || !strstr(c->synopsis, options[at].name))
			return refuse(c);
		o.keep_going = o.keep_going || opt == 'k';
		o.initrd = o.initrd || opt == 'i';
		o.reveal_nothing = o.reveal_nothing || opt == 'n';
		o.fetch = o.fetch || opt == 'f';
	}
	if (argc - optind > 1)
		return refuse(c);
	o.argument = optind < argc ? argv[optind] : NULL;
	return c->run(&o);
}

int lk_cmd_config(int argc, char **argv)
{
	size_t i;

	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		usage(stdout);
		return 0;
	}
	for (i = 0; argc > 1 && i < N_COMMANDS; i++)
		if (strcmp(commands[i].name, argv[1]) == 0)
			return run(&commands[i], argc - 1, argv + 1);
	usage(stderr);
	return lk_exit_code(LK_CONFIG);
}
