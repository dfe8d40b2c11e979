/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The LUKS2 header reader on hostile bytes. The first byte says what the rest is:
 *
 *	r  a disk's first bytes, read as the agent would
 *	j  JSON text, put into copies whose checksums fit
 *	i  the same, where the configuration wants integrity
 *	b  changes to the binary header of a good copy, sealed again: place (2 bytes), value (1)
 *
 * What we accept, libcryptsetup must read alike from the copy that we write.
 */

#include "agent/luks_internal.h"
#include "core/json.h"
#include "tests/headers/luks_image.h"
#include "tests/headers/luks_oracle.h"
#include <fcntl.h>

#define DEVICE	 (UINT64_C(64) * 1024 * 1024)
#define HDR_SIZE 16384u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char good[] =
	"{\"keyslots\":{\"0\":{\"type\":\"luks2\",\"key_size\":64,\"af\":{\"type\":\"luks1\","
	"\"stripes\":4000,\"hash\":\"sha256\"},\"area\":{\"type\":\"raw\",\"offset\":\"32768\","
	"\"size\":\"258048\",\"encryption\":\"aes-xts-plain64\",\"key_size\":64},\"kdf\":{\"type\":"
	"\"pbkdf2\",\"hash\":\"sha256\",\"iterations\":1000,\"salt\":"
	"\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\"}}},\"tokens\":{},\"segments\":{\"0\":{"
	"\"type\":\"crypt\",\"offset\":\"16777216\",\"size\":\"dynamic\",\"iv_tweak\":\"0\","
	"\"encryption\":\"aes-xts-plain64\",\"sector_size\":512}},\"digests\":{\"0\":{\"type\":"
	"\"pbkdf2\",\"keyslots\":[\"0\"],\"segments\":[\"0\"],\"hash\":\"sha256\",\"iterations\":"
	"1000,\"salt\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\",\"digest\":"
	"\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\"}},\"config\":{\"json_size\":\"12288\","
	"\"keyslots_size\":\"16744448\"}}";

static bool integrity; /* what the configuration says */

static void parse(const uint8_t *first, size_t first_len, const uint8_t *second, size_t second_len)
{
	struct lk_luks_rules rules = lk_luks_rules_default(UINT64_C(4) << 30);
	struct lk_luks_header h = { 0 };
	struct lk_error err = { 0 };
	enum lk_status st;

	rules.integrity = integrity;
	st = lk_luks_header_parse(first, first_len, second, second_len, DEVICE, &rules, &h, &err);
	must(st == LK_OK || st == LK_TAMPERED, "an outcome");
	if (st == LK_OK)
		luks_oracle_check(&h, &rules, DEVICE);
}

static void parse_disk(const uint8_t *data, size_t size)
{
	int fd = luks_oracle_file(data, size, DEVICE);
	struct lk_luks_copies c = { 0 };
	struct lk_error err = { 0 };

	must(lk_luks_copies_read(fd, DEVICE, &c, &err) == LK_OK, "read");
	parse(c.primary.data, c.primary.len, c.secondary.data, c.secondary.len);
	lk_luks_copies_free(&c);
	close(fd);
}

static void parse_text(const uint8_t *data, size_t size)
{
	size_t hdr_size = size < HDR_SIZE - LK_LUKS_BINARY_SIZE ? HDR_SIZE : 8 * HDR_SIZE;
	uint8_t *first = luks_image_copy((const char *)data, size, hdr_size, 0, 1);

	parse(first, hdr_size, NULL, 0);
	free(first);
}

static void parse_changes(const uint8_t *data, size_t size)
{
	uint8_t *first = luks_image_copy(good, strlen(good), HDR_SIZE, 0, 1);
	uint8_t *second = luks_image_copy(good, strlen(good), HDR_SIZE, HDR_SIZE, 1);

	for (; size >= 3; data += 3, size -= 3) {
		size_t at = (size_t)(data[0] << 8 | data[1]) % (2 * LK_LUKS_BINARY_SIZE);
		uint8_t *copy = at < LK_LUKS_BINARY_SIZE ? first : second;

		copy[at % LK_LUKS_BINARY_SIZE] = data[2];
	}
	luks_image_seal(first, HDR_SIZE);
	luks_image_seal(second, HDR_SIZE);
	parse(first, HDR_SIZE, second, HDR_SIZE);
	free(first);
	free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;

	if (!ready) {
		struct lk_error err = { 0 };

		lk_json_setup();
		must(lk_crypto_setup(&err) == LK_OK, "crypto");
		ready = true;
	}
	if (size == 0 || size > 1024 * 1024)
		return 0;
	integrity = data[0] == 'i';
	if (data[0] == 'j' || data[0] == 'i')
		parse_text(data + 1, size - 1);
	else if (data[0] == 'b')
		parse_changes(data + 1, size - 1);
	else
		parse_disk(data + 1, size - 1);
	return 0;
}
