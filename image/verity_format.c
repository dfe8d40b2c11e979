/* SPDX-License-Identifier: Apache-2.0 */
/* Making dm-verity hash trees on files. */
#include "image/verity_format.h"

#include <libcryptsetup.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/crypto.h"

LK_DEFINE_CLEANUP(struct crypt_device *, crypt_free)

static enum lk_status format(const char *path, struct lk_verity_tree *tree, struct lk_error *err)
{
	LK_CLEANUP(crypt_free_p) struct crypt_device *cd = NULL;
	struct crypt_params_verity params = {
		.hash_name = "sha256",
		.data_device = path,
		.salt = (const char *)tree->salt,
		.salt_size = sizeof(tree->salt),
		.hash_type = 1,
		.data_block_size = LK_VERITY_BLOCK,
		.hash_block_size = LK_VERITY_BLOCK,
		.data_size = tree->data_blocks,
		.hash_area_offset = tree->hash_offset,
		.flags = CRYPT_VERITY_NO_HEADER | CRYPT_VERITY_CREATE_HASH,
	};
	size_t n = sizeof(tree->root_hash);
	int r;

	r = crypt_init(&cd, path);
	if (r < 0)
		return lk_raise(err, LK_INTERNAL, "open the file: %s", strerror(-r));
	r = crypt_format(cd, CRYPT_VERITY, NULL, NULL, NULL, NULL, 0, &params);
	if (r < 0)
		return lk_raise(err, LK_CONFIG, "write the tree: %s", strerror(-r));
	r = crypt_volume_key_get(cd, CRYPT_ANY_SLOT, (char *)tree->root_hash, &n, NULL, 0);
	if (r < 0 || n != sizeof(tree->root_hash))
		return lk_raise(err, LK_INTERNAL, "read the root hash: %s", strerror(-r));
	return LK_OK;
}

enum lk_status lk_verity_format(const char *path, struct lk_verity_tree *ret, struct lk_error *err)
{
	struct lk_verity_tree tree = { 0 };
	enum lk_status st;
	struct stat sb;

	if (stat(path, &sb) != 0 || sb.st_size <= 0 || sb.st_size % LK_VERITY_BLOCK != 0)
		return lk_raise(err, LK_INTERNAL, "'%s' is not a whole number of blocks", path);
	tree.hash_offset = (uint64_t)sb.st_size;
	tree.data_blocks = tree.hash_offset / LK_VERITY_BLOCK;
	st = lk_random(tree.salt, sizeof(tree.salt), err);
	if (!st)
		st = format(path, &tree, err);
	if (st)
		return lk_context(err, "make the verity tree");
	if (stat(path, &sb) != 0 || (uint64_t)sb.st_size <= tree.hash_offset)
		return lk_raise(err, LK_INTERNAL, "the verity tree of '%s' is missing", path);
	tree.end = (uint64_t)sb.st_size;
	*ret = tree;
	return LK_OK;
}
