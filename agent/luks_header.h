/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a LUKS2 header under a closed list of rules and writes what it accepted into a fresh one.
 * Pure: bytes in, bytes out. Format: LUKS2 On-Disk Format Specification, version 1.1.x.
 *
 * The disk belongs to the host and its metadata carries no key: whatever the rules do not name is
 * refused. Only bytes made by lk_luks_header_write ever reach libcryptsetup, whose JSON parser
 * may see a document otherwise than ours does.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/crypto.h"
#include "core/error.h"

#define LK_LUKS_KEYSLOTS_MAX 8		    /* upper bound of rules.max_keyslots */
#define LK_LUKS_HDR_SIZE_MIN (16u * 1024)   /* one copy: binary header and JSON area */
#define LK_LUKS_HDR_SIZE_MAX (4096u * 1024) /* always a power of two */
#define LK_LUKS_BINARY_SIZE  4096u
#define LK_LUKS_KEY_SIZE     64 /* aes-xts-plain64 with two 256-bit keys */
#define LK_LUKS_TAG_SIZE     32 /* HMAC-SHA-256 of a sector, and that key's length */
#define LK_LUKS_SALT_MAX     64
#define LK_LUKS_UUID_SIZE    37

struct lk_luks_rules {
	unsigned max_keyslots;	 /* 1 to LK_LUKS_KEYSLOTS_MAX */
	const char *luks_uuid;	 /* the header must carry this one; NULL: any */
	bool integrity;		 /* the segment must say hmac(sha256), or must not */
	uint32_t max_argon2_kib; /* memory */
	uint32_t max_iterations; /* PBKDF2 of a keyslot */
	uint32_t max_digest_iterations;
};

/* What applies unless the configuration says more: 2 keyslots, Argon2 memory up to the smaller of
 * 1 GiB and half of ram_bytes. */
struct lk_luks_rules lk_luks_rules_default(uint64_t ram_bytes);

enum lk_luks_kdf_kind { LK_LUKS_PBKDF2, LK_LUKS_ARGON2ID };

struct lk_luks_kdf {
	enum lk_luks_kdf_kind kind;
	enum lk_hash hash;   /* PBKDF2: LK_SHA256 or LK_SHA512 */
	uint32_t iterations; /* PBKDF2 */
	uint32_t time;	     /* Argon2id: passes */
	uint32_t memory_kib;
	uint32_t cpus;
	uint8_t salt[LK_LUKS_SALT_MAX];
	size_t salt_len;
};

struct lk_luks_keyslot {
	unsigned id;		/* 0 to 31 */
	uint32_t area_key_size; /* 32 or 64: of the cipher around the key material */
	uint64_t area_offset;	/* bytes from the start of the device */
	uint64_t area_size;
	struct lk_luks_kdf kdf;
};

struct lk_luks_digest {
	uint32_t iterations; /* PBKDF2-SHA256 */
	uint8_t salt[LK_LUKS_SALT_MAX];
	size_t salt_len;
	uint8_t value[32];
};

/* The token `latchkey`, written by us for ourselves and never obeyed: no more than a label on what is
 * there. Keyslots are bits, 1 << id; no keyslot is named twice. */
struct lk_luks_token {
	uint32_t keyslots; /* the provider's secret opens these */
	uint32_t recovery; /* the recovery key's keyslot, or 0 */
	uint32_t next;	   /* of a rotation that is under way, or 0 */
	bool has_mac;
	uint64_t generation; /* with has_mac: 1 or more */
	uint8_t mac[32];     /* agent/header_mac.h */
};

enum lk_luks_degraded { /* what is wrong with the pair of copies; none of it stops the boot */
			LK_LUKS_BOTH_GOOD = 0,
			LK_LUKS_PRIMARY_BAD,   /* the second copy was taken */
			LK_LUKS_SECONDARY_BAD, /* the first copy was taken */
			LK_LUKS_COPIES_DIFFER, /* both valid; the newer was taken, of equal ones the first */
};
/* "primary copy damaged", ...; "" for LK_LUKS_BOTH_GOOD. */
const char *lk_luks_degraded_text(enum lk_luks_degraded degraded);

struct lk_luks_header { /* plain data, no secret */
	char uuid[LK_LUKS_UUID_SIZE];
	uint64_t seqid;
	uint64_t hdr_size;
	uint64_t keyslots_size;	 /* bytes of the keyslots area, which begins at 2 * hdr_size */
	uint64_t segment_offset; /* bytes; to the end of the device */
	uint32_t sector_size;	 /* 512 or 4096 */
	bool integrity;		 /* dm-integrity below, HMAC-SHA-256 over what is encrypted */
	bool has_token;		 /* of type latchkey; not written into the private copy */
	struct lk_luks_token token;
	enum lk_luks_degraded degraded;
	struct lk_luks_digest digest;
	size_t n_keyslots;
	struct lk_luks_keyslot keyslots[LK_LUKS_KEYSLOTS_MAX]; /* by rising id */
};

/* Bytes of the volume key: AES-XTS, and HMAC-SHA-256 behind it with integrity. */
static inline uint32_t lk_luks_key_size(bool integrity)
{
	return LK_LUKS_KEY_SIZE + (integrity ? LK_LUKS_TAG_SIZE : 0);
}

/* The keyslots that are there, as bits. */
uint32_t lk_luks_keyslot_bits(const struct lk_luks_header *h);

/* Size of the copy that begins at `offset` (0, or the second copy's) if these LK_LUKS_BINARY_SIZE
 * bytes look like its start, else 0. Checks shape only: tells the reader how much to read. */
uint64_t lk_luks_copy_size(const uint8_t binary[LK_LUKS_BINARY_SIZE], uint64_t offset);
/* *ret = does the whole copy hold together: shape, place, length, checksum? LK_INTERNAL when that
 * cannot be told: want of memory is no damage. */
enum lk_status lk_luks_copy_check(const uint8_t *copy, size_t len, uint64_t offset, bool *ret,
				  struct lk_error *err);

/* Choose between the two copies as they were read once (NULL or 0 length: could not be read) and
 * read the chosen one. device_size in bytes. LK_TAMPERED with header-invalid, header-json,
 * header-cipher, header-kdf, header-area or header-changed (the UUID). */
enum lk_status lk_luks_header_parse(const uint8_t *primary, size_t primary_len,
				    const uint8_t *secondary, size_t secondary_len,
				    uint64_t device_size, const struct lk_luks_rules *rules,
				    struct lk_luks_header *ret, struct lk_error *err);

/* A fresh primary copy of hdr_size bytes holding what was parsed and nothing else; malloc'ed.
 * The same struct always gives the same bytes. */
enum lk_status lk_luks_header_write(const struct lk_luks_header *header, uint8_t **ret,
				    size_t *ret_len, struct lk_error *err);
/* SHA-256 of what lk_luks_header_write writes: for the report and the measurement. */
enum lk_status lk_luks_header_digest(const struct lk_luks_header *header, uint8_t ret[32],
				     struct lk_error *err);
