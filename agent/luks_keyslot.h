/* SPDX-License-Identifier: Apache-2.0 */
/* Keyslots made by libcryptsetup in a private header, never on a disk. */
#pragma once

#include "agent/luks_header.h"
#include "core/error.h"
#include "core/secret.h"

enum lk_keyslot_kind {
	LK_KEYSLOT_PROVIDER, /* PBKDF2 with the least count: for 32 random bytes of ours */
	LK_KEYSLOT_RECOVERY, /* Argon2id, bounded so that any machine can open it in the initramfs */
};

/* Add a keyslot for `secret` to the header in memory_fd, which is not sealed; *ret_id is the library's
 * choice. The header there is written anew, with whatever the library wants. */
enum lk_status lk_luks_keyslot_add(int memory_fd, const struct lk_secret *volume_key,
				   const struct lk_secret *secret, enum lk_keyslot_kind kind,
				   unsigned *ret_id, struct lk_error *err);
