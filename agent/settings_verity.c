/* SPDX-License-Identifier: Apache-2.0 */
/* The table of [rootfs.verity]: everything that dm-verity needs, since no superblock is read. */
#include <string.h>

#include "agent/blockdev.h"
#include "agent/settings_internal.h"

#define AT(field) .offset = offsetof(struct lk_verity_params, field)

static const char *const algorithms[] = { "sha256", "sha512", NULL };
/* In the order of enum lk_verity_corruption. */
static const char *const reactions[] = { "panic", "error", "restart", NULL };

static const struct lk_key keys[] = {
	{ .name = "root_hash",
	  .type = LK_T_HEX,
	  .flags = LK_K_REQUIRED | LK_K_FILLED,
	  AT(root_hash),
	  .min = 32,
	  .max = 64,
	  .help = "The root hash of the hash tree.",
	  .example = "\"0000000000000000000000000000000000000000000000000000000000000000\"" },
	{ .name = "salt",
	  .type = LK_T_HEX,
	  AT(salt),
	  .max = 256,
	  .help = "The salt that each block is hashed with; without it, none." },
	{ .name = "algorithm",
	  .type = LK_T_STRING,
	  AT(algorithm),
	  .fallback = "sha256",
	  .choices = algorithms,
	  .help = "The hash." },
	{ .name = "data_block_size",
	  .type = LK_T_INT,
	  AT(data_block_size),
	  .fallback = "4096",
	  .min = 512,
	  .max = 65536,
	  .help = "Bytes of a data block; a power of two." },
	{ .name = "hash_block_size",
	  .type = LK_T_INT,
	  AT(hash_block_size),
	  .fallback = "4096",
	  .min = 512,
	  .max = 65536,
	  .help = "Bytes of a block of the hash tree; a power of two." },
	{ .name = "data_blocks",
	  .type = LK_T_INT,
	  .flags = LK_K_SAMPLED, /* required, but for a superblock: misses */
	  AT(data_blocks),
	  .help = "Number of data blocks.",
	  .example = "1" },
	{ .name = "hash_offset",
	  .type = LK_T_INT,
	  .flags = LK_K_SAMPLED, /* required, but for a superblock: misses */
	  AT(hash_offset),
	  .help = "Where the hash tree begins, in bytes: behind the data within the opened device, "
		  "or within hash_device.",
	  .example = "4096" },
	{ .name = "hash_device",
	  .type = LK_T_STRING,
	  AT(hash_device),
	  .help = "The device that holds the hash tree, named as the root's is: for a root with "
		  "encrypted = false whose tree has a partition of its own. Without it, the tree "
		  "lies behind the data.",
	  .example = "\"PARTUUID=00000000-0000-4000-8000-000000000003\"" },
	{ .name = "superblock",
	  .type = LK_T_BOOL,
	  AT(superblock),
	  .fallback = "false",
	  .help = "Read salt, block sizes, data_blocks and hash_offset from the superblock that "
		  "veritysetup wrote at the start of hash_device, instead of from here: for images "
		  "that cryptpilot made. SHA-256 and blocks of 4096 bytes only." },
	{ .name = "on_corruption",
	  .type = LK_T_CHOICE,
	  AT(on_corruption),
	  .choices = reactions,
	  .help = "What a block that does not fit its hash leads to: a kernel panic, an I/O error "
		  "or a restart. Without it, panic when the key is released by attestation, "
		  "else error." },
	{ 0 },
};

const struct lk_section lk_verity_section = {
	"rootfs.verity", keys, "A hash tree over the root, whose parameters are all written here."
};

static bool is_power_of_two(int64_t n)
{
	return n > 0 && (n & (n - 1)) == 0;
}

/* The name of the key that does not fit the others, NULL if all do. */
static const char *misfit(const struct lk_verity_params *p, struct lk_error *err)
{
	const bool sha512 = p->algorithm && strcmp(p->algorithm, "sha512") == 0;
	struct lk_blockdev_spec spec;
	int64_t end;

	if (p->root_hash.data && p->root_hash.len != (sha512 ? 64 : 32)) {
		lk_raise_code(err, LK_C_CONFIG_VALUE,
			      "'root_hash' has %zu bytes, which is no digest of %s",
			      p->root_hash.len, p->algorithm);
		return "root_hash";
	}
	if (!is_power_of_two(p->data_block_size) || !is_power_of_two(p->hash_block_size)) {
		lk_raise_code(err, LK_C_CONFIG_VALUE, "a block size is not a power of two");
		return is_power_of_two(p->data_block_size) ? "hash_block_size" : "data_block_size";
	}
	if (p->hash_offset % p->hash_block_size) {
		lk_raise_code(err, LK_C_CONFIG_VALUE,
			      "'hash_offset' is not a multiple of hash_block_size");
		return "hash_offset";
	}
	if (p->hash_device)
		return lk_blockdev_spec_parse(p->hash_device, &spec, err) ? "hash_device" : NULL;
	if (__builtin_mul_overflow(p->data_blocks, p->data_block_size, &end) ||
	    end > p->hash_offset) {
		lk_raise_code(err, LK_C_CONFIG_VALUE,
			      "'hash_offset' lies within the data: data_blocks times "
			      "data_block_size is more");
		return "hash_offset";
	}
	return NULL;
}

/* What stands in the superblock does not stand here as well, and there must be one. */
static enum lk_status check_superblock(const struct lk_verity_params *p, struct lk_error *err)
{
	if (p->salt.len || p->data_blocks || p->hash_offset || p->data_block_size != 4096 ||
	    p->hash_block_size != 4096 || strcmp(p->algorithm, "sha256") != 0)
		return lk_raise_code(err, LK_C_CONFIG_VALUE,
				     "superblock = true leaves salt, block sizes, data_blocks and "
				     "hash_offset to it, and takes sha256 only");
	if (!p->hash_device)
		return lk_raise_code(err, LK_C_CONFIG_MISSING,
				     "superblock = true needs 'hash_device'");
	return LK_OK;
}

/* The name of a key that is missing, NULL if none is. */
static const char *misses(struct lk_config *cfg, const char *section,
			  const struct lk_verity_params *p, struct lk_error *err)
{
	const char *name = NULL;

	if (p->superblock || lk_config_is_unfinished(cfg))
		return NULL;
	if (!p->data_blocks)
		name = "data_blocks";
	else if (!lk_config_given(cfg, section, lk_keys_find(keys, "hash_offset")))
		name = "hash_offset";
	if (name)
		lk_raise_code(err, LK_C_CONFIG_MISSING, "[%s] needs the key '%s'", section, name);
	return name;
}

enum lk_status lk_verity_read(struct lk_config *cfg, const char *section, struct lk_volume *v,
			      struct lk_error *err)
{
	const char *name;
	enum lk_status st;

	if (!lk_config_has(cfg, section))
		return LK_OK;
	st = lk_config_fill(cfg, section, keys, true, &v->verity, err);
	v->has_verity = true;
	if (st || !lk_config_clean(cfg))
		return st;
	if (v->encrypted && v->verity.hash_device && !v->verity.superblock) {
		lk_raise_code(
			err, LK_C_CONFIG_VALUE,
			"'hash_device' is for encrypted = false: the tree of an encrypted root "
			"lies behind the data, inside LUKS2");
		return lk_config_problem(cfg, section, "hash_device", err);
	}
	name = misses(cfg, section, &v->verity, err);
	if (!name && v->verity.superblock && check_superblock(&v->verity, err))
		name = "superblock";
	if (name)
		return lk_config_problem(cfg, section, name, err);
	if (!v->verity.root_hash.data || (!v->verity.data_blocks && !v->verity.superblock))
		return LK_OK; /* latchkey-image is yet to fill them in */
	name = misfit(&v->verity, err);
	return name ? lk_config_problem(cfg, section, name, err) : LK_OK;
}
