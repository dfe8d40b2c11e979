/* SPDX-License-Identifier: Apache-2.0 */
/* Making LUKS2 headers on files. */
#include "image/luks_format.h"

#include <libcryptsetup.h>
#include <string.h>

#include "core/base64.h"
#include "core/cleanup.h"
#include "core/json.h"

/* As the agent counts it: the first state of a volume's keys. */
#define FIRST_GENERATION 1

LK_DEFINE_CLEANUP(struct crypt_device *, crypt_free)

static void swallow(int level, const char *message, void *data)
{
	(void)level;
	(void)message;
	(void)data;
}

void lk_luks_quiet(void)
{
	crypt_set_log_callback(NULL, swallow, NULL);
}

static enum lk_status write_header(struct crypt_device *cd, const char *uuid,
				   const struct lk_secret *volume_key,
				   const struct lk_secret *passphrase, struct lk_error *err)
{
	const struct crypt_pbkdf_type pbkdf = {
		.type = CRYPT_KDF_PBKDF2,
		.hash = "sha256",
		.iterations = 1000,
		.flags = CRYPT_PBKDF_NO_BENCHMARK,
	};
	struct crypt_params_luks2 params = {
		.pbkdf = &pbkdf,
		.data_alignment = LK_LUKS_DATA_OFFSET / 512,
		.sector_size = LK_LUKS_SECTOR,
	};
	int r;

	r = crypt_format(cd, CRYPT_LUKS2, "aes", "xts-plain64", uuid,
			 (const char *)volume_key->data, volume_key->len, &params);
	if (r < 0)
		return lk_raise(err, LK_CONFIG, "write the header: %s", strerror(-r));
	r = crypt_keyslot_add_by_volume_key(cd, 0, (const char *)volume_key->data, volume_key->len,
					    (const char *)passphrase->data, passphrase->len);
	if (r != 0)
		return lk_raise(err, LK_CONFIG, "write the keyslot: %s", strerror(-r));
	if (crypt_get_data_offset(cd) != LK_LUKS_DATA_OFFSET / 512)
		return lk_raise(err, LK_INTERNAL, "the library chose another data offset");
	return LK_OK;
}

static enum lk_status token_text(const uint8_t mac[LK_HEADER_MAC_SIZE], char **ret,
				 struct lk_error *err)
{
	LK_JSON *token = lk_json_object();
	struct json_t *keyslots = lk_json_array();
	char mac_text[LK_B64_SIZE(LK_HEADER_MAC_SIZE)];
	bool ok = lk_json_append_string(keyslots, "0");
	size_t n;

	lk_b64_encode(LK_B64_STD, mac, LK_HEADER_MAC_SIZE, mac_text);
	ok = lk_json_set(token, "keyslots", keyslots) && ok;
	if (!ok || !lk_json_set_string(token, "type", "latchkey") ||
	    !lk_json_set_string(token, "generation", "1") ||
	    !lk_json_set_string(token, "mac", mac_text))
		return lk_raise(err, LK_INTERNAL, "out of memory");
	return lk_json_dump(token, LK_JSON_COMPACT, ret, &n, err);
}

static enum lk_status write_token(struct crypt_device *cd, const char *uuid, const char *name,
				  const struct lk_secret *volume_key,
				  uint8_t mac[LK_HEADER_MAC_SIZE], struct lk_error *err)
{
	const struct lk_header_fields fields = { uuid, LK_LUKS_DATA_OFFSET, LK_LUKS_SECTOR, false };
	const struct lk_header_owner owner = { LK_ROLE_ROOT, name };
	LK_JSON_TEXT *text = NULL;
	enum lk_status st;
	int r;

	st = lk_header_mac(&fields, &owner, FIRST_GENERATION, volume_key, mac, err);
	if (!st)
		st = token_text(mac, &text, err);
	if (st)
		return st;
	r = crypt_token_json_set(cd, 0, text);
	return r < 0 ? lk_raise(err, LK_CONFIG, "write the token: %s", strerror(-r)) : LK_OK;
}

enum lk_status lk_luks_format(const char *path, const char *uuid, const char *name,
			      const struct lk_secret *volume_key,
			      const struct lk_secret *passphrase, uint8_t mac[LK_HEADER_MAC_SIZE],
			      struct lk_error *err)
{
	LK_CLEANUP(crypt_free_p) struct crypt_device *cd = NULL;
	enum lk_status st;
	int r;

	(void)crypt_metadata_locking(NULL, 0); /* nobody else knows the file */
	r = crypt_init(&cd, path);
	if (r < 0)
		return lk_raise(err, LK_INTERNAL, "open the header file: %s", strerror(-r));
	st = write_header(cd, uuid, volume_key, passphrase, err);
	if (!st)
		st = write_token(cd, uuid, name, volume_key, mac, err);
	if (st)
		return lk_context(err, "make the LUKS2 header");
	return LK_OK;
}

enum lk_status lk_luks_verify(const char *path, const struct lk_secret *volume_key,
			      const struct lk_secret *passphrase, struct lk_error *err)
{
	LK_CLEANUP(crypt_free_p) struct crypt_device *cd = NULL;
	LK_SECRET found = { 0 };
	enum lk_status st;
	size_t n = LK_LUKS_KEY;
	int r;

	st = lk_secret_alloc(&found, LK_LUKS_KEY, err);
	if (st)
		return st;
	r = crypt_init(&cd, path);
	if (r >= 0)
		r = crypt_load(cd, CRYPT_LUKS2, NULL);
	if (r >= 0)
		r = crypt_volume_key_get(cd, 0, (char *)found.data, &n,
					 (const char *)passphrase->data, passphrase->len);
	if (r < 0)
		return lk_raise(err, LK_INTERNAL, "open the new LUKS2 header again: %s",
				strerror(-r));
	found.len = n;
	if (!lk_secret_equal(&found, volume_key))
		return lk_raise(err, LK_INTERNAL, "the new LUKS2 header holds another key");
	return LK_OK;
}
