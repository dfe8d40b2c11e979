/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Headers that are nearly right: a good document, changed where it means something, so that many of
 * them are accepted and the oracle (tests/headers/luks_oracle.h) has something to say.
 *
 * Bytes: which document, what the configuration allows, then changes of three bytes each: what is
 * done, to which value of the document, with which word.
 */

#include "agent/luks_internal.h"
#include "core/json.h"
#include "tests/headers/luks_image.h"
#include "tests/headers/luks_oracle.h"

#define DEVICE	 (UINT64_C(64) * 1024 * 1024)
#define HDR_SIZE 16384u
#define TEXT_MAX 8192u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SALT   "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define AF     "'af':{'type':'luks1','stripes':4000,'hash':'sha256'}"
#define PBKDF2 "'kdf':{'type':'pbkdf2','hash':'sha256','iterations':1000,'salt':'" SALT "'}"
#define ARGON2 "'kdf':{'type':'argon2id','time':4,'memory':65536,'cpus':2,'salt':'" SALT "'}"
#define AREA(at, n)                                                                                \
	"'area':{'type':'raw','offset':'" at "','size':'" n "',"                                   \
	"'encryption':'aes-xts-plain64','key_size':64}"
#define SLOT(key, area, kdf) "{'type':'luks2','key_size':" key "," AF "," area "," kdf "}"
#define SEGMENT(sector, more)                                                                      \
	"'segments':{'0':{'type':'crypt','offset':'16777216','size':'dynamic',"                    \
	"'iv_tweak':'0','encryption':'aes-xts-plain64','sector_size':" sector more "}}"
#define DIGEST(slots)                                                                              \
	"'digests':{'0':{'type':'pbkdf2','keyslots':[" slots "],'segments':['0'],"                 \
	"'hash':'sha256','iterations':1000,'salt':'" SALT "','digest':'" SALT "'}}"
#define CONFIG "'config':{'json_size':'12288','keyslots_size':'16744448'}"
#define TOKEN                                                                                      \
	"'0':{'type':'latchkey','keyslots':['0'],'generation':'7','mac':'" SALT "',"               \
	"'recovery':['1']}"
#define INTEGRITY                                                                                  \
	",'integrity':{'type':'hmac(sha256)','journal_encryption':'none',"                         \
	"'journal_integrity':'none'}"

static const char *const documents[] = {
	"{'keyslots':{'0':" SLOT("64", AREA("32768", "258048"), PBKDF2) "},'tokens':{}," SEGMENT(
		"512", "") "," DIGEST("'0'") "," CONFIG "}",
	"{'keyslots':{'0':" SLOT("64", AREA("32768", "258048"), PBKDF2) ",'1':" SLOT(
		"64", AREA("290816", "258048"),
		ARGON2) "},'tokens':{" TOKEN
			"}," SEGMENT("4096", "") "," DIGEST("'0','1'") "," CONFIG "}",
	"{'keyslots':{'3':" SLOT("96", AREA("32768", "385024"), PBKDF2) "},'tokens':{}," SEGMENT(
		"4096", INTEGRITY) "," DIGEST("'3'") "," CONFIG "}",
};

/* Values that mean something somewhere, legal or not. */
static const char *const words[] = {
	"'aes-xts-plain64'",
	"'cipher_null-ecb'",
	"'aes-xts-plain'",
	"'serpent-xts-plain64'",
	"'sha256'",
	"'sha512'",
	"'sha1'",
	"'pbkdf2'",
	"'argon2id'",
	"'argon2i'",
	"'luks1'",
	"'luks2'",
	"'raw'",
	"'crypt'",
	"'linear'",
	"'dynamic'",
	"'latchkey'",
	"'none'",
	"'hmac(sha256)'",
	"'0'",
	"'1'",
	"'3'",
	"'31'",
	"'32'",
	"'01'",
	"0",
	"1",
	"2",
	"4",
	"32",
	"64",
	"96",
	"512",
	"1000",
	"1001",
	"4000",
	"4096",
	"10000000",
	"10000001",
	"65536",
	"1048576",
	"1048577",
	"4294967295",
	"-1",
	"64.0",
	"1e3",
	"'4096'",
	"'16384'",
	"'32768'",
	"'290816'",
	"'548864'",
	"'258048'",
	"'385024'",
	"'16523264'",
	"'16744448'",
	"'16740352'",
	"'16777216'",
	"'16781312'",
	"'33554432'",
	"'67104768'",
	"'67108864'",
	"'9223372036854771712'",
	"'18446744073709551615'",
	"'" SALT "'",
	"'AAECAwQFBgcICQoLDA0ODw=='",
	"'AAEC'",
	"[]",
	"['0']",
	"['0','1']",
	"['1','0']",
	"['0','0']",
	"{}",
	"null",
	"true",
	"'" SALT SALT "'",
	"'a\\u0000'",
	"'\\u0030'",
};
#define N_WORDS (sizeof(words) / sizeof(words[0]))

/* A member to put in front of others. */
static const char *const members[] = {
	"'x':0,",
	"'priority':1,",
	"'flags':[],",
	"'flags':['allow-discards'],",
	"'requirements':{'mandatory':['online-reencrypt']},",
	"'key_size':64,",
	"'type':'crypt',",
	"'encryption':'cipher_null-ecb',",
	"'encryption':'aes-xts-plain64',",
	"'sector_size':512,",
	"'integrity':{},",
	"'keyslots':{},",
	"'\\u0074ype':'luks2',",
	"'0':{},",
	"'1':{},",
	" ",
	"\n\t",
	"/**/",
};
#define N_MEMBERS (sizeof(members) / sizeof(members[0]))

static char text[TEXT_MAX];
static size_t text_len;

static void put_document(const char *document)
{
	text_len = strlen(document);
	for (size_t i = 0; i <= text_len; i++)
		text[i] = document[i] == '\'' ? '"' : document[i];
}

/* Replace `old` bytes at `at` by the word; left alone when there is no room. */
static void splice(size_t at, size_t old, const char *word)
{
	size_t n = strlen(word);

	if (text_len - old + n >= TEXT_MAX)
		return;
	memmove(text + at + n, text + at + old, text_len - at - old + 1);
	for (size_t i = 0; i < n; i++)
		text[at + i] = word[i] == '\'' ? '"' : word[i];
	text_len += n - old;
}

/* Length of the string, number or list that begins here; 0: none does. */
static size_t value_len(const char *p)
{
	if (*p == '"') {
		const char *end = strchr(p + 1, '"');

		return end ? (size_t)(end - p) + 1 : 0;
	}
	if (*p == '[') {
		const char *end = strchr(p, ']');

		return end ? (size_t)(end - p) + 1 : 0;
	}
	return strspn(p, "-0123456789.e");
}

/* Where the n-th value begins, counted around: behind a colon. */
static size_t nth_value(unsigned n, size_t *ret_len)
{
	size_t count = 0, found = 0;

	for (unsigned pass = 0; pass < 2; pass++) {
		size_t seen = 0;

		for (size_t i = 0; i + 1 < text_len; i++) {
			size_t len = text[i] == ':' ? value_len(text + i + 1) : 0;

			if (len == 0)
				continue;
			if (pass == 1 && seen == n % count) {
				found = i + 1;
				*ret_len = len;
			}
			seen++;
		}
		count = seen;
		if (count == 0)
			return 0;
	}
	return found;
}

static size_t nth_brace(unsigned n)
{
	size_t count = 0, seen = 0;

	for (size_t i = 0; i < text_len; i++)
		count += text[i] == '{';
	for (size_t i = 0; count && i < text_len; i++)
		if (text[i] == '{' && seen++ == n % count)
			return i + 1;
	return 0;
}

/* The member that holds the n-th value, with its name and the comma before it. */
static void remove_member(unsigned n)
{
	size_t len = 0, at = nth_value(n, &len), begin = at;

	while (begin > 0 && text[begin - 1] != ',' && text[begin - 1] != '{')
		begin--;
	if (at == 0 || begin == 0)
		return;
	if (text[begin - 1] == ',')
		begin--;
	splice(begin, at + len - begin, "");
}

static void change(uint8_t what, uint8_t which, uint8_t word)
{
	size_t len = 0, at;

	if (what % 4 < 2) {
		at = nth_value(which, &len);
		if (at)
			splice(at, len, words[word % N_WORDS]);
	} else if (what % 4 == 2) {
		at = nth_brace(which);
		if (at)
			splice(at, 0, members[word % N_MEMBERS]);
	} else {
		remove_member(which);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lk_luks_rules rules = lk_luks_rules_default(UINT64_C(4) << 30);
	struct lk_luks_header h = { 0 };
	struct lk_error err = { 0 };
	static bool ready;
	uint8_t *copy;
	enum lk_status st;

	if (!ready) {
		lk_json_setup();
		must(lk_crypto_setup(&err) == LK_OK, "crypto");
		ready = true;
	}
	if (size < 2 || size > 256)
		return 0;
	put_document(documents[data[0] % (sizeof(documents) / sizeof(documents[0]))]);
	rules.integrity = data[1] & 1;
	rules.max_keyslots = 1 + data[1] / 2 % LK_LUKS_KEYSLOTS_MAX;
	for (size_t i = 2; i + 3 <= size; i += 3)
		change(data[i], data[i + 1], data[i + 2]);
	copy = luks_image_copy(text, text_len, HDR_SIZE, 0, 1);
	st = lk_luks_header_parse(copy, HDR_SIZE, NULL, 0, DEVICE, &rules, &h, &err);
	must(st == LK_OK || st == LK_TAMPERED, "an outcome");
	if (st == LK_OK)
		luks_oracle_check(&h, &rules, DEVICE);
	free(copy);
	return 0;
}
