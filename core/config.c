/* SPDX-License-Identifier: Apache-2.0 */
/* A parsed configuration file and how tables take what is theirs from it: each section is given
 * to a table once, and what no table asked for is an error. */
#include "core/config.h"

#include <stdlib.h>
#include <string.h>

#include "core/config_internal.h"
#include "core/secret.h"

static bool ends_in(const char *text, const char *end)
{
	const size_t n = strlen(text), m = strlen(end);

	return n >= m && strcmp(text + n - m, end) == 0;
}

enum lk_status lk_config_parse(const char *file, const char *text, size_t len,
			       struct lk_config **ret, struct lk_error *err)
{
	LK_CONFIG_FILE *cfg = calloc(1, sizeof(*cfg));
	LK_LINES lines = { 0 };
	enum lk_status st;

	if (cfg)
		cfg->file = strdup(file);
	if (!cfg || !cfg->file)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	cfg->grammar = ends_in(file, ".toml") ? LK_GRAMMAR_TOML : LK_GRAMMAR_CONF;
	st = lk_lines_read(file, cfg->grammar, text, len, &lines, err);
	if (st)
		return st;
	st = lk_ini_read(cfg, &lines, err);
	if (st)
		return st;
	*ret = lk_take(cfg);
	return LK_OK;
}

void lk_config_free(struct lk_config *cfg)
{
	size_t i;

	if (!cfg)
		return;
	for (i = 0; i < cfg->n_entries; i++) {
		struct config_entry *e = &cfg->entries[i];

		if (e->value)
			lk_wipe(e->value, strlen(e->value));
		free(e->value);
		free(e->name);
	}
	for (i = 0; i < cfg->n_sections; i++)
		free(cfg->sections[i].name);
	for (i = 0; i < cfg->n_asked; i++)
		free(cfg->asked[i]);
	free(cfg->entries);
	free(cfg->sections);
	free(cfg->asked);
	free(cfg->file);
	free(cfg);
}

bool lk_problems_add(struct lk_problems *problems, struct lk_error *err)
{
	if (!problems || err->status != LK_CONFIG)
		return false;
	problems->n++;
	problems->report(problems->arg, err);
	*err = (struct lk_error){ 0 };
	return true;
}

void lk_config_collect(struct lk_config *cfg, struct lk_problems *problems)
{
	cfg->problems = problems;
}

void lk_config_unfinished(struct lk_config *cfg)
{
	cfg->unfinished = true;
}

bool lk_config_is_unfinished(const struct lk_config *cfg)
{
	return cfg->unfinished;
}

const char *lk_config_name(const struct lk_config *cfg)
{
	return cfg->file;
}

const char *lk_config_section(const struct lk_config *cfg, size_t i)
{
	return i < cfg->n_sections ? cfg->sections[i].name : NULL;
}

/* Index of the section, or n_sections. */
static size_t find_section(const struct lk_config *cfg, const char *name)
{
	size_t i;

	for (i = 0; i < cfg->n_sections; i++)
		if (strcmp(cfg->sections[i].name, name) == 0)
			break;
	return i;
}

bool lk_config_has(const struct lk_config *cfg, const char *section)
{
	return find_section(cfg, section) < cfg->n_sections;
}

static struct config_entry *find_entry(const struct lk_config *cfg, size_t section,
				       const char *name)
{
	size_t i;

	for (i = 0; i < cfg->n_entries; i++)
		if (cfg->entries[i].section == section && strcmp(cfg->entries[i].name, name) == 0)
			return &cfg->entries[i];
	return NULL;
}

/* The entry of a row by any spelling; *ret_second is another spelling's. */
static struct config_entry *find_row(const struct lk_config *cfg, size_t section,
				     const struct lk_key *key, struct config_entry **ret_second)
{
	struct config_entry *found = find_entry(cfg, section, key->name), *other;
	size_t i;

	*ret_second = NULL;
	for (i = 0; key->aliases && key->aliases[i]; i++) {
		other = find_entry(cfg, section, key->aliases[i]);
		if (other && found)
			*ret_second = other;
		else if (other)
			found = other;
	}
	return found;
}

bool lk_config_given(const struct lk_config *cfg, const char *section, const struct lk_key *key)
{
	struct config_entry *second;

	return find_row(cfg, find_section(cfg, section), key, &second);
}

bool lk_config_has_secrets(const struct lk_config *cfg)
{
	return cfg->has_secrets;
}

enum lk_status lk_config_at(const struct lk_config *cfg, const char *section, const char *name,
			    struct lk_error *err)
{
	const size_t i = section ? find_section(cfg, section) : cfg->n_sections;
	const struct config_entry *e = name ? find_entry(cfg, i, name) : NULL;

	if (e)
		return lk_context(err, "%s:%u", cfg->file, e->line);
	if (i < cfg->n_sections)
		return lk_context(err, "%s:%u", cfg->file, cfg->sections[i].line);
	return lk_context(err, "%s", cfg->file);
}

static bool report(struct lk_config *cfg, struct lk_error *err)
{
	if (!lk_problems_add(cfg->problems, err))
		return false;
	cfg->reported = true;
	return true;
}

enum lk_status lk_config_problem(struct lk_config *cfg, const char *section, const char *name,
				 struct lk_error *err)
{
	enum lk_status st = lk_config_at(cfg, section, name, err);

	return report(cfg, err) ? LK_OK : st;
}

void lk_config_skip(struct lk_config *cfg, const char *section)
{
	const size_t at = find_section(cfg, section);

	if (at < cfg->n_sections)
		cfg->sections[at].filled = true;
}

bool lk_config_clean(const struct lk_config *cfg)
{
	return !cfg->reported;
}

static enum lk_status missing(const struct lk_config *cfg, const char *section,
			      const struct lk_key *key, struct lk_error *err)
{
	if (*section)
		lk_raise_code(err, LK_C_CONFIG_MISSING, "[%s] needs the key '%s'", section,
			      key->name);
	else
		lk_raise_code(err, LK_C_CONFIG_MISSING, "the key '%s' is needed", key->name);
	return lk_config_at(cfg, section, NULL, err);
}

static enum lk_status fill_row(struct lk_config *cfg, size_t at, const char *section,
			       const struct lk_key *key, bool required, void *base,
			       struct lk_error *err)
{
	struct config_entry *second, *e = find_row(cfg, at, key, &second);
	enum lk_status st;

	if (e)
		e->used = true;
	if (e && second) {
		second->used = true;
		lk_raise_code(err, LK_C_CONFIG_SYNTAX, "'%s' is another spelling of '%s'",
			      second->name, e->name);
		return lk_context(err, "%s:%u", cfg->file, second->line);
	}
	if (cfg->unfinished && key->flags & LK_K_FILLED)
		required = false;
	if (!e && required && key->flags & LK_K_REQUIRED)
		return missing(cfg, section, key, err);
	st = lk_value_set(key, cfg->grammar, e ? e->value : NULL, base, err);
	if (st && e)
		return lk_context(err, "%s:%u", cfg->file, e->line);
	if (e && key->flags & LK_K_SECRET)
		cfg->has_secrets = true;
	return st;
}

static enum lk_status unknown_key(const struct lk_config *cfg, const struct config_entry *e,
				  const struct lk_key *keys, struct lk_error *err)
{
	const char *section = cfg->sections[e->section].name, *near;
	const char *names[128];
	size_t n = 0;

	for (; keys->name && n < sizeof(names) / sizeof(names[0]); keys++)
		if (!(keys->flags & LK_K_HIDDEN))
			names[n++] = keys->name;
	near = lk_nearest(e->name, names, n);
	lk_raise_code(err, LK_C_CONFIG_UNKNOWN, "%s%s%s no key '%s'%s%s%s",
		      *section ? "[" : "the top of the file", section, *section ? "] has" : " has",
		      e->name, near ? "; the nearest is '" : "", near ? near : "", near ? "'" : "");
	return lk_context(err, "%s:%u", cfg->file, e->line);
}

static enum lk_status remember(struct lk_config *cfg, const char *section, struct lk_error *err)
{
	char **grown = realloc(cfg->asked, (cfg->n_asked + 1) * sizeof(*grown));

	if (!grown)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	cfg->asked = grown;
	grown[cfg->n_asked] = strdup(section);
	if (!grown[cfg->n_asked])
		return lk_raise(err, LK_INTERNAL, "out of memory");
	cfg->n_asked++;
	return LK_OK;
}

enum lk_status lk_config_fill(struct lk_config *cfg, const char *section, const struct lk_key *keys,
			      bool required, void *base, struct lk_error *err)
{
	const size_t at = find_section(cfg, section);
	const bool present = at < cfg->n_sections;
	const struct lk_key *key;
	enum lk_status st;
	size_t i;

	st = remember(cfg, section, err);
	for (key = keys; key->name && !st; key++) {
		st = fill_row(cfg, at, section, key, required || present, base, err);
		if (st && report(cfg, err))
			st = LK_OK;
	}
	if (present)
		cfg->sections[at].filled = true;
	for (i = 0; i < cfg->n_entries && !st; i++) {
		if (cfg->entries[i].section != at || cfg->entries[i].used)
			continue;
		st = unknown_key(cfg, &cfg->entries[i], keys, err);
		if (report(cfg, err))
			st = LK_OK;
	}
	return st;
}

/* Like unknown_key, for a section. */
static enum lk_status unknown_section(const struct lk_config *cfg, size_t at,
				      const char *const *more, struct lk_error *err)
{
	const char *names[128], *near;
	size_t n = 0, i;

	for (i = 0; i < cfg->n_asked && n < sizeof(names) / sizeof(names[0]); i++)
		if (*cfg->asked[i])
			names[n++] = cfg->asked[i];
	for (i = 0; more && more[i] && n < sizeof(names) / sizeof(names[0]); i++)
		names[n++] = more[i];
	near = lk_nearest(cfg->sections[at].name, names, n);
	if (*cfg->sections[at].name)
		lk_raise_code(err, LK_C_CONFIG_UNKNOWN, "no section [%s]%s%s%s",
			      cfg->sections[at].name, near ? "; the nearest is [" : "",
			      near ? near : "", near ? "]" : "");
	else
		lk_raise_code(err, LK_C_CONFIG_UNKNOWN, "a key before the first [section]");
	return lk_context(err, "%s:%u", cfg->file, cfg->sections[at].line);
}

enum lk_status lk_config_finish(struct lk_config *cfg, const char *const *more,
				struct lk_error *err)
{
	enum lk_status st = LK_OK;
	size_t i;

	for (i = 0; i < cfg->n_sections && !st; i++) {
		if (cfg->sections[i].filled)
			continue;
		st = unknown_section(cfg, i, more, err);
		if (report(cfg, err))
			st = LK_OK;
	}
	return st;
}
