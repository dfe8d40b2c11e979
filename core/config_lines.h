/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The logical-line reader in front of inih: removes comments, joins strings and arrays over
 * several lines, and leaves lines of two shapes,
 *
 *	[section.name]
 *	name = VALUE
 *
 * where VALUE is a JSON string, a JSON array of strings or of integers, or the bare words true,
 * false and integers as they were written. latchkey.conf(5) describes the language. Pure and
 * bounded.
 */
#pragma once

#include <stddef.h>

#include "core/cleanup.h"
#include "core/error.h"

enum lk_grammar {
	LK_GRAMMAR_CONF, /* also bare text and comments that start with a semicolon */
	LK_GRAMMAR_TOML, /* a strict subset of TOML 1.0 */
};

#define LK_CONFIG_FILE_MAX  (256u * 1024) /* bytes of a file */
#define LK_CONFIG_LINES_MAX 2000u	  /* its lines */
#define LK_CONFIG_LINE_MAX  65533u	  /* bytes of a logical line: inih's buffer less three */
#define LK_CONFIG_NAME_MAX  48u		  /* of a section's whole name, and of a key's */
#define LK_CONFIG_DEPTH	    5u		  /* segments of a section's name */
#define LK_CONFIG_ITEMS_MAX 64u		  /* of an array */

struct lk_lines {	    /* `= { 0 }` is empty */
	char *text;	    /* the logical lines, each with its newline, and a terminator */
	size_t len;	    /* of text, without the terminator */
	size_t n;	    /* logical lines */
	unsigned *physical; /* for each, the line of the file where it began, from 1 */
};

/* Errors are LK_CONFIG with config-syntax; the chain names `file` and the line. */
enum lk_status lk_lines_read(const char *file, enum lk_grammar grammar, const char *text,
			     size_t len, struct lk_lines *ret, struct lk_error *err);
void lk_lines_free(struct lk_lines *lines); /* wipes */
#define LK_LINES LK_CLEANUP(lk_lines_free) struct lk_lines
