/* SPDX-License-Identifier: Apache-2.0 */
/* Sealing resources into the store and opening them again. */
#include "keyserver/resource.h"

#include "core/cleanup.h"
#include "keyserver/resource_name.h"
#include "keyserver/rootkey.h"

#define PURPOSE "resource"

enum lk_status lk_resource_put(struct lk_store_write *w, const struct lk_secret *root,
			       const char *name, const void *data, size_t n, int64_t time,
			       int64_t *ret_version, struct lk_error *err)
{
	struct lk_seal_label label = { .purpose = PURPOSE, .name = name };
	LK_FREE uint8_t *sealed = NULL;
	enum lk_status st;

	if (!lk_resource_name_ok(name))
		return lk_raise_code(err, LK_C_RESOURCE_NAME, "'%s' is no resource name", name);
	if (n == 0 || n > LK_RESOURCE_MAX)
		return lk_raise_code(err, LK_C_RESOURCE_SIZE, "%zu bytes", n);
	st = lk_store_next_version(w, &label.version, err);
	if (st)
		return st;
	sealed = malloc(n + LK_SEAL_OVERHEAD);
	if (!sealed)
		return lk_raise(err, LK_INTERNAL, "no memory for a resource");
	st = lk_seal(root, &label, data, n, sealed, err);
	if (st)
		return st;
	st = lk_store_put_resource(w, name, label.version, sealed, n + LK_SEAL_OVERHEAD, time, err);
	if (st)
		return st;
	*ret_version = label.version;
	return LK_OK;
}

enum lk_status lk_resource_get(struct lk_store *s, const struct lk_secret *root, const char *name,
			       struct lk_secret *ret, int64_t *ret_version, struct lk_error *err)
{
	struct lk_seal_label label = { .purpose = PURPOSE, .name = name };
	LK_RESOURCE_ROW row = { 0 };
	enum lk_status st;

	if (!lk_resource_name_ok(name))
		return lk_raise_code(err, LK_C_RESOURCE_ABSENT, "no name of a resource");
	st = lk_store_get_resource(s, name, &row, err);
	if (st)
		return st;
	label.version = row.version;
	st = lk_unseal(root, &label, row.sealed, row.size, ret, err);
	if (st)
		return st;
	*ret_version = row.version;
	return LK_OK;
}
