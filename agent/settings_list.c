/* SPDX-License-Identifier: Apache-2.0 */
/* Which files a configuration consists of, and in which order they are read. */
#include <stdlib.h>
#include <string.h>

#include "agent/settings_internal.h"

static const char *const ends[] = { ".conf", ".toml", NULL };
static const char *const toml[] = { ".toml", NULL };

static bool has_name(const struct lk_strings *names, const char *name)
{
	size_t i;

	for (i = 0; i < names->n; i++)
		if (strcmp(names->items[i], name) == 0)
			return true;
	return false;
}

static enum lk_status add(struct settings_list *list, enum lk_settings_kind kind, const char *name,
			  struct lk_error *err)
{
	const bool is_volume = kind == LK_SETTINGS_VOLUME;
	struct settings_entry *e = &list->entries[list->n];

	*e = (struct settings_entry){ .kind = kind, .name = strdup(name) };
	list->n++;
	e->dir = is_volume ? &list->volumes : &list->dir;
	if (asprintf(&e->shown, "%s%s", is_volume ? "volumes.d/" : "", name) < 0)
		e->shown = NULL;
	if (!e->name || !e->shown)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	return LK_OK;
}

static enum lk_status refuse_both(const char *dir, const char *a, const char *b,
				  struct lk_error *err)
{
	return lk_raise_code(err, LK_C_CONFIG_SYNTAX, "both %s/%s and %s/%s; remove one", dir, a,
			     dir, b);
}

/* latchkey or fde, in one of its two grammars. */
static enum lk_status add_fixed(struct settings_list *list, const struct lk_strings *names,
				enum lk_settings_kind kind, const char *stem, struct lk_error *err)
{
	char name[2][32];
	bool there[2];
	size_t i;

	for (i = 0; i < 2; i++) {
		snprintf(name[i], sizeof(name[i]), "%s%s", stem, ends[i]);
		there[i] = has_name(names, name[i]);
	}
	if (there[0] && there[1])
		return refuse_both(list->dir.path, name[0], name[1], err);
	if (!there[0] && !there[1])
		return LK_OK;
	return add(list, kind, name[there[1]], err);
}

/* The same name with the other end, further down the list; NULL if there is none. */
static const char *find_twin(const struct lk_strings *names, size_t i)
{
	const char *name = names->items[i];
	const size_t stem = strlen(name) - strlen(ends[0]);

	for (i++; i < names->n; i++)
		if (strlen(names->items[i]) == strlen(name) &&
		    strncmp(names->items[i], name, stem) == 0)
			return names->items[i];
	return NULL;
}

static enum lk_status add_volumes(struct settings_list *list, const struct lk_strings *names,
				  struct lk_error *err)
{
	enum lk_status st = LK_OK;
	size_t i;

	for (i = 0; i < names->n && !st; i++) {
		const char *twin = find_twin(names, i);

		if (twin)
			return refuse_both(list->volumes.path, names->items[i], twin, err);
		st = add(list, LK_SETTINGS_VOLUME, names->items[i], err);
	}
	return st;
}

/* cryptpilot's own configuration, if any: the path of one of its files. own: `older` is the
 * configuration's directory itself, where fde.toml is ours. malloc'ed; NULL if there is none. */
static enum lk_status find_older(const char *older, enum lk_trust trust, bool own, char **ret,
				 struct lk_error *err)
{
	LK_CLEANUP(lk_strings_free) struct lk_strings names = { 0 }, volumes = { 0 };
	LK_CONFIG_DIR dir = LK_CONFIG_DIR_NONE, sub = LK_CONFIG_DIR_NONE;
	const char *found = NULL;
	enum lk_status st;

	st = lk_config_dir_open(older, trust, &dir, err);
	if (!st)
		st = lk_config_dir_sub(&dir, "volumes", &sub, err);
	if (!st)
		st = lk_config_dir_list(&dir, toml, &names, err);
	if (!st)
		st = lk_config_dir_list(&sub, toml, &volumes, err);
	if (st)
		return st;
	if (has_name(&names, "global.toml"))
		found = "global.toml";
	else if (!own && has_name(&names, "fde.toml"))
		found = "fde.toml";
	*ret = NULL;
	if (!found && !volumes.n)
		return LK_OK;
	if (asprintf(ret, "%s/%s%s", older, found ? "" : "volumes/",
		     found ? found : volumes.items[0]) < 0) {
		*ret = NULL;
		return lk_raise(err, LK_INTERNAL, "out of memory");
	}
	return LK_OK;
}

static enum lk_status find_ours(const char *path, enum lk_trust trust, struct settings_list *list,
				struct lk_error *err)
{
	LK_CLEANUP(lk_strings_free) struct lk_strings names = { 0 }, volumes = { 0 };
	enum lk_status st;

	st = lk_config_dir_open(path, trust, &list->dir, err);
	if (!st)
		st = lk_config_dir_sub(&list->dir, "volumes.d", &list->volumes, err);
	if (!st)
		st = lk_config_dir_list(&list->dir, ends, &names, err);
	if (!st)
		st = lk_config_dir_list(&list->volumes, ends, &volumes, err);
	if (st)
		return st;
	list->entries = calloc(volumes.n + 2, sizeof(*list->entries));
	if (!list->entries)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	st = add_fixed(list, &names, LK_SETTINGS_AGENT, "latchkey", err);
	if (!st)
		st = add_fixed(list, &names, LK_SETTINGS_FDE, "fde", err);
	return st ? st : add_volumes(list, &volumes, err);
}

static enum lk_status judge(const struct settings_list *list, const char *older,
			    struct lk_error *err)
{
	if (older && list->n)
		return lk_raise_code(err, LK_C_CONFIG_SYNTAX,
				     "both %s/%s and %s: two configurations; remove one",
				     list->dir.path, list->entries[0].shown, older);
	if (older)
		return lk_raise_code(err, LK_C_CONFIG_MISSING,
				     "%s: files of cryptpilot are not read by this version; write "
				     "%s/fde.conf instead",
				     older, list->dir.path);
	if (!list->n)
		return lk_raise_code(err, LK_C_CONFIG_MISSING,
				     "no latchkey.conf, fde.conf or volumes.d/NAME.conf in %s",
				     list->dir.path);
	return LK_OK;
}

enum lk_status lk_settings_find(const char *path, const char *older, enum lk_trust trust,
				struct settings_list *ret, struct lk_error *err)
{
	LK_FREE char *other = NULL;
	enum lk_status st;

	st = find_ours(path, trust, ret, err);
	if (!st)
		st = find_older(older, trust, strcmp(path, older) == 0, &other, err);
	return st ? st : judge(ret, other, err);
}

void lk_settings_list_free(struct settings_list *list)
{
	size_t i;

	for (i = 0; i < list->n; i++) {
		free(list->entries[i].name);
		free(list->entries[i].shown);
	}
	free(list->entries);
	lk_config_dir_close(&list->dir);
	lk_config_dir_close(&list->volumes);
	*list = (struct settings_list)LK_SETTINGS_LIST_NONE;
}
