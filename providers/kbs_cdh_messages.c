/* SPDX-License-Identifier: Apache-2.0 */
/* What goes to and comes from a confidential data hub; pure. */
#include <stdio.h>
#include <string.h>

#include "core/base64.h"
#include "core/cleanup.h"
#include "core/proto.h"
#include "providers/kbs_cdh.h"

#define BEGIN	 "-----BEGIN CERTIFICATE-----"
#define END	 "-----END CERTIFICATE-----"
#define RESOURCE "resource/"

void lk_cdh_uri(const struct lk_kbs_name *name, char out[LK_CDH_URI_MAX])
{
	const char *path = strchr(name->target, '/') + 1;
	const int plugin = (int)(path - name->target) - 1;

	if (strncmp(name->target, RESOURCE, sizeof(RESOURCE) - 1) == 0)
		(void)snprintf(out, LK_CDH_URI_MAX, "kbs:///%s", path);
	else
		(void)snprintf(out, LK_CDH_URI_MAX, "kbs+%.*s:///%s", plugin, name->target, path);
}

/* ---- the program's configuration ---- */

/* Certificates alone, and of them what base64 and its lines take: nothing of it can end the string
 * of TOML that it stands in. */
static bool write_certificates(FILE *out, const char *pem)
{
	static const char legal[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789+/=\r\n";
	const char *at = pem, *body, *end;

	while ((at = strstr(at, BEGIN))) {
		body = at + sizeof(BEGIN) - 1;
		end = strstr(body, END);
		if (!end || strspn(body, legal) != (size_t)(end - body))
			return false;
		end += sizeof(END) - 1;
		fprintf(out, "%.*s\n", (int)(end - at), at);
		at = end;
	}
	return true;
}

enum lk_status lk_cdh_config(const char *url, const char *pem, char **ret, struct lk_error *err)
{
	LK_FREE char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bool ok = true;

	if (!out)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	fprintf(out, "socket = \"%s\"\n[kbc]\nname = \"cc_kbc\"\nurl = \"%s\"\n", LK_CDH_SOCKET,
		url);
	if (pem) {
		fprintf(out, "kbs_cert = \"\"\"\n");
		ok = write_certificates(out, pem);
		fprintf(out, "\"\"\"\n");
	}
	if (fclose(out) || !text)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	if (!ok)
		return lk_raise_code(err, LK_C_CONFIG_VALUE,
				     "kbs_root_cert holds a certificate that cannot be read");
	*ret = lk_take(text);
	return LK_OK;
}

/* ---- its output ---- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

enum lk_status lk_cdh_output(const void *text, size_t n, struct lk_secret *ret,
			     struct lk_error *err)
{
	const char *first = text, *end = first + n, *at;
	LK_SECRET key = { 0 };
	enum lk_status st;

	while (end > first && is_blank(end[-1]))
		end--;
	for (at = end; at > first && at[-1] != '\n'; at--)
		;
	while (at < end && is_blank(*at))
		at++;
	if (at == end)
		return lk_raise_code(err, LK_C_CDH_FAILED, "the hub wrote nothing");
	st = lk_secret_alloc(&key, LK_CDH_KEY_MAX, err);
	if (st)
		return st;
	if (!lk_b64_decode(LK_B64_STD, at, (size_t)(end - at), key.data, key.cap, &key.len))
		return lk_raise_code(err, LK_C_REPLY_INVALID,
				     "the last line of its output is not a key in base64");
	*ret = lk_secret_take(&key);
	return LK_OK;
}

/* ---- the daemon's messages ---- */

enum lk_status lk_cdh_request(const char *uri, struct lk_secret *ret, struct lk_error *err)
{
	LK_SECRET message = { 0 };
	enum lk_status st;

	st = lk_secret_alloc(&message, LK_CDH_URI_MAX + 16, err);
	if (!st)
		st = lk_proto_put(&message, 1, uri, strlen(uri), err);
	if (!st)
		*ret = lk_secret_take(&message);
	return st;
}

enum lk_status lk_cdh_resource(const void *message, size_t n, struct lk_secret *ret,
			       struct lk_error *err)
{
	struct lk_proto_bytes key;

	if (!lk_proto_bytes(message, n, 1, &key) || key.len > LK_CDH_KEY_MAX)
		return lk_raise_code(err, LK_C_REPLY_INVALID, "the hub's answer is not a resource");
	return lk_secret_from(ret, key.data ? (const void *)key.data : "", key.len, err);
}
