/* SPDX-License-Identifier: Apache-2.0 */
/* The outcome classes, the stable codes, and the chain of context behind an error. An error may
 * have crossed a socket pair, so that nothing here trusts its numbers or terminators. */
#include "core/error.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	const char *code; /* for errors that have no code of their own */
} classes[] = {
	[LK_OK] = { "OK", "ok" },
	[LK_CONFIG] = { "CONFIG", "config" },
	[LK_ABSENT] = { "ABSENT", "absent" },
	[LK_AGAIN] = { "AGAIN", "again" },
	[LK_DENIED] = { "DENIED", "denied" },
	[LK_TAMPERED] = { "TAMPERED", "tampered" },
	[LK_TIMEOUT] = { "TIMEOUT", "timeout" },
	[LK_INTERNAL] = { "INTERNAL", "internal" },
};

static const struct {
	enum lk_status status;
	const char *name;
	const char *help;
} codes[LK_N_CODES] = {
#define LK_CODE_ROW(id, status, name, help) [LK_C_##id] = { status, name, help },
	LK_CODES(LK_CODE_ROW)
#undef LK_CODE_ROW
};

static enum lk_status known_status(enum lk_status status)
{
	return (unsigned)status <= LK_INTERNAL ? status : LK_INTERNAL;
}

static uint32_t known_frames(const struct lk_error *err)
{
	return err->n_frames <= LK_ERROR_FRAMES ? err->n_frames : LK_ERROR_FRAMES;
}

__attribute__((format(printf, 4, 0))) static void add_frame(struct lk_error *err, const char *func,
							    int line, const char *fmt, va_list ap)
{
	uint32_t n = known_frames(err);
	struct lk_error_frame *f = &err->frames[n < LK_ERROR_FRAMES ? n : LK_ERROR_FRAMES - 1];

	(void)snprintf(f->func, sizeof(f->func), "%s", func);
	f->line = line;
	(void)vsnprintf(f->text, sizeof(f->text), fmt, ap);
	err->n_frames = n < LK_ERROR_FRAMES ? n + 1 : n;
}

enum lk_status lk_raise_at(struct lk_error *err, enum lk_status status, const char *func, int line,
			   const char *fmt, ...)
{
	va_list ap;

	memset(err, 0, sizeof(*err));
	/* an error that claims success would be acted upon as one */
	err->status = status == LK_OK ? LK_INTERNAL : known_status(status);
	va_start(ap, fmt);
	add_frame(err, func, line, fmt, ap);
	va_end(ap);
	return err->status;
}

enum lk_status lk_raise_code_at(struct lk_error *err, enum lk_code code, const char *func, int line,
				const char *fmt, ...)
{
	va_list ap;

	memset(err, 0, sizeof(*err));
	err->status = lk_code_status(code);
	err->code = lk_code_name(code) ? code : LK_C_NONE;
	va_start(ap, fmt);
	add_frame(err, func, line, fmt, ap);
	va_end(ap);
	return err->status;
}

enum lk_status lk_context_at(struct lk_error *err, const char *func, int line, const char *fmt, ...)
{
	va_list ap;

	if (err->status == LK_OK)
		err->status = LK_INTERNAL;
	va_start(ap, fmt);
	add_frame(err, func, line, fmt, ap);
	va_end(ap);
	return err->status;
}

const char *lk_status_name(enum lk_status status)
{
	return classes[known_status(status)].name;
}

static bool known_code(enum lk_code code)
{
	return (unsigned)code > LK_C_NONE && (unsigned)code < LK_N_CODES;
}

const char *lk_error_code_name(const struct lk_error *err)
{
	if (known_code(err->code))
		return codes[err->code].name;
	return classes[known_status(err->status)].code;
}

const char *lk_code_help(enum lk_code code)
{
	return known_code(code) ? codes[code].help : NULL;
}

enum lk_status lk_code_status(enum lk_code code)
{
	return known_code(code) ? codes[code].status : LK_INTERNAL;
}

const char *lk_code_name(enum lk_code code)
{
	return known_code(code) ? codes[code].name : NULL;
}

/* Append at most n bytes of text, made printable, and keep buf terminated. */
static size_t append(char *buf, size_t size, size_t at, const char *text, size_t n)
{
	for (; n && *text && at + 1 < size; n--, text++)
		buf[at++] = *text >= ' ' && *text <= '~' ? *text : '?';
	buf[at] = '\0';
	return at;
}

char *lk_error_format(const struct lk_error *err, char *buf, size_t size)
{
	const char *class = lk_status_name(err->status), *code = lk_error_code_name(err);
	char tail[64];
	size_t at = 0, tail_len, room;
	uint32_t i = known_frames(err);

	if (!size)
		return buf;
	buf[0] = '\0';
	(void)snprintf(tail, sizeof(tail), " [%s %s]", class, code);
	tail_len = strlen(tail);
	/* a long story is cut before its class and code are */
	room = size > tail_len ? size - tail_len : 1;
	while (i--) {
		at = append(buf, room, at, err->frames[i].text, sizeof(err->frames[i].text));
		if (i)
			at = append(buf, room, at, ": ", 2);
	}
	append(buf, size, at, at ? tail : tail + 1, sizeof(tail));
	return buf;
}

int lk_exit_code(enum lk_status status)
{
	return (int)known_status(status);
}
