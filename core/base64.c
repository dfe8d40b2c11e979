/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 and hex without tables: letters are reckoned from ranges, so that neither a branch nor
 * a memory access depends on the data. Only lengths and validity show. */
#include "core/base64.h"

#include <string.h>

/* All ones if lo <= c <= hi, else zero; for values below 2^15. */
static unsigned in_range(unsigned c, unsigned lo, unsigned hi)
{
	return 0u - (1u ^ (((c - lo) | (hi - c)) >> 31));
}

static char b64_letter(enum lk_b64 dialect, unsigned v)
{
	unsigned c62 = dialect == LK_B64_URL ? '-' : '+', c63 = dialect == LK_B64_URL ? '_' : '/';

	return (char)((in_range(v, 0, 25) & ('A' + v)) | (in_range(v, 26, 51) & ('a' + v - 26)) |
		      (in_range(v, 52, 61) & ('0' + v - 52)) | (in_range(v, 62, 62) & c62) |
		      (in_range(v, 63, 63) & c63));
}

/* The six bits of a letter; bit 6 and up are set when it is none. */
static unsigned b64_value(enum lk_b64 dialect, char letter)
{
	unsigned c = (unsigned char)letter;
	unsigned c62 = dialect == LK_B64_URL ? '-' : '+', c63 = dialect == LK_B64_URL ? '_' : '/';
	unsigned upper = in_range(c, 'A', 'Z'), lower = in_range(c, 'a', 'z');
	unsigned digit = in_range(c, '0', '9');
	unsigned is62 = in_range(c, c62, c62), is63 = in_range(c, c63, c63);

	return (upper & (c - 'A')) | (lower & (c - 'a' + 26)) | (digit & (c - '0' + 52)) |
	       (is62 & 62) | (is63 & 63) | (~(upper | lower | digit | is62 | is63) & 64);
}

size_t lk_b64_encode(enum lk_b64 dialect, const void *data, size_t n, char *out)
{
	const uint8_t *p = data;
	size_t at = 0, i;
	unsigned bits = 0, n_bits = 0;

	for (i = 0; i < n; i++) {
		bits = (bits << 8 | p[i]) & 0x3fff;
		n_bits += 8;
		for (; n_bits >= 6; n_bits -= 6)
			out[at++] = b64_letter(dialect, bits >> (n_bits - 6) & 63);
	}
	if (n_bits)
		out[at++] = b64_letter(dialect, bits << (6 - n_bits) & 63);
	while (dialect == LK_B64_STD && at % 4)
		out[at++] = '=';
	out[at] = '\0';
	return at;
}

/* How many of len characters are letters; false when padding or length cannot be right. */
static bool count_letters(enum lk_b64 dialect, const char *text, size_t len, size_t *ret)
{
	size_t letters = len;

	if (dialect == LK_B64_STD) {
		if (len % 4)
			return false;
		while (letters && len - letters < 2 && text[letters - 1] == '=')
			letters--;
	}
	*ret = letters;
	return letters % 4 != 1;
}

bool lk_b64_decode(enum lk_b64 dialect, const char *text, size_t len, uint8_t *out, size_t cap,
		   size_t *ret_n)
{
	unsigned bits = 0, n_bits = 0, bad = 0, v;
	size_t letters, n, at = 0, i;

	if (!count_letters(dialect, text, len, &letters))
		return false;
	n = letters / 4 * 3 + letters % 4 * 6 / 8;
	if (n > cap)
		return false;
	for (i = 0; i < letters; i++) {
		v = b64_value(dialect, text[i]);
		bad |= v >> 6;
		bits = (bits << 6 | (v & 63)) & 0x3fff;
		n_bits += 6;
		if (n_bits >= 8) {
			n_bits -= 8;
			out[at++] = (uint8_t)(bits >> n_bits);
		}
	}
	bad |= bits & ((1u << n_bits) - 1);
	if (bad) {
		if (n)
			memset(out, 0, n);
		return false;
	}
	*ret_n = n;
	return true;
}

void lk_hex_encode(const void *data, size_t n, char *out)
{
	const uint8_t *p = data;
	unsigned v;
	size_t i;

	for (i = 0; i < 2 * n; i++) {
		v = p[i / 2] >> (i % 2 ? 0 : 4) & 15u;
		out[i] = (char)('0' + v + (in_range(v, 10, 15) & ('a' - '0' - 10)));
	}
	out[2 * n] = '\0';
}

static unsigned hex_value(char letter)
{
	unsigned c = (unsigned char)letter;
	unsigned digit = in_range(c, '0', '9');
	unsigned lower = in_range(c, 'a', 'f'), upper = in_range(c, 'A', 'F');

	return (digit & (c - '0')) | (lower & (c - 'a' + 10)) | (upper & (c - 'A' + 10)) |
	       (~(digit | lower | upper) & 16);
}

bool lk_hex_decode(const char *text, size_t len, uint8_t *out, size_t cap, size_t *ret_n)
{
	unsigned bad = 0, high, low;
	size_t i;

	if (len % 2 || len / 2 > cap)
		return false;
	for (i = 0; i < len / 2; i++) {
		high = hex_value(text[2 * i]);
		low = hex_value(text[2 * i + 1]);
		bad |= (high | low) >> 4;
		out[i] = (uint8_t)(high << 4 | (low & 15));
	}
	if (bad) {
		memset(out, 0, len / 2);
		return false;
	}
	*ret_n = len / 2;
	return true;
}
