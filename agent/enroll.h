/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the passphrase of a new disk goes before the disk exists: into latchkeyd, read back and
 * compared; or as a JWE that only the operator's key opens.
 */
#pragma once

#include <stdbool.h>

#include "core/crypto.h"
#include "core/error.h"
#include "core/secret.h"

/* A resource's name, "default/disk/root"; LK_CONFIG otherwise. Pure. */
enum lk_status lk_enroll_check_name(const char *resource, struct lk_error *err);
/* Is latchkeyd there, may we ask it, and is the resource free? replace: it need not be. */
enum lk_status lk_enroll_probe(const char *socket, const char *resource, bool replace,
			       struct lk_error *err);
enum lk_status lk_enroll_store(const char *socket, const char *resource,
			       const struct lk_secret *passphrase, struct lk_error *err);
/* Take it back, as well as that goes. */
void lk_enroll_forget(const char *socket, const char *resource);

/* Read the operator's public key: a JWK in a file. LK_CONFIG when it is not one. */
enum lk_status lk_escrow_read_key(const char *path, struct lk_public_key *ret,
				  struct lk_error *err);
/* The JWE, malloc'ed. */
enum lk_status lk_escrow_seal(const struct lk_public_key *key, const struct lk_secret *passphrase,
			      char **ret, size_t *ret_len, struct lk_error *err);
