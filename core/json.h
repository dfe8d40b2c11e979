/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Typed reads and writes of JSON that name what is missing, over jansson, whose memory is wiped
 * when freed: a document may hold a secret. The only user of jansson.
 *
 * Parsing is strict: RFC 8259, one value, no trailing bytes, duplicate members refused, no
 * \u0000, nesting at most LK_JSON_DEPTH. The caller bounds the size. Reads raise LK_TAMPERED
 * with LK_C_REPLY_INVALID; callers of other kinds of documents raise their own with the text.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base64.h"
#include "core/cleanup.h"
#include "core/error.h"

#define LK_JSON_DEPTH 16

struct json_t; /* jansson's own type; reference counted; borrowed unless said otherwise */

/* Install the wiping allocator; called once by each program before anything else. */
void lk_json_setup(void);

enum lk_status lk_json_parse(const char *text, size_t len, struct json_t **ret,
			     struct lk_error *err);
void lk_json_free(struct json_t *doc); /* drops one reference; NULL is fine */
LK_DEFINE_CLEANUP(struct json_t *, lk_json_free)
#define LK_JSON LK_CLEANUP(lk_json_free_p) struct json_t

/* Members of an object. Borrowed results live as long as the document. max: longest string in
 * bytes. Integers must be JSON integers within [min, max]. */
enum lk_status lk_json_get_string(const struct json_t *obj, const char *name, size_t max,
				  const char **ret, struct lk_error *err);
enum lk_status lk_json_get_int(const struct json_t *obj, const char *name, int64_t min, int64_t max,
			       int64_t *ret, struct lk_error *err);
enum lk_status lk_json_get_bool(const struct json_t *obj, const char *name, bool *ret,
				struct lk_error *err);
enum lk_status lk_json_get_object(const struct json_t *obj, const char *name, struct json_t **ret,
				  struct lk_error *err);
enum lk_status lk_json_get_array(const struct json_t *obj, const char *name, struct json_t **ret,
				 struct lk_error *err);
/* A decimal number in a string, as LUKS2 writes sizes: digits only, no leading zero, no sign. */
enum lk_status lk_json_get_u64_string(const struct json_t *obj, const char *name, uint64_t max,
				      uint64_t *ret, struct lk_error *err);
bool lk_json_has(const struct json_t *obj, const char *name);
struct json_t *lk_json_get(const struct json_t *obj, const char *name); /* NULL if absent */

bool lk_json_is_object(const struct json_t *v);
bool lk_json_is_array(const struct json_t *v);
bool lk_json_is_string(const struct json_t *v);
bool lk_json_is_null(const struct json_t *v);
const char *lk_json_string_value(const struct json_t *v);     /* NULL if not a string */
bool lk_json_int_value(const struct json_t *v, int64_t *ret); /* false if not an integer */

/* Refuse members outside the NULL-terminated list: LK_TAMPERED naming the member. */
enum lk_status lk_json_only(const struct json_t *obj, const char *const *names,
			    struct lk_error *err);

size_t lk_json_count(const struct json_t *v); /* members or items */
struct json_t *lk_json_at(const struct json_t *array, size_t i);
/* Walk an object: start with *iter = NULL; false at the end. Do not change obj meanwhile. */
bool lk_json_next(struct json_t *obj, void **iter, const char **name, struct json_t **value);

/* Building: constructors return NULL only when out of memory; setters take ownership of the
 * value (also when they fail) and return false on failure or a NULL value, so a chain of them
 * can be checked once: ok = lk_json_set_x(...) && lk_json_set_y(...). */
struct json_t *lk_json_object(void);
struct json_t *lk_json_array(void);
struct json_t *lk_json_ref(struct json_t *v);
bool lk_json_set(struct json_t *obj, const char *name, struct json_t *value);
bool lk_json_set_string(struct json_t *obj, const char *name, const char *value);
bool lk_json_set_stringn(struct json_t *obj, const char *name, const char *value, size_t len);
/* Bytes as text. */
bool lk_json_set_base64(struct json_t *obj, const char *name, enum lk_b64 dialect, const void *data,
			size_t n);
bool lk_json_set_int(struct json_t *obj, const char *name, int64_t value);
bool lk_json_set_bool(struct json_t *obj, const char *name, bool value);
bool lk_json_set_null(struct json_t *obj, const char *name);
bool lk_json_append(struct json_t *array, struct json_t *value);
bool lk_json_append_string(struct json_t *array, const char *value);
/* An array of n numbers from 0 to 255, as some protocols write bytes. */
bool lk_json_set_bytes(struct json_t *obj, const char *name, const uint8_t *bytes, size_t n);

/* Text of a value, malloc'ed and terminated. LK_JSON_COMPACT keeps the order of insertion;
 * LK_JSON_CANONICAL is RFC 8785 for the shapes we use (sorted, minimal escapes);
 * LK_JSON_PRETTY is for people. Free with lk_json_text_free, which wipes. */
enum lk_json_style { LK_JSON_COMPACT, LK_JSON_CANONICAL, LK_JSON_PRETTY };
enum lk_status lk_json_dump(const struct json_t *v, enum lk_json_style style, char **ret,
			    size_t *ret_len, struct lk_error *err);
void lk_json_text_free(char *text);
LK_DEFINE_CLEANUP(char *, lk_json_text_free)
#define LK_JSON_TEXT LK_CLEANUP(lk_json_text_free_p) char
