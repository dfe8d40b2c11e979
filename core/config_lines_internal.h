/* SPDX-License-Identifier: Apache-2.0 */
/* What the two halves of the logical-line reader share: the place in the text, the output, and
 * how one of them says that a line is wrong. */
#pragma once

#include <stdbool.h>

#include "core/config_lines.h"

struct scanner {
	enum lk_grammar grammar;
	const char *p, *end; /* *end is a terminator: looking one ahead is safe */
	unsigned line;	     /* of p, from 1 */
	char *out;
	size_t n_out, cap_out;
	char section[LK_CONFIG_NAME_MAX + 1]; /* the one we are in */
	struct lk_error *err;
};

/* LK_CONFIG with config-syntax. */
#define syntax(s, ...) lk_raise_code((s)->err, LK_C_CONFIG_SYNTAX, __VA_ARGS__)

void lk_scan_put(struct scanner *s, const char *bytes, size_t n);
static inline bool scan_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Read the value at s->p and put it out; s->p is left behind its last byte. */
enum lk_status lk_scan_value(struct scanner *s, const char *name);
/* Read one string of any of the four forms; the caller has seen the quote. */
enum lk_status lk_scan_string(struct scanner *s);
/* Is it the text of an integer of 64 bits as the language writes them? Pure. */
bool lk_scan_is_integer(const char *text, size_t n);
