/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LUKS2 headers made on a plain file, over libcryptsetup: AES-XTS with 512-bit keys, 4096-byte
 * sectors, one keyslot. No device-mapper, no loop device. The keyslot's KDF is PBKDF2 with the
 * least count, since the passphrase is 32 random bytes.
 */
#pragma once

#include <stdint.h>

#include "agent/header_mac.h"
#include "core/error.h"
#include "core/secret.h"

#define LK_LUKS_KEY	    64u
#define LK_LUKS_PASSPHRASE  32u
#define LK_LUKS_DATA_OFFSET (16u << 20) /* bytes: the library's own default for LUKS2 */
#define LK_LUKS_SECTOR	    4096u

/* Keep libcryptsetup off the terminal; once per program. */
void lk_luks_quiet(void);
/* Format the file at path, which is LK_LUKS_DATA_OFFSET plus the payload's size long already. The
 * header gets the MAC (agent/header_mac.h) of a root of that name, generation 1, also into mac. */
enum lk_status lk_luks_format(const char *path, const char *uuid, const char *name,
			      const struct lk_secret *volume_key,
			      const struct lk_secret *passphrase, uint8_t mac[LK_HEADER_MAC_SIZE],
			      struct lk_error *err);
/* Read it anew and open keyslot 0 with the passphrase: is the volume key inside the same? */
enum lk_status lk_luks_verify(const char *path, const struct lk_secret *volume_key,
			      const struct lk_secret *passphrase, struct lk_error *err);
