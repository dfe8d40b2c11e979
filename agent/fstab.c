/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of fstab(5): fields between blanks, octal escapes, '#' at the beginning of a line. */
#include "agent/fstab.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define MAPPER "/dev/mapper/"

struct field {
	const char *text;
	size_t len;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct field next_field(const char **at, const char *end)
{
	struct field f;

	while (*at < end && is_blank(**at))
		++*at;
	f.text = *at;
	while (*at < end && !is_blank(**at))
		++*at;
	f.len = (size_t)(*at - f.text);
	return f;
}

static bool is_octal(const char *p)
{
	return p[0] >= '0' && p[0] <= '3' && p[1] >= '0' && p[1] <= '7' && p[2] >= '0' &&
	       p[2] <= '7';
}

/* A blank is written \040. Empty when it does not fit, or would hold a NUL. */
static void unescape(const struct field *f, char *out, size_t size)
{
	size_t i, n = 0;

	for (i = 0; i < f->len && n < size - 1; n++) {
		if (f->text[i] == '\\' && f->len - i >= 4 && is_octal(f->text + i + 1)) {
			out[n] = (char)((f->text[i + 1] - '0') * 64 + (f->text[i + 2] - '0') * 8 +
					(f->text[i + 3] - '0'));
			i += 4;
		} else {
			out[n] = f->text[i++];
		}
		if (!out[n])
			return (void)(out[0] = '\0');
	}
	out[i == f->len ? n : 0] = '\0';
}

bool lk_fstab_next(const char **at, const char *end, unsigned *number, struct lk_fstab_line *ret)
{
	while (*at < end) {
		const char *line = *at;
		const char *stop = memchr(line, '\n', (size_t)(end - line));
		struct field f[4];
		size_t i;

		if (!stop)
			stop = end;
		*at = stop < end ? stop + 1 : end;
		++*number;
		for (i = 0; i < 4; i++)
			f[i] = next_field(&line, stop);
		if (!f[2].len || f[0].text[0] == '#')
			continue;
		*ret = (struct lk_fstab_line){
			.number = *number,
			.file = f[1].text,
			.file_len = f[1].len,
			.type = f[2].text,
			.type_len = f[2].len,
			.options = f[3].text,
			.options_len = f[3].len,
		};
		unescape(&f[0], ret->spec, sizeof(ret->spec));
		return true;
	}
	return false;
}

const char *lk_fstab_mapping(const struct lk_fstab_line *line)
{
	const size_t n = strlen(MAPPER);

	return strncmp(line->spec, MAPPER, n) == 0 ? line->spec + n : NULL;
}

bool lk_fstab_has(const struct lk_fstab_line *line, const char *option)
{
	const char *p = line->options, *const end = p + line->options_len;
	const size_t n = strlen(option);

	while (p < end) {
		const char *stop = memchr(p, ',', (size_t)(end - p));

		if (!stop)
			stop = end;
		if ((size_t)(stop - p) >= n && memcmp(p, option, n) == 0 &&
		    (p + n == stop || p[n] == '='))
			return true;
		p = stop < end ? stop + 1 : end;
	}
	return false;
}

bool lk_fstab_is_swap(const struct lk_fstab_line *line)
{
	return line->type_len == 4 && memcmp(line->type, "swap", 4) == 0;
}

/* One part of a path, behind the n bytes that are there; the new length, or 0 when it does not fit. */
static size_t append_part(char out[LK_FSTAB_UNIT], size_t n, const char *part, size_t len)
{
	size_t i;

	if (n)
		out[n++] = '-';
	for (i = 0; i < len; i++) {
		const unsigned char c = (unsigned char)part[i];
		const bool plain = isalnum(c) || c == '_' || c == ':' || (c == '.' && n > 0);

		if (n + sizeof("\\xff.mount") > LK_FSTAB_UNIT)
			return 0;
		if (plain)
			out[n++] = (char)c;
		else
			n += (size_t)snprintf(out + n, LK_FSTAB_UNIT - n, "\\x%02x", c);
	}
	return n;
}

bool lk_fstab_mount_unit(const struct lk_fstab_line *line, char out[LK_FSTAB_UNIT])
{
	const struct field file = { line->file, line->file_len };
	char path[LK_FSTAB_UNIT];
	const char *p = path;
	size_t len, n = 0;

	unescape(&file, path, sizeof(path));
	if (lk_fstab_is_swap(line) || *p != '/')
		return false;
	for (; *p; p += len) {
		p += strspn(p, "/");
		len = strcspn(p, "/");
		if (!len || (len == 1 && *p == '.'))
			continue;
		if (len == 2 && p[0] == '.' && p[1] == '.')
			return false;
		n = append_part(out, n, p, len);
		if (!n)
			return false;
	}
	(void)snprintf(out + n, LK_FSTAB_UNIT - n, "%s.mount", n ? "" : "-");
	return true;
}
