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

#include "core/deadline.h"
#include "core/error.h"

enum lk_type { /* field type in the struct the row points into */
	LK_T_STRING,   /* char *; NULL = absent */
	LK_T_STRINGS,  /* struct lk_strings: an array, or one string where LK_K_ONE_OR_MANY is set */
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
	LK_K_SECRET = 1 << 1,	   /* never printed; wiped when freed */
	LK_K_ONE_OR_MANY = 1 << 2, /* LK_T_STRINGS: a plain string is an array of one */
	LK_K_PEM_OR_PATH = 1 << 3, /* LK_T_STRING: PEM text, or an absolute path to a PEM file */
	LK_K_FILE_CA = 1 << 4,	   /* names a public file that the initramfs needs */
	LK_K_FILE_SECRET = 1 << 5, /* names a credential file that the initramfs needs */
	LK_K_COMMAND = 1 << 6,	   /* names a program that the initramfs needs */
	LK_K_HIDDEN = 1 << 7,	   /* works, but is left out of samples and manuals */
};

struct lk_key {
	const char *name;
	const char *const *aliases; /* older spellings, NULL-terminated; both at once is an error */
	enum lk_type type;
	unsigned flags;
	size_t offset;		     /* of the field in the section's struct */
	const char *fallback;	     /* as the operator would write it; NULL = none (zero, absent) */
	const char *const *choices;  /* LK_T_CHOICE, NULL-terminated */
	int64_t min, max;	     /* LK_T_INT, LK_T_SIZE, LK_T_DURATION; max 0 = no upper bound.
				      * LK_T_HEX: length in bytes */
	const char *help;	     /* one sentence; becomes the manual entry */
};
