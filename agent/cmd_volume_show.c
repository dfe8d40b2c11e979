/* SPDX-License-Identifier: Apache-2.0 */
/* latchkey volume show: what the configured volumes are, on their devices and in the kernel. Nothing is
 * written, no key is asked for. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/cmd_volume.h"
#include "agent/commands.h"
#include "agent/dm.h"
#include "agent/dm_table.h"
#include "agent/make.h"
#include "agent/tuning.h"
#include "agent/unlock.h"
#include "core/json.h"
#include "core/program.h"

struct shown {
	const struct lk_volume *volume;
	char state[160]; /* one word, and a reason behind a colon */
	struct lk_blockdev dev;
	struct lk_luks_prepared *prepared; /* NULL: no header that the rules accept */
	char options[160];		   /* of the live mapping */
	char chosen[LK_TUNING_TEXT];	   /* with which it would be opened, and why */
	const char *why;
	bool mapped;
};

static void shown_end(struct shown *s)
{
	lk_luks_prepared_free(s->prepared);
	lk_blockdev_close(&s->dev);
}

static void say(struct shown *s, const char *state, const char *why)
{
	snprintf(s->state, sizeof(s->state), "%s%s%s", state, *why ? ": " : "", why);
}

static void look_at_header(struct shown *s)
{
	const struct lk_luks_rules rules = lk_volume_rules(s->volume);
	struct lk_error err = { 0 };

	if (lk_luks_prepare(&s->dev, &rules, &s->prepared, &err))
		say(s, "refused", lk_error_code_name(&err));
	else
		say(s, "closed", "");
}

static void look_at_device(struct shown *s)
{
	struct lk_error err = { 0 };
	struct lk_look look;

	if (lk_blockdev_find(s->volume->device, lk_deadline_in(0), &s->dev, &err)) {
		say(s, err.code == LK_C_VOLUME_ABSENT ? "absent" : "refused",
		    err.code == LK_C_VOLUME_ABSENT ? "" : lk_error_code_name(&err));
	} else if (!s->volume->encrypted) {
		say(s, "closed", "");
	} else if (lk_make_look(&s->dev, &look, &err)) {
		say(s, "unreadable", lk_error_code_name(&err));
	} else if (look.content == LK_CONTENT_LUKS) {
		look_at_header(s);
	} else if (look.content == LK_CONTENT_BLANK) {
		say(s, "blank", "");
	} else if (look.content == LK_CONTENT_FOREIGN) {
		say(s, "foreign", look.what);
	} else {
		say(s, look.label.kind == LK_LABEL_THROW_AWAY ? "throw-away" : "half-made",
		    strcmp(look.label.name, s->volume->name) == 0 ? "" : look.label.name);
	}
}

static enum lk_status look_at_mapping(struct shown *s, struct lk_error *err)
{
	LK_DM_LIVE live = { 0 };
	enum lk_status st = lk_dm_table(s->volume->name, &live, err);

	if (st == LK_ABSENT)
		return LK_OK;
	if (st)
		return st;
	s->mapped = true;
	say(s, "open", "");
	if (strcmp(live.target, "crypt") == 0)
		lk_dm_crypt_options(live.params, s->options, sizeof(s->options));
	return LK_OK;
}

/* What opening it would choose for dm-crypt. */
static void look_at_choice(struct shown *s)
{
	const struct lk_tuning_facts facts = lk_tuning_facts_here(s->dev.number);
	const struct lk_tuning tuning =
		lk_tuning_choose((enum lk_workqueues)s->volume->workqueues, &facts);

	lk_tuning_describe(lk_luks_prepared_header(s->prepared)->sector_size,
			   s->volume->allow_discards, tuning.bypass, s->chosen);
	s->why = tuning.why;
}

static enum lk_status look(const struct lk_volume *v, struct shown *s, struct lk_error *err)
{
	*s = (struct shown){ .volume = v, .dev = LK_BLOCKDEV_NONE };
	look_at_device(s);
	if (s->prepared)
		look_at_choice(s);
	return look_at_mapping(s, err);
}

/* ---- for people ---- */

static void line(const char *label, const char *value)
{
	if (*value)
		printf("  %-12s %s\n", label, value);
}

static void print(const struct shown *s)
{
	const struct lk_luks_header *h = s->prepared ? lk_luks_prepared_header(s->prepared) : NULL;
	char text[64];

	printf("%s: %s\n", s->volume->name, s->state);
	line("device", s->dev.fd >= 0 ? s->dev.path : s->volume->device);
	if (s->dev.fd >= 0) {
		snprintf(text, sizeof(text), "%" PRIu64 " MiB", s->dev.size >> 20);
		line("size", text);
	}
	if (h) {
		line("UUID", h->uuid);
		line("cipher", "aes-xts-plain64, 512 bits");
		line("integrity", h->integrity ? "hmac(sha256)" : "none");
		snprintf(text, sizeof(text), "%u bytes", h->sector_size);
		line("sectors", text);
		snprintf(text, sizeof(text), "%zu", h->n_keyslots);
		line("keyslots", text);
		line("header", lk_luks_degraded_text(h->degraded));
		line("choice", s->chosen);
		line("because", s->why);
	}
	if (s->mapped) {
		snprintf(text, sizeof(text), "/dev/mapper/%.40s", s->volume->name);
		line("mapped", text);
		line("options", s->options);
	}
}

/* ---- for machines ---- */

static bool set_header(struct json_t *o, const struct lk_luks_header *h)
{
	return lk_json_set_string(o, "uuid", h->uuid) &&
	       lk_json_set_string(o, "cipher", "aes-xts-plain64") &&
	       lk_json_set_string(o, "integrity", h->integrity ? "hmac(sha256)" : "none") &&
	       lk_json_set_int(o, "sector_size", h->sector_size) &&
	       lk_json_set_int(o, "keyslots", (int64_t)h->n_keyslots) &&
	       lk_json_set_bool(o, "header_degraded", h->degraded != LK_LUKS_BOTH_GOOD);
}

static struct json_t *json_of(const struct shown *s)
{
	struct json_t *o = lk_json_object();
	bool ok = lk_json_set_string(o, "name", s->volume->name) &&
		  lk_json_set_string(o, "state", s->state) &&
		  lk_json_set_bool(o, "mapped", s->mapped);

	if (ok && s->dev.fd >= 0)
		ok = lk_json_set_string(o, "device", s->dev.path) &&
		     lk_json_set_int(o, "size", (int64_t)s->dev.size);
	if (ok && s->prepared)
		ok = set_header(o, lk_luks_prepared_header(s->prepared)) &&
		     lk_json_set_string(o, "options_chosen", s->chosen) &&
		     lk_json_set_string(o, "options_why", s->why);
	if (ok && *s->options)
		ok = lk_json_set_string(o, "options", s->options);
	if (ok)
		return o;
	lk_json_free(o);
	return NULL;
}

struct options {
	const char *config_dir, *name;
	bool json;
};

static bool parse(int argc, char **argv, struct options *o)
{
	static const struct option known[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "json", no_argument, NULL, 'j' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (c == 'c')
			o->config_dir = optarg;
		else if (c == 'j')
			o->json = true;
		else
			return false;
	}
	o->name = optind < argc ? argv[optind] : NULL;
	return optind + 1 >= argc;
}

/* list: where the JSON goes, or NULL to print. */
static enum lk_status show(const struct lk_volume *v, struct json_t *list, struct lk_error *err)
{
	LK_CLEANUP(shown_end) struct shown s = { .dev = LK_BLOCKDEV_NONE };
	enum lk_status st = look(v, &s, err);

	if (st)
		return lk_context(err, "look at volume '%s'", v->name);
	if (!list)
		print(&s);
	else if (!lk_json_append(list, json_of(&s)))
		return lk_raise(err, LK_INTERNAL, "out of memory");
	return LK_OK;
}

static enum lk_status show_all(const struct options *o, struct json_t *list, struct lk_error *err)
{
	LK_SETTINGS *s = NULL;
	enum lk_status st = lk_settings_load(o->config_dir, &s, err);
	size_t i, n = 0;

	for (i = 0; !st && i < s->n_known; i++) {
		if (o->name && strcmp(o->name, s->volumes[i].name) != 0)
			continue;
		st = show(&s->volumes[i], list, err);
		n++;
	}
	if (!st && !n)
		return lk_raise(err, LK_CONFIG, "no volume %s%s%s is configured",
				o->name ? "'" : "", o->name ? o->name : "", o->name ? "'" : "");
	return st;
}

static enum lk_status print_json(struct json_t *list, struct lk_error *err)
{
	LK_JSON *doc = lk_json_object();
	LK_JSON_TEXT *text = NULL;
	enum lk_status st;
	size_t n;

	if (!lk_json_set(doc, "volumes", lk_json_ref(list)))
		return lk_raise(err, LK_INTERNAL, "out of memory");
	st = lk_json_dump(doc, LK_JSON_PRETTY, &text, &n, err);
	if (!st)
		puts(text);
	return st;
}

int lk_cmd_volume_show(int argc, char **argv)
{
	LK_JSON *list = lk_json_array();
	struct options o = { 0 };
	struct lk_error err = { 0 };
	enum lk_status st;

	if (!parse(argc, argv, &o))
		return lk_cmd_usage("volume show [NAME] [--json] [--config DIR]");
	if (!list)
		return lk_cmd_fail(&(struct lk_error){ .status = LK_INTERNAL });
	st = show_all(&o, o.json ? list : NULL, &err);
	if (!st && o.json)
		st = print_json(list, &err);
	return st ? lk_cmd_fail(&err) : 0;
}
