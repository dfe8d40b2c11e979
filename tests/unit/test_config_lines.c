/* SPDX-License-Identifier: Apache-2.0 */
/* The logical-line reader: every refused form, every value form, limits, line numbers. */
#include "core/config_lines.h"
#include "tests/check.h"

static struct lk_error err;

/* The error chain of a text that must be refused. */
static const char *refused(enum lk_grammar grammar, const char *text, size_t len)
{
	static char buf[1024];
	LK_LINES lines = { 0 };

	err = (struct lk_error){ 0 };
	if (lk_lines_read("f", grammar, text, len, &lines, &err) == LK_OK)
		return "accepted";
	if (err.status != LK_CONFIG || err.code != LK_C_CONFIG_SYNTAX || lines.text)
		return "wrong class, or output on failure";
	return lk_error_format(&err, buf, sizeof(buf));
}

#define BOTH_REFUSE(text, part)                                                                    \
	do {                                                                                       \
		CHECK_HAS(refused(LK_GRAMMAR_CONF, text, sizeof(text) - 1), part);                 \
		CHECK_HAS(refused(LK_GRAMMAR_TOML, text, sizeof(text) - 1), part);                 \
	} while (0)
#define TOML_REFUSES(text, part) CHECK_HAS(refused(LK_GRAMMAR_TOML, text, sizeof(text) - 1), part)
#define CONF_REFUSES(text, part) CHECK_HAS(refused(LK_GRAMMAR_CONF, text, sizeof(text) - 1), part)

static void gives(enum lk_grammar grammar, const char *text, const char *expected)
{
	LK_LINES lines = { 0 };

	err = (struct lk_error){ 0 };
	CHECK_OK(lk_lines_read("f", grammar, text, strlen(text), &lines, &err));
	CHECK_STR(lines.text, expected);
	CHECK_EQ(lines.len, strlen(expected));
}

static void both_give(const char *text, const char *expected)
{
	gives(LK_GRAMMAR_CONF, text, expected);
	gives(LK_GRAMMAR_TOML, text, expected);
}

TEST(bytes_refused)
{
	BOTH_REFUSE("a = \"x\0y\"\n", "NUL");
	BOTH_REFUSE("# caf\xe9\n", "UTF-8");
	BOTH_REFUSE("# \xc0\xaf\n", "UTF-8");	      /* overlong */
	BOTH_REFUSE("# \xed\xa0\x80\n", "UTF-8");     /* surrogate */
	BOTH_REFUSE("# \xf4\x90\x80\x80\n", "UTF-8"); /* beyond Unicode */
	BOTH_REFUSE("# \xe2\x82", "UTF-8");	      /* cut short */
	BOTH_REFUSE("a = 'x\x1b[2J'\n", "control");
	BOTH_REFUSE("# \x7f\n", "control");
	BOTH_REFUSE("# \xc2\x85\n", "control");
	BOTH_REFUSE("a = 1\rb = 2\n", "control"); /* a CR alone is no line end */
	BOTH_REFUSE("\n\n# \x01\n", "f:3: ");
	BOTH_REFUSE("a = 1\n\xef\xbb\xbf"
		    "b = 1\n",
		    "f:2: ");
}

TEST(names_refused)
{
	BOTH_REFUSE("[s]\na.b = 1\n", "write [s.a]");
	BOTH_REFUSE("a.b = 1\n", "write [a] and");
	BOTH_REFUSE("\"a\" = 1\n", "without quotes");
	BOTH_REFUSE("'a' = 1\n", "without quotes");
	BOTH_REFUSE("a: 1\n", "write a = value");
	BOTH_REFUSE("just words\n", "'=' is missing after 'just'");
	BOTH_REFUSE("a\n", "'=' is missing");
	BOTH_REFUSE("= 1\n", "neither a [section]");
	BOTH_REFUSE("\xc3\xa9 = 1\n", "neither a [section]");
	BOTH_REFUSE("a123456789b123456789c123456789d123456789e12345678 = 1\n", "longer than 48");
	BOTH_REFUSE("a = 1\n\n  b : 2\n", "f:3: ");
	TOML_REFUSES("; no\n", "neither a [section]");
}

TEST(sections_refused)
{
	BOTH_REFUSE("[[a]]\n", "arrays of tables");
	BOTH_REFUSE("[]\n", "letters");
	BOTH_REFUSE("[ a ]\n", "without blanks");
	BOTH_REFUSE("[a\n", "a section is written");
	BOTH_REFUSE("[a..b]\n", "empty segment");
	BOTH_REFUSE("[a.]\n", "empty segment");
	BOTH_REFUSE("[.a]\n", "letters");
	BOTH_REFUSE("[\"a\"]\n", "without blanks or quotes");
	BOTH_REFUSE("[a.\"b\"]\n", "empty segment");
	BOTH_REFUSE("[a.b.c.d.e.f]\n", "more than 5");
	BOTH_REFUSE("[a] b = 1\n", "after the end of the section");
	BOTH_REFUSE("[a] ; no\n", "after the end of the section");
	BOTH_REFUSE("[a123456789b123456789c123456789d123456789e12345678]\n", "longer than 48");
}

TEST(values_refused)
{
	BOTH_REFUSE("a =\n", "no value for 'a'");
	BOTH_REFUSE("a = # no\n", "no value for 'a'");
	BOTH_REFUSE("a =", "no value");
	BOTH_REFUSE("[s]\na = { b = 1 }\n", "write [s.a]");
	BOTH_REFUSE("a = \"x\n", "not closed");
	BOTH_REFUSE("a = 'x", "not closed");
	BOTH_REFUSE("b = 1\na = \"\"\"x\n\n", "f:2: ");
	BOTH_REFUSE("a = '''x''\n", "not closed");
	BOTH_REFUSE("a = \"\"\"x\"\"\"\"\"\"\n", "more than two quotes");
	BOTH_REFUSE("a = \"\\x41\"\n", "unknown escape");
	BOTH_REFUSE("a = \"\\e\"\n", "unknown escape");
	BOTH_REFUSE("a = \"\\/\"\n", "unknown escape");
	BOTH_REFUSE("a = \"\\u0000\"\n", "NUL");
	BOTH_REFUSE("a = \"\\U00000000\"\n", "NUL");
	BOTH_REFUSE("a = \"\\u12\"\n", "4 hexadecimal");
	BOTH_REFUSE("a = \"\\ud800\"\n", "no Unicode");
	BOTH_REFUSE("a = \"\\U00110000\"\n", "no Unicode");
	BOTH_REFUSE("a = \"x\" y\n", "after the end of the value");
	BOTH_REFUSE("a = \"x\"# y\n", "blank is missing");
	BOTH_REFUSE("a = \"x\" ; y\n", "after the end of the value");
	BOTH_REFUSE("a = 'it''s'\n", "after the end of the value");
	CONF_REFUSES("a = x \"y\"\n", "inside bare text");
	CONF_REFUSES("a = x\"\n", "inside bare text");
}

TEST(strict_numbers)
{
	TOML_REFUSES("a = bare\n", "in quotes");
	TOML_REFUSES("a = True\n", "in quotes");
	TOML_REFUSES("a = 0123\n", "64 bits");
	TOML_REFUSES("a = 0x10\n", "64 bits");
	TOML_REFUSES("a = 0o7\n", "64 bits");
	TOML_REFUSES("a = 1_000\n", "64 bits");
	TOML_REFUSES("a = 1.5\n", "64 bits");
	TOML_REFUSES("a = 1e3\n", "64 bits");
	TOML_REFUSES("a = +1\n", "64 bits");
	TOML_REFUSES("a = 1979-05-27\n", "64 bits");
	TOML_REFUSES("a = 9223372036854775808\n", "64 bits");
	TOML_REFUSES("a = -\n", "64 bits");
	TOML_REFUSES("a = inf\n", "in quotes");
	TOML_REFUSES("a = 90s\n", "64 bits");
	TOML_REFUSES("a = 1# c\n", "blank is missing");
	TOML_REFUSES("a =# c\n", "no value");
	TOML_REFUSES("a = true false\n", "after the end");
	both_give("a = -9223372036854775808\n", "a = -9223372036854775808\n");
	both_give("a = 0\nb = true\nc=false", "a = 0\nb = true\nc = false\n");
}

TEST(arrays)
{
	BOTH_REFUSE("a = [1, \"x\"]\n", "mixes");
	BOTH_REFUSE("a = [true]\n", "nothing else");
	BOTH_REFUSE("a = [[1]]\n", "nothing else");
	BOTH_REFUSE("a = [b]\n", "nothing else");
	BOTH_REFUSE("a = [01]\n", "nothing else");
	BOTH_REFUSE("a = [1 2]\n", "comma is missing");
	BOTH_REFUSE("a = [,]\n", "nothing else");
	BOTH_REFUSE("a = [1,,2]\n", "nothing else");
	BOTH_REFUSE("b = 1\na = [1,\n2\n", "f:2: the array that begins here");
	BOTH_REFUSE("a = [1] 2\n", "after the end");
	BOTH_REFUSE("a = [{ b = 1 }]\n", "nothing else");
	BOTH_REFUSE("a = [\n1,\n2 3\n]", "f:3: ");
	both_give("a = []\n", "a = []\n");
	both_give("a = [ # c\n\n  \"x\", # [\n 'y#]' ,\n] # d\nb = 1\n",
		  "a = [\"x\",\"y#]\"]\nb = 1\n");
	both_give("a = [1,-2,]\n", "a = [1,-2]\n");
	both_give("a = ['''\nx\ny''']\n", "a = [\"x\\ny\"]\n");
	gives(LK_GRAMMAR_CONF, "a = [\n; c\n1]\n", "a = [1]\n");
	TOML_REFUSES("a = [\n; c\n1]\n", "nothing else");
	CONF_REFUSES("a = [1 ; c\n]\n", "comma is missing");
}

TEST(array_limit)
{
	char text[512] = "a = [";
	size_t i;

	for (i = 0; i < 64; i++)
		strcat(text, "1,");
	strcat(text, "]\n");
	CHECK_STR(refused(LK_GRAMMAR_TOML, text, strlen(text)), "accepted");
	strcpy(strchr(text, ']'), "1]\n");
	CHECK_HAS(refused(LK_GRAMMAR_TOML, text, strlen(text)), "more than 64");
}

TEST(strings)
{
	both_give("a = \"\"\n", "a = \"\"\n");
	both_give("a = ''\n", "a = \"\"\n");
	both_give("a = \"#;=[]\" # c\n", "a = \"#;=[]\"\n");
	both_give("a = \"\\b\\t\\n\\f\\r\\\"\\\\\"\n", "a = \"\\b\\t\\n\\f\\r\\\"\\\\\"\n");
	both_give("a = '\\n\"'\n", "a = \"\\\\n\\\"\"\n");
	both_give("a = \"\\u00e9\\u20AC\\U0001F511\\u0041\\u0001\\u007f\"\n",
		  "a = \"\xc3\xa9\xe2\x82\xac\xf0\x9f\x94\x91"
		  "A\\u0001\\u007f\"\n");
	both_give("a = \"\\u0085\"\n", "a = \"\\u0085\"\n");
	both_give("a = \"tab\there\"\n", "a = \"tab\\there\"\n");
	both_give("\xef\xbb\xbf"
		  "a = 'b'\r\nc = 'd'\r\n",
		  "a = \"b\"\nc = \"d\"\n");
	both_give("\t  a='b'\n  [s]\n   c='d'", "a = \"b\"\n[s]\nc = \"d\"\n");
	both_give("[s]# c\n[t] # c\n", "[s]\n[t]\n");
	both_give("", "");
	both_give("\n \n# only\n", "");
}

TEST(multi_line_strings)
{
	both_give("a = \"\"\"\nx\n\ny\"\"\"\n", "a = \"x\\n\\ny\"\n");
	both_give("a = \"\"\"x\r\ny\"\"\"\n", "a = \"x\\ny\"\n");
	both_give("a = \"\"\"one \\\n   \n  two\"\"\"\n", "a = \"one two\"\n");
	both_give("a = \"\"\"one \\  \n\"\"\"\n", "a = \"one \"\n");
	both_give("a = '''one \\\ntwo'''\n", "a = \"one \\\\\\ntwo\"\n");
	both_give("a = \"\"\"say \"x\" and \"\"y\"\" \\\"\"\" z\"\"\"\n",
		  "a = \"say \\\"x\\\" and \\\"\\\"y\\\"\\\" \\\"\\\"\\\" z\"\n");
	both_give("a = \"\"\"x\"\"\"\"\"\n", "a = \"x\\\"\\\"\"\n");
	both_give("a = ''''x''''\n", "a = \"'x'\"\n");
	both_give("a = \"\"\"\"\"\"\nb = ''''''\n", "a = \"\"\nb = \"\"\n");
	both_give("a = '''\n[s]\n# no comment\nb = 1\n'''\n",
		  "a = \"[s]\\n# no comment\\nb = 1\\n\"\n");
}

TEST(bare_text)
{
	gives(LK_GRAMMAR_CONF, "a = kbs:///a#b;c # d\n", "a = \"kbs:///a#b;c\"\n");
	gives(LK_GRAMMAR_CONF, "a = 0123\nb = 90s\n", "a = \"0123\"\nb = \"90s\"\n");
	gives(LK_GRAMMAR_CONF, "a = two words \t# c\n", "a = \"two words\"\n");
	gives(LK_GRAMMAR_CONF, "a = MIIB0w==\nb = x=y\n", "a = \"MIIB0w==\"\nb = \"x=y\"\n");
	gives(LK_GRAMMAR_CONF, "a = C:\\temp\n", "a = \"C:\\\\temp\"\n");
	gives(LK_GRAMMAR_CONF, "a = it's\n", "a = \"it's\"\n");
	gives(LK_GRAMMAR_CONF, "a = a\tb\n", "a = \"a\\tb\"\n");
	gives(LK_GRAMMAR_CONF, "a =#b\n", "a = \"#b\"\n");
	gives(LK_GRAMMAR_CONF, "a = 99999999999999999999\nb = -0\n",
	      "a = \"99999999999999999999\"\nb = -0\n");
	gives(LK_GRAMMAR_CONF, "; c\n  ; d\na = x ; y\n", "a = \"x ; y\"\n");
}

TEST(line_numbers)
{
	static const char text[] = "# 1\n\na = '''\nx\n'''\n[s] # 6\nb = [\n1,\n2]\n\nc = 1\n";
	static const unsigned expected[] = { 3, 6, 7, 11 };
	LK_LINES lines = { 0 };
	size_t i;

	CHECK_OK(lk_lines_read("f", LK_GRAMMAR_TOML, text, strlen(text), &lines, &err));
	CHECK_EQ(lines.n, 4);
	for (i = 0; i < lines.n; i++)
		CHECK_EQ(lines.physical[i], expected[i]);
}

/* `prefix`, n times c, `suffix`. */
static char *filled(const char *prefix, size_t n, char c, const char *suffix)
{
	char *text = malloc(strlen(prefix) + n + strlen(suffix) + 1);

	if (!text)
		abort();
	strcpy(text, prefix);
	memset(text + strlen(prefix), c, n);
	strcpy(text + strlen(prefix) + n, suffix);
	return text;
}

TEST(size_limits)
{
	LK_FREE char *longest = filled("a = \"", 65533 - 6, 'x', "\"\n");
	LK_FREE char *longer = filled("\na = \"", 65533 - 5, 'x', "\"\n");
	LK_FREE char *doubled = filled("a = '", 40000, '"', "'\n");
	LK_FREE char *comment = filled("#", 256 * 1024 - 1, 'x', "");
	LK_FREE char *huge = filled("#", 256 * 1024, 'x', "");
	LK_FREE char *lines = filled("", 1999, '\n', "a = 1\n");
	LK_FREE char *too_many = filled("", 2000, '\n', "a = 1\n");

	CHECK_STR(refused(LK_GRAMMAR_TOML, longest, strlen(longest)), "accepted");
	CHECK_HAS(refused(LK_GRAMMAR_TOML, longer, strlen(longer)), "f:2: the line, joined");
	CHECK_HAS(refused(LK_GRAMMAR_TOML, doubled, strlen(doubled)), "the line, joined");
	CHECK_STR(refused(LK_GRAMMAR_TOML, comment, strlen(comment)), "accepted");
	CHECK_HAS(refused(LK_GRAMMAR_TOML, huge, strlen(huge)), "f: larger than 256 KiB");
	CHECK_STR(refused(LK_GRAMMAR_TOML, lines, strlen(lines)), "accepted");
	CHECK_HAS(refused(LK_GRAMMAR_TOML, too_many, strlen(too_many)), "more than 2000 lines");
}

TESTS(bytes_refused, names_refused, sections_refused, values_refused, strict_numbers, arrays,
      array_limit, strings, multi_line_strings, bare_text, line_numbers, size_limits)
