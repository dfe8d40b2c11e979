/* SPDX-License-Identifier: Apache-2.0 */
/* Keyslots made by libcryptsetup in a private header. */
#include "agent/luks_keyslot.h"

#include <errno.h>
#include <libcryptsetup.h>

#include "agent/luks_internal.h"

static const struct crypt_pbkdf_type kdfs[] = {
	[LK_KEYSLOT_PROVIDER] = {
		.type = CRYPT_KDF_PBKDF2,
		.hash = "sha256",
		.iterations = 1000,
		.flags = CRYPT_PBKDF_NO_BENCHMARK,
	},
	[LK_KEYSLOT_RECOVERY] = {
		.type = CRYPT_KDF_ARGON2ID,
		.iterations = 4,
		.max_memory_kb = 64 * 1024,
		.parallel_threads = 1,
		.flags = CRYPT_PBKDF_NO_BENCHMARK,
	},
};

enum lk_status lk_luks_keyslot_add(int memory_fd, const struct lk_secret *volume_key,
				   const struct lk_secret *secret, enum lk_keyslot_kind kind,
				   unsigned *ret_id, struct lk_error *err)
{
	LK_LUKS_SESSION s = { 0 };
	enum lk_status st;
	int r;

	st = lk_luks_session_load(&s, memory_fd, -1, err);
	if (st)
		return st;
	r = crypt_set_pbkdf_type(s.cd, &kdfs[kind]);
	if (r >= 0)
		r = crypt_keyslot_add_by_volume_key(s.cd, CRYPT_ANY_SLOT,
						    (const char *)volume_key->data, volume_key->len,
						    (const char *)secret->data, secret->len);
	if (r == -ENOSPC || r == -EINVAL)
		return lk_raise(err, LK_CONFIG, "the header has no room for another keyslot");
	if (r < 0)
		return lk_luks_library_fault(&s, "make a keyslot", r, err);
	*ret_id = (unsigned)r;
	return LK_OK;
}
