/* SPDX-License-Identifier: Apache-2.0 */
/* The walk up the hash tree against images of veritysetup: one flipped bit anywhere on the path,
 * a wrong root hash or a wrong shape is found; every block of a good image passes. */

#include "agent/verity_tree.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base64.h"
#include "tests/check.h"

static struct lk_error err;

struct image {
	int fd;
	uint64_t size, data_blocks, hash_offset;
	enum lk_hash hash;
	uint32_t data_block, hash_block;
	uint8_t root[64], salt[32];
	size_t salt_len;
};

/* data_blocks of noise, the tree behind them; the root hash is veritysetup's word. */
static struct image make(const char *hash, uint32_t data_block, uint32_t hash_block,
			 uint64_t data_blocks, const char *salt)
{
	struct image m = { .data_blocks = data_blocks,
			   .data_block = data_block,
			   .hash_block = hash_block };
	char path[] = "/tmp/test_verity.XXXXXX", line[1024], text[256] = "";
	struct stat s;
	size_t n;
	FILE *f;

	m.fd = mkstemp(path);
	m.hash = strcmp(hash, "sha512") == 0 ? LK_SHA512 : LK_SHA256;
	m.hash_offset = (data_blocks * data_block + hash_block - 1) / hash_block * hash_block;
	snprintf(line, sizeof(line),
		 "head -c %llu /dev/urandom > %s && veritysetup format --no-superblock --hash %s "
		 "--data-block-size %u --hash-block-size %u --data-blocks %llu --hash-offset %llu "
		 "--salt %s %s %s | sed -n 's/^Root hash:[ \\t]*//p'",
		 (unsigned long long)m.hash_offset, path, hash, data_block, hash_block,
		 (unsigned long long)data_blocks, (unsigned long long)m.hash_offset, salt, path,
		 path);
	f = popen(line, "r"); /* NOLINT(cert-env33-c) */
	CHECK(f && fgets(text, sizeof(text), f));
	CHECK_EQ(pclose(f), 0);
	text[strcspn(text, "\n")] = '\0';
	CHECK(lk_hex_decode(text, strlen(text), m.root, sizeof(m.root), &n));
	CHECK_EQ(n, lk_hash_size(m.hash));
	if (strcmp(salt, "-") != 0)
		CHECK(lk_hex_decode(salt, strlen(salt), m.salt, sizeof(m.salt), &m.salt_len));
	CHECK_EQ(fstat(m.fd, &s), 0);
	m.size = (uint64_t)s.st_size;
	unlink(path);
	return m;
}

static enum lk_status lay_out(const struct image *m, struct lk_verity_tree *t)
{
	return lk_verity_tree_init(m->hash, m->data_block, m->hash_block, m->data_blocks,
				   m->hash_offset, m->size, 0, t, &err);
}

static enum lk_status check_block(const struct image *m, const struct lk_verity_tree *t, uint64_t b)
{
	return lk_verity_tree_check(t, m->fd, m->fd, b, m->root, m->salt, m->salt_len, &err);
}

static void flip(const struct image *m, uint64_t at)
{
	uint8_t byte;

	CHECK_EQ(pread(m->fd, &byte, 1, (off_t)at), 1);
	byte ^= 1;
	CHECK_EQ(pwrite(m->fd, &byte, 1, (off_t)at), 1);
}

#define SALT "5a17000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d"

TEST(setup)
{
	CHECK_OK(lk_crypto_setup(&err));
}

TEST(altered_images_are_found)
{
	struct image m = make("sha256", 4096, 4096, 300, SALT);
	struct lk_verity_tree t;

	CHECK_OK(lay_out(&m, &t));
	CHECK_EQ(t.n_levels, 2);
	flip(&m, 299 * 4096 + 4095); /* data */
	CHECK_EQ(check_block(&m, &t, 299), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_VERITY_CORRUPT);
	CHECK_OK(check_block(&m, &t, 298));
	flip(&m, 299 * 4096 + 4095);
	flip(&m, m.hash_offset + 4095); /* the padding of the top block */
	CHECK_EQ(check_block(&m, &t, 0), LK_TAMPERED);
	flip(&m, m.hash_offset + 4095);
	flip(&m, t.level_offset[0] + 5); /* block 0's digest */
	CHECK_EQ(check_block(&m, &t, 0), LK_TAMPERED);
	CHECK_EQ(check_block(&m, &t, 1), LK_TAMPERED);
	CHECK_OK(check_block(&m, &t, 128));
	close(m.fd);
}

TEST(a_wrong_root_hash_or_salt_is_found)
{
	struct image m = make("sha256", 4096, 4096, 300, SALT);
	struct lk_verity_tree t;

	CHECK_OK(lay_out(&m, &t));
	m.root[31] ^= 1;
	CHECK_EQ(check_block(&m, &t, 0), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_VERITY_CORRUPT);
	m.root[31] ^= 1;
	m.salt[0] ^= 1;
	CHECK_EQ(check_block(&m, &t, 0), LK_TAMPERED);
	m.salt[0] ^= 1;
	CHECK_OK(check_block(&m, &t, 0));
	CHECK_EQ(ftruncate(m.fd, 4096 * 100), 0);
	CHECK_EQ(check_block(&m, &t, 200), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_VERITY_CORRUPT);
	close(m.fd);
}

TEST(odd_shapes_are_refused)
{
	static const struct {
		uint64_t data_block, hash_block, blocks, offset;
	} rows[] = {
		{ 4095, 4096, 10, 40960 },	{ 256, 4096, 10, 40960 },
		{ 4096, 131072, 10, 131072 },	{ 4096, 0, 10, 40960 },
		{ 4096, 4096, 0, 40960 },	{ 4096, 4096, 10, 36864 },
		{ 4096, 4096, 10, 40961 },	{ 4096, 4096, 10, UINT64_MAX - 4095 },
		{ 4096, 4096, 300, 1228800 },	{ 4096, 4096, UINT64_MAX / 4096 + 1, 40960 },
		{ 4096, 4096, 1000000, 40960 },
	};
	struct lk_verity_tree t;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (lk_verity_tree_init(LK_SHA256, rows[i].data_block, rows[i].hash_block,
					rows[i].blocks, rows[i].offset, 1228800 + 4096, 0, &t,
					&err) != LK_CONFIG)
			check_fail(__FILE__, __LINE__, "row %zu was accepted", i);
		CHECK_EQ(err.code, LK_C_CONFIG_VALUE);
	}
}

TEST(good_images_pass_block_by_block)
{
	static const struct {
		const char *hash;
		uint32_t data_block, hash_block;
		uint64_t blocks;
		const char *salt;
	} rows[] = {
		{ "sha256", 4096, 4096, 1, SALT },    { "sha256", 4096, 4096, 2, SALT },
		{ "sha256", 4096, 4096, 128, SALT },  { "sha256", 4096, 4096, 129, "-" },
		{ "sha256", 512, 512, 5000, SALT },   { "sha512", 4096, 4096, 129, SALT },
		{ "sha512", 1024, 4096, 4097, SALT }, { "sha256", 4096, 1024, 700, SALT },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct image m = make(rows[i].hash, rows[i].data_block, rows[i].hash_block,
				      rows[i].blocks, rows[i].salt);
		struct lk_verity_tree t;

		CHECK_OK(lay_out(&m, &t));
		CHECK_EQ(t.end, m.size);
		for (uint64_t b = 0; b < m.data_blocks; b++)
			CHECK_OK(check_block(&m, &t, b));
		close(m.fd);
	}
}

/* The tree alone in a file of its own, as on a partition of its own. */
TEST(a_tree_may_lie_apart)
{
	struct image m = make("sha256", 4096, 4096, 300, SALT);
	const uint64_t size = m.size - m.hash_offset;
	char path[] = "/tmp/test_verity.XXXXXX";
	LK_FREE char *buf = malloc(size);
	LK_FD int fd = mkstemp(path);
	struct lk_verity_tree t;

	CHECK(buf && fd >= 0);
	unlink(path);
	CHECK_EQ(pread(m.fd, buf, size, (off_t)m.hash_offset), size);
	CHECK_EQ(pwrite(fd, buf, size, 0), size);
	CHECK_OK(lk_verity_tree_init(m.hash, 4096, 4096, 300, 0, m.hash_offset, size, &t, &err));
	CHECK_EQ(t.end, size);
	for (uint64_t b = 0; b < 300; b++)
		CHECK_OK(lk_verity_tree_check(&t, m.fd, fd, b, m.root, m.salt, m.salt_len, &err));
	CHECK_EQ(lk_verity_tree_check(&t, m.fd, m.fd, 0, m.root, m.salt, m.salt_len, &err),
		 LK_TAMPERED);
	CHECK_EQ(lk_verity_tree_init(m.hash, 4096, 4096, 300, 0, m.hash_offset, size - 1, &t, &err),
		 LK_CONFIG);
	CHECK_EQ(lk_verity_tree_init(m.hash, 4096, 4096, 300, 0, 299 * 4096, size, &t, &err),
		 LK_CONFIG);
	close(m.fd);
}

TESTS(setup, altered_images_are_found, a_wrong_root_hash_or_salt_is_found, odd_shapes_are_refused,
      good_images_pass_block_by_block, a_tree_may_lie_apart)
