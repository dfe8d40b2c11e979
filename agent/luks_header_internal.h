/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the LUKS2 header reader share: the layout on disk, fixed values of our rules,
 * and how they hand a document to each other. */
#pragma once

#include "agent/luks_header.h"
#include "core/json.h"

/* The binary header: offsets in bytes, numbers big-endian (specification, section 2.1). */
enum lk_luks_layout {
	LK_LUKS_AT_MAGIC = 0,
	LK_LUKS_AT_VERSION = 6,
	LK_LUKS_AT_HDR_SIZE = 8,
	LK_LUKS_AT_SEQID = 16,
	LK_LUKS_AT_LABEL = 24,
	LK_LUKS_AT_CSUM_ALG = 72,
	LK_LUKS_AT_SALT = 104,
	LK_LUKS_AT_UUID = 168,
	LK_LUKS_AT_SUBSYSTEM = 208,
	LK_LUKS_AT_HDR_OFFSET = 256,
	LK_LUKS_AT_PADDING = 264,
	LK_LUKS_AT_CSUM = 448,
	LK_LUKS_AT_PADDING_2 = 512,
};
#define LK_LUKS_MAGIC_LEN	  6
#define LK_LUKS_MAGIC_1		  "LUKS\xba\xbe"
#define LK_LUKS_MAGIC_2		  "SKUL\xba\xbe"
#define LK_LUKS_CSUM_ALG	  "sha256"
#define LK_LUKS_CSUM_ALG_LEN	  32
#define LK_LUKS_COPY_SALT_LEN	  64
#define LK_LUKS_UUID_LEN	  40 /* of the field */
#define LK_LUKS_CSUM_LEN	  64 /* of the field; SHA-256 fills half */

#define LK_LUKS_ALIGN		  4096u
#define LK_LUKS_JSON_TEXT_MAX	  (64u * 1024)
#define LK_LUKS_KEYSLOTS_AREA_MAX (128u * 1024 * 1024)
#define LK_LUKS_CIPHER		  "aes-xts-plain64"
#define LK_LUKS_STRIPES		  4000u
#define LK_LUKS_INTEGRITY	  "hmac(sha256)"
#define LK_LUKS_SALT_MIN	  16u
#define LK_LUKS_PBKDF2_MIN	  1000u /* libcryptsetup's own floor */
#define LK_LUKS_ARGON2_MIN_KIB	  32u
#define LK_LUKS_ARGON2_TIME_MAX	  256u
#define LK_LUKS_ARGON2_CPUS_MAX	  4u
#define LK_LUKS_ARGON2_WORK_MAX	  (16u * 1024 * 1024) /* KiB times passes: 16 GiB written */
#define LK_LUKS_ID_MAX		  31

/* Key material after the anti-forensic split, rounded up to LK_LUKS_ALIGN. */
static inline uint64_t lk_luks_area_size(bool integrity)
{
	const uint64_t split = (uint64_t)lk_luks_key_size(integrity) * LK_LUKS_STRIPES;

	return (split + LK_LUKS_ALIGN - 1) / LK_LUKS_ALIGN * LK_LUKS_ALIGN;
}

uint64_t lk_luks_be64(const uint8_t *p);
void lk_luks_put_be64(uint8_t *p, uint64_t v);
/* Checksum of a whole copy, its checksum field taken as zeros. */
enum lk_status lk_luks_checksum(const uint8_t *copy, size_t len, uint8_t ret[LK_HASH_MAX],
				struct lk_error *err);

/* What the JSON is measured against. */
struct lk_luks_frame {
	const struct lk_luks_rules *rules;
	uint64_t hdr_size;
	uint64_t device_size;
};

/* Fill ret's fields that come from the JSON area. */
enum lk_status lk_luks_json_read(const uint8_t *area, size_t len, const struct lk_luks_frame *frame,
				 struct lk_luks_header *ret, struct lk_error *err);
/* ret->keyslots and n_keyslots; needs ret->keyslots_size and ret->integrity. */
enum lk_status lk_luks_keyslots_read(struct json_t *keyslots, const struct lk_luks_frame *frame,
				     struct lk_luks_header *ret, struct lk_error *err);
/* ret->token and has_token; needs ret->keyslots. */
enum lk_status lk_luks_tokens_read(struct json_t *tokens, struct lk_luks_header *ret,
				   struct lk_error *err);

/* Turn what core/json raised into `code`, keeping its words. Returns the class. */
enum lk_status lk_luks_refuse(struct lk_error *err, enum lk_code code);
/* Members as our rules need them; all raise `code`. */
enum lk_status lk_luks_want_text(const struct json_t *obj, const char *name, const char *want,
				 enum lk_code code, struct lk_error *err);
enum lk_status lk_luks_get_u32(const struct json_t *obj, const char *name, uint32_t min,
			       uint32_t max, enum lk_code code, uint32_t *ret,
			       struct lk_error *err);
/* Base64 of min to cap bytes. */
enum lk_status lk_luks_get_bytes(const struct json_t *obj, const char *name, size_t min, size_t cap,
				 uint8_t *out, size_t *ret_n, struct lk_error *err);
/* The only member of an object that must hold exactly one, named "0". */
enum lk_status lk_luks_get_only_zero(struct json_t *obj, const char *what, struct json_t **ret,
				     struct lk_error *err);
/* The bits of a list of ids, each at most once: [ "0", "1" ] is 3. */
enum lk_status lk_luks_get_ids(const struct json_t *obj, const char *name, uint32_t *ret,
			       struct lk_error *err);
/* "0" to "31", digits only, no leading zero. */
bool lk_luks_id_read(const char *text, unsigned *ret);
