/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the header lines of an answer, and telling addresses; pure. */
#include <string.h>
#include <strings.h>

#include "core/http.h"

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool line_value(const char *line, size_t len, const char *name, const char **ret_value,
		       size_t *ret_len)
{
	const size_t n = strlen(name);

	if (len <= n || line[n] != ':' || strncasecmp(line, name, n) != 0)
		return false;
	line += n + 1;
	len -= n + 1;
	while (len > 0 && blank(line[0])) {
		line++;
		len--;
	}
	while (len > 0 && blank(line[len - 1]))
		len--;
	*ret_value = line;
	*ret_len = len;
	return true;
}

bool lk_http_header(const void *head, size_t len, const char *name, unsigned which,
		    const char **ret_value, size_t *ret_len)
{
	const char *p = head, *end = p + len;

	while (p < end) {
		const char *stop = memchr(p, '\n', (size_t)(end - p));
		const char *value;
		size_t n;

		stop = stop ? stop : end;
		if (line_value(p, (size_t)(stop - p), name, &value, &n) && which-- == 0) {
			*ret_value = value;
			*ret_len = n;
			return true;
		}
		p = stop + 1;
	}
	return false;
}

uint32_t lk_http_retry_after(const char *value, size_t len)
{
	const uint32_t most = 3600;
	uint32_t s = 0;
	size_t i;

	for (i = 0; i < len; i++) {
		if (value[i] < '0' || value[i] > '9')
			return 0;
		s = s * 10 + (uint32_t)(value[i] - '0');
		s = s < most ? s : most;
	}
	return s * 1000;
}

bool lk_http_is_metadata(const char *address)
{
	static const char *const known[] = { "100.100.100.200",	       "169.254.169.254",
					     "169.254.170.2",	       "fd00:ec2::254",
					     "::ffff:100.100.100.200", "::ffff:169.254.169.254" };
	size_t i;

	for (i = 0; address && i < sizeof(known) / sizeof(known[0]); i++)
		if (strcasecmp(address, known[i]) == 0)
			return true;
	return false;
}
