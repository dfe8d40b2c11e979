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
	const bool is_volume = kind == LK_SETTINGS_VOLUME || kind == LK_SETTINGS_CRYPTPILOT_VOLUME;
	const char *folder = list->cryptpilot ? "volumes" : "volumes.d";
	struct settings_entry *e = &list->entries[list->n];

	*e = (struct settings_entry){ .kind = kind, .name = strdup(name) };
	list->n++;
	e->dir = is_volume ? &list->volumes : &list->dir;
	if (asprintf(&e->shown, "%s%s%s", is_volume ? folder : "", is_volume ? "/" : "", name) < 0)
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

/* The directory, the one of its volumes, and the names in both. */
static enum lk_status look(const char *path, const char *folder, enum lk_trust trust,
			   const char *const *kinds, struct settings_list *list,
			   struct lk_strings *names, struct lk_strings *volumes,
			   struct lk_error *err)
{
	enum lk_status st;

	st = lk_config_dir_open(path, trust, &list->dir, err);
	if (!st)
		st = lk_config_dir_sub(&list->dir, folder, &list->volumes, err);
	if (!st)
		st = lk_config_dir_list(&list->dir, kinds, names, err);
	if (!st)
		st = lk_config_dir_list(&list->volumes, kinds, volumes, err);
	if (st)
		return st;
	list->entries = calloc(volumes->n + 3, sizeof(*list->entries));
	return list->entries ? LK_OK : lk_raise(err, LK_INTERNAL, "out of memory");
}

/* cryptpilot's files. shared: the directory may as well be ours, and fde.toml alone tells
 * nothing. */
static enum lk_status find_theirs(const char *path, enum lk_trust trust, bool shared,
				  struct settings_list *list, struct lk_error *err)
{
	LK_CLEANUP(lk_strings_free) struct lk_strings names = { 0 }, volumes = { 0 };
	enum lk_status st;
	bool fde;
	size_t i;

	list->cryptpilot = true;
	st = look(path, "volumes", trust, toml, list, &names, &volumes, err);
	if (st)
		return st;
	fde = has_name(&names, "fde.toml") &&
	      (!shared || volumes.n || has_name(&names, "global.toml") ||
	       has_name(&names, LK_CRYPTPILOT_METADATA));
	if (has_name(&names, "global.toml"))
		st = add(list, LK_SETTINGS_CRYPTPILOT_GLOBAL, "global.toml", err);
	if (!st && fde)
		st = add(list, LK_SETTINGS_CRYPTPILOT_FDE, "fde.toml", err);
	if (!st && fde && has_name(&names, LK_CRYPTPILOT_METADATA))
		st = add(list, LK_SETTINGS_CRYPTPILOT_METADATA, LK_CRYPTPILOT_METADATA, err);
	for (i = 0; i < volumes.n && !st; i++)
		st = add(list, LK_SETTINGS_CRYPTPILOT_VOLUME, volumes.items[i], err);
	return st;
}

/* shared: as above. theirs: an fde.toml is cryptpilot's. */
static enum lk_status find_ours(const char *path, enum lk_trust trust, bool shared, bool theirs,
				struct settings_list *list, struct lk_error *err)
{
	LK_CLEANUP(lk_strings_free) struct lk_strings names = { 0 }, volumes = { 0 };
	enum lk_status st;

	st = look(path, "volumes.d", trust, ends, list, &names, &volumes, err);
	if (!st)
		st = add_fixed(list, &names, LK_SETTINGS_AGENT, "latchkey", err);
	if (!st && theirs && !has_name(&names, "fde.conf"))
		return add_volumes(list, &volumes, err);
	if (!st)
		st = add_fixed(list, &names, LK_SETTINGS_FDE, "fde", err);
	if (!st)
		st = add_volumes(list, &volumes, err);
	if (!st && shared && list->n == 1 && strcmp(list->entries[0].name, "fde.toml") == 0)
		list->entries[0].kind = LK_SETTINGS_FDE_OF_EITHER;
	return st;
}

static void move(struct settings_list *to, struct settings_list *from)
{
	size_t i;

	*to = *from;
	for (i = 0; i < to->n; i++)
		to->entries[i].dir =
			from->entries[i].dir == &from->volumes ? &to->volumes : &to->dir;
	*from = (struct settings_list)LK_SETTINGS_LIST_NONE;
}

enum lk_status lk_settings_find(const char *path, const char *older, enum lk_trust trust,
				struct settings_list *ret, struct lk_error *err)
{
	LK_CLEANUP(lk_settings_list_free) struct settings_list theirs = LK_SETTINGS_LIST_NONE;
	const bool shared = strcmp(path, older) == 0;
	enum lk_status st;

	st = find_theirs(older, trust, shared, &theirs, err);
	if (!st)
		st = find_ours(path, trust, shared, shared && theirs.n, ret, err);
	if (st)
		return st;
	if (theirs.n && ret->n)
		return lk_raise_code(err, LK_C_CONFIG_SYNTAX,
				     "both %s/%s and %s/%s: two configurations; remove one",
				     ret->dir.path, ret->entries[0].shown, theirs.dir.path,
				     theirs.entries[0].shown);
	if (!theirs.n && !ret->n)
		return lk_raise_code(err, LK_C_CONFIG_MISSING,
				     "no latchkey.conf, fde.conf or volumes.d/NAME.conf in %s",
				     ret->dir.path);
	if (theirs.n) {
		lk_settings_list_free(ret);
		move(ret, &theirs);
	}
	return LK_OK;
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
