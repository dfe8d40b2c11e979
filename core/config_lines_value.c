/* SPDX-License-Identifier: Apache-2.0 */
/* The logical-line reader's values: strings of four forms, numbers, booleans, arrays and bare
 * text, put out as JSON on one line. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "core/config_lines_internal.h"

/* One byte or one whole sequence of a string's contents, as JSON. */
static void put_byte(struct scanner *s, char c)
{
	static const char plain[] = "\b\t\n\f\r\"\\", letters[] = "btnfr\"\\";
	const char *hit = strchr(plain, c);
	char escaped[8];
	int n;

	if (c && hit)
		n = snprintf(escaped, sizeof(escaped), "\\%c", letters[hit - plain]);
	else if ((unsigned char)c < 0x20 || c == 0x7f)
		n = snprintf(escaped, sizeof(escaped), "\\u%04x", (unsigned char)c);
	else
		n = snprintf(escaped, sizeof(escaped), "%c", c);
	lk_scan_put(s, escaped, (size_t)n);
}

static void put_character(struct scanner *s, uint32_t c)
{
	if (c < 0x80) {
		put_byte(s, (char)c);
		return;
	}
	if (c < 0xa0) { /* control characters stay escapes: the output is a legal input */
		char escaped[8];

		lk_scan_put(s, escaped, (size_t)snprintf(escaped, sizeof(escaped), "\\u%04x", c));
		return;
	}
	if (c < 0x800) {
		lk_scan_put(s, &(char){ (char)(0xc0 | c >> 6) }, 1);
	} else {
		if (c < 0x10000) {
			lk_scan_put(s, &(char){ (char)(0xe0 | c >> 12) }, 1);
		} else {
			lk_scan_put(s, &(char){ (char)(0xf0 | c >> 18) }, 1);
			lk_scan_put(s, &(char){ (char)(0x80 | (c >> 12 & 0x3f)) }, 1);
		}
		lk_scan_put(s, &(char){ (char)(0x80 | (c >> 6 & 0x3f)) }, 1);
	}
	lk_scan_put(s, &(char){ (char)(0x80 | (c & 0x3f)) }, 1);
}

static enum lk_status read_code_point(struct scanner *s, size_t digits)
{
	static const char hex[] = "0123456789abcdefABCDEF";
	uint32_t c = 0;
	size_t i;

	if (strspn(s->p, hex) < digits)
		return syntax(s, "\\%c takes %zu hexadecimal digits", s->p[-1], digits);
	for (i = 0; i < digits; i++) {
		unsigned at = (unsigned)(strchr(hex, s->p[i]) - hex);

		c = c << 4 | (at < 16 ? at : at - 6);
	}
	s->p += digits;
	if (c == 0)
		return syntax(s, "a NUL character cannot be written");
	if (c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return syntax(s, "an escape that is no Unicode character");
	put_character(s, c);
	return LK_OK;
}

/* s->p is behind the backslash. */
static enum lk_status read_escape(struct scanner *s)
{
	static const char letters[] = "btnfr\"\\", values[] = "\b\t\n\f\r\"\\";
	const char c = *s->p;
	const char *hit = c ? strchr(letters, c) : NULL;

	if (hit) {
		s->p++;
		put_byte(s, values[hit - letters]);
		return LK_OK;
	}
	if (c == 'u' || c == 'U') {
		s->p++;
		return read_code_point(s, c == 'u' ? 4 : 8);
	}
	return syntax(s, "an unknown escape; known are \\b \\t \\n \\f \\r \\\" \\\\ \\uXXXX "
			 "\\UXXXXXXXX, and '...' takes backslashes as they are");
}

/* A backslash at the end of a line: it and all white space up to the next text vanish. */
static bool joins_lines(struct scanner *s)
{
	const char *q = s->p;

	while (scan_is_blank(*q))
		q++;
	if (*q != '\n')
		return false;
	for (; scan_is_blank(*q) || *q == '\n'; q++)
		s->line += *q == '\n';
	s->p = q;
	return true;
}

/* "..." or '...': s->p is behind the first quote. */
static enum lk_status read_single(struct scanner *s, char quote)
{
	enum lk_status st;
	char c;

	for (;;) {
		c = *s->p;
		if (s->p == s->end || c == '\n')
			return syntax(s, "a string is not closed on its line");
		s->p++;
		if (c == quote)
			return LK_OK;
		if (c == '\\' && quote == '"') {
			st = read_escape(s);
			if (st)
				return st;
			continue;
		}
		put_byte(s, c);
	}
}

/* A run of quotes inside a string of three: one or two are text, also right before the end. */
static enum lk_status read_quotes(struct scanner *s, char quote, bool *ret_closed)
{
	size_t n = 0, text;

	while (s->p[n] == quote)
		n++;
	if (n > 5)
		return syntax(s, "more than two quotes before the end of the string");
	*ret_closed = n >= 3;
	for (text = *ret_closed ? n - 3 : n; text; text--)
		put_byte(s, quote);
	s->p += n;
	return LK_OK;
}

/* Three quotes: s->p is behind them. */
static enum lk_status read_multi(struct scanner *s, char quote)
{
	const unsigned first = s->line;
	bool closed = false;
	enum lk_status st = LK_OK;

	if (*s->p == '\n') {
		s->p++;
		s->line++;
	}
	while (!closed && !st) {
		const char c = *s->p;

		if (s->p == s->end) {
			s->line = first;
			return syntax(s, "the string that begins here is not closed");
		}
		if (c == quote) {
			st = read_quotes(s, quote, &closed);
			continue;
		}
		s->p++;
		s->line += c == '\n';
		if (c == '\\' && quote == '"')
			st = joins_lines(s) ? LK_OK : read_escape(s);
		else
			put_byte(s, c);
	}
	return st;
}

enum lk_status lk_scan_string(struct scanner *s)
{
	const char quote = *s->p;
	enum lk_status st;

	lk_scan_put(s, "\"", 1);
	if (s->p[1] == quote && s->p[2] == quote) {
		s->p += 3;
		st = read_multi(s, quote);
	} else {
		s->p++;
		st = read_single(s, quote);
	}
	lk_scan_put(s, "\"", 1);
	return st;
}

bool lk_scan_is_integer(const char *text, size_t n)
{
	const size_t sign = n && *text == '-';
	char digits[24];
	long long value;

	if (n == sign || n >= sizeof(digits))
		return false;
	memcpy(digits, text, n);
	digits[n] = 0;
	if (strspn(digits + sign, "0123456789") != n - sign ||
	    (digits[sign] == '0' && n - sign > 1))
		return false;
	errno = 0;
	value = strtoll(digits, NULL, 10);
	(void)value;
	return errno == 0;
}

static bool is_word(const char *text, size_t n, const char *word)
{
	return n == strlen(word) && memcmp(text, word, n) == 0;
}

static bool is_scalar(const char *text, size_t n)
{
	return is_word(text, n, "true") || is_word(text, n, "false") || lk_scan_is_integer(text, n);
}

/* White space, line ends and comments between an array's items. */
static void skip_in_array(struct scanner *s)
{
	bool line_start = false;

	for (;; s->p++) {
		if (*s->p == '#' || (*s->p == ';' && line_start && s->grammar == LK_GRAMMAR_CONF))
			s->p += strcspn(s->p, "\n");
		if (*s->p == '\n') {
			s->line++;
			line_start = true;
		} else if (!scan_is_blank(*s->p)) {
			return;
		}
	}
}

/* *kind: 0 before the first item, then 's' or 'i'. */
static enum lk_status read_item(struct scanner *s, char *kind)
{
	const bool string = *s->p == '"' || *s->p == '\'';
	const size_t n = strcspn(s->p, " \t\n,]#");

	if (!string && !lk_scan_is_integer(s->p, n))
		return syntax(s, "an array holds \"strings\" or integers, nothing else");
	if (*kind && (*kind == 's') != string)
		return syntax(s, "an array mixes strings and integers");
	*kind = string ? 's' : 'i';
	if (string)
		return lk_scan_string(s);
	lk_scan_put(s, s->p, n);
	s->p += n;
	return LK_OK;
}

static enum lk_status read_array(struct scanner *s)
{
	const unsigned first = s->line;
	enum lk_status st;
	unsigned n = 0;
	char kind = 0;

	lk_scan_put(s, "[", 1);
	s->p++;
	for (skip_in_array(s); *s->p != ']'; skip_in_array(s)) {
		if (s->p == s->end) {
			s->line = first;
			return syntax(s, "the array that begins here is not closed");
		}
		if (++n > LK_CONFIG_ITEMS_MAX)
			return syntax(s, "an array has more than %u items", LK_CONFIG_ITEMS_MAX);
		if (n > 1)
			lk_scan_put(s, ",", 1);
		st = read_item(s, &kind);
		if (st)
			return st;
		skip_in_array(s);
		if (*s->p == ',')
			s->p++;
		else if (*s->p != ']' && s->p != s->end)
			return syntax(s, "a comma is missing between two items");
	}
	lk_scan_put(s, "]", 1);
	s->p++;
	return LK_OK;
}

/* The rest of the line up to a comment, without blanks at its end. */
static enum lk_status read_bare(struct scanner *s)
{
	size_t n = 0, i;

	while (s->p[n] && s->p[n] != '\n' && !(scan_is_blank(s->p[n]) && s->p[n + 1] == '#'))
		n++;
	while (n && scan_is_blank(s->p[n - 1]))
		n--;
	if (memchr(s->p, '"', n))
		return syntax(s, "a '\"' inside bare text; put the whole value in quotes");
	if (is_scalar(s->p, n)) {
		lk_scan_put(s, s->p, n);
	} else {
		lk_scan_put(s, "\"", 1);
		for (i = 0; i < n; i++)
			put_byte(s, s->p[i]);
		lk_scan_put(s, "\"", 1);
	}
	s->p += n;
	return LK_OK;
}

static enum lk_status read_word(struct scanner *s)
{
	const size_t n = strcspn(s->p, " \t\n#");

	if (is_scalar(s->p, n)) {
		lk_scan_put(s, s->p, n);
		s->p += n;
		return LK_OK;
	}
	if (strchr("0123456789+-", *s->p))
		return syntax(s, "not an integer of 64 bits; integers are plain decimal, any other "
				 "value that begins with a digit is written in quotes");
	return syntax(s, "in a .toml file, text is written in quotes");
}

enum lk_status lk_scan_value(struct scanner *s, const char *name)
{
	const char *dot = *s->section ? "." : "";
	const char *equals = s->p;

	while (scan_is_blank(*s->p))
		s->p++;
	switch (*s->p) {
	case '"':
	case '\'':
		return lk_scan_string(s);
	case '[':
		return read_array(s);
	case '{':
		return syntax(s, "an inline table; write [%s%s%s] and its keys on the lines below",
			      s->section, dot, name);
	case '#':
		if (s->p > equals || s->grammar == LK_GRAMMAR_TOML)
			break;
		return read_bare(s);
	case 0:
	case '\n':
		break;
	default:
		return s->grammar == LK_GRAMMAR_TOML ? read_word(s) : read_bare(s);
	}
	return syntax(s, "no value for '%s'; the empty text is written \"\"", name);
}
