/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a `device` key and judges device names; pure. */

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "agent/blockdev_internal.h"

static bool matches_shape(const char *text, const char *shape)
{
	for (; *shape; shape++, text++) {
		if (*shape == 'x' ? !isxdigit((unsigned char)*text) : *text != *shape)
			return false;
	}
	return *text == '\0';
}

bool lk_blockdev_uuid_fits(const char *text)
{
	return matches_shape(text, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx") ||
	       matches_shape(text, "xxxxxxxx-xx");
}

bool lk_blockdev_name_fits(const char *name)
{
	static const char *const never[] = { "ram", "zram", "fd", "sr", "dm-", "mtdblock" };

	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
		size_t n = strlen(never[i]);

		if (strncmp(name, never[i], n) == 0 && isdigit((unsigned char)name[n]))
			return false;
	}
	return true;
}

static bool is_plain(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return false;
	}
	return true;
}

static enum lk_status set_value(enum lk_blockdev_kind kind, const char *value,
				struct lk_blockdev_spec *ret, struct lk_error *err)
{
	size_t n = strlen(value);

	if (n == 0 || n >= sizeof(ret->value) || !is_plain(value))
		return lk_raise_code(err, LK_C_CONFIG_VALUE,
				     "the device's name is empty, too long or not plain text");
	ret->kind = kind;
	memcpy(ret->value, value, n + 1);
	return LK_OK;
}

static enum lk_status set_uuid(enum lk_blockdev_kind kind, const char *value,
			       struct lk_blockdev_spec *ret, struct lk_error *err)
{
	enum lk_status st;

	if (!lk_blockdev_uuid_fits(value))
		return lk_raise_code(err, LK_C_CONFIG_VALUE, "'%s' is not a UUID", value);
	st = set_value(kind, value, ret, err);
	if (st)
		return st;
	for (char *p = ret->value; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return LK_OK;
}

static enum lk_status set_node(const char *value, struct lk_blockdev_spec *ret,
			       struct lk_error *err)
{
	if (strstr(value, "/../") || strstr(value, "//") || value[strlen(value) - 1] == '/')
		return lk_raise_code(err, LK_C_CONFIG_VALUE, "'%s' is not a plain path", value);
	return set_value(LK_BLOCKDEV_NODE, value, ret, err);
}

static const char *after(const char *text, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(text, prefix, n) == 0 ? text + n : NULL;
}

enum lk_status lk_blockdev_spec_parse(const char *text, struct lk_blockdev_spec *ret,
				      struct lk_error *err)
{
	const char *value;

	value = after(text, "PARTUUID=");
	if (value)
		return set_uuid(LK_BLOCKDEV_PARTUUID, value, ret, err);
	value = after(text, "PARTLABEL=");
	if (value)
		return set_value(LK_BLOCKDEV_PARTLABEL, value, ret, err);
	value = after(text, "UUID=");
	if (value)
		return set_uuid(LK_BLOCKDEV_LUKS_UUID, value, ret, err);
	if (after(text, "/dev/"))
		return set_node(text, ret, err);
	return lk_raise_code(err, LK_C_CONFIG_VALUE,
			     "device '%s': use PARTUUID=, PARTLABEL=, UUID= (of LUKS) or /dev/...",
			     text);
}
