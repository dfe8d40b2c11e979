/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The header's MAC: says that the parameters of a volume were chosen by somebody who had its volume
 * key, for this volume in this role. Pure.
 *
 *	key  = HKDF-SHA256(volume key, salt empty, info "latchkey-hdr-1", 32 bytes)
 *	MAC  = HMAC-SHA256(key, text), 32 bytes
 *	text = nine lines, each ended by a line feed, no blanks around '=':
 *
 *		latchkey-hdr-1
 *		uuid=0aa3a3a5-8b5e-4a3f-9a35-2f6f6d2a1e11
 *		offset=16777216			bytes from the device's start
 *		size=dynamic			to its end
 *		cipher=aes-xts-plain64
 *		sector_size=4096
 *		integrity=none			or hmac(sha256)
 *		role=root:root			root, delta or data, and the volume's configured name
 *		generation=1			decimal
 *
 * It lies in the header's token as base64, beside its generation, which each change of keys raises
 * by one. Keyslots, tokens, sequence number and digests are not covered: who changes keys legally
 * need not hold more than the volume key. It is the volume's identity that gets measured.
 */
#pragma once

#include "agent/luks_header.h"
#include "core/error.h"
#include "core/secret.h"

#define LK_HEADER_MAC_SIZE 32

enum lk_header_role { LK_ROLE_DATA, LK_ROLE_ROOT, LK_ROLE_DELTA };

/* Whose header it is, by the configuration and never by the disk. */
struct lk_header_owner {
	enum lk_header_role role;
	const char *name; /* of the volume: [A-Za-z0-9_.-] */
};

/* What of a header is covered. */
struct lk_header_fields {
	const char *uuid;
	uint64_t segment_offset; /* bytes */
	uint32_t sector_size;
	bool integrity;
};
struct lk_header_fields lk_header_fields_of(const struct lk_luks_header *h);

enum lk_status lk_header_mac(const struct lk_header_fields *fields,
			     const struct lk_header_owner *owner, uint64_t generation,
			     const struct lk_secret *volume_key, uint8_t ret[LK_HEADER_MAC_SIZE],
			     struct lk_error *err);

/* The volume's identity: the MAC in its token, once it has been found right; without one, what it
 * would be for generation 0. */
struct lk_header_identity {
	bool has_mac;
	uint8_t mac[LK_HEADER_MAC_SIZE];
};

/* LK_TAMPERED: header-mac when it is there and wrong, header-mac-absent when it is required and not
 * there. The comparison takes constant time. */
enum lk_status lk_header_mac_check(const struct lk_luks_header *h,
				   const struct lk_header_owner *owner, bool required,
				   const struct lk_secret *volume_key,
				   struct lk_header_identity *ret, struct lk_error *err);
