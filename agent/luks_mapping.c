/* SPDX-License-Identifier: Apache-2.0 */
/* Which mappings are a volume's, by name and by the UUID that libcryptsetup gives a mapping
 * (lib/libdevmapper.c, dm_prepare_uuid: CRYPT-TYPE-UUID-NAME), and away with them. */
#include <stdio.h>
#include <string.h>

#include "agent/dm.h"
#include "agent/luks.h"

#define HEX_UUID 32

const char *lk_luks_below_name(const char *name, char buf[LK_LUKS_BELOW_NAME])
{
	snprintf(buf, LK_LUKS_BELOW_NAME, "%s_dif", name);
	return buf;
}

enum lk_status lk_luks_check_free(const char *name, struct lk_error *err)
{
	enum lk_status st;
	bool exists;

	st = lk_dm_exists(name, &exists, err);
	if (!st && exists)
		return lk_raise_code(err, LK_C_NAME_TAKEN, "there is a mapping '%s' already", name);
	return st;
}

/* A UUID without its dashes; false when it is none. */
static bool squeeze(const char *uuid, char hex[HEX_UUID + 1])
{
	size_t n = 0;

	for (; *uuid && n < HEX_UUID; uuid++)
		if (*uuid != '-')
			hex[n++] = *uuid;
	hex[n] = '\0';
	return n == HEX_UUID && !*uuid;
}

bool lk_luks_mapping_is(const char *dm_uuid, const char *type, const char *uuid, const char *name)
{
	char start[32], hex[HEX_UUID + 1];
	const size_t n = (size_t)snprintf(start, sizeof(start), "CRYPT-%s-", type);

	if (strncmp(dm_uuid, start, n) != 0 || strlen(dm_uuid) <= n + HEX_UUID)
		return false;
	dm_uuid += n;
	if (uuid && (!squeeze(uuid, hex) || strncmp(dm_uuid, hex, HEX_UUID) != 0))
		return false;
	if (strspn(dm_uuid, "0123456789abcdef") != HEX_UUID || dm_uuid[HEX_UUID] != '-')
		return false;
	return strcmp(dm_uuid + HEX_UUID + 1, name) == 0;
}

/* *ret_exists: is there a mapping of that name? *ret_ours: is it that of this volume? */
static enum lk_status look(const char *name, const char *type, const char *uuid, bool *ret_exists,
			   bool *ret_ours, struct lk_error *err)
{
	char dm_uuid[LK_DM_UUID];
	enum lk_status st;

	*ret_exists = *ret_ours = false;
	st = lk_dm_uuid(name, dm_uuid, err);
	if (st)
		return st == LK_ABSENT ? LK_OK : st;
	*ret_exists = true;
	*ret_ours = lk_luks_mapping_is(dm_uuid, type, uuid, name);
	return LK_OK;
}

enum lk_status lk_luks_is_open(const char *name, const char *uuid, bool *ret, struct lk_error *err)
{
	bool exists;

	return look(name, "LUKS2", uuid, &exists, ret, err);
}

enum lk_status lk_luks_close(const char *name, const char *uuid, struct lk_deadline deadline,
			     struct lk_error *err)
{
	char below[LK_LUKS_BELOW_NAME];
	bool exists, ours;
	enum lk_status st;

	st = look(name, "LUKS2", uuid, &exists, &ours, err);
	if (!st && exists && !ours)
		return lk_raise_code(err, LK_C_NAME_TAKEN,
				     "the mapping '%s' is not the one of this volume", name);
	if (!st && exists)
		st = lk_dm_close(name, deadline, err);
	if (!st)
		st = look(lk_luks_below_name(name, below), "SUBDEV", uuid, &exists, &ours, err);
	return !st && ours ? lk_dm_close(below, deadline, err) : st;
}
