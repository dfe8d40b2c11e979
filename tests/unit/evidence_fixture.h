/* SPDX-License-Identifier: Apache-2.0 */
/* Recorded evidence for the tests of keyserver/verifier_*.c. */
#pragma once

#include <stdio.h>

#include "core/cleanup.h"
#include "core/json.h"
#include "keyserver/trust.h"
#include "keyserver/verifier.h"
#include "tests/check.h"

#define IN_2025 1756000000 /* when all recorded certificates were valid */

struct file {
	uint8_t data[64 * 1024];
	size_t n;
};

__attribute__((unused)) static void file_read(const char *name, struct file *ret)
{
	char path[512];
	LK_FILE FILE *f = NULL;

	snprintf(path, sizeof(path), LK_SOURCE_DIR "/tests/fixtures/evidence/%s", name);
	f = fopen(path, "rb");
	CHECK(f);
	ret->n = fread(ret->data, 1, sizeof(ret->data), f);
	CHECK(ret->n > 0 && ret->n < sizeof(ret->data));
}

__attribute__((unused)) static struct json_t *json_bytes(const uint8_t *data, size_t n)
{
	struct json_t *list = lk_json_array();
	LK_JSON *holder = lk_json_object();
	size_t i;

	for (i = 0; i < n; i++) {
		CHECK(lk_json_set_int(holder, "byte", data[i]));
		CHECK(lk_json_append(list, lk_json_ref(lk_json_get(holder, "byte"))));
	}
	return list;
}

/* The claim at a dotted path, as text; "" if it is not there. */
__attribute__((unused)) static const char *claim(const struct json_t *claims, const char *path)
{
	static char text[512];
	LK_JSON *holder = lk_json_object();
	LK_JSON_TEXT *dump = NULL;
	struct lk_error err = { 0 };
	char part[64];
	size_t n, len;

	while (claims && *path) {
		n = strcspn(path, ".");
		snprintf(part, sizeof(part), "%.*s", (int)n, path);
		claims = lk_json_get(claims, part);
		path += n + (path[n] == '.');
	}
	if (!claims)
		return "";
	if (lk_json_is_string(claims))
		return lk_json_string_value(claims);
	CHECK(lk_json_set(holder, "x", lk_json_ref((struct json_t *)(uintptr_t)claims)));
	CHECK_OK(lk_json_dump(holder, LK_JSON_CANONICAL, &dump, &len, &err));
	snprintf(text, sizeof(text), "%.*s", (int)(len - 6), dump + 5);
	return text;
}
