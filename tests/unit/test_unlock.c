/* SPDX-License-Identifier: Apache-2.0 */
/* agent/unlock.c: a key becomes the volume key only of the volume that the configuration means. The
 * headers are those of latchkey-image. */
#include "agent/unlock.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/json.h"
#include "image/luks_format.h"
#include "tests/check.h"

#define UUID "0aa3a3a5-8b5e-4a3f-9a35-2f6f6d2a1e11"

static struct lk_error err;
static char path[] = "/tmp/test_unlock.XXXXXX";
static struct lk_secret volume_key, passphrase;
static struct lk_luks_prepared *prepared;
static uint8_t mac[LK_HEADER_MAC_SIZE];
static char root_name[] = "root", other_name[] = "other";

static struct lk_volume_key key_of(const struct lk_secret *bytes, enum lk_key_form form)
{
	struct lk_volume_key key = { .form = form };

	CHECK_OK(lk_secret_from(&key.bytes, bytes->data, bytes->len, &err));
	return key;
}

static enum lk_status unlock(const struct lk_volume *v, struct lk_header_identity *ret)
{
	struct lk_volume_key key = key_of(&passphrase, LK_KEY_PASSPHRASE);
	enum lk_status st = lk_volume_unlock(v, prepared, &key, ret, &err);

	if (!st) {
		CHECK_EQ(key.form, LK_KEY_VOLUME);
		CHECK(lk_secret_equal(&key.bytes, &volume_key));
	} else {
		CHECK_EQ(key.form, LK_KEY_PASSPHRASE);
	}
	lk_secret_wipe(&key.bytes);
	return st;
}

TEST(setup)
{
	struct lk_luks_rules rules = lk_luks_rules_here();
	LK_BLOCKDEV dev = LK_BLOCKDEV_NONE;

	lk_json_setup();
	CHECK_OK(lk_crypto_setup(&err));
	lk_luks_quiet();
	CHECK_OK(lk_random_secret(&volume_key, LK_LUKS_KEY, &err));
	CHECK_OK(lk_random_secret(&passphrase, LK_LUKS_PASSPHRASE, &err));
	dev.fd = mkstemp(path);
	dev.size = LK_LUKS_DATA_OFFSET + 1024 * 1024;
	CHECK_EQ(ftruncate(dev.fd, (off_t)dev.size), 0);
	CHECK_OK(lk_luks_format(path, UUID, root_name, &volume_key, &passphrase, mac, &err));
	CHECK_OK(lk_luks_verify(path, &volume_key, &passphrase, &err));
	CHECK_OK(lk_luks_prepare(&dev, &rules, &prepared, &err));
}

TEST(the_right_volume_opens)
{
	const struct lk_volume v = { .name = root_name,
				     .is_root = true,
				     .header_mac = LK_HEADER_MAC_REQUIRED };
	struct lk_header_identity identity;

	CHECK_OK(unlock(&v, &identity));
	CHECK(identity.has_mac);
	CHECK_MEM(identity.mac, mac, sizeof(mac));
}

TEST(a_volume_key_is_taken_as_it_is)
{
	const struct lk_volume v = { .name = root_name, .is_root = true };
	struct lk_volume_key key = key_of(&volume_key, LK_KEY_VOLUME);
	struct lk_header_identity identity;

	CHECK_OK(lk_volume_unlock(&v, prepared, &key, &identity, &err));
	CHECK(lk_secret_equal(&key.bytes, &volume_key));
	key.bytes.data[3] ^= 1;
	CHECK_EQ(lk_volume_unlock(&v, prepared, &key, &identity, &err), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_KEY_WRONG);
	lk_secret_wipe(&key.bytes);
}

TEST(another_role_is_refused_even_if_the_mac_is_optional)
{
	const struct lk_volume data = { .name = root_name };
	const struct lk_volume delta = { .name = root_name, .is_delta = true };
	const struct lk_volume other = { .name = other_name, .is_root = true };
	struct lk_header_identity identity;

	CHECK_EQ(unlock(&data, &identity), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_HEADER_MAC);
	CHECK_EQ(unlock(&delta, &identity), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_HEADER_MAC);
	CHECK_EQ(unlock(&other, &identity), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_HEADER_MAC);
}

TEST(a_wrong_key_is_told)
{
	const struct lk_volume v = { .name = root_name, .is_root = true };
	struct lk_header_identity identity;

	passphrase.data[0] ^= 1;
	CHECK_EQ(unlock(&v, &identity), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_KEY_WRONG);
	passphrase.data[0] ^= 1;
}

TEST(cleanup)
{
	lk_luks_prepared_free(prepared);
	lk_secret_wipe(&volume_key);
	lk_secret_wipe(&passphrase);
	unlink(path);
}

TESTS(setup, the_right_volume_opens, a_volume_key_is_taken_as_it_is,
      another_role_is_refused_even_if_the_mac_is_optional, a_wrong_key_is_told, cleanup)
