/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compares a line of a device-mapper table with what was intended. Pure. Sources:
 * Documentation/admin-guide/device-mapper/dm-crypt.rst, dm-integrity.rst and verity.rst of the
 * kernel.
 *
 * Options may come in any order, once each, out of a closed set; each one intended must be there
 * and no other. All mismatches are LK_TAMPERED (table-mismatch) naming the field, never the key.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

struct lk_dm_crypt {
	uint64_t length; /* 512-byte sectors of the mapping */
	uint32_t key_size;
	unsigned major, minor; /* of the data device */
	uint64_t offset;       /* sectors on it */
	uint32_t sector_size;
	bool discards;
	bool bypass;	/* no_read_workqueue and no_write_workqueue */
	bool integrity; /* HMAC-SHA-256 with AES-XTS, tags in the integrity target below */
};

/* A line of a table to make, as the kernel takes it and gives it back. */
struct lk_dm_line {
	uint64_t start, length; /* 512-byte sectors */
	const char *target, *params;
};
/* For targets whose parameters the kernel repeats as they were given: linear, zero, snapshot. */
enum lk_status lk_dm_line_check(const struct lk_dm_line *want, uint64_t start, uint64_t length,
				const char *target, const char *params, struct lk_error *err);

/* target and params as the kernel gives them: "crypt", "aes-xts-plain64 :64:logon:... 0 8:1 0";
 * the cipher may be in "capi:xts(aes)-plain64" form; the key must be a logon key by name. */
enum lk_status lk_dm_crypt_check(const struct lk_dm_crypt *want, uint64_t start, uint64_t length,
				 const char *target, const char *params, struct lk_error *err);

/* The options of a dm-crypt line as words, without their number; never the key. "" without any. */
void lk_dm_crypt_options(const char *params, char *buf, size_t size);

/* The target below an authenticating dm-crypt: it keeps tags and computes none. */
struct lk_dm_integrity {
	uint64_t max_length;   /* what the device has behind offset, in 512-byte sectors */
	unsigned major, minor; /* of the device */
	uint64_t offset;       /* sectors on it */
	uint32_t tag_size;
	uint32_t sector_size;
	bool journal;
};
/* The length is the superblock's word, which nobody vouches for: not 0, and within max_length. */
enum lk_status lk_dm_integrity_check(const struct lk_dm_integrity *want, uint64_t start,
				     uint64_t length, const char *target, const char *params,
				     struct lk_error *err);

enum lk_dm_corruption { LK_DM_EIO, LK_DM_RESTART, LK_DM_PANIC };

struct lk_dm_verity {
	uint64_t length; /* 512-byte sectors of the mapping */
	unsigned major, minor;
	unsigned hash_major, hash_minor; /* the same where the tree lies behind the data */
	uint32_t data_block_size, hash_block_size;
	uint64_t data_blocks;
	uint64_t hash_start;   /* in hash blocks */
	const char *algorithm; /* "sha256" */
	const uint8_t *root_hash, *salt;
	size_t root_hash_len, salt_len;
	enum lk_dm_corruption on_corruption;
};
enum lk_status lk_dm_verity_check(const struct lk_dm_verity *want, uint64_t start, uint64_t length,
				  const char *target, const char *params, struct lk_error *err);
