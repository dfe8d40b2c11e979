/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The versions of the key broker protocol and what sets them apart. Brokers accept exactly one
 * version each. 0.4.0 has evidence in parts; 0.2.0 binds nonce and key alone; 0.1.x has answers
 * that are not RFC 7516: the header in the clear and not authenticated, RSAES-PKCS1-v1_5.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "core/crypto.h"

enum lk_kbs_protocol { LK_KBS_0_4_0, LK_KBS_0_2_0, LK_KBS_0_1_1, LK_KBS_0_1_0 };
#define LK_KBS_PROTOCOLS 4

struct lk_kbs_dialect {
	const char *version;
	bool evidence_in_parts; /* "additional-evidence" is hashed; runtime-data, tee-evidence */
	bool offers_hashes;	/* extra-params says which; the server may choose */
	bool evidence_is_text;	/* tee-evidence is JSON in a string */
	bool legacy;		/* RSA1_5 and its layout of answers; only when written out */
};
const struct lk_kbs_dialect *lk_kbs_dialect(enum lk_kbs_protocol p);

/* `alg` of a TEE key in this version; NULL: brokers of it know no such key. */
const char *lk_kbs_key_alg(enum lk_kbs_protocol p, enum lk_key_kind kind);

/* Which version to try when a broker refused p: the one it expects, if that is lower and may be
 * taken without being written out. expected: "0.2.0". False: there is none. Pure. */
bool lk_kbs_step_down(enum lk_kbs_protocol p, const char *expected, enum lk_kbs_protocol *ret);

/* The version that a refusal of /auth says is expected, digits and dots; false if it is no such
 * refusal. Pure. */
#define LK_KBS_VERSION_SIZE 16
bool lk_kbs_expected_version(int http_status, const void *body, size_t len,
			     char out[LK_KBS_VERSION_SIZE]);
