/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the configuration reader share: a parsed file as a list of entries, and the
 * conversions between an entry's value, a field, and text. */
#pragma once

#include "core/config.h"
#include "core/config_lines.h"

struct config_section {
	char *name;
	unsigned line;
	bool filled;
};

struct config_entry {
	size_t section; /* index */
	unsigned line;
	char *name;
	char *value; /* as core/config_lines.h leaves it; wiped when freed */
	bool used;
};

struct lk_config {
	char *file;
	enum lk_grammar grammar;
	struct config_section *sections;
	size_t n_sections;
	struct config_entry *entries;
	size_t n_entries;
	char **asked; /* names of sections that tables were given for */
	size_t n_asked;
	struct lk_problems *problems;
	bool reported; /* something of this file went to problems */
	bool has_secrets;
	bool unfinished;
};

/* core/config_ini.c: logical lines into sections and entries, through inih. cfg owns them also on
 * failure. */
enum lk_status lk_ini_read(struct lk_config *cfg, const struct lk_lines *lines,
			   struct lk_error *err);

/* core/config_value.c: read a value into the row's field, or the row's fallback when value is
 * NULL. Errors say what the key takes, not where. */
enum lk_status lk_value_set(const struct lk_key *key, enum lk_grammar grammar, const char *value,
			    void *base, struct lk_error *err);

/* Bytes of a field of the type. */
size_t lk_type_size(enum lk_type type);

/* core/config_print.c: a basic string that both grammars read back as the same bytes. */
void lk_quoted_print(FILE *out, const char *text);

/* core/config_units.c: durations and sizes as text. Pure. */
bool lk_duration_parse(const char *text, int64_t *ret);
void lk_duration_print(FILE *out, int64_t ms);
void lk_size_print(FILE *out, int64_t bytes);

static inline void *key_field(const struct lk_key *key, void *base)
{
	return (char *)base + key->offset;
}

static inline const void *key_field_const(const struct lk_key *key, const void *base)
{
	return (const char *)base + key->offset;
}

/* A value that no output may show. */
static inline bool key_is_hidden_value(const struct lk_key *key)
{
	return key->flags & (LK_K_SECRET | LK_K_MASKED);
}

static inline bool is_pem(const char *text)
{
	while (*text == ' ' || *text == '\t' || *text == '\n')
		text++;
	return *text == '-';
}
