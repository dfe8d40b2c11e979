/* SPDX-License-Identifier: Apache-2.0 */
/* The live table against the intended one: each field alone can make it fail, options may come in
 * any order, a raw key never passes. */

#include "agent/dm_table.h"

#include "tests/check.h"

#define KEY ":64:logon:cryptsetup:0aa3a3a5-8b5e-4a3f-9a35-2f6f6d2a1e11-d0"

static struct lk_error err;

static const struct lk_dm_crypt crypt_want = {
	.length = 1000,
	.key_size = 64,
	.major = 254,
	.minor = 1,
	.offset = 32768,
	.sector_size = 512,
};

static enum lk_status crypt_check(const struct lk_dm_crypt *want, const char *params)
{
	return lk_dm_crypt_check(want, 0, 1000, "crypt", params, &err);
}

static void check_all_refused(const struct lk_dm_crypt *want, const char *const *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (crypt_check(want, rows[i]) != LK_TAMPERED || err.code != LK_C_TABLE_MISMATCH)
			check_fail(__FILE__, __LINE__, "passed: %s", rows[i]);
	}
}
#define CHECK_ALL_REFUSED(want, rows)                                                              \
	check_all_refused(want, rows, sizeof(rows) / sizeof((rows)[0]))

TEST(crypt_fields_are_compared)
{
	static const char *const rows[] = {
		"",
		"aes-xts-plain64",
		"cipher_null-ecb " KEY " 0 254:1 32768",
		"aes-xts-plain " KEY " 0 254:1 32768",
		"aes-xts-plain64x " KEY " 0 254:1 32768",
		"capi:gcm(aes)-random " KEY " 0 254:1 32768",
		"aes-xts-plain64 " KEY " 8 254:1 32768",
		"aes-xts-plain64 " KEY " -0 254:1 32768",
		"aes-xts-plain64 " KEY " 18446744073709551616 254:1 32768",
		"aes-xts-plain64 " KEY " 0 254:2 32768",
		"aes-xts-plain64 " KEY " 0 254:11 32768",
		"aes-xts-plain64 " KEY " 0 /dev/vda1 32768",
		"aes-xts-plain64 " KEY " 0 254:1 32767",
		"aes-xts-plain64 " KEY " 0 254:1",
	};

	CHECK_ALL_REFUSED(&crypt_want, rows);
}

TEST(only_logon_keys_pass)
{
	static const char *const rows[] = {
		"aes-xts-plain64 000102030405060708090a0b0c0d0e0f 0 254:1 32768",
		"aes-xts-plain64 - 0 254:1 32768",
		"aes-xts-plain64 :64:user:name 0 254:1 32768",
		"aes-xts-plain64 :64:encrypted:name 0 254:1 32768",
		"aes-xts-plain64 :32:logon:name 0 254:1 32768",
		"aes-xts-plain64 :064:logon:name 0 254:1 32768",
		"aes-xts-plain64 :64:logon: 0 254:1 32768",
	};

	CHECK_ALL_REFUSED(&crypt_want, rows);
}

TEST(a_mismatch_never_quotes_the_line)
{
	char said[2048];

	CHECK_EQ(crypt_check(&crypt_want, "aes-xts-plain64 c0ffee 0 254:1 32768"), LK_TAMPERED);
	lk_error_format(&err, said, sizeof(said));
	CHECK(!strstr(said, "c0ffee"));
	CHECK_HAS(said, "key");
}

TEST(crypt_options_are_a_closed_set)
{
	static const char *const none[] = {
		"aes-xts-plain64 " KEY " 0 254:1 32768 1 allow_discards",
		"aes-xts-plain64 " KEY " 0 254:1 32768 1 sector_size:4096",
		"aes-xts-plain64 " KEY " 0 254:1 32768 1 no_read_workqueue",
		"aes-xts-plain64 " KEY " 0 254:1 32768 1 iv_large_sectors",
		"aes-xts-plain64 " KEY " 0 254:1 32768 1 integrity:28:none",
		"aes-xts-plain64 " KEY " 0 254:1 32768 1",
		"aes-xts-plain64 " KEY " 0 254:1 32768 0 allow_discards",
		"aes-xts-plain64 " KEY " 0 254:1 32768 x",
		"aes-xts-plain64 " KEY " 0 254:1 32768 -1",
		"aes-xts-plain64 " KEY " 0 254:1 32768 99999999999",
	};
	static const char *const both[] = {
		"aes-xts-plain64 " KEY " 0 254:1 32768",
		"aes-xts-plain64 " KEY " 0 254:1 32768 1 allow_discards",
		"aes-xts-plain64 " KEY " 0 254:1 32768 1 sector_size:4096",
		"aes-xts-plain64 " KEY " 0 254:1 32768 2 allow_discards allow_discards",
		"aes-xts-plain64 " KEY " 0 254:1 32768 2 allow_discards sector_size:2048",
		"aes-xts-plain64 " KEY " 0 254:1 32768 3 allow_discards sector_size:4096 x",
		"aes-xts-plain64 " KEY " 0 254:1 32768 2 allow_discards sector_size:4096 x",
	};
	static const char *const half[] = {
		"aes-xts-plain64 " KEY " 0 254:1 32768",
		"aes-xts-plain64 " KEY " 0 254:1 32768 1 no_read_workqueue",
		"aes-xts-plain64 " KEY " 0 254:1 32768 1 no_write_workqueue",
		"aes-xts-plain64 " KEY " 0 254:1 32768 2 no_read_workqueue same_cpu_crypt",
	};
	struct lk_dm_crypt want = crypt_want;

	CHECK_ALL_REFUSED(&crypt_want, none);
	want.discards = true;
	want.sector_size = 4096;
	CHECK_ALL_REFUSED(&want, both);
	CHECK_OK(crypt_check(&want, "aes-xts-plain64 " KEY " 0 254:1 32768 2 allow_discards "
				    "sector_size:4096"));
	CHECK_OK(crypt_check(&want, "aes-xts-plain64 " KEY " 0 254:1 32768 2 sector_size:4096 "
				    "allow_discards"));
	want.bypass = true;
	CHECK_ALL_REFUSED(&want, both);
	CHECK_OK(crypt_check(&want, "aes-xts-plain64 " KEY " 0 254:1 32768 4 no_write_workqueue "
				    "sector_size:4096 allow_discards no_read_workqueue"));
	want = crypt_want;
	want.bypass = true;
	CHECK_ALL_REFUSED(&want, half);
	CHECK_OK(crypt_check(&want, "aes-xts-plain64 " KEY " 0 254:1 32768 2 no_read_workqueue "
				    "no_write_workqueue"));
}

TEST(what_was_intended_passes)
{
	CHECK_OK(crypt_check(&crypt_want, "aes-xts-plain64 " KEY " 0 254:1 32768"));
	CHECK_OK(crypt_check(&crypt_want, "capi:xts(aes)-plain64 " KEY " 0 254:1 32768"));
	CHECK_OK(crypt_check(&crypt_want, "aes-xts-plain64 " KEY " 0 254:1 32768 0"));
}

TEST(options_are_told_and_the_key_is_not)
{
	char text[64];

	lk_dm_crypt_options("aes-xts-plain64 " KEY
			    " 0 254:1 32768 2 allow_discards sector_size:4096",
			    text, sizeof(text));
	CHECK_STR(text, "allow_discards sector_size:4096");
	lk_dm_crypt_options("aes-xts-plain64 " KEY " 0 254:1 32768", text, sizeof(text));
	CHECK_STR(text, "");
	lk_dm_crypt_options("aes-xts-plain64 c0ffee", text, sizeof(text));
	CHECK_STR(text, "");
}

TEST(frames_are_compared)
{
	const char *good = "aes-xts-plain64 " KEY " 0 254:1 32768";

	CHECK_EQ(lk_dm_crypt_check(&crypt_want, 1, 1000, "crypt", good, &err), LK_TAMPERED);
	CHECK_EQ(lk_dm_crypt_check(&crypt_want, 0, 999, "crypt", good, &err), LK_TAMPERED);
	CHECK_EQ(lk_dm_crypt_check(&crypt_want, 0, 1000, "linear", good, &err), LK_TAMPERED);
	CHECK_EQ(lk_dm_crypt_check(&crypt_want, 0, 1000, "cryp", good, &err), LK_TAMPERED);
}

static const uint8_t root[4] = { 0x01, 0xab, 0xcd, 0xef };
static const uint8_t salt[2] = { 0x5a, 0x17 };
static const struct lk_dm_verity verity_want = {
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
#define VERITY "1 253:0 253:7 4096 4096 100 100 sha256 01abcdef 5a17"

static enum lk_status verity_check(const struct lk_dm_verity *want, const char *params)
{
	return lk_dm_verity_check(want, 0, 800, "verity", params, &err);
}

TEST(verity_fields_are_compared)
{
	static const char *const rows[] = {
		"",
		"0 253:0 253:7 4096 4096 100 100 sha256 01abcdef 5a17 1 panic_on_corruption",
		"1 253:1 253:7 4096 4096 100 100 sha256 01abcdef 5a17 1 panic_on_corruption",
		"1 253:0 253:0 4096 4096 100 100 sha256 01abcdef 5a17 1 panic_on_corruption",
		"1 253:0 253:7 512 4096 100 100 sha256 01abcdef 5a17 1 panic_on_corruption",
		"1 253:0 253:7 4096 512 100 100 sha256 01abcdef 5a17 1 panic_on_corruption",
		"1 253:0 253:7 4096 4096 99 100 sha256 01abcdef 5a17 1 panic_on_corruption",
		"1 253:0 253:7 4096 4096 100 101 sha256 01abcdef 5a17 1 panic_on_corruption",
		"1 253:0 253:7 4096 4096 100 100 sha512 01abcdef 5a17 1 panic_on_corruption",
		"1 253:0 253:7 4096 4096 100 100 sha256 01abcdee 5a17 1 panic_on_corruption",
		"1 253:0 253:7 4096 4096 100 100 sha256 01abcd 5a17 1 panic_on_corruption",
		"1 253:0 253:7 4096 4096 100 100 sha256 01abcdef 5a18 1 panic_on_corruption",
		"1 253:0 253:7 4096 4096 100 100 sha256 01abcdef - 1 panic_on_corruption",
		VERITY,
		VERITY " 1 restart_on_corruption",
		VERITY " 1 ignore_corruption",
		VERITY " 2 panic_on_corruption ignore_zero_blocks",
		VERITY " 2 panic_on_corruption check_at_most_once",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (verity_check(&verity_want, rows[i]) != LK_TAMPERED)
			check_fail(__FILE__, __LINE__, "passed: %s", rows[i]);
	}
	CHECK_OK(verity_check(&verity_want, VERITY " 1 panic_on_corruption"));
}

TEST(verity_modes_and_empty_salts)
{
	struct lk_dm_verity want = verity_want;

	want.on_corruption = LK_DM_EIO;
	CHECK_OK(verity_check(&want, VERITY));
	CHECK_EQ(verity_check(&want, VERITY " 1 panic_on_corruption"), LK_TAMPERED);
	want.on_corruption = LK_DM_RESTART;
	CHECK_OK(verity_check(&want, VERITY " 1 restart_on_corruption"));
	want.on_corruption = LK_DM_EIO;
	want.salt_len = 0;
	CHECK_OK(verity_check(&want, "1 253:0 253:7 4096 4096 100 100 sha256 01abcdef -"));
	CHECK_EQ(verity_check(&want, VERITY), LK_TAMPERED);
}

TEST(authenticated_crypt_is_compared)
{
#define AEAD	     "capi:authenc(hmac(sha256),xts(aes))-plain64 :96:logon:cryptsetup:x-d0 0 253:0 0"
#define AEAD_OPTIONS " 2 integrity:32:aead sector_size:4096"
	static const char *const rows[] = {
		AEAD,
		AEAD " 1 sector_size:4096",
		AEAD " 2 integrity:28:aead sector_size:4096",
		AEAD " 2 integrity:32:none sector_size:4096",
		"capi:xts(aes)-plain64 :96:logon:x 0 253:0 0" AEAD_OPTIONS,
		"capi:authenc(hmac(sha1),xts(aes))-plain64 :96:logon:x 0 253:0 0" AEAD_OPTIONS,
		"capi:authenc(hmac(sha256),xts(aes))-plain64 :64:logon:x 0 253:0 0" AEAD_OPTIONS,
	};
	const struct lk_dm_crypt want = {
		.length = 1000,
		.key_size = 96,
		.major = 253,
		.sector_size = 4096,
		.integrity = true,
	};

	CHECK_ALL_REFUSED(&want, rows);
	CHECK_OK(crypt_check(&want, AEAD AEAD_OPTIONS));
	CHECK_EQ(crypt_check(&crypt_want,
			     "aes-xts-plain64 " KEY " 0 254:1 32768 1 integrity:32:aead"),
		 LK_TAMPERED);
}

static const struct lk_dm_integrity integrity_want = {
	.max_length = 2000,
	.major = 254,
	.minor = 1,
	.offset = 32768,
	.tag_size = 32,
	.sector_size = 4096,
	.journal = true,
};

static enum lk_status integrity_check(uint64_t length, const char *params)
{
	return lk_dm_integrity_check(&integrity_want, 0, length, "integrity", params, &err);
}

TEST(integrity_fields_are_compared)
{
#define NUMBERS "block_size:4096 journal_sectors:1000 interleave_sectors:32768 buffer_sectors:128"
#define JOURNAL " journal_watermark:50 commit_time:10000"
	static const char *const rows[] = {
		"",
		"254:2 32768 32 J 6 " NUMBERS JOURNAL,
		"254:1 32760 32 J 6 " NUMBERS JOURNAL,
		"254:1 32768 16 J 6 " NUMBERS JOURNAL,
		"254:1 32768 32 D 4 " NUMBERS,
		"254:1 32768 32 B 6 " NUMBERS JOURNAL,
		"254:1 32768 32 R 4 " NUMBERS,
		"254:1 32768 32 J 4 " NUMBERS,
		"254:1 32768 32 J 7 " NUMBERS JOURNAL " recalculate",
		"254:1 32768 32 J 7 " NUMBERS JOURNAL " allow_discards",
		"254:1 32768 32 J 7 " NUMBERS JOURNAL " internal_hash:crc32c",
		"254:1 32768 32 J 7 " NUMBERS JOURNAL " meta_device:8:1",
		"254:1 32768 32 J 7 " NUMBERS JOURNAL " journal_sectors:1",
		"254:1 32768 32 J 6 block_size:512 journal_sectors:1000 interleave_sectors:32768 "
		"buffer_sectors:128" JOURNAL,
		"254:1 32768 32 J 6 block_size:4096 journal_sectors:x interleave_sectors:32768 "
		"buffer_sectors:128" JOURNAL,
		"254:1 32768 32 J 6 block_size:4096 journal_sectors: interleave_sectors:32768 "
		"buffer_sectors:128" JOURNAL,
	};
	struct lk_dm_integrity direct = integrity_want;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (integrity_check(1000, rows[i]) != LK_TAMPERED ||
		    err.code != LK_C_TABLE_MISMATCH)
			check_fail(__FILE__, __LINE__, "passed: %s", rows[i]);
	}
	CHECK_OK(integrity_check(1000, "254:1 32768 32 J 6 " NUMBERS JOURNAL));
	CHECK_OK(integrity_check(1000,
				 "254:1 32768 32 J 8 " NUMBERS JOURNAL " fix_padding fix_hmac"));
	direct.journal = false;
	CHECK_OK(lk_dm_integrity_check(&direct, 0, 1000, "integrity", "254:1 32768 32 D 4 " NUMBERS,
				       &err));
	CHECK_EQ(integrity_check(0, "254:1 32768 32 J 6 " NUMBERS JOURNAL), LK_TAMPERED);
	CHECK_EQ(integrity_check(2001, "254:1 32768 32 J 6 " NUMBERS JOURNAL), LK_TAMPERED);
	CHECK_OK(integrity_check(2000, "254:1 32768 32 J 6 " NUMBERS JOURNAL));
}

TEST(plain_lines_are_compared)
{
	static const struct lk_dm_line want = { 8, 16, "linear", "254:1 0" };
	static const struct lk_dm_line empty = { 0, 16, "zero", "" };

	CHECK_OK(lk_dm_line_check(&want, 8, 16, "linear", "254:1 0", &err));
	CHECK_OK(lk_dm_line_check(&want, 8, 16, "linear", "254:1 0 ", &err));
	CHECK_OK(lk_dm_line_check(&empty, 0, 16, "zero", "", &err));
	CHECK_EQ(lk_dm_line_check(&want, 0, 16, "linear", "254:1 0", &err), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_TABLE_MISMATCH);
	CHECK_EQ(lk_dm_line_check(&want, 8, 17, "linear", "254:1 0", &err), LK_TAMPERED);
	CHECK_EQ(lk_dm_line_check(&want, 8, 16, "line", "254:1 0", &err), LK_TAMPERED);
	CHECK_EQ(lk_dm_line_check(&want, 8, 16, "linear", "254:1 01", &err), LK_TAMPERED);
	CHECK_EQ(lk_dm_line_check(&want, 8, 16, "linear", "254:1", &err), LK_TAMPERED);
	CHECK_EQ(lk_dm_line_check(&want, 8, 16, "linear", "", &err), LK_TAMPERED);
	CHECK_EQ(lk_dm_line_check(&empty, 0, 16, "zero", "x", &err), LK_TAMPERED);
}

TESTS(crypt_fields_are_compared, only_logon_keys_pass, a_mismatch_never_quotes_the_line,
      crypt_options_are_a_closed_set, what_was_intended_passes, options_are_told_and_the_key_is_not,
      frames_are_compared, authenticated_crypt_is_compared, integrity_fields_are_compared,
      verity_fields_are_compared, verity_modes_and_empty_salts, plain_lines_are_compared)
