/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses: what is accepted is printable, and its canonical form means the same again. */
#include <stdlib.h>
#include <string.h>

#include "core/uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void plain(const char *text)
{
	for (; *text; text++)
		if (*text <= 0x20 || *text > 0x7e || strchr("\\%\"<>^`{}|", *text))
			abort();
}

static void url(const char *text)
{
	struct lk_error err = { 0 };
	struct lk_url a, b;

	if (lk_url_parse(text, &a, &err))
		return;
	plain(a.base);
	if (lk_url_parse(a.base, &b, &err) || strcmp(a.base, b.base) != 0 ||
	    strcmp(a.host, b.host) != 0 || a.port != b.port || a.tls != b.tls ||
	    a.literal != b.literal || a.loopback != b.loopback)
		abort();
}

static void name(const char *text)
{
	struct lk_error err = { 0 };
	struct lk_kbs_name n;

	if (lk_kbs_name_parse(text, &n, &err))
		return;
	plain(n.target);
	n.target[strcspn(n.target, "?")] = '\0';
	if (strstr(n.target, "/../") || strstr(n.target, "//"))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);

	if (!text)
		return 0;
	url(text);
	name(text);
	free(text);
	return 0;
}
