/* SPDX-License-Identifier: Apache-2.0 */
/* The logical-line reader: bytes, lines, sections and names. Values are read in
 * core/config_lines_value.c. */
#include "core/config_lines.h"

#include <stdint.h>
#include <string.h>

#include "core/config_lines_internal.h"
#include "core/secret.h"

void lk_scan_put(struct scanner *s, const char *bytes, size_t n)
{
	/* the capacity covers the worst case (read_lines); a lie about it must not be a hole */
	if (n > s->cap_out - s->n_out)
		__builtin_trap();
	memcpy(s->out + s->n_out, bytes, n);
	s->n_out += n;
}

/* Length of the UTF-8 sequence at p (RFC 3629: shortest form, no surrogates), 0 if there is none. */
static size_t utf8_length(const uint8_t *p, const uint8_t *end)
{
	static const struct {
		uint8_t mask, lead;
		uint32_t least;
	} forms[] = { { 0xe0, 0xc0, 0x80 }, { 0xf0, 0xe0, 0x800 }, { 0xf8, 0xf0, 0x10000 } };
	uint32_t c;
	size_t n, i;

	if (*p < 0x80)
		return 1;
	for (n = 0; n < 3; n++)
		if ((*p & forms[n].mask) == forms[n].lead)
			break;
	if (n == 3 || (size_t)(end - p) < n + 2)
		return 0;
	c = *p & (uint8_t)~forms[n].mask;
	for (i = 1; i < n + 2; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < forms[n].least || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	return n + 2;
}

/* Tab and newline aside; the second block lies behind 0xc2 in UTF-8. */
static bool is_control(const uint8_t *p, size_t n)
{
	if (n == 1)
		return (*p < 0x20 && *p != '\t' && *p != '\n') || *p == 0x7f;
	return n == 2 && p[0] == 0xc2 && p[1] < 0xa0;
}

/* Copy the text into buf with LF line ends, checking every byte. */
static enum lk_status take_bytes(struct scanner *s, const char *text, size_t len, char *buf)
{
	const uint8_t *p = (const uint8_t *)text, *end = p + len;
	char *to = buf;
	size_t n;

	if (len >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
		p += 3;
	for (; p < end; p += n) {
		if (*p == '\r' && end - p > 1 && p[1] == '\n')
			p++;
		n = utf8_length(p, end);
		if (!n)
			return syntax(s, "not valid UTF-8");
		if (*p == 0)
			return syntax(s, "a NUL byte");
		if (is_control(p, n))
			return syntax(s, "a control character; only tabs and line ends are legal");
		memcpy(to, p, n);
		to += n;
		if (*p == '\n' && ++s->line > LK_CONFIG_LINES_MAX && end - p > 1)
			return syntax(s, "more than %u lines", LK_CONFIG_LINES_MAX);
	}
	*to = 0;
	s->p = buf;
	s->end = to;
	return LK_OK;
}

static size_t name_length(const char *p)
{
	return strspn(p, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");
}

static void skip_blanks(struct scanner *s)
{
	while (scan_is_blank(*s->p))
		s->p++;
}

static void skip_comment(struct scanner *s)
{
	s->p += strcspn(s->p, "\n");
}

/* Nothing but blanks and a comment may follow what was read. */
static enum lk_status end_of_line(struct scanner *s, const char *what, bool blank_first)
{
	const char *start = s->p;

	skip_blanks(s);
	if (*s->p == '#' && blank_first && s->p == start)
		return syntax(s, "a blank is missing between %s and its comment", what);
	if (*s->p == '#')
		skip_comment(s);
	if (s->p < s->end && *s->p != '\n')
		return syntax(s, "text after the end of %s", what);
	return LK_OK;
}

static enum lk_status read_section(struct scanner *s)
{
	const char *start = ++s->p;
	unsigned depth = 0;
	size_t n;

	if (*s->p == '[')
		return syntax(s, "[[arrays of tables]] are not part of the language; "
				 "write one [section] for each");
	do {
		n = name_length(s->p);
		if (depth && !n)
			return syntax(s, "a section's name has an empty segment");
		if (!n)
			return syntax(s, "a section is written [name] or [name.name], of letters, "
					 "digits, '_' and '-', without blanks or quotes");
		if (++depth > LK_CONFIG_DEPTH)
			return syntax(s, "a section's name has more than %u segments",
				      LK_CONFIG_DEPTH);
		s->p += n;
	} while (*s->p == '.' && s->p++);
	n = (size_t)(s->p - start);
	if (*s->p != ']')
		return syntax(s, "a section is written [name] or [name.name], of letters, digits, "
				 "'_' and '-', without blanks or quotes");
	if (n > LK_CONFIG_NAME_MAX)
		return syntax(s, "a section's name is longer than %u bytes", LK_CONFIG_NAME_MAX);
	memcpy(s->section, start, n);
	s->section[n] = 0;
	lk_scan_put(s, start - 1, n + 2);
	s->p++;
	return end_of_line(s, "the section", false);
}

/* What stands where a name should: say what to write instead. */
static enum lk_status refuse_name(struct scanner *s, const char *start, size_t n)
{
	const char *dot = *s->section ? "." : "";

	if (*start == '"' || *start == '\'')
		return syntax(s, "names are written without quotes");
	if (!n)
		return syntax(s, "neither a [section] nor a name = value");
	if (start[n] == '.')
		return syntax(s, "a dotted key; write [%s%s%.*s] and its keys on the lines below",
			      s->section, dot, (int)n, start);
	if (start[n] == ':')
		return syntax(s, "a colon does not separate; write %.*s = value", (int)n, start);
	return syntax(s, "'=' is missing after '%.*s'", (int)n, start);
}

static enum lk_status read_pair(struct scanner *s)
{
	char name[LK_CONFIG_NAME_MAX + 1];
	const char *start = s->p;
	size_t n = name_length(s->p);
	enum lk_status st;

	if (n > LK_CONFIG_NAME_MAX)
		return syntax(s, "a name is longer than %u bytes", LK_CONFIG_NAME_MAX);
	s->p += n;
	skip_blanks(s);
	if (!n || *s->p != '=')
		return refuse_name(s, start, n);
	memcpy(name, start, n);
	name[n] = 0;
	s->p++;
	lk_scan_put(s, name, n);
	lk_scan_put(s, " = ", 3);
	st = lk_scan_value(s, name);
	if (st)
		return st;
	return end_of_line(s, "the value", true);
}

/* One line that is neither empty nor a comment, and what belongs to it. */
static enum lk_status read_logical(struct scanner *s, struct lk_lines *lines)
{
	const size_t before = s->n_out;
	const unsigned first = s->line;
	enum lk_status st;

	st = *s->p == '[' ? read_section(s) : read_pair(s);
	if (st)
		return st;
	if (s->n_out - before > LK_CONFIG_LINE_MAX) {
		s->line = first;
		return syntax(s, "the line, joined, is longer than 64 KiB");
	}
	lk_scan_put(s, "\n", 1);
	lines->physical[lines->n++] = first;
	return LK_OK;
}

static enum lk_status read_lines(struct scanner *s, struct lk_lines *lines)
{
	enum lk_status st;

	for (s->line = 1; s->p < s->end; s->p++, s->line++) {
		skip_blanks(s);
		if (*s->p == '#' || (*s->p == ';' && s->grammar == LK_GRAMMAR_CONF))
			skip_comment(s);
		if (s->p == s->end)
			break;
		if (*s->p == '\n')
			continue;
		st = read_logical(s, lines);
		if (st)
			return st;
		if (s->p == s->end)
			break;
	}
	return LK_OK;
}

static enum lk_status read_text(struct scanner *s, const char *text, size_t len, char *buf,
				struct lk_lines *lines)
{
	enum lk_status st;

	s->line = 1;
	st = take_bytes(s, text, len, buf);
	if (!st)
		st = read_lines(s, lines);
	lines->len = s->n_out;
	return st;
}

enum lk_status lk_lines_read(const char *file, enum lk_grammar grammar, const char *text,
			     size_t len, struct lk_lines *ret, struct lk_error *err)
{
	/* each byte becomes two at most ('"', '\', newline), "k=a" becomes `k = "a"` and newline */
	const size_t cap = 2 * len + 16;
	struct scanner s = { .grammar = grammar, .cap_out = cap, .err = err };
	LK_LINES lines = { 0 };
	char *buf;
	enum lk_status st;

	if (len > LK_CONFIG_FILE_MAX) {
		lk_raise_code(err, LK_C_CONFIG_SYNTAX, "larger than 256 KiB");
		return lk_context(err, "%s", file);
	}
	buf = malloc(len + 1);
	lines.physical = calloc(LK_CONFIG_LINES_MAX + 1, sizeof(*lines.physical));
	lines.text = s.out = calloc(1, cap + 1);
	lines.len = cap;
	st = buf && lines.physical && lines.text ? read_text(&s, text, len, buf, &lines)
						 : lk_raise(err, LK_INTERNAL, "out of memory");
	if (buf) {
		lk_wipe(buf, len + 1);
		free(buf);
	}
	if (st) {
		lines.len = lines.text ? cap : 0; /* wipe it all */
		return lk_context(err, "%s:%u", file, s.line);
	}
	*ret = lines;
	lines = (struct lk_lines){ 0 };
	return LK_OK;
}

void lk_lines_free(struct lk_lines *lines)
{
	if (lines->text)
		lk_wipe(lines->text, lines->len);
	free(lines->text);
	free(lines->physical);
	*lines = (struct lk_lines){ 0 };
}
