/* SPDX-License-Identifier: Apache-2.0 */
/* Building and writing JSON: broken chains, order, canonical form, and wiped memory. */
#include "core/json.h"

#include <fcntl.h>
#include <unistd.h>

#include "core/secret.h"
#include "tests/check.h"

static char *dump(const struct json_t *v, enum lk_json_style style)
{
	struct lk_error err = { 0 };
	char *text = NULL;
	size_t n = 0;

	CHECK_OK(lk_json_dump(v, style, &text, &n, &err));
	CHECK_EQ(n, strlen(text));
	return text;
}

static struct json_t *parse(const char *text)
{
	struct lk_error err = { 0 };
	struct json_t *doc = NULL;

	lk_json_setup();
	CHECK_OK(lk_json_parse(text, strlen(text), &doc, &err));
	return doc;
}

TEST(broken_chains_end_in_an_error)
{
	struct lk_error err = { 0 };
	LK_JSON *obj = NULL;
	LK_JSON_TEXT *text = NULL;

	lk_json_setup();
	obj = lk_json_object();
	CHECK(!lk_json_set(obj, "a", NULL));
	CHECK(!lk_json_set_string(obj, "a", NULL));
	CHECK(!lk_json_set_string(obj, "a", "\xff"));
	CHECK(!lk_json_set_string(obj, "\xff", "a"));
	CHECK(!lk_json_set(NULL, "a", lk_json_object()));
	CHECK(!lk_json_append(obj, lk_json_object()));
	CHECK(!lk_json_append_string(NULL, "a"));
	CHECK_EQ(lk_json_count(obj), 0);
	CHECK_EQ(lk_json_dump(NULL, LK_JSON_COMPACT, &text, NULL, &err), LK_INTERNAL);
	CHECK(!text);
}

TEST(compact_keeps_the_order)
{
	LK_JSON *obj = NULL;
	LK_JSON_TEXT *text = NULL;
	struct json_t *list;

	lk_json_setup();
	obj = lk_json_object();
	list = lk_json_array();
	CHECK(lk_json_append_string(list, "x") && lk_json_append(list, lk_json_object()));
	CHECK(lk_json_set_string(obj, "z", "a/b\"") && lk_json_set_int(obj, "a", -5) &&
	      lk_json_set_bool(obj, "t", true) && lk_json_set_null(obj, "n") &&
	      lk_json_set_stringn(obj, "s", "abcdef", 3) && lk_json_set(obj, "list", list) &&
	      lk_json_set(obj, "again", lk_json_ref(list)));
	text = dump(obj, LK_JSON_COMPACT);
	CHECK_STR(text, "{\"z\":\"a/b\\\"\",\"a\":-5,\"t\":true,\"n\":null,\"s\":\"abc\","
			"\"list\":[\"x\",{}],\"again\":[\"x\",{}]}");
}

TEST(bytes_are_numbers)
{
	static const uint8_t bytes[] = { 0, 127, 255 };
	LK_JSON *obj = NULL;
	LK_JSON_TEXT *text = NULL;

	lk_json_setup();
	obj = lk_json_object();
	CHECK(lk_json_set_bytes(obj, "b", bytes, 3) && lk_json_set_bytes(obj, "none", bytes, 0));
	text = dump(obj, LK_JSON_COMPACT);
	CHECK_STR(text, "{\"b\":[0,127,255],\"none\":[]}");
}

TEST(bytes_as_text)
{
	LK_JSON *obj = NULL;
	LK_JSON_TEXT *text = NULL;

	lk_json_setup();
	obj = lk_json_object();
	CHECK(lk_json_set_base64(obj, "std", LK_B64_STD, "\xff\xfe", 2));
	CHECK(lk_json_set_base64(obj, "url", LK_B64_URL, "\xff\xfe", 2));
	CHECK(lk_json_set_base64(obj, "none", LK_B64_STD, "", 0));
	CHECK(!lk_json_set_base64(NULL, "x", LK_B64_STD, "", 0));
	text = dump(obj, LK_JSON_COMPACT);
	CHECK_STR(text, "{\"std\":\"//4=\",\"url\":\"__4\",\"none\":\"\"}");
}

TEST(any_value_can_be_written)
{
	LK_JSON *doc = parse("\"just text\"");
	LK_JSON_TEXT *text = dump(doc, LK_JSON_COMPACT);

	CHECK_STR(text, "\"just text\"");
}

TEST(pretty_is_for_people)
{
	LK_JSON *doc = parse("{\"a\":[1]}");
	LK_JSON_TEXT *text = dump(doc, LK_JSON_PRETTY);

	CHECK_STR(text, "{\n  \"a\": [\n    1\n  ]\n}");
}

TEST(canonical_refuses_what_it_cannot)
{
	static const char *const without[] = { "{\"a\":1.5}",
					       "[1e3]",
					       "{\"\\u00e4\":1}",
					       "[9007199254740992]",
					       "[-9223372036854775808]",
					       "{\"a\":{\"b\":[0.5]}}" };
	struct lk_error err = { 0 };
	size_t i;

	for (i = 0; i < sizeof(without) / sizeof(without[0]); i++) {
		LK_JSON_TEXT *text = NULL;
		LK_JSON *doc = parse(without[i]);

		CHECK_EQ(lk_json_dump(doc, LK_JSON_CANONICAL, &text, NULL, &err), LK_INTERNAL);
		CHECK(!text);
	}
}

/* RFC 8785, as far as the shapes in use go */
TEST(canonical_form)
{
	static const struct {
		const char *in, *out;
	} v[] = {
		{ "{ \"b\" : 1, \"a\" : [ { \"d\":2, \"c\":3 } ], \"B\":null }",
		  "{\"B\":null,\"a\":[{\"c\":3,\"d\":2}],\"b\":1}" },
		{ "{\"a-b\":1,\"a\":2,\"ab\":3}", "{\"a\":2,\"a-b\":1,\"ab\":3}" },
		{ "\"\\u001F\\u0008\\t\\n\\f\\r\\u000b\\/\\\\u001F\"",
		  "\"\\u001f\\b\\t\\n\\f\\r\\u000b/\\\\u001F\"" },
		{ "\"\\u00e4\\u20ac\\ud83d\\ude00\\u007f\"", "\"ä€😀\x7f\"" },
		{ "[9007199254740991,-9007199254740991,-0]",
		  "[9007199254740991,-9007199254740991,0]" },
		{ "[]", "[]" },
	};
	size_t i;

	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		LK_JSON *doc = parse(v[i].in);
		LK_JSON_TEXT *text = dump(doc, LK_JSON_CANONICAL);

		CHECK_STR(text, v[i].out);
	}
}

/* The canary is kept masked, so that this program's own data does not hold it. */
#define MASK 0x5a
static uint8_t canary[24];

static bool holds_canary(const uint8_t *p, size_t n)
{
	size_t i, j;

	for (i = 0; i + sizeof(canary) <= n; i++) {
		for (j = 0; j < sizeof(canary) && (p[i + j] ^ MASK) == canary[j]; j++)
			;
		if (j == sizeof(canary))
			return true;
	}
	return false;
}

static bool in_mapping(int mem, unsigned long from, unsigned long to)
{
	static uint8_t piece[65536];
	bool found = false;
	ssize_t n;

	while (!found && from < to) {
		n = pread(mem, piece, sizeof(piece), (off_t)from);
		if (n <= 0)
			return false;
		found = holds_canary(piece, (size_t)n);
		lk_wipe(piece, sizeof(piece));
		/* pieces overlap: nothing hides across their borders */
		from += (size_t)n > sizeof(canary) ? (size_t)n - sizeof(canary) : (size_t)n;
	}
	return found;
}

/* Is the canary anywhere in this process? Freed memory counts too. */
static bool in_memory(void)
{
	LK_FILE FILE *maps = fopen("/proc/self/maps", "r");
	LK_FD int mem = open("/proc/self/mem", O_RDONLY);
	unsigned long from, to;
	char line[512], mode[5];

	CHECK(maps && mem >= 0);
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx %4s", &from, &to, mode) != 3 || mode[1] != 'w')
			continue;
		/* a sanitizer's shadow is larger, and empty */
		if (to - from < (1ul << 28) && in_mapping(mem, from, to))
			return true;
	}
	return false;
}

TEST(freed_documents_leave_nothing)
{
	static const char prefix[] = "{\"key\":\"";
	char text[64];
	struct json_t *doc;
	char *written;
	size_t i, at = sizeof(prefix) - 1;

	memcpy(text, prefix, at);
	for (i = 0; i < sizeof(canary); i++) {
		canary[i] = (uint8_t)(('a' + i) ^ MASK);
		text[at++] = (char)(canary[i] ^ MASK);
	}
	memcpy(text + at, "\"}", 3);
	doc = parse(text);
	lk_wipe(text, sizeof(text));
	CHECK(in_memory());
	written = dump(doc, LK_JSON_COMPACT);
	lk_json_free(doc);
	CHECK(in_memory());
	lk_json_text_free(written);
	CHECK(!in_memory());
}

TEST(refused_documents_leave_nothing)
{
	struct lk_error err = { 0 };
	struct json_t *doc = NULL;
	char text[64] = "[\"";
	size_t i;

	for (i = 0; i < sizeof(canary); i++) {
		canary[i] = (uint8_t)(('b' + i) ^ MASK);
		text[2 + i] = (char)(canary[i] ^ MASK);
	}
	memcpy(text + 2 + sizeof(canary), "\" x", 4);
	CHECK_EQ(lk_json_parse(text, strlen(text), &doc, &err), LK_TAMPERED);
	lk_wipe(text, sizeof(text));
	CHECK(!in_memory());
}

TESTS(broken_chains_end_in_an_error, compact_keeps_the_order, bytes_are_numbers, bytes_as_text,
      any_value_can_be_written, pretty_is_for_people, canonical_refuses_what_it_cannot,
      canonical_form, freed_documents_leave_nothing, refused_documents_leave_nothing)
