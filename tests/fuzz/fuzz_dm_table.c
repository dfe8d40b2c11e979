/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Table lines against what was intended. The first byte says what was: c or d (with discards and
 * 4096-byte sectors) or w (past the work queues) for dm-crypt, v for dm-verity; the rest is the line. Few lines may pass, and
 * those say what they must.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/dm_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "broken: %s\n", what);
		abort();
	}
}

static void check_crypt(const char *line, bool more, bool bypass)
{
	const struct lk_dm_crypt want = {
		.length = 1000,
		.key_size = 64,
		.major = 254,
		.minor = 1,
		.offset = 32768,
		.sector_size = more ? 4096 : 512,
		.discards = more,
		.bypass = bypass,
	};
	struct lk_error err = { 0 };

	if (lk_dm_crypt_check(&want, 0, 1000, "crypt", line, &err)) {
		must(err.code == LK_C_TABLE_MISMATCH, "the code");
		return;
	}
	must(strstr(line, " :64:logon:") != NULL, "a logon key");
	must(strstr(line, "aes-xts-plain64 ") || strstr(line, "capi:xts(aes)-plain64 "), "cipher");
	must(strstr(line, " 254:1 ") != NULL, "device");
	must(!strstr(line, " allow_discards") == !more, "discards");
	must(!strstr(line, " sector_size:4096") == !more, "sector size");
	must(!strstr(line, " no_read_workqueue") == !bypass, "queue for reads");
	must(!strstr(line, " no_write_workqueue") == !bypass, "queue for writes");
}

static void check_integrity(const char *line)
{
	const struct lk_dm_integrity want = {
		.max_length = 1000,
		.major = 254,
		.minor = 1,
		.offset = 32768,
		.tag_size = 32,
		.sector_size = 4096,
		.journal = true,
	};
	struct lk_error err = { 0 };

	if (lk_dm_integrity_check(&want, 0, 1000, "integrity", line, &err)) {
		must(err.code == LK_C_TABLE_MISMATCH, "the code");
		return;
	}
	must(strstr(line, "254:1 32768 32 J ") != NULL, "place and mode");
	must(strstr(line, " block_size:4096") != NULL, "block size");
	must(!strstr(line, "recalc") && !strstr(line, "hash") && !strstr(line, "discard"),
	     "no other option");
}

static void check_verity(const char *line)
{
	static const uint8_t root[2] = { 0x01, 0xab };
	static const uint8_t salt[1] = { 0x5a };
	const struct lk_dm_verity want = {
		.length = 800,
		.major = 253,
		.minor = 0,
		.hash_major = 253,
		.hash_minor = 7,
		.data_block_size = 4096,
		.hash_block_size = 4096,
		.data_blocks = 100,
		.hash_start = 100,
		.algorithm = "sha256",
		.root_hash = root,
		.root_hash_len = sizeof(root),
		.salt = salt,
		.salt_len = sizeof(salt),
		.on_corruption = LK_DM_PANIC,
	};
	struct lk_error err = { 0 };

	if (lk_dm_verity_check(&want, 0, 800, "verity", line, &err)) {
		must(err.code == LK_C_TABLE_MISMATCH, "the code");
		return;
	}
	must(strstr(line, " 01ab ") != NULL, "root hash");
	must(strstr(line, " panic_on_corruption") != NULL, "mode");
	must(!strstr(line, "ignore") && !strstr(line, "at_most_once"), "no other option");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line;

	if (size == 0 || size > 4096)
		return 0;
	line = strndup((const char *)data + 1, size - 1);
	if (!line)
		return 0;
	if (data[0] == 'v')
		check_verity(line);
	else if (data[0] == 'i')
		check_integrity(line);
	else
		check_crypt(line, data[0] == 'd', data[0] == 'w');
	free(line);
	return 0;
}
