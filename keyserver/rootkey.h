/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The root key: 32 random bytes in a file that only the server's user can read, and the sealing of
 * everything secret in the store under it: AES-256-GCM, with what the bytes are (purpose, name,
 * version) as associated data, so that a row moved, renamed or rolled back does not open.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/secret.h"

#define LK_ROOTKEY_SIZE	 32
#define LK_SEAL_OVERHEAD 28 /* IV and tag around the ciphertext */

/* Make a new key and write it to NAME in the folder: mode 0600, on disk before it returns, never
 * over an existing file. */
enum lk_status lk_rootkey_create(int dir_fd, const char *name, struct lk_secret *ret,
				 struct lk_error *err);
/* fd: the file, whose owner and mode the caller has checked. */
enum lk_status lk_rootkey_load(int fd, struct lk_secret *ret, struct lk_error *err);

struct lk_seal_label {
	const char *purpose; /* "resource", "token-key", ... */
	const char *name;
	int64_t version;
};
/* out: n + LK_SEAL_OVERHEAD bytes. */
enum lk_status lk_seal(const struct lk_secret *root, const struct lk_seal_label *label,
		       const void *data, size_t n, uint8_t *out, struct lk_error *err);
/* LK_TAMPERED when the bytes or the label are not what was sealed. */
enum lk_status lk_unseal(const struct lk_secret *root, const struct lk_seal_label *label,
			 const uint8_t *in, size_t n, struct lk_secret *ret, struct lk_error *err);
