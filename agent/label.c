/* SPDX-License-Identifier: Apache-2.0 */
/* The label of throw-away and half-made volumes: layout, checksum and MAC. */

#include "agent/label.h"

#include <stdio.h>
#include <string.h>

#include "core/crypto.h"
#include "core/secret.h"

#define MAGIC "latchkey label\r\n"

enum layout {
	AT_VERSION = 16,
	AT_KIND = 18,
	AT_ZEROS = 20,
	AT_UUID = 32,
	AT_NAME = 68,
	AT_REST = 132,
	AT_MAC = 448,
	AT_SUM = 480,
};
#define UUID_LEN (AT_NAME - AT_UUID)
#define NAME_LEN (AT_REST - AT_NAME)
#define HASH_LEN 32

_Static_assert(AT_SUM + HASH_LEN == LK_LABEL_SIZE, "the label is one sector");

/* Printable text up to the padding; false if it is anything else. */
static bool read_text(const uint8_t *field, size_t n, char *out)
{
	size_t len = 0, i;

	while (len < n && field[len])
		len++;
	for (i = 0; i < len; i++)
		if (field[i] <= ' ' || field[i] > '~')
			return false;
	memcpy(out, field, len);
	out[len] = '\0';
	return lk_all_zero_ct(field + len, n - len);
}

static enum lk_status sum_of(const uint8_t *sector, uint8_t out[LK_HASH_MAX], struct lk_error *err)
{
	return lk_hash(LK_SHA256, sector, AT_SUM, out, err);
}

static bool shape_fits(const uint8_t *s, struct lk_label *ret)
{
	const unsigned kind = (unsigned)s[AT_KIND] << 8 | s[AT_KIND + 1];

	if (s[AT_VERSION] != 0 || s[AT_VERSION + 1] != 1 ||
	    !lk_all_zero_ct(s + AT_ZEROS, AT_UUID - AT_ZEROS) ||
	    !lk_all_zero_ct(s + AT_REST, AT_MAC - AT_REST))
		return false;
	if (!read_text(s + AT_UUID, UUID_LEN, ret->uuid) ||
	    !read_text(s + AT_NAME, NAME_LEN, ret->name) || !*ret->name)
		return false;
	memcpy(ret->mac, s + AT_MAC, sizeof(ret->mac));
	ret->kind = (enum lk_label_kind)kind;
	if (kind == LK_LABEL_THROW_AWAY)
		return !*ret->uuid && lk_all_zero_ct(ret->mac, sizeof(ret->mac));
	return kind == LK_LABEL_BEING_MADE && strlen(ret->uuid) == UUID_LEN;
}

enum lk_status lk_label_read(const uint8_t sector[LK_LABEL_SIZE], bool *ret_is,
			     struct lk_label *ret, struct lk_error *err)
{
	struct lk_label label = { 0 };
	uint8_t sum[LK_HASH_MAX];
	enum lk_status st;

	if (memcmp(sector, MAGIC, strlen(MAGIC)) != 0) {
		*ret_is = false;
		return LK_OK;
	}
	st = sum_of(sector, sum, err);
	if (st)
		return st;
	if (memcmp(sum, sector + AT_SUM, HASH_LEN) != 0 || !shape_fits(sector, &label))
		return lk_raise_code(err, LK_C_LABEL_INVALID, "the label does not hold together");
	*ret_is = true;
	*ret = label;
	return LK_OK;
}

/* Bytes 0 to AT_MAC. */
static void put_fields(const struct lk_label *label, uint8_t *sector)
{
	memset(sector, 0, LK_LABEL_SIZE);
	memcpy(sector, MAGIC, strlen(MAGIC));
	sector[AT_VERSION + 1] = 1;
	sector[AT_KIND + 1] = (uint8_t)label->kind;
	memcpy(sector + AT_UUID, label->uuid, strnlen(label->uuid, UUID_LEN));
	memcpy(sector + AT_NAME, label->name, strnlen(label->name, NAME_LEN));
}

static enum lk_status mac_of(const struct lk_label *label, const struct lk_secret *secret,
			     uint8_t out[HASH_LEN], struct lk_error *err)
{
	uint8_t sector[LK_LABEL_SIZE], key[HASH_LEN];
	char info[sizeof("latchkey-format-1//") + sizeof(label->name) + sizeof(label->uuid)];
	enum lk_status st;

	snprintf(info, sizeof(info), "latchkey-format-1/%s/%s", label->uuid, label->name);
	put_fields(label, sector);
	st = lk_hkdf_sha256(secret, info, key, sizeof(key), err);
	if (!st)
		st = lk_hmac_sha256(key, sizeof(key), sector, AT_MAC, out, err);
	lk_wipe(key, sizeof(key));
	return st;
}

enum lk_status lk_label_write(const struct lk_label *label, const struct lk_secret *secret,
			      uint8_t sector[LK_LABEL_SIZE], struct lk_error *err)
{
	uint8_t sum[LK_HASH_MAX];
	enum lk_status st = LK_OK;

	put_fields(label, sector);
	if (label->kind == LK_LABEL_BEING_MADE)
		st = mac_of(label, secret, sector + AT_MAC, err);
	if (!st)
		st = sum_of(sector, sum, err);
	if (!st)
		memcpy(sector + AT_SUM, sum, HASH_LEN);
	return st;
}

enum lk_status lk_label_check(const struct lk_label *label, const struct lk_secret *secret,
			      struct lk_error *err)
{
	uint8_t mac[HASH_LEN];
	enum lk_status st;

	st = mac_of(label, secret, mac, err);
	if (st)
		return st;
	if (!lk_equal_ct(mac, label->mac, sizeof(mac)))
		return lk_raise_code(err, LK_C_LABEL_INVALID,
				     "the label of a volume that is being made was written with "
				     "another key");
	return LK_OK;
}
