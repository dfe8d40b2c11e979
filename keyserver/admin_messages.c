/* SPDX-License-Identifier: Apache-2.0 */
/* Resources in JSON, by hand where a secret would else pass through a library's strings. */
#include "keyserver/admin_messages.h"

#include <stdio.h>
#include <string.h>

#include "core/base64.h"
#include "core/json.h"
#include "keyserver/resource.h"
#include "keyserver/resource_name.h"

enum lk_status lk_admin_resource_write(const char *name, int64_t version,
				       const struct lk_secret *data, struct lk_secret *ret,
				       struct lk_error *err)
{
	char head[LK_RESOURCE_NAME_MAX + 64];
	LK_SECRET out = { 0 };
	enum lk_status st;
	int n;

	/* names need no escapes: see their alphabet */
	if (name)
		n = snprintf(head, sizeof(head), "{\"name\":\"%s\",\"version\":%lld,\"data\":\"",
			     name, (long long)version);
	else
		n = snprintf(head, sizeof(head), "{\"data\":\"");
	st = lk_secret_alloc(&out, (size_t)n + LK_B64_SIZE(data->len) + 2, err);
	if (st)
		return st;
	st = lk_secret_append(&out, head, (size_t)n, err);
	if (st)
		return st;
	out.len += lk_b64_encode(LK_B64_STD, data->data, data->len, (char *)out.data + out.len);
	st = lk_secret_append(&out, "\"}", 2, err);
	if (st)
		return st;
	*ret = lk_secret_take(&out);
	return LK_OK;
}

enum lk_status lk_admin_resource_read(const char *text, size_t len, struct lk_secret *ret,
				      struct lk_error *err)
{
	LK_SECRET out = { 0 };
	LK_JSON *doc = NULL;
	const char *data;
	enum lk_status st;

	if (lk_json_parse(text, len, &doc, err) || !lk_json_is_object(doc) ||
	    lk_json_get_string(doc, "data", LK_B64_SIZE(LK_RESOURCE_MAX), &data, err))
		return lk_raise_code(err, LK_C_RESOURCE_SIZE,
				     "no object with data of at most "
				     "64 KiB in base64");
	st = lk_secret_alloc(&out, LK_RESOURCE_MAX, err);
	if (st)
		return st;
	if (!lk_b64_decode(LK_B64_STD, data, strlen(data), out.data, out.cap, &out.len) ||
	    out.len == 0)
		return lk_raise_code(err, LK_C_RESOURCE_SIZE,
				     "data is not 1 byte to 64 KiB in "
				     "base64");
	*ret = lk_secret_take(&out);
	return LK_OK;
}
