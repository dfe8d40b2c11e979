/* SPDX-License-Identifier: Apache-2.0 */
/* Reading JSON: what is refused, what is named in the refusal, and what is never quoted. */
#include "core/json.h"

#include "tests/check.h"

static char message[2048];

/* Parse what must be refused; the message is left for inspection. */
static enum lk_status refused(const char *text, size_t len)
{
	struct lk_error err = { 0 };
	LK_JSON *doc = NULL;
	enum lk_status st;

	lk_json_setup();
	st = lk_json_parse(text, len, &doc, &err);
	if (doc)
		return LK_OK;
	lk_error_format(&err, message, sizeof(message));
	return st;
}

static struct json_t *parse(const char *text)
{
	struct lk_error err = { 0 };
	struct json_t *doc = NULL;

	lk_json_setup();
	CHECK_OK(lk_json_parse(text, strlen(text), &doc, &err));
	return doc;
}

TEST(malformed_text_is_refused)
{
	static const char *const bad[] = {
		"",
		" ",
		"{",
		"[1,2",
		"{}{}",
		"{} x",
		"{\"a\":1,}",
		"[1,]",
		"{a:1}",
		"'a'",
		"nul",
		"tru",
		"+1",
		"01",
		".5",
		"1.",
		"1e",
		"0x10",
		"NaN",
		"Infinity",
		"1e999",
		"\"\x01\"",
		"\"\t\"",
		"\"\\x41\"",
		"\"\\u12\"",
		"\"\\ud800\"",
		"\"\xff\"",
		"\"\xc0\x80\"",
		"\"\\udc00\"",
		"/**/{}",
		"{\"a\":1 // \n}",
		"\xef\xbb\xbf{}",
		"99999999999999999999",
		"{\"a\" 1}",
		"{\"a\":}",
		"[1 2]",
		"]",
		"}",
		"\"abc",
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (refused(bad[i], strlen(bad[i])) != LK_TAMPERED)
			check_fail(__FILE__, __LINE__, "accepted '%s'", bad[i]);
	}
	CHECK_EQ(refused("{}\0", 3), LK_TAMPERED);
	CHECK_EQ(refused("\0{}", 3), LK_TAMPERED);
	CHECK_EQ(refused("\"a\0b\"", 5), LK_TAMPERED);
}

TEST(duplicates_and_nul_are_refused)
{
	CHECK_EQ(refused("{\"a\":1,\"a\":1}", 13), LK_TAMPERED);
	CHECK_HAS(message, "a member occurs twice");
	CHECK_EQ(refused("{\"a\":1,\"\\u0061\":1}", 18), LK_TAMPERED);
	CHECK_EQ(refused("{\"b\":{\"a\":1,\"a\":2}}", 19), LK_TAMPERED);
	CHECK_EQ(refused("\"x\\u0000y\"", 10), LK_TAMPERED);
	CHECK_EQ(refused("{\"x\\u0000\":1}", 13), LK_TAMPERED);
}

TEST(depth_is_limited)
{
	char text[2 * LK_JSON_DEPTH + 3];
	LK_JSON *doc = NULL;

	memset(text, '[', LK_JSON_DEPTH + 1);
	memset(text + LK_JSON_DEPTH + 1, ']', LK_JSON_DEPTH + 1);
	CHECK_EQ(refused(text, 2 * LK_JSON_DEPTH + 2), LK_TAMPERED);
	CHECK_HAS(message, "nested deeper");
	text[2 * LK_JSON_DEPTH + 1] = '\0';
	doc = parse(text + 1); /* exactly as deep as allowed */
	CHECK(lk_json_is_array(doc));
	lk_json_free(lk_take(doc));
	doc = parse("\"[[[[[[[[[[[[[[[[[[[[ \\\" [[[[[[[[[[[[[[[[[[[[\"");
	CHECK(lk_json_is_string(doc));
}

TEST(messages_never_quote_the_document)
{
	CHECK_EQ(refused("{\"key\": \"hunter2\" hunter3}", 26), LK_TAMPERED);
	CHECK(!strstr(message, "hunter"));
	CHECK_HAS(message, "line 1");
	CHECK_HAS(message, "reply-invalid");
}

TEST(missing_and_mistyped_members_are_named)
{
	LK_JSON *doc = parse("{\"s\":\"text\",\"i\":7,\"r\":7.0,\"b\":true,\"n\":null}");
	struct lk_error err = { 0 };
	struct json_t *v = NULL;
	const char *s = "kept";
	int64_t i = 99;
	bool b = true;

	CHECK_EQ(lk_json_get_string(doc, "nonce", 9, &s, &err), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_REPLY_INVALID);
	CHECK_HAS(lk_error_format(&err, message, sizeof(message)), "member 'nonce' is missing");
	CHECK_EQ(lk_json_get_string(doc, "i", 9, &s, &err), LK_TAMPERED);
	CHECK_HAS(lk_error_format(&err, message, sizeof(message)), "member 'i' is not a string");
	CHECK_EQ(lk_json_get_string(doc, "n", 9, &s, &err), LK_TAMPERED);
	CHECK_EQ(lk_json_get_string(doc, "s", 3, &s, &err), LK_TAMPERED);
	CHECK_STR(s, "kept");
	CHECK_EQ(lk_json_get_int(doc, "r", 0, 9, &i, &err), LK_TAMPERED); /* 7.0 is no integer */
	CHECK_EQ(lk_json_get_int(doc, "s", 0, 9, &i, &err), LK_TAMPERED);
	CHECK_EQ(lk_json_get_int(doc, "b", 0, 9, &i, &err), LK_TAMPERED);
	CHECK_EQ(lk_json_get_int(doc, "i", 8, 9, &i, &err), LK_TAMPERED);
	CHECK_EQ(lk_json_get_int(doc, "i", 0, 6, &i, &err), LK_TAMPERED);
	CHECK_EQ(i, 99);
	CHECK_EQ(lk_json_get_bool(doc, "i", &b, &err), LK_TAMPERED);
	CHECK_EQ(lk_json_get_object(doc, "s", &v, &err), LK_TAMPERED);
	CHECK_EQ(lk_json_get_array(doc, "s", &v, &err), LK_TAMPERED);
	CHECK(!v);
}

TEST(only_objects_have_members)
{
	LK_JSON *doc = parse("[1]");
	struct lk_error err = { 0 };
	const char *s;
	int64_t i;

	CHECK_EQ(lk_json_get_string(doc, "a", 9, &s, &err), LK_TAMPERED);
	CHECK_EQ(lk_json_get_int(NULL, "a", 0, 9, &i, &err), LK_TAMPERED);
	CHECK(!lk_json_get(doc, "a"));
	CHECK(!lk_json_has(NULL, "a"));
	CHECK_EQ(lk_json_only(doc, (const char *const[]){ NULL }, &err), LK_TAMPERED);
	CHECK_EQ(lk_json_only(NULL, (const char *const[]){ NULL }, &err), LK_TAMPERED);
}

TEST(members_are_read)
{
	LK_JSON *doc = parse("{\"s\":\"text\",\"i\":-7,\"t\":true,\"f\":false,\"o\":{},\"a\":[],"
			     "\"max\":9223372036854775807,\"min\":-9223372036854775808}");
	struct lk_error err = { 0 };
	struct json_t *v = NULL;
	const char *s;
	int64_t i;
	bool b;

	CHECK_OK(lk_json_get_string(doc, "s", 4, &s, &err));
	CHECK_STR(s, "text");
	CHECK_OK(lk_json_get_int(doc, "i", -7, -7, &i, &err));
	CHECK_EQ(i, -7);
	CHECK_OK(lk_json_get_int(doc, "max", 0, INT64_MAX, &i, &err));
	CHECK_EQ(i, INT64_MAX);
	CHECK_OK(lk_json_get_int(doc, "min", INT64_MIN, 0, &i, &err));
	CHECK_EQ(i, INT64_MIN);
	CHECK_OK(lk_json_get_bool(doc, "t", &b, &err));
	CHECK(b);
	CHECK_OK(lk_json_get_bool(doc, "f", &b, &err));
	CHECK(!b);
	CHECK_OK(lk_json_get_object(doc, "o", &v, &err));
	CHECK(lk_json_is_object(v) && lk_json_count(v) == 0);
	CHECK_OK(lk_json_get_array(doc, "a", &v, &err));
	CHECK(lk_json_is_array(v));
	CHECK_EQ(lk_json_count(doc), 8);
}

TEST(decimal_strings_are_strict)
{
	static const char *const bad[] = {
		"\"\"",
		"\"-1\"",
		"\"+1\"",
		"\" 1\"",
		"\"1 \"",
		"\"01\"",
		"\"0x1\"",
		"\"1.0\"",
		"\"1e3\"",
		"\"18446744073709551616\"",
		"\"99999999999999999999\"",
		"\"184467440737095516150\"",
		"1",
	};
	struct lk_error err = { 0 };
	uint64_t v = 5;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char text[64];
		LK_JSON *doc = NULL;

		snprintf(text, sizeof(text), "{\"a\":%s}", bad[i]);
		doc = parse(text);
		if (lk_json_get_u64_string(doc, "a", UINT64_MAX, &v, &err) != LK_TAMPERED)
			check_fail(__FILE__, __LINE__, "accepted %s", bad[i]);
	}
	CHECK_EQ(v, 5);
}

TEST(decimal_strings_are_read)
{
	LK_JSON *doc = parse("{\"z\":\"0\",\"max\":\"18446744073709551615\",\"n\":\"4096\"}");
	struct lk_error err = { 0 };
	uint64_t v = 5;

	CHECK_OK(lk_json_get_u64_string(doc, "z", UINT64_MAX, &v, &err));
	CHECK(v == 0);
	CHECK_OK(lk_json_get_u64_string(doc, "z", 0, &v, &err));
	CHECK_OK(lk_json_get_u64_string(doc, "max", UINT64_MAX, &v, &err));
	CHECK(v == UINT64_MAX);
	CHECK_OK(lk_json_get_u64_string(doc, "n", 4096, &v, &err));
	CHECK(v == 4096);
	CHECK_EQ(lk_json_get_u64_string(doc, "n", 4095, &v, &err), LK_TAMPERED);
	CHECK_EQ(lk_json_get_u64_string(doc, "n", 7, &v, &err), LK_TAMPERED);
	CHECK_EQ(lk_json_get_u64_string(doc, "max", UINT64_MAX - 1, &v, &err), LK_TAMPERED);
}

TEST(strangers_are_refused_by_name)
{
	LK_JSON *doc = parse("{\"a\":1,\"b\":2,\"evil\\n\":3}");
	struct lk_error err = { 0 };

	CHECK_EQ(lk_json_only(doc, (const char *const[]){ "a", "b", NULL }, &err), LK_TAMPERED);
	CHECK_HAS(lk_error_format(&err, message, sizeof(message)),
		  "member 'evil?' does not belong here");
	CHECK_OK(lk_json_only(doc, (const char *const[]){ "evil\n", "b", "a", "c", NULL }, &err));
}

TEST(values_tell_their_kind)
{
	LK_JSON *doc = parse("[\"s\", 3, 3.0, null, {}, []]");
	int64_t i = 0;

	CHECK_STR(lk_json_string_value(lk_json_at(doc, 0)), "s");
	CHECK(!lk_json_string_value(lk_json_at(doc, 1)));
	CHECK(!lk_json_string_value(NULL));
	CHECK(lk_json_int_value(lk_json_at(doc, 1), &i) && i == 3);
	CHECK(!lk_json_int_value(lk_json_at(doc, 2), &i));
	CHECK(!lk_json_int_value(NULL, &i));
	CHECK(lk_json_is_null(lk_json_at(doc, 3)));
	CHECK(!lk_json_is_null(NULL));
	CHECK(!lk_json_at(doc, 6));
	CHECK_EQ(lk_json_count(doc), 6);
	CHECK_EQ(lk_json_count(NULL), 0);
}

TEST(objects_are_walked_in_order)
{
	LK_JSON *doc = parse("{\"z\":0,\"a\":1,\"m\":2}");
	struct json_t *value;
	const char *name;
	char seen[8] = "";
	void *at = NULL;

	while (lk_json_next(doc, &at, &name, &value))
		strncat(seen, name, 1);
	CHECK_STR(seen, "zam");
	lk_json_free(lk_take(doc));
	doc = parse("{}");
	at = NULL;
	CHECK(!lk_json_next(doc, &at, &name, &value));
}

TESTS(malformed_text_is_refused, duplicates_and_nul_are_refused, depth_is_limited,
      messages_never_quote_the_document, missing_and_mistyped_members_are_named,
      only_objects_have_members, members_are_read, decimal_strings_are_strict,
      decimal_strings_are_read, strangers_are_refused_by_name, values_tell_their_kind,
      objects_are_walked_in_order)
