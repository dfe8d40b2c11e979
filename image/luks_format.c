/* SPDX-License-Identifier: Apache-2.0 */
/* Making LUKS2 headers on files. */
#include "image/luks_format.h"

#include <libcryptsetup.h>
#include <string.h>

#include "core/cleanup.h"

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

enum lk_status lk_luks_format(const char *path, const char *uuid,
			      const struct lk_secret *volume_key,
			      const struct lk_secret *passphrase, struct lk_error *err)
{
	LK_CLEANUP(crypt_free_p) struct crypt_device *cd = NULL;
	enum lk_status st;
	int r;

	(void)crypt_metadata_locking(NULL, 0); /* nobody else knows the file */
	r = crypt_init(&cd, path);
	if (r < 0)
		return lk_raise(err, LK_INTERNAL, "open the header file: %s", strerror(-r));
	st = write_header(cd, uuid, volume_key, passphrase, err);
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
