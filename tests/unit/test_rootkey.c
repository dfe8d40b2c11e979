/* SPDX-License-Identifier: Apache-2.0 */
/* keyserver/rootkey.c: what was sealed opens only as what it is. */
#include <fcntl.h>

#include "keyserver_fixture.h"

static struct lk_error err;
static const struct lk_seal_label label = { .purpose = "resource", .name = "a/b/c", .version = 7 };

static void make(const char *dir, struct lk_secret *root)
{
	LK_FD int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	CHECK_OK(lk_rootkey_create(fd, "root.key", root, &err));
}

TEST(never_over_another)
{
	char dir[64], path[96];
	LK_SECRET root = { 0 };
	LK_SECRET again = { 0 };
	struct stat sb;

	make(fixture_dir(dir), &root);
	CHECK_EQ(root.len, 32);
	LK_FD int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	CHECK_EQ(lk_rootkey_create(fd, "root.key", &again, &err), LK_CONFIG);
	snprintf(path, sizeof(path), "%s/root.key", dir);
	CHECK_EQ(stat(path, &sb), 0);
	CHECK_EQ(sb.st_mode & 07777, 0600);
	LK_FD int key = open(path, O_RDONLY | O_CLOEXEC);

	CHECK_OK(lk_rootkey_load(key, &again, &err));
	CHECK(lk_secret_equal(&root, &again));
	fixture_remove(dir);
}

TEST(wrong_sizes)
{
	char dir[64], path[96];
	LK_SECRET root = { 0 };
	unsigned n;

	fixture_dir(dir);
	snprintf(path, sizeof(path), "%s/x", dir);
	for (n = 0; n <= 33; n += 11) {
		LK_FD int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

		CHECK_EQ(ftruncate(fd, n), 0);
		CHECK(lk_rootkey_load(fd, &root, &err));
		CHECK(!root.data);
	}
	fixture_remove(dir);
}

static bool opens(const struct lk_secret *root, const struct lk_seal_label *as, const uint8_t *in,
		  size_t n)
{
	LK_SECRET out = { 0 };

	if (lk_unseal(root, as, in, n, &out, &err)) {
		CHECK_EQ(err.code, LK_C_STORE_DAMAGED);
		CHECK(!out.data);
		return false;
	}
	CHECK_EQ(out.len, 5);
	CHECK_MEM(out.data, "hello", 5);
	return true;
}

TEST(only_as_what_it_is)
{
	static const struct lk_seal_label others[] = {
		{ "resource", "a/b/c", 8 },  { "resource", "a/b/d", 7 },
		{ "token-key", "a/b/c", 7 }, { "resource", "a/b/c7", 7 },
		{ "resourcea", "/b/c", 7 },  { "resource", "a/b/c", -7 },
	};
	LK_SECRET root = { 0 };
	LK_SECRET other = { 0 };
	uint8_t sealed[5 + LK_SEAL_OVERHEAD], again[5 + LK_SEAL_OVERHEAD];
	size_t i;

	CHECK_OK(lk_crypto_setup(&err));
	CHECK_OK(lk_random_secret(&root, 32, &err));
	CHECK_OK(lk_random_secret(&other, 32, &err));
	CHECK_OK(lk_seal(&root, &label, "hello", 5, sealed, &err));
	for (i = 0; i < sizeof(sealed); i++) {
		sealed[i] ^= 0x10;
		CHECK(!opens(&root, &label, sealed, sizeof(sealed)));
		sealed[i] ^= 0x10;
	}
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		CHECK(!opens(&root, &others[i], sealed, sizeof(sealed)));
	for (i = 0; i < sizeof(sealed); i++)
		CHECK(!opens(&root, &label, sealed, i));
	CHECK(!opens(&other, &label, sealed, sizeof(sealed)));
	CHECK(opens(&root, &label, sealed, sizeof(sealed)));
	CHECK_OK(lk_seal(&root, &label, "hello", 5, again, &err));
	CHECK(memcmp(sealed, again, sizeof(sealed)) != 0);
}

TEST(labels_have_a_limit)
{
	char name[600];
	struct lk_seal_label l = { "resource", name, 1 };
	LK_SECRET root = { 0 };
	uint8_t sealed[1 + LK_SEAL_OVERHEAD];

	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	CHECK_OK(lk_random_secret(&root, 32, &err));
	CHECK_EQ(lk_seal(&root, &l, "x", 1, sealed, &err), LK_INTERNAL);
}

TESTS(never_over_another, wrong_sizes, only_as_what_it_is, labels_have_a_limit)
