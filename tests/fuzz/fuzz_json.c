/* SPDX-License-Identifier: Apache-2.0 */
/* JSON: what parses can be written, and reads back as the same text; readers never fault. */
#include <stdlib.h>
#include <string.h>

#include "core/json.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	lk_json_setup();
	return 0;
}

static void read_members(struct json_t *obj)
{
	static const char *const none[] = { NULL };
	struct lk_error err = { 0 };
	struct json_t *v, *out;
	void *at = NULL;
	const char *name, *s;
	uint64_t u;
	int64_t i;
	bool b;

	(void)lk_json_only(obj, none, &err);
	while (lk_json_next(obj, &at, &name, &v)) {
		(void)lk_json_get_string(obj, name, 16, &s, &err);
		(void)lk_json_get_int(obj, name, -9, 9, &i, &err);
		(void)lk_json_get_bool(obj, name, &b, &err);
		(void)lk_json_get_object(obj, name, &out, &err);
		(void)lk_json_get_array(obj, name, &out, &err);
		(void)lk_json_get_u64_string(obj, name, 1u << 20, &u, &err);
		if (lk_json_get(obj, name) != v)
			abort();
	}
}

/* Text of a style, or NULL where that style has none. */
static char *text_of(const struct json_t *doc, enum lk_json_style style, size_t *ret_len)
{
	struct lk_error err = { 0 };
	char *text = NULL;

	if (lk_json_dump(doc, style, &text, ret_len, &err) != LK_OK && style != LK_JSON_CANONICAL)
		abort();
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	LK_JSON *doc = NULL;
	LK_JSON *again = NULL;
	LK_JSON_TEXT *compact = NULL;
	LK_JSON_TEXT *twice = NULL;
	LK_JSON_TEXT *canonical = NULL;
	struct lk_error err = { 0 };
	size_t n, m;

	if (lk_json_parse((const char *)data, size, &doc, &err) != LK_OK)
		return 0;
	read_members(doc);
	compact = text_of(doc, LK_JSON_COMPACT, &n);
	canonical = text_of(doc, LK_JSON_CANONICAL, &m);
	if (lk_json_parse(compact, n, &again, &err) != LK_OK)
		abort();
	twice = text_of(again, LK_JSON_COMPACT, &m);
	if (n != m || memcmp(compact, twice, n) != 0)
		abort();
	return 0;
}
