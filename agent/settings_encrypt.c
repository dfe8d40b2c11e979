/* SPDX-License-Identifier: Apache-2.0 */
/* Where a volume's key comes from: the provider tables under an encrypt section, and in which
 * order they are asked. */
#include <stdlib.h>
#include <string.h>

#include "agent/settings_internal.h"
#include "core/config_lines.h"
#include "providers/provider.h"

const struct lk_key lk_encrypt_keys[] = {
	{ .name = "providers",
	  .type = LK_T_STRINGS,
	  .offset = offsetof(struct lk_volume, providers),
	  .min = 1,
	  .max = 8,
	  .help = "With more than one provider table: their names, in the order to ask them. The "
		  "next is asked when one is not there or not in time, never after a refusal.",
	  .example = "[\"kbs\"]" },
	{ .name = "allow_weaker",
	  .type = LK_T_BOOL,
	  .offset = offsetof(struct lk_volume, allow_weaker),
	  .fallback = "false",
	  .flags = LK_K_WEAKENS,
	  .help = "A provider that proves less may follow one that proves more; whoever keeps the "
		  "better one from answering gets the weaker one asked." },
	{ 0 },
};

/* The section's name "PREFIXencrypt.WHAT"; false if it is too long to exist. */
static bool section_name(char buf[LK_CONFIG_NAME_MAX + 1], const char *prefix, const char *what)
{
	const int n = snprintf(buf, LK_CONFIG_NAME_MAX + 1, "%sencrypt%s%s", prefix,
			       *what ? "." : "", what);

	return n > 0 && n <= (int)LK_CONFIG_NAME_MAX;
}

static const struct lk_provider *find_provider(const char *name)
{
	size_t i;

	for (i = 0; lk_providers[i]; i++)
		if (strcmp(lk_providers[i]->name, name) == 0)
			return lk_providers[i];
	return NULL;
}

/* "[encrypt.foo]": not in this build. */
static enum lk_status unknown_provider(struct lk_config *cfg, const char *section, const char *name,
				       struct lk_error *err)
{
	char list[LK_ERROR_TEXT / 2] = "";
	const char *known[32], *near;
	size_t i, n = 0;

	for (i = 0; lk_providers[i] && i < 32 && n < sizeof(list); i++) {
		known[i] = lk_providers[i]->name;
		n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s", i ? ", " : "", known[i]);
	}
	near = lk_nearest(name, known, i);
	lk_config_skip(cfg, section);
	lk_raise_code(err, LK_C_CONFIG_UNKNOWN,
		      "no provider '%s' in this build, which has %s%s%s%s", name,
		      near ? list : "none", near ? "; the nearest is '" : "", near ? near : "",
		      near ? "'" : "");
	return lk_config_problem(cfg, section, NULL, err);
}

/* The providers that have a table in the file, in the order of appearance. */
static enum lk_status find_tables(struct lk_config *cfg, const char *prefix,
				  const struct lk_provider **ret, size_t max, size_t *ret_n,
				  struct lk_error *err)
{
	char start[LK_CONFIG_NAME_MAX + 1];
	const char *section;
	enum lk_status st = LK_OK;
	size_t i, n = 0;

	snprintf(start, sizeof(start), "%sencrypt.", prefix);
	for (i = 0; !st && (section = lk_config_section(cfg, i)); i++) {
		const char *name = section + strlen(start);

		if (strncmp(section, start, strlen(start)) != 0 || strchr(name, '.'))
			continue;
		if (n == max)
			return lk_raise(err, LK_CONFIG, "more than %zu provider tables", max);
		ret[n] = find_provider(name);
		if (ret[n])
			n++;
		else
			st = unknown_provider(cfg, section, name, err);
	}
	*ret_n = n;
	return st;
}

/* Something before them is wrong: they are not looked at, and not called unknown either. */
static void skip_tables(struct lk_config *cfg, const char *prefix)
{
	char start[LK_CONFIG_NAME_MAX + 1];
	const char *section;
	size_t i;

	snprintf(start, sizeof(start), "%sencrypt.", prefix);
	for (i = 0; (section = lk_config_section(cfg, i)); i++)
		if (strncmp(section, start, strlen(start)) == 0)
			lk_config_skip(cfg, section);
}

static bool is_listed(const struct lk_strings *list, const char *name)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		if (strcmp(list->items[i], name) == 0)
			return true;
	return false;
}

/* Put the tables into the order of `providers`, which must name each of them once. */
static enum lk_status order_tables(const struct lk_strings *list, const struct lk_provider **tables,
				   size_t n, struct lk_error *err)
{
	size_t i, j;

	for (i = 0; i < list->n; i++) {
		const struct lk_provider *moved;

		for (j = 0; j < n && strcmp(tables[j]->name, list->items[i]) != 0; j++)
			;
		if (j == n)
			return lk_raise_code(err, LK_C_CONFIG_MISSING,
					     "'providers' names '%s', which has no table",
					     list->items[i]);
		if (j < i)
			return lk_raise_code(err, LK_C_CONFIG_VALUE, "'providers' names '%s' twice",
					     list->items[i]);
		moved = tables[j];
		memmove(&tables[i + 1], &tables[i], (j - i) * sizeof(*tables));
		tables[i] = moved;
	}
	for (i = 0; i < n; i++)
		if (!is_listed(list, tables[i]->name))
			return lk_raise_code(err, LK_C_CONFIG_VALUE,
					     "'providers' leaves out '%s', which has a table",
					     tables[i]->name);
	return LK_OK;
}

/* How many tables are legal? The first rule of an encrypt section. */
static enum lk_status check_number(const char *prefix, const struct lk_volume *v,
				   const struct lk_provider *const *tables, size_t n,
				   struct lk_error *err)
{
	if (!v->encrypted && n)
		return lk_raise_code(err, LK_C_CONFIG_VALUE,
				     "[%sencrypt.%s] contradicts encrypted = false", prefix,
				     tables[0]->name);
	if (v->encrypted && !n)
		return lk_raise_code(err, LK_C_CONFIG_MISSING,
				     "no [%sencrypt.PROVIDER] says where the key comes from",
				     prefix);
	if (n > 1 && !v->providers.items)
		return lk_raise_code(err, LK_C_CONFIG_VALUE,
				     "several provider tables; write providers = [\"%s\", \"%s\"] "
				     "under [%sencrypt], in the order to ask them",
				     tables[0]->name, tables[1]->name, prefix);
	return LK_OK;
}

static enum lk_status read_source(struct lk_config *cfg, const char *prefix,
				  const struct lk_provider *provider, struct lk_volume_source *ret,
				  struct lk_error *err)
{
	char table[LK_PROVIDER_SECTION], section[LK_CONFIG_NAME_MAX + 1];
	const struct lk_key *keys;
	enum lk_status st;
	size_t i;

	ret->options = calloc(1, provider->options_size ? provider->options_size : 1);
	if (!ret->options)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	ret->provider = provider;
	for (i = 0; (keys = lk_provider_keys(provider, i, table)); i++) {
		if (snprintf(section, sizeof(section), "%s%s", prefix, table) >=
		    (int)sizeof(section))
			return lk_raise(err, LK_INTERNAL, "a provider's name is too long");
		st = lk_config_fill(cfg, section, keys, i == 0, ret->options, err);
		if (st)
			return st;
	}
	(void)section_name(section, prefix, provider->name);
	if (lk_config_clean(cfg) && provider->check && provider->check(ret->options, err))
		return lk_config_problem(cfg, section, NULL, err);
	return LK_OK;
}

static enum lk_status read_sources(struct lk_config *cfg, const char *prefix,
				   const struct lk_provider *const *tables, size_t n,
				   struct lk_volume *v, struct lk_error *err)
{
	enum lk_status st = LK_OK;
	size_t i;

	v->sources = calloc(n + 1, sizeof(*v->sources));
	if (!v->sources)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	for (i = 0; i < n && !st; i++) {
		v->n_sources++;
		st = read_source(cfg, prefix, tables[i], &v->sources[i], err);
	}
	return st;
}

/* What comes after a source that proves what booted proves as much, or may prove less. */
static enum lk_status check_strength(const struct lk_volume *v, struct lk_error *err)
{
	size_t i;

	for (i = 1; i < v->n_sources; i++)
		if (lk_source_needs(&v->sources[i - 1]).attester &&
		    !lk_source_needs(&v->sources[i]).attester && !v->allow_weaker)
			return lk_raise_code(err, LK_C_CONFIG_VALUE,
					     "'%s' proves less than '%s' before it, which needs "
					     "allow_weaker = true",
					     v->sources[i].provider->name,
					     v->sources[i - 1].provider->name);
	return LK_OK;
}

enum lk_status lk_encrypt_read(struct lk_config *cfg, const char *prefix, struct lk_volume *v,
			       struct lk_error *err)
{
	const struct lk_provider *tables[8];
	char section[LK_CONFIG_NAME_MAX + 1];
	enum lk_status st;
	size_t n = 0;

	(void)section_name(section, prefix, "");
	st = lk_config_fill(cfg, section, lk_encrypt_keys, false, v, err);
	if (st)
		return st;
	st = find_tables(cfg, prefix, tables, sizeof(tables) / sizeof(tables[0]), &n, err);
	if (st)
		return st;
	if (!lk_config_clean(cfg)) {
		skip_tables(cfg, prefix);
		return LK_OK;
	}
	st = check_number(prefix, v, (const struct lk_provider *const *)tables, n, err);
	if (!st && v->providers.items)
		st = order_tables(&v->providers, tables, n, err);
	if (st) {
		st = lk_config_problem(cfg, section, "providers", err);
		if (st)
			return st;
	}
	st = read_sources(cfg, prefix, (const struct lk_provider *const *)tables, n, v, err);
	if (!st && lk_config_clean(cfg) && check_strength(v, err))
		st = lk_config_problem(cfg, section, "providers", err);
	return st;
}

void lk_sources_free(struct lk_volume *v)
{
	const struct lk_key *keys;
	size_t i, j;

	for (i = 0; i < v->n_sources; i++) {
		struct lk_volume_source *s = &v->sources[i];

		for (j = 0; s->options && (keys = lk_provider_keys(s->provider, j, NULL)); j++)
			lk_keys_free(keys, s->options);
		free(s->options);
	}
	free(v->sources);
	v->sources = NULL;
	v->n_sources = 0;
}

bool lk_volume_throw_away(const struct lk_volume *v)
{
	return v->format == LK_FORMAT_ALWAYS ||
	       (v->n_sources > 0 && v->sources[0].provider->throw_away);
}

struct lk_provider_needs lk_source_needs(const struct lk_volume_source *s)
{
	return lk_provider_needs(s->provider, s->options);
}

bool lk_volume_attested(const struct lk_volume *v)
{
	size_t i;

	for (i = 0; i < v->n_sources; i++)
		if (lk_source_needs(&v->sources[i]).attester)
			return true;
	return false;
}

bool lk_volume_needs_attester(const struct lk_volume *v)
{
	size_t i;

	for (i = 0; i < v->n_sources; i++) {
		const struct lk_provider_needs needs = lk_source_needs(&v->sources[i]);

		if (needs.attester && !needs.elsewhere)
			return true;
	}
	return false;
}

bool lk_volume_needs_network(const struct lk_volume *v)
{
	size_t i;

	for (i = 0; i < v->n_sources; i++)
		if (lk_source_needs(&v->sources[i]).network)
			return true;
	return false;
}
