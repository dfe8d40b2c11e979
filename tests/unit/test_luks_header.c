/* SPDX-License-Identifier: Apache-2.0 */
/* The LUKS2 header rules: every hostile change is refused with the code that names it, the right
 * copy is chosen, and what is written again reads the same. */

#include "agent/luks_header.h"

#include "core/json.h"
#include "tests/check.h"
#include "tests/headers/luks_image.h"

#define MIB	 (UINT64_C(1024) * 1024)
#define DEVICE	 (64 * MIB)
#define HDR_SIZE 16384u

#define SALT	 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define SLOT_0                                                                                     \
	"\"0\":{\"type\":\"luks2\",\"key_size\":64,"                                               \
	"\"af\":{\"type\":\"luks1\",\"stripes\":4000,\"hash\":\"sha256\"},"                        \
	"\"area\":{\"type\":\"raw\",\"offset\":\"32768\",\"size\":\"258048\","                     \
	"\"encryption\":\"aes-xts-plain64\",\"key_size\":64},"                                     \
	"\"kdf\":{\"type\":\"pbkdf2\",\"hash\":\"sha256\",\"iterations\":1000,\"salt\":\"" SALT    \
	"\"}}"
#define SLOT_1                                                                                     \
	"\"1\":{\"type\":\"luks2\",\"key_size\":64,"                                               \
	"\"af\":{\"type\":\"luks1\",\"stripes\":4000,\"hash\":\"sha256\"},"                        \
	"\"area\":{\"type\":\"raw\",\"offset\":\"290816\",\"size\":\"258048\","                    \
	"\"encryption\":\"aes-xts-plain64\",\"key_size\":32},"                                     \
	"\"kdf\":{\"type\":\"argon2id\",\"time\":4,\"memory\":262144,\"cpus\":2,\"salt\":\"" SALT  \
	"\"}}"
#define SEGMENT                                                                                    \
	"\"0\":{\"type\":\"crypt\",\"offset\":\"16777216\",\"size\":\"dynamic\","                  \
	"\"iv_tweak\":\"0\",\"encryption\":\"aes-xts-plain64\",\"sector_size\":512}"
#define DIGEST(slots)                                                                              \
	"\"0\":{\"type\":\"pbkdf2\",\"keyslots\":[" slots "],\"segments\":[\"0\"],"                \
	"\"hash\":\"sha256\",\"iterations\":1000,\"salt\":\"" SALT "\",\"digest\":\"" SALT "\"}"
#define CONFIG "{\"json_size\":\"12288\",\"keyslots_size\":\"16744448\"}"
#define DOCUMENT(slots, digest, tokens)                                                            \
	"{\"keyslots\":{" slots "},\"tokens\":{" tokens "},\"segments\":{" SEGMENT                 \
	"},\"digests\":{" digest "},\"config\":" CONFIG "}"

static const char one_slot[] = DOCUMENT(SLOT_0, DIGEST("\"0\""), "");
static const char two_slots[] = DOCUMENT(SLOT_0 "," SLOT_1, DIGEST("\"0\",\"1\""), "");

static struct lk_luks_header header;
static struct lk_error err;

static enum lk_status parse_sized(const char *text, size_t n, size_t hdr_size, uint64_t device,
				  const struct lk_luks_rules *rules)
{
	uint8_t *first = luks_image_copy(text, n, hdr_size, 0, 7);
	uint8_t *second = luks_image_copy(text, n, hdr_size, hdr_size, 7);
	enum lk_status st = lk_luks_header_parse(first, hdr_size, second, hdr_size, device, rules,
						 &header, &err);

	free(first);
	free(second);
	return st;
}

static bool integrity; /* what the configuration says */

static enum lk_status parse(const char *text)
{
	struct lk_luks_rules rules = lk_luks_rules_default(4096 * MIB);

	rules.integrity = integrity;
	return parse_sized(text, strlen(text), HDR_SIZE, DEVICE, &rules);
}

/* text with the first `from` replaced. */
static char *edit(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);
	char *out = NULL;

	if (!at)
		check_fail(__FILE__, __LINE__, "no '%s' to replace", from);
	if (asprintf(&out, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from)) < 0)
		abort();
	return out;
}

struct refusal {
	const char *from, *to;
	enum lk_code code;
	const char *says;
};

static void check_refusals(const char *text, const struct refusal *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *changed = edit(text, rows[i].from, rows[i].to), said[2048];
		enum lk_status st = parse(changed);

		free(changed);
		lk_error_format(&err, said, sizeof(said));
		if (st != LK_TAMPERED || err.code != rows[i].code || !strstr(said, rows[i].says))
			check_fail(__FILE__, __LINE__, "%s -> %s: %s", rows[i].from, rows[i].to,
				   st ? said : "accepted");
	}
}
#define CHECK_REFUSALS(text, rows) check_refusals(text, rows, sizeof(rows) / sizeof((rows)[0]))

TEST(null_ciphers_are_refused)
{
	static const struct refusal rows[] = {
		{ "\"encryption\":\"aes-xts-plain64\",\"sector_size\"",
		  "\"encryption\":\"cipher_null-ecb\",\"sector_size\"", LK_C_HEADER_CIPHER,
		  "segment" },
		{ "\"encryption\":\"aes-xts-plain64\",\"key_size\"",
		  "\"encryption\":\"cipher_null-ecb\",\"key_size\"", LK_C_HEADER_CIPHER,
		  "keyslot 0" },
		{ "\"encryption\":\"aes-xts-plain64\",\"sector_size\"",
		  "\"encryption\":\"aes-cbc-plain64\",\"sector_size\"", LK_C_HEADER_CIPHER,
		  "aes-cbc" },
		{ "\"key_size\":64,\"af\"", "\"key_size\":32,\"af\"", LK_C_HEADER_CIPHER,
		  "key_size" },
		{ "\"key_size\":64}", "\"key_size\":48}", LK_C_HEADER_CIPHER, "key_size" },
		{ "\"iv_tweak\":\"0\"", "\"iv_tweak\":\"8\"", LK_C_HEADER_CIPHER, "iv_tweak" },
	};

	CHECK_REFUSALS(one_slot, rows);
}

#define AUTHENTICATED                                                                              \
	",\"integrity\":{\"type\":\"hmac(sha256)\",\"journal_encryption\":\"none\","               \
	"\"journal_integrity\":\"none\"}"
#define SEGMENT_I                                                                                  \
	"\"0\":{\"type\":\"crypt\",\"offset\":\"16777216\",\"size\":\"dynamic\","                  \
	"\"iv_tweak\":\"0\",\"encryption\":\"aes-xts-plain64\",\"sector_size\":4096" AUTHENTICATED \
	"}"
#define SLOT_I                                                                                     \
	"\"0\":{\"type\":\"luks2\",\"key_size\":96,"                                               \
	"\"af\":{\"type\":\"luks1\",\"stripes\":4000,\"hash\":\"sha256\"},"                        \
	"\"area\":{\"type\":\"raw\",\"offset\":\"32768\",\"size\":\"385024\","                     \
	"\"encryption\":\"aes-xts-plain64\",\"key_size\":64},"                                     \
	"\"kdf\":{\"type\":\"pbkdf2\",\"hash\":\"sha256\",\"iterations\":1000,\"salt\":\"" SALT    \
	"\"}}"

static const char with_integrity[] =
	"{\"keyslots\":{" SLOT_I "},\"tokens\":{},\"segments\":{" SEGMENT_I
	"},\"digests\":{" DIGEST("\"0\"") "},\"config\":" CONFIG "}";

TEST(integrity_must_be_what_the_configuration_says)
{
	static const struct refusal rows[] = {
		{ "hmac(sha256)", "hmac(sha512)", LK_C_HEADER_CIPHER, "type" },
		{ "hmac(sha256)", "none", LK_C_HEADER_CIPHER, "type" },
		{ "\"journal_encryption\":\"none\"", "\"journal_encryption\":\"cbc(aes)\"",
		  LK_C_HEADER_CIPHER, "journal_encryption" },
		{ "\"journal_integrity\":\"none\"", "\"journal_integrity\":\"crc32c\"",
		  LK_C_HEADER_CIPHER, "journal_integrity" },
		{ "\"journal_integrity\":\"none\"", "\"journal_integrity\":\"none\",\"x\":1",
		  LK_C_HEADER_CIPHER, "x" },
		{ AUTHENTICATED, ",\"integrity\":\"hmac(sha256)\"", LK_C_HEADER_CIPHER,
		  "integrity" },
		{ AUTHENTICATED, "", LK_C_HEADER_CIPHER, "there is no dm-integrity" },
		{ "\"key_size\":96", "\"key_size\":64", LK_C_HEADER_CIPHER, "key_size" },
		{ "385024", "258048", LK_C_HEADER_AREA, "size" },
	};
	uint8_t *copy;
	size_t len;

	integrity = true;
	CHECK_OK(parse(with_integrity));
	CHECK(header.integrity);
	CHECK_OK(lk_luks_header_write(&header, &copy, &len, &err));
	CHECK_HAS((const char *)copy + LK_LUKS_BINARY_SIZE, AUTHENTICATED);
	free(copy);
	CHECK_REFUSALS(with_integrity, rows);
	CHECK_EQ(parse(one_slot), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_HEADER_CIPHER);
	integrity = false;
	CHECK_EQ(parse(with_integrity), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_HEADER_CIPHER);
	CHECK_OK(parse(one_slot));
	CHECK(!header.integrity);
}

TEST(redirected_areas_are_refused)
{
	static const struct refusal rows[] = {
		{ "\"offset\":\"32768\"", "\"offset\":\"16384\"", LK_C_HEADER_AREA, "outside" },
		{ "\"offset\":\"32768\"", "\"offset\":\"33792\"", LK_C_HEADER_AREA, "outside" },
		{ "\"offset\":\"32768\"", "\"offset\":\"16777216\"", LK_C_HEADER_AREA, "outside" },
		{ "\"offset\":\"32768\"", "\"offset\":\"16523264\"", LK_C_HEADER_AREA, "outside" },
		{ "\"offset\":\"32768\"", "\"offset\":\"9223372036854771712\"", LK_C_HEADER_AREA,
		  "outside" },
		{ "\"offset\":\"32768\"", "\"offset\":\"-32768\"", LK_C_HEADER_AREA, "offset" },
		{ "\"offset\":\"32768\"", "\"offset\":\"032768\"", LK_C_HEADER_AREA, "offset" },
		{ "\"offset\":\"32768\"", "\"offset\":32768", LK_C_HEADER_AREA, "offset" },
		{ "\"size\":\"258048\"", "\"size\":\"4096\"", LK_C_HEADER_AREA, "size" },
		{ "\"size\":\"258048\"", "\"size\":\"18446744073709551615\"", LK_C_HEADER_AREA,
		  "size" },
		{ "\"offset\":\"290816\"", "\"offset\":\"286720\"", LK_C_HEADER_AREA, "overlaps" },
	};

	CHECK_REFUSALS(two_slots, rows);
}

TEST(lying_sizes_are_refused)
{
	static const struct refusal rows[] = {
		{ "\"json_size\":\"12288\"", "\"json_size\":\"28672\"", LK_C_HEADER_AREA,
		  "json_size" },
		{ "\"keyslots_size\":\"16744448\"", "\"keyslots_size\":\"16748544\"",
		  LK_C_HEADER_AREA, "overlaps the keyslots" },
		{ "\"keyslots_size\":\"16744448\"", "\"keyslots_size\":\"258049\"",
		  LK_C_HEADER_AREA, "whole blocks" },
		{ "\"keyslots_size\":\"16744448\"", "\"keyslots_size\":\"0\"", LK_C_HEADER_AREA,
		  "whole blocks" },
		{ "\"keyslots_size\":\"16744448\"", "\"keyslots_size\":\"134221824\"",
		  LK_C_HEADER_JSON, "keyslots_size" },
		{ "\"offset\":\"16777216\"", "\"offset\":\"32768\"", LK_C_HEADER_AREA,
		  "overlaps the keyslots" },
		{ "\"offset\":\"16777216\"", "\"offset\":\"16777728\"", LK_C_HEADER_AREA,
		  "aligned" },
		{ "\"offset\":\"16777216\"", "\"offset\":\"67108864\"", LK_C_HEADER_AREA,
		  "beyond the end" },
		{ "\"size\":\"dynamic\"", "\"size\":\"4096\"", LK_C_HEADER_AREA, "dynamic" },
		{ "\"sector_size\":512", "\"sector_size\":1024", LK_C_HEADER_AREA, "sector_size" },
		{ "\"sector_size\":512", "\"sector_size\":-1", LK_C_HEADER_AREA, "sector_size" },
	};

	CHECK_REFUSALS(one_slot, rows);
}

TEST(a_device_must_end_with_a_whole_sector)
{
	struct lk_luks_rules rules = lk_luks_rules_default(4096 * MIB);
	char *text = edit(one_slot, "\"sector_size\":512", "\"sector_size\":4096");

	CHECK_EQ(parse_sized(text, strlen(text), HDR_SIZE, DEVICE + 512, &rules), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_HEADER_AREA);
	CHECK_OK(parse_sized(text, strlen(text), HDR_SIZE, DEVICE, &rules));
	CHECK_EQ(header.sector_size, 4096);
	free(text);
}

TEST(hostile_kdf_costs_are_refused)
{
	static const struct refusal rows[] = {
		{ "\"iterations\":1000,\"salt\":\"" SALT "\"}}",
		  "\"iterations\":4000000000,\"salt\":\"" SALT "\"}}", LK_C_HEADER_KDF,
		  "iterations" },
		{ "\"iterations\":1000,", "\"iterations\":1,", LK_C_HEADER_KDF, "iterations" },
		{ "\"iterations\":1000,", "\"iterations\":1e3,", LK_C_HEADER_KDF, "iterations" },
		{ "\"pbkdf2\",\"hash\":\"sha256\"", "\"pbkdf2\",\"hash\":\"sha1\"", LK_C_HEADER_KDF,
		  "sha1" },
		{ "\"type\":\"argon2id\"", "\"type\":\"argon2i\"", LK_C_HEADER_KDF, "argon2i" },
		{ "\"memory\":262144", "\"memory\":67108864", LK_C_HEADER_KDF, "memory" },
		{ "\"memory\":262144", "\"memory\":1048577", LK_C_HEADER_KDF, "memory" },
		{ "\"memory\":262144", "\"memory\":0", LK_C_HEADER_KDF, "memory" },
		{ "\"time\":4", "\"time\":257", LK_C_HEADER_KDF, "time" },
		{ "\"time\":4", "\"time\":65", LK_C_HEADER_KDF, "more work" },
		{ "\"cpus\":2", "\"cpus\":64", LK_C_HEADER_KDF, "cpus" },
		{ "\"cpus\":2", "\"cpus\":2,\"iterations\":1", LK_C_HEADER_KDF, "iterations" },
	};

	CHECK_REFUSALS(two_slots, rows);
}

TEST(argon2_is_bounded_by_half_of_the_memory)
{
	struct lk_luks_rules rules = lk_luks_rules_default(512 * MIB);

	CHECK_EQ(rules.max_argon2_kib, 256 * 1024);
	CHECK_OK(parse_sized(two_slots, strlen(two_slots), HDR_SIZE, DEVICE, &rules));
	rules = lk_luks_rules_default(511 * MIB);
	CHECK_EQ(parse_sized(two_slots, strlen(two_slots), HDR_SIZE, DEVICE, &rules), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_HEADER_KDF);
	CHECK_EQ(lk_luks_rules_default(1024 * 1024 * MIB).max_argon2_kib, 1024 * 1024);
}

TEST(digests_bind_exactly_the_keyslots_and_the_segment)
{
	static const struct refusal rows[] = {
		{ "[\"0\",\"1\"]", "[\"0\"]", LK_C_HEADER_JSON, "bind" },
		{ "[\"0\",\"1\"]", "[\"0\",\"1\",\"2\"]", LK_C_HEADER_JSON, "bind" },
		{ "[\"0\",\"1\"]", "[\"0\",\"0\"]", LK_C_HEADER_JSON, "list of ids" },
		{ "[\"0\",\"1\"]", "[0,1]", LK_C_HEADER_JSON, "list of ids" },
		{ "[\"0\",\"1\"]", "[\"0\",\"01\"]", LK_C_HEADER_JSON, "list of ids" },
		{ "[\"0\",\"1\"]", "[\"0\",\"32\"]", LK_C_HEADER_JSON, "list of ids" },
		{ "\"segments\":[\"0\"]", "\"segments\":[]", LK_C_HEADER_JSON, "bind" },
		{ "\"segments\":[\"0\"]", "\"segments\":[\"0\",\"1\"]", LK_C_HEADER_JSON, "bind" },
		{ "\"segments\":[\"0\"],\"hash\":\"sha256\"",
		  "\"segments\":[\"0\"],\"hash\":\"sha1\"", LK_C_HEADER_KDF, "sha1" },
		{ "\"digest\":\"" SALT "\"", "\"digest\":\"AAEC\"", LK_C_HEADER_JSON, "digest" },
		{ "\"digest\":\"" SALT "\"", "\"digest\":\"!\"", LK_C_HEADER_JSON, "digest" },
		{ "\"digests\":{", "\"digests\":{" DIGEST("") ",\"1\":0,\"x", LK_C_HEADER_JSON,
		  "" },
		{ "\"digests\":{\"0\"", "\"digests\":{\"1\"", LK_C_HEADER_JSON, "" },
	};

	CHECK_REFUSALS(two_slots, rows);
}

TEST(unknown_members_are_refused_at_every_level)
{
	static const struct refusal rows[] = {
		{ "{\"keyslots\"", "{\"extra\":0,\"keyslots\"", LK_C_HEADER_JSON, "extra" },
		{ "\"key_size\":64,\"af\"", "\"key_size\":64,\"priority\":0,\"af\"",
		  LK_C_HEADER_JSON, "priority" },
		{ "\"stripes\":4000", "\"stripes\":4000,\"x\":0", LK_C_HEADER_JSON, "x" },
		{ "\"type\":\"raw\"", "\"type\":\"raw\",\"x\":0", LK_C_HEADER_JSON, "x" },
		{ "\"type\":\"pbkdf2\",\"hash\"", "\"type\":\"pbkdf2\",\"x\":0,\"hash\"",
		  LK_C_HEADER_KDF, "x" },
		{ "\"type\":\"crypt\"", "\"type\":\"crypt\",\"flags\":[\"backup-final\"]",
		  LK_C_HEADER_JSON, "flags" },
		{ "\"type\":\"crypt\"",
		  "\"type\":\"crypt\",\"integrity\":{\"type\":\"none\",\"journal_encryption\":"
		  "\"none\",\"journal_integrity\":\"none\"}",
		  LK_C_HEADER_CIPHER, "integrity" },
		{ "\"type\":\"pbkdf2\",\"keyslots\"", "\"type\":\"pbkdf2\",\"x\":0,\"keyslots\"",
		  LK_C_HEADER_JSON, "x" },
		{ "\"json_size\"",
		  "\"requirements\":{\"mandatory\":[\"online-reencrypt-v2\"]},\"json_size\"",
		  LK_C_HEADER_JSON, "requirements" },
		{ "\"json_size\"", "\"flags\":[\"allow-discards\"],\"json_size\"", LK_C_HEADER_JSON,
		  "flags" },
	};

	CHECK_REFUSALS(one_slot, rows);
}

TEST(other_shapes_are_refused)
{
	static const struct refusal rows[] = {
		{ "\"stripes\":4000", "\"stripes\":1", LK_C_HEADER_JSON, "stripes" },
		{ "\"type\":\"luks1\",\"stripes\":4000,\"hash\":\"sha256\"",
		  "\"type\":\"luks1\",\"stripes\":4000,\"hash\":\"sha1\"", LK_C_HEADER_JSON,
		  "sha1" },
		{ "\"type\":\"luks1\"", "\"type\":\"none\"", LK_C_HEADER_JSON, "none" },
		{ "\"type\":\"raw\"", "\"type\":\"datashift\"", LK_C_HEADER_JSON, "datashift" },
		{ "\"type\":\"luks2\"", "\"type\":\"reencrypt\"", LK_C_HEADER_JSON, "reencrypt" },
		{ "\"type\":\"crypt\"", "\"type\":\"linear\"", LK_C_HEADER_JSON, "linear" },
		{ "\"0\":{\"type\":\"luks2\"", "\"x\":{\"type\":\"luks2\"", LK_C_HEADER_JSON,
		  "no number" },
		{ "\"keyslots\":{", "\"keyslots\":{\"1\":[],", LK_C_HEADER_JSON, "keyslot" },
		{ "\"keyslots\":{\"0\"", "\"keyslots\":[],\"x\":{\"0\"", LK_C_HEADER_JSON, "" },
		{ "\"tokens\":{}", "\"tokens\":[]", LK_C_HEADER_JSON, "tokens" },
		{ "\"segments\":{", "\"segments\":{\"1\":{},", LK_C_HEADER_JSON, "2 segments" },
		{ "\"salt\":\"" SALT "\"", "\"salt\":\"AAECAwQF\"", LK_C_HEADER_JSON, "salt" },
		{ "\"salt\":\"" SALT "\"", "\"salt\":\"\\u0000\"", LK_C_HEADER_JSON, "" },
		{ "\"key_size\":64,\"af\"", "\"key_size\":64,\"key_size\":64,\"af\"",
		  LK_C_HEADER_JSON, "twice" },
		{ "{\"keyslots\"", "{\"config\":{},\"keyslots\"", LK_C_HEADER_JSON, "twice" },
		{ "\"16744448\"}}", "\"16744448\"}}{}", LK_C_HEADER_JSON, "follows" },
		{ "\"16744448\"}}", "\"16744448\"}", LK_C_HEADER_JSON, "" },
	};

	CHECK_REFUSALS(one_slot, rows);
}

#define MAC "\"mac\":\"" SALT "\""

TEST(tokens_are_ours_or_refused)
{
	static const char token[] = "\"0\":{\"type\":\"latchkey\",\"keyslots\":[\"0\"],"
				    "\"generation\":\"7\"," MAC ",\"next\":[\"1\"]}";
	static const struct refusal rows[] = {
		{ "latchkey", "systemd-tpm2", LK_C_HEADER_JSON, "systemd-tpm2" },
		{ "[\"0\"],\"gen", "[\"3\"],\"gen", LK_C_HEADER_JSON, "absent keyslot" },
		{ "[\"0\"],\"gen", "[\"0\",\"1\"],\"gen", LK_C_HEADER_JSON, "a keyslot twice" },
		{ "\"next\":[\"1\"]", "\"next\":[\"1\",\"0\"]", LK_C_HEADER_JSON, "more than one" },
		{ "\"next\":[\"1\"]", "\"next\":[\"2\"]", LK_C_HEADER_JSON, "absent keyslot" },
		{ "\"next\":[\"1\"]", "\"next\":\"1\"", LK_C_HEADER_JSON, "next" },
		{ "\"next\":[\"1\"]", "\"next\":[\"1\"],\"recovery\":[\"1\"]", LK_C_HEADER_JSON,
		  "a keyslot twice" },
		{ "\"next\":[\"1\"]", "\"kbs_url\":\"http://x\"", LK_C_HEADER_JSON, "kbs_url" },
		{ "\"generation\":\"7\",", "", LK_C_HEADER_JSON, "belong together" },
		{ "," MAC, "", LK_C_HEADER_JSON, "belong together" },
		{ "\"generation\":\"7\"", "\"generation\":\"0\"", LK_C_HEADER_JSON,
		  "generation is 0" },
		{ "\"generation\":\"7\"", "\"generation\":7", LK_C_HEADER_JSON, "generation" },
		{ "\"generation\":\"7\"", "\"generation\":\"9223372036854775808\"",
		  LK_C_HEADER_JSON, "generation" },
		{ MAC, "\"mac\":\"AAEC\"", LK_C_HEADER_JSON, "mac" },
		{ "\"next\":[\"1\"]}",
		  "\"next\":[\"1\"]},\"1\":{\"type\":\"latchkey\",\"keyslots\":[]}",
		  LK_C_HEADER_JSON, "2 tokens" },
	};
	char *text = edit(two_slots, "\"tokens\":{}", "\"tokens\":{TOKEN}");
	char *with = edit(text, "TOKEN", token);

	CHECK_REFUSALS(with, rows);
	CHECK_OK(parse(with));
	CHECK(header.has_token && header.token.has_mac);
	CHECK_EQ(header.token.generation, 7);
	CHECK_EQ(header.token.keyslots, 1);
	CHECK_EQ(header.token.next, 2);
	CHECK_EQ(header.token.recovery, 0);
	CHECK_EQ(header.token.mac[31], 31);
	free(with);
	with = edit(text, "TOKEN", "\"0\":{\"type\":\"latchkey\",\"keyslots\":[]}");
	CHECK_OK(parse(with));
	CHECK(header.has_token && !header.token.has_mac);
	CHECK_OK(parse(one_slot));
	CHECK(!header.has_token);
	free(text);
	free(with);
}

TEST(keyslots_are_counted)
{
	struct lk_luks_rules rules = lk_luks_rules_default(4096 * MIB);

	rules.max_keyslots = 1;
	CHECK_EQ(parse_sized(two_slots, strlen(two_slots), HDR_SIZE, DEVICE, &rules), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_HEADER_JSON);
	CHECK_OK(parse_sized(one_slot, strlen(one_slot), HDR_SIZE, DEVICE, &rules));
	CHECK_EQ(parse(DOCUMENT("", DIGEST(""), "")), LK_TAMPERED);
}

TEST(the_text_is_bounded)
{
	struct lk_luks_rules rules = lk_luks_rules_default(4096 * MIB);
	size_t n = 1024 * 1024;
	char *deep = malloc(n);

	memset(deep, '[', n);
	CHECK_EQ(parse_sized(deep, n, 4 * MIB, DEVICE, &rules), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_HEADER_JSON);
	CHECK_EQ(parse_sized(deep, 60000, 128 * 1024, DEVICE, &rules), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_HEADER_JSON);
	memset(deep, ' ', n);
	memcpy(deep, one_slot, strlen(one_slot));
	CHECK_EQ(parse_sized(deep, n, 4 * MIB, DEVICE, &rules), LK_TAMPERED);
	/* no terminator at all */
	CHECK_EQ(parse_sized(deep, HDR_SIZE, HDR_SIZE, DEVICE, &rules), LK_TAMPERED);
	free(deep);
}

TEST(nothing_follows_the_text)
{
	struct lk_luks_rules rules = lk_luks_rules_default(4096 * MIB);
	size_t n = strlen(one_slot);
	char *text = calloc(1, n + 100);

	memcpy(text, one_slot, n);
	CHECK_OK(parse_sized(text, n + 100, HDR_SIZE, DEVICE, &rules));
	text[n + 50] = '{';
	CHECK_EQ(parse_sized(text, n + 100, HDR_SIZE, DEVICE, &rules), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_HEADER_JSON);
	free(text);
}

/* --- the binary part and the choice of the copy --- */

struct pair {
	uint8_t *first, *second;
};

static struct pair make_pair(const char *text_1, uint64_t seq_1, const char *text_2, uint64_t seq_2)
{
	return (struct pair){
		luks_image_copy(text_1, strlen(text_1), HDR_SIZE, 0, seq_1),
		luks_image_copy(text_2, strlen(text_2), HDR_SIZE, HDR_SIZE, seq_2),
	};
}

static enum lk_status parse_pair(struct pair p)
{
	struct lk_luks_rules rules = lk_luks_rules_default(4096 * MIB);
	enum lk_status st =
		lk_luks_header_parse(p.first, p.first ? HDR_SIZE : 0, p.second,
				     p.second ? HDR_SIZE : 0, DEVICE, &rules, &header, &err);

	free(p.first);
	free(p.second);
	return st;
}

TEST(a_damaged_primary_gives_way)
{
	struct pair p = make_pair(one_slot, 7, one_slot, 7);

	p.first[5000] ^= 1;
	CHECK_OK(parse_pair(p));
	CHECK_EQ(header.degraded, LK_LUKS_PRIMARY_BAD);
	CHECK_STR(header.uuid, LUKS_IMAGE_UUID);

	p = make_pair(one_slot, 7, one_slot, 7);
	free(p.first);
	p.first = NULL;
	CHECK_OK(parse_pair(p));
	CHECK_EQ(header.degraded, LK_LUKS_PRIMARY_BAD);
}

TEST(a_damaged_secondary_is_told)
{
	struct pair p = make_pair(one_slot, 7, one_slot, 7);

	memset(p.second, 0, HDR_SIZE);
	CHECK_OK(parse_pair(p));
	CHECK_EQ(header.degraded, LK_LUKS_SECONDARY_BAD);
	CHECK_HAS(lk_luks_degraded_text(header.degraded), "secondary");

	CHECK_OK(parse_pair(make_pair(one_slot, 7, one_slot, 7)));
	CHECK_EQ(header.degraded, LK_LUKS_BOTH_GOOD);
	CHECK_STR(lk_luks_degraded_text(header.degraded), "");
}

TEST(both_damaged_is_the_end)
{
	struct pair p = make_pair(one_slot, 7, one_slot, 7);

	p.first[0] ^= 1;
	p.second[HDR_SIZE - 1] ^= 1;
	CHECK_EQ(parse_pair(p), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_HEADER_INVALID);
	CHECK_EQ(parse_pair((struct pair){ NULL, NULL }), LK_TAMPERED);
}

TEST(the_newer_copy_decides)
{
	CHECK_OK(parse_pair(make_pair(one_slot, 7, two_slots, 8)));
	CHECK_EQ(header.n_keyslots, 2);
	CHECK_EQ(header.seqid, 8);
	CHECK_EQ(header.degraded, LK_LUKS_COPIES_DIFFER);
	CHECK_OK(parse_pair(make_pair(one_slot, 9, two_slots, 8)));
	CHECK_EQ(header.n_keyslots, 1);
	/* of two equally new ones the first */
	CHECK_OK(parse_pair(make_pair(one_slot, 7, two_slots, 7)));
	CHECK_EQ(header.n_keyslots, 1);
	CHECK_EQ(header.degraded, LK_LUKS_COPIES_DIFFER);
}

TEST(a_hostile_newer_copy_is_not_passed_over)
{
	char *hostile = edit(one_slot, "\"encryption\":\"aes-xts-plain64\",\"sector_size\"",
			     "\"encryption\":\"cipher_null-ecb\",\"sector_size\"");

	CHECK_EQ(parse_pair(make_pair(one_slot, 7, hostile, 8)), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_HEADER_CIPHER);
	/* an older one is nobody's business: its bytes go nowhere */
	CHECK_OK(parse_pair(make_pair(one_slot, 8, hostile, 7)));
	free(hostile);
}

/* Change bytes of both copies and seal them again: not damage but intent. */
static struct pair make_altered(size_t at, const void *bytes, size_t n)
{
	struct pair p = make_pair(one_slot, 7, one_slot, 7);

	memcpy(p.first + at, bytes, n);
	memcpy(p.second + at, bytes, n);
	luks_image_seal(p.first, HDR_SIZE);
	luks_image_seal(p.second, HDR_SIZE);
	return p;
}

TEST(binary_fields_are_judged)
{
	static const uint8_t version_1[] = { 0, 1 }, odd_size[] = { 0, 0, 0, 0, 0, 0, 0x50, 0 };
	static const uint8_t huge[] = { 0, 0, 0, 0, 0, 0x80, 0, 0 }, offset[] = { 1 };
	static const struct {
		size_t at;
		const void *bytes;
		size_t n;
	} rows[] = {
		{ LK_LUKS_AT_MAGIC, "LUKX", 4 },       { LK_LUKS_AT_VERSION, version_1, 2 },
		{ LK_LUKS_AT_HDR_SIZE, odd_size, 8 },  { LK_LUKS_AT_HDR_SIZE, huge, 8 },
		{ LK_LUKS_AT_HDR_OFFSET, offset, 1 },  { LK_LUKS_AT_CSUM_ALG, "sha512", 6 },
		{ LK_LUKS_AT_CSUM_ALG, "sha256x", 7 }, { LK_LUKS_AT_UUID, "not-a-uuid", 11 },
		{ LK_LUKS_AT_UUID, "0AA3", 4 },	       { LK_LUKS_AT_UUID + 38, "x", 1 },
		{ LK_LUKS_AT_PADDING + 100, "x", 1 },  { LK_LUKS_AT_PADDING_2 + 1000, "x", 1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (parse_pair(make_altered(rows[i].at, rows[i].bytes, rows[i].n)) != LK_TAMPERED ||
		    err.code != LK_C_HEADER_INVALID)
			check_fail(__FILE__, __LINE__, "row %zu was let through", i);
	}
	CHECK_OK(parse_pair(make_altered(24, "label", 5)));
}

static bool is_whole(const uint8_t *copy, size_t len, uint64_t offset)
{
	bool good = false;

	CHECK_OK(lk_luks_copy_check(copy, len, offset, &good, &err));
	return good;
}

TEST(copies_belong_to_their_places)
{
	struct pair p = make_pair(one_slot, 7, one_slot, 7);
	struct pair swapped = { p.second, p.first };

	CHECK_EQ(lk_luks_copy_size(p.first, 0), HDR_SIZE);
	CHECK_EQ(lk_luks_copy_size(p.first, HDR_SIZE), 0);
	CHECK_EQ(lk_luks_copy_size(p.second, HDR_SIZE), HDR_SIZE);
	CHECK_EQ(lk_luks_copy_size(p.second, 2 * HDR_SIZE), 0);
	CHECK(!is_whole(p.first, HDR_SIZE - 1, 0));
	CHECK(!is_whole(NULL, 0, 0));
	CHECK_EQ(parse_pair(swapped), LK_TAMPERED);
}

TEST(a_pinned_uuid_must_fit)
{
	struct lk_luks_rules rules = lk_luks_rules_default(4096 * MIB);

	rules.luks_uuid = "0aa3a3a5-8b5e-4a3f-9a35-2f6f6d2a1e12";
	CHECK_EQ(parse_sized(one_slot, strlen(one_slot), HDR_SIZE, DEVICE, &rules), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_HEADER_CHANGED);
	rules.luks_uuid = "0AA3A3A5-8B5E-4A3F-9A35-2F6F6D2A1E11";
	CHECK_OK(parse_sized(one_slot, strlen(one_slot), HDR_SIZE, DEVICE, &rules));
}

/* --- what is accepted, and writing it again --- */

TEST(all_fields_arrive)
{
	CHECK_OK(parse(two_slots));
	CHECK_EQ(header.seqid, 7);
	CHECK_EQ(header.hdr_size, HDR_SIZE);
	CHECK_EQ(header.keyslots_size, 16744448);
	CHECK_EQ(header.segment_offset, 16777216);
	CHECK_EQ(header.sector_size, 512);
	CHECK_EQ(header.n_keyslots, 2);
	CHECK_EQ(header.keyslots[0].id, 0);
	CHECK_EQ(header.keyslots[0].area_offset, 32768);
	CHECK_EQ(header.keyslots[0].area_size, 258048);
	CHECK_EQ(header.keyslots[0].area_key_size, 64);
	CHECK_EQ(header.keyslots[0].kdf.kind, LK_LUKS_PBKDF2);
	CHECK_EQ(header.keyslots[0].kdf.hash, LK_SHA256);
	CHECK_EQ(header.keyslots[0].kdf.iterations, 1000);
	CHECK_EQ(header.keyslots[0].kdf.salt_len, 32);
	CHECK_EQ(header.keyslots[0].kdf.salt[31], 31);
	CHECK_EQ(header.keyslots[1].area_key_size, 32);
	CHECK_EQ(header.keyslots[1].kdf.kind, LK_LUKS_ARGON2ID);
	CHECK_EQ(header.keyslots[1].kdf.memory_kib, 262144);
	CHECK_EQ(header.keyslots[1].kdf.time, 4);
	CHECK_EQ(header.keyslots[1].kdf.cpus, 2);
	CHECK_EQ(header.digest.iterations, 1000);
	CHECK_EQ(header.digest.value[31], 31);
}

/* Headers are padded where the compiler likes: compare what they write. */
static void check_same(const struct lk_luks_header *a, const struct lk_luks_header *b)
{
	uint8_t da[32], db[32];

	CHECK_OK(lk_luks_header_digest(a, da, &err));
	CHECK_OK(lk_luks_header_digest(b, db, &err));
	CHECK_MEM(da, db, sizeof(da));
}

static void check_rewrites(const char *text)
{
	struct lk_luks_rules rules = lk_luks_rules_default(4096 * MIB);
	struct lk_luks_header before;
	uint8_t *copy = NULL;
	size_t len = 0;

	CHECK_OK(parse(text));
	before = header;
	CHECK_OK(lk_luks_header_write(&before, &copy, &len, &err));
	CHECK_EQ(len, HDR_SIZE);
	CHECK(is_whole(copy, len, 0));
	CHECK_OK(lk_luks_header_parse(copy, len, NULL, 0, DEVICE, &rules, &header, &err));
	CHECK_EQ(header.degraded, LK_LUKS_SECONDARY_BAD);
	CHECK_EQ(header.n_keyslots, before.n_keyslots);
	CHECK_EQ(header.seqid, before.seqid);
	CHECK_STR(header.uuid, before.uuid);
	check_same(&header, &before);
	free(copy);
}

TEST(what_is_written_reads_the_same)
{
	char *sha512 =
		edit(one_slot, "\"pbkdf2\",\"hash\":\"sha256\"", "\"pbkdf2\",\"hash\":\"sha512\"");

	check_rewrites(one_slot);
	check_rewrites(two_slots);
	check_rewrites(sha512);
	CHECK_EQ(header.keyslots[0].kdf.hash, LK_SHA512);
	free(sha512);
}

TEST(the_order_of_members_does_not_matter)
{
	struct lk_luks_header a;

	CHECK_OK(parse(two_slots));
	a = header;
	CHECK_OK(parse(DOCUMENT(SLOT_1 "," SLOT_0, DIGEST("\"1\",\"0\""), "")));
	CHECK_EQ(header.keyslots[0].id, 0);
	check_same(&a, &header);
}

TEST(the_digest_names_the_content)
{
	struct lk_luks_header a;
	uint8_t da[32], db[32];

	CHECK_OK(parse(one_slot));
	a = header;
	CHECK_OK(lk_luks_header_digest(&a, da, &err));
	a.digest.value[0] ^= 1;
	CHECK_OK(lk_luks_header_digest(&a, db, &err));
	CHECK(memcmp(da, db, sizeof(da)) != 0);
}

TESTS(null_ciphers_are_refused, integrity_must_be_what_the_configuration_says,
      redirected_areas_are_refused, lying_sizes_are_refused, a_device_must_end_with_a_whole_sector,
      hostile_kdf_costs_are_refused, argon2_is_bounded_by_half_of_the_memory,
      digests_bind_exactly_the_keyslots_and_the_segment, unknown_members_are_refused_at_every_level,
      other_shapes_are_refused, tokens_are_ours_or_refused, keyslots_are_counted,
      the_text_is_bounded, nothing_follows_the_text, a_damaged_primary_gives_way,
      a_damaged_secondary_is_told, both_damaged_is_the_end, the_newer_copy_decides,
      a_hostile_newer_copy_is_not_passed_over, binary_fields_are_judged,
      copies_belong_to_their_places, a_pinned_uuid_must_fit, all_fields_arrive,
      what_is_written_reads_the_same, the_order_of_members_does_not_matter,
      the_digest_names_the_content)
