/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happened, as far as the caller must care: an outcome class, a stable code, and a
 * chain of context that is printed once, by the program's main.
 *
 * A function that can fail returns enum lk_status and takes a struct lk_error * last. It
 * raises where something breaks and callers add context on the way up:
 *
 *	st = lk_json_get_string(doc, "nonce", 256, &nonce, err);
 *	if (st)
 *		return lk_context(err, "read the challenge");
 *
 * Frames are phrases ("attest to key broker https://kbs"), never sentences, and never hold a
 * secret, a child's output or a reply's body. Outputs are untouched unless LK_OK is returned.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/codes.h"

enum lk_status {
	LK_OK = 0,
	LK_CONFIG,   /* the operator must change something */
	LK_ABSENT,   /* device, TEE or resource is not there */
	LK_AGAIN,    /* may work in a moment: network, 5xx, 429 */
	LK_DENIED,   /* somebody who may refuse did; never retried */
	LK_TAMPERED, /* a signature, hash, header or key does not fit */
	LK_TIMEOUT,  /* the deadline is spent */
	LK_INTERNAL, /* our bug, or out of resources */
};

/* Stable codes, finer than classes; each belongs to one class (core/codes.h). */
enum lk_code {
	LK_C_NONE = 0,
#define LK_CODE_ENUM(id, status, name, help) LK_C_##id,
	LK_CODES(LK_CODE_ENUM)
#undef LK_CODE_ENUM
		LK_N_CODES,
};

#define LK_ERROR_FRAMES 8
#define LK_ERROR_TEXT	160

/* Lives on the caller's stack; `= { 0 }` is "nothing happened". Plain bytes: may be sent
 * over a socket pair to the parent process. */
struct lk_error {
	enum lk_status status;
	enum lk_code code;
	uint32_t retry_after_ms; /* LK_AGAIN only: what the peer asked for; 0 = it did not say */
	uint32_t n_frames;
	struct lk_error_frame {
		char func[32];
		int line;
		char text[LK_ERROR_TEXT];
	} frames[LK_ERROR_FRAMES]; /* innermost first; when full, the newest replaces the last */
};

/* An error's status is never LK_OK. Inline, so that compilers and analyzers see it at each raise. */
static inline enum lk_status lk_never_ok(enum lk_status status)
{
	return status ? status : LK_INTERNAL;
}

/* Start an error of a class. Resets whatever err held. Returns status. */
#define lk_raise(err, status, ...)                                                                 \
	lk_never_ok(lk_raise_at((err), (status), __func__, __LINE__, __VA_ARGS__))
/* Start an error by its stable code; the class follows from the code. Returns that class. */
#define lk_raise_code(err, code, ...)                                                              \
	lk_never_ok(lk_raise_code_at((err), (code), __func__, __LINE__, __VA_ARGS__))
/* Say what was being attempted. Returns err->status. */
#define lk_context(err, ...) lk_never_ok(lk_context_at((err), __func__, __LINE__, __VA_ARGS__))

enum lk_status lk_raise_at(struct lk_error *err, enum lk_status status, const char *func, int line,
			   const char *fmt, ...) __attribute__((format(printf, 5, 6), cold));
enum lk_status lk_raise_code_at(struct lk_error *err, enum lk_code code, const char *func, int line,
				const char *fmt, ...) __attribute__((format(printf, 5, 6), cold));
enum lk_status lk_context_at(struct lk_error *err, const char *func, int line, const char *fmt, ...)
	__attribute__((format(printf, 4, 5), cold));

/* "CONFIG", "ABSENT", ...: stable, for logs, reports and JSON. */
const char *lk_status_name(enum lk_status status);
/* "header-cipher", ...: stable; the class in lower case when the error has no code of its own. */
const char *lk_error_code_name(const struct lk_error *err);
/* One sentence for the operator from the table, or NULL. */
const char *lk_code_help(enum lk_code code);
/* The row by its number, for tables and the manual; false past the end. */
enum lk_status lk_code_status(enum lk_code code);
const char *lk_code_name(enum lk_code code);

/* Write "outer: inner: innermost [CLASS code]" into buf, always terminated; control characters
 * and non-ASCII bytes are replaced by '?'. Returns buf. */
char *lk_error_format(const struct lk_error *err, char *buf, size_t size);

/* The program's exit status for a class; documented in latchkey(8): 0 OK, 1 CONFIG (also wrong
 * usage), 2 ABSENT, 3 AGAIN, 4 DENIED, 5 TAMPERED, 6 TIMEOUT, 7 INTERNAL. */
int lk_exit_code(enum lk_status status);
