/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration reader: files in the dialect of latchkey.conf(5) are read into structs under
 * tables of rows. A key is declared once, as a row; parsing, defaults, checking, printing, the
 * sample file and the manual's list of keys all derive from it.
 *
 * The text goes through the pure logical-line reader (core/config_lines.h) and then inih, which
 * never sees a raw line of the user.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/cleanup.h"
#include "core/deadline.h"
#include "core/error.h"

enum lk_type {		    /* field type in the struct the row points into */
	       LK_T_STRING, /* char *; NULL = absent */
	       LK_T_STRINGS, /* struct lk_strings: an array, or one string where LK_K_ONE_OR_MANY is set */
	       LK_T_BOOL,     /* bool */
	       LK_T_INT,      /* int64_t, within min..max */
	       LK_T_DURATION, /* int64_t milliseconds, "90s", "2m", "infinity" = LK_FOREVER */
	       LK_T_SIZE,     /* int64_t bytes, "512M" (powers of 1024) */
	       LK_T_CHOICE,   /* int: index into choices */
	       LK_T_HEX,      /* struct lk_bytes: lower- or upper-case hex in a string */
};

struct lk_strings {
	char **items;
	size_t n;
};

struct lk_bytes {
	uint8_t *data;
	size_t len;
};

enum lk_key_flags {
	LK_K_REQUIRED = 1 << 0,	   /* absent or empty is an error */
	LK_K_SECRET = 1 << 1,	   /* never printed, wiped when freed; its file must be 0600 */
	LK_K_ONE_OR_MANY = 1 << 2, /* LK_T_STRINGS: a plain string is an array of one */
	LK_K_PEM_OR_PATH = 1 << 3, /* LK_T_STRING: PEM text, or an absolute path to a PEM file */
	LK_K_FILE_CA = 1 << 4,	   /* names a public file that the initramfs needs */
	LK_K_FILE_SECRET = 1 << 5, /* names a credential file that the initramfs needs */
	LK_K_COMMAND = 1 << 6,	   /* names a program that the initramfs needs */
	LK_K_HIDDEN = 1 << 7,	   /* works, but is left out of samples and manuals */
	LK_K_MASKED = 1 << 8,	   /* never printed, but allowed in a file that others can read */
	LK_K_WEAKENS = 1 << 9,	/* LK_T_BOOL: when true, `config check` warns with the help text */
	LK_K_SAMPLED = 1 << 10, /* not required, but in samples without a comment sign */
	LK_K_FILLED = 1 << 11, /* required, but filled in by latchkey-image: lk_config_unfinished */
};

struct lk_key {
	const char *name;
	const char *const *aliases; /* older spellings, NULL-terminated; both at once is an error */
	enum lk_type type;
	unsigned flags;
	size_t offset;		    /* of the field in the section's struct */
	const char *fallback;	    /* as the operator would write it, without quotes; NULL = none
				     * (zero, absent; LK_T_CHOICE: -1) */
	const char *const *choices; /* LK_T_CHOICE, and LK_T_STRING if set; NULL-terminated */
	int64_t min, max;	    /* LK_T_INT, LK_T_SIZE, LK_T_DURATION; max 0 = no upper bound.
				     * LK_T_HEX: length in bytes; LK_T_STRINGS: number of items */
	const char *help;	    /* one sentence; becomes the manual entry */
	const char *example;	    /* for the sample, as written in the file, quotes included;
				     * NULL: made from the fallback */
};

/* A table of rows and the section it belongs to. */
struct lk_section {
	const char *name;	   /* "rootfs.verity"; "" = the keys before the first section */
	const struct lk_key *keys; /* rows ending in { 0 } */
	const char *help;	   /* one or two sentences */
};

/*
 * One file, read but not yet given to tables. The end of its name chooses the grammar: ".toml" is
 * the strict one. Every error is LK_CONFIG (LK_C_CONFIG_*), names file and line, and holds no
 * value of the file.
 */
struct lk_config;

/* Pure. The text is copied, and the copy wiped when freed. */
enum lk_status lk_config_parse(const char *file, const char *text, size_t len,
			       struct lk_config **ret, struct lk_error *err);
void lk_config_free(struct lk_config *cfg);
LK_DEFINE_CLEANUP(struct lk_config *, lk_config_free)
#define LK_CONFIG_FILE LK_CLEANUP(lk_config_free_p) struct lk_config

/* Collects problems instead of stopping at the first one (`config check --keep-going`). */
struct lk_problems {
	void (*report)(void *arg, const struct lk_error *problem);
	void *arg;
	size_t n; /* reported so far; whoever made the collector fails if this is not 0 */
};
/* True if *err went to the collector and is empty again: carry on. problems may be NULL. */
bool lk_problems_add(struct lk_problems *problems, struct lk_error *err);
void lk_config_collect(struct lk_config *cfg, struct lk_problems *problems);
/* For checks behind the tables: adds "FILE:LINE" of the key (lk_config_at) to *err, then hands it
 * to the collector if there is one: LK_OK, carry on. Otherwise returns err->status. */
enum lk_status lk_config_problem(struct lk_config *cfg, const char *section, const char *name,
				 struct lk_error *err);

/* The file is what latchkey-image starts from: rows that it fills in may be missing. */
void lk_config_unfinished(struct lk_config *cfg);
bool lk_config_is_unfinished(const struct lk_config *cfg);

const char *lk_config_name(const struct lk_config *cfg); /* as given to lk_config_parse */
/* The i-th section in order of appearance, an empty one too; NULL past the end. Keys before the
 * first section are those of "". */
const char *lk_config_section(const struct lk_config *cfg, size_t i);
bool lk_config_has(const struct lk_config *cfg, const char *section);

/* Read one section into the struct at base, whose fields must be zero: first the defaults, then
 * what the file says. A section that is not there gives the defaults; then required keys are asked
 * for only if `required`. The caller frees the fields with lk_keys_free, also on failure. */
enum lk_status lk_config_fill(struct lk_config *cfg, const char *section, const struct lk_key *keys,
			      bool required, void *base, struct lk_error *err);
/* Was every section filled? If not: an error with the nearest name among those that were asked
 * for and `more` (NULL-terminated; may be NULL). */
enum lk_status lk_config_finish(struct lk_config *cfg, const char *const *more,
				struct lk_error *err);
/* The section was dealt with by other means: lk_config_finish passes over it. */
void lk_config_skip(struct lk_config *cfg, const char *section);
/* Nothing was handed to the collector so far: checks behind the tables make sense. */
bool lk_config_clean(const struct lk_config *cfg);
/* Was the key written in the file, in any of its spellings? */
bool lk_config_given(const struct lk_config *cfg, const char *section, const struct lk_key *key);
/* Was a key filled whose row says LK_K_SECRET? */
bool lk_config_has_secrets(const struct lk_config *cfg);
/* Add "FILE:LINE" of a key, of its section (name NULL or not written), or "FILE" (section NULL or
 * not written) to the chain. Returns err->status. */
enum lk_status lk_config_at(const struct lk_config *cfg, const char *section, const char *name,
			    struct lk_error *err);

/* The fields behind a table. */
void lk_keys_free(const struct lk_key *keys, void *base); /* wipes secrets; zeroes the fields */
const struct lk_key *lk_keys_find(const struct lk_key *keys, const char *name); /* no aliases */
/* Same values? Those that are never printed count by presence and number of items only. */
bool lk_keys_equal(const struct lk_key *keys, const void *a, const void *b);
/* Does any field differ from what the file's silence would give? Rows without fallback only. */
bool lk_keys_given(const struct lk_key *keys, const void *base);
/* What a LK_T_CHOICE field holds, as written; "" when absent. */
const char *lk_key_choice(const struct lk_key *key, const void *base);

/* Print "[section]" and the effective values; the text reads back as the same values, hidden ones
 * as "(hidden)". notes: say in comments what is a default. */
void lk_keys_show(FILE *out, const char *section, const struct lk_key *keys, const void *base,
		  bool notes);
/* Print the section as a sample: required keys with an example, the others commented out; whole:
 * the required ones and the section too. */
void lk_section_sample(FILE *out, const struct lk_section *section, bool whole);
/* Print the section's manual entries in roff (man macros). */
void lk_section_manual(FILE *out, const struct lk_section *section);

/* The files that a filled struct names, one call each; stops when fn fails. */
enum lk_file_kind { LK_FILE_CONFIG, LK_FILE_CA, LK_FILE_CREDENTIAL, LK_FILE_COMMAND };
struct lk_file_visitor {
	enum lk_status (*visit)(void *arg, enum lk_file_kind kind, const char *path,
				struct lk_error *err);
	void *arg;
};
enum lk_status lk_keys_files(const struct lk_key *keys, const void *base,
			     const struct lk_file_visitor *visitor, struct lk_error *err);
const char *lk_file_kind_name(enum lk_file_kind kind); /* "config", "ca", "credential", "command" */

/* A size as a configuration writes it, "512M". Pure. */
bool lk_size_parse(const char *text, int64_t *ret);

/* The known name nearest to a mistyped one (edit distance); NULL if there is none. Pure. */
const char *lk_nearest(const char *name, const char *const *known, size_t n);
