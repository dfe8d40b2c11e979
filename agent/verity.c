/* SPDX-License-Identifier: Apache-2.0 */
/* Maps devices under dm-verity, over libcryptsetup. */

#include "agent/verity.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libcryptsetup.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "agent/dm.h"
#include "agent/dm_table.h"
#include "agent/settings.h"
#include "agent/verity_tree.h"
#include "core/log.h"

#define SECTOR	       512
#define HASH_FORMAT    1
#define CLOSE_AGAIN_MS 5000

LK_DEFINE_CLEANUP(struct crypt_device *, crypt_free)

#define COMPLAINT 96

/* data: where to keep the library's last complaint, or NULL. */
static void to_debug_log(int level, const char *message, void *data)
{
	int n = (int)strcspn(message, "\n");

	lk_debug("cryptsetup: %.*s", n, message);
	if (data && level == CRYPT_LOG_ERROR)
		snprintf(data, COMPLAINT, "%.*s", n, message);
}

static enum lk_status hash_of(const struct lk_verity_params *p, enum lk_hash *ret,
			      struct lk_error *err)
{
	enum lk_hash hash;

	if (strcmp(p->algorithm, "sha256") == 0)
		hash = LK_SHA256;
	else if (strcmp(p->algorithm, "sha512") == 0)
		hash = LK_SHA512;
	else
		return lk_raise_code(err, LK_C_CONFIG_VALUE, "verity algorithm '%s'", p->algorithm);
	if (p->root_hash.len != lk_hash_size(hash))
		return lk_raise_code(err, LK_C_CONFIG_VALUE,
				     "root_hash has %zu bytes, %s makes %zu", p->root_hash.len,
				     p->algorithm, lk_hash_size(hash));
	*ret = hash;
	return LK_OK;
}

/* The first, a middle and the last block. */
static void probes(uint64_t n_blocks, uint64_t ret[3])
{
	ret[0] = 0;
	ret[1] = n_blocks / 2;
	ret[2] = n_blocks - 1;
}

/* What is mapped; hash is never NULL, and may be the data's device. */
struct target {
	const struct lk_blockdev *data, *hash;
	const char *name;
	const struct lk_verity_params *params;
	unsigned flags;
};

static enum lk_status check_before(const struct target *t, struct lk_error *err)
{
	const struct lk_verity_params *p = t->params;
	const bool apart = t->hash != t->data;
	struct lk_verity_tree tree;
	enum lk_hash hash = LK_SHA256;
	uint64_t blocks[3];
	enum lk_status st;

	st = hash_of(p, &hash, err);
	if (st)
		return st;
	st = lk_verity_tree_init(hash, (uint64_t)p->data_block_size, (uint64_t)p->hash_block_size,
				 (uint64_t)p->data_blocks, (uint64_t)p->hash_offset, t->data->size,
				 apart ? t->hash->size : 0, &tree, err);
	if (st)
		return st;
	probes(tree.data_blocks, blocks);
	for (size_t i = 0; i < 3; i++) {
		st = lk_verity_tree_check(&tree, t->data->fd, t->hash->fd, blocks[i],
					  p->root_hash.data, p->salt.data, p->salt.len, err);
		if (st)
			return lk_context(err, "check block %" PRIu64, blocks[i]);
	}
	return LK_OK;
}

/* A UUID for the mapping: device-mapper wants one, and the root hash is what names this volume. */
static void uuid_from(const uint8_t *root_hash, char ret[37])
{
	static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	static const char digits[] = "0123456789abcdef";
	unsigned nibble = 0;

	for (size_t i = 0; i < sizeof(shape); i++) {
		ret[i] = shape[i];
		if (shape[i] != 'x')
			continue;
		ret[i] =
			digits[nibble % 2 ? root_hash[nibble / 2] & 15 : root_hash[nibble / 2] >> 4];
		nibble++;
	}
}

static uint32_t activation_flags(const struct target *t)
{
	uint32_t flags = CRYPT_ACTIVATE_READONLY;

	if (t->params->on_corruption == LK_VERITY_PANIC)
		flags |= CRYPT_ACTIVATE_PANIC_ON_CORRUPTION;
	if (t->params->on_corruption == LK_VERITY_RESTART)
		flags |= CRYPT_ACTIVATE_RESTART_ON_CORRUPTION;
	return t->flags & LK_VERITY_PRIVATE ? flags | CRYPT_ACTIVATE_PRIVATE : flags;
}

static enum lk_status activate(const struct target *t, struct lk_error *err)
{
	const struct lk_verity_params *p = t->params;
	LK_CLEANUP(crypt_free_p) struct crypt_device *cd = NULL;
	struct crypt_params_verity params = {
		.hash_name = p->algorithm,
		.salt = (const char *)p->salt.data,
		.salt_size = (uint32_t)p->salt.len,
		.hash_type = HASH_FORMAT,
		.data_block_size = (uint32_t)p->data_block_size,
		.hash_block_size = (uint32_t)p->hash_block_size,
		.data_size = (uint64_t)p->data_blocks,
		.hash_area_offset = (uint64_t)p->hash_offset,
		.flags = CRYPT_VERITY_NO_HEADER,
	};
	char data[32], hash[32], uuid[37], complaint[COMPLAINT] = "libcryptsetup gives no reason";
	int r;

	snprintf(data, sizeof(data), "/proc/self/fd/%d", t->data->fd);
	snprintf(hash, sizeof(hash), "/proc/self/fd/%d", t->hash->fd);
	uuid_from(p->root_hash.data, uuid);
	crypt_set_log_callback(NULL, to_debug_log, NULL);
	crypt_set_debug_level(lk_log_debugging() ? CRYPT_DEBUG_ALL : CRYPT_DEBUG_NONE);
	params.data_device = data;
	r = crypt_init(&cd, hash);
	if (r >= 0)
		crypt_set_log_callback(cd, to_debug_log, complaint);
	if (r >= 0)
		r = crypt_format(cd, CRYPT_VERITY, NULL, NULL, uuid, NULL, 0, &params);
	if (r >= 0)
		r = crypt_activate_by_volume_key(cd, t->name, (const char *)p->root_hash.data,
						 p->root_hash.len, activation_flags(t));
	if (r == -ENOTSUP)
		return lk_raise(err, LK_ABSENT, "the kernel has no dm-verity with these options");
	if (r < 0)
		return lk_raise(err, LK_INTERNAL, "map under dm-verity: %s (%s)", complaint,
				strerror(-r));
	return LK_OK;
}

static enum lk_status check_table(const struct target *t, struct lk_error *err)
{
	static const enum lk_dm_corruption modes[] = {
		[LK_VERITY_PANIC] = LK_DM_PANIC,
		[LK_VERITY_ERROR] = LK_DM_EIO,
		[LK_VERITY_RESTART] = LK_DM_RESTART,
	};
	const struct lk_verity_params *p = t->params;
	const struct lk_dm_verity want = {
		.length = (uint64_t)p->data_blocks * (uint64_t)p->data_block_size / SECTOR,
		.major = major(t->data->number),
		.minor = minor(t->data->number),
		.hash_major = major(t->hash->number),
		.hash_minor = minor(t->hash->number),
		.data_block_size = (uint32_t)p->data_block_size,
		.hash_block_size = (uint32_t)p->hash_block_size,
		.data_blocks = (uint64_t)p->data_blocks,
		.hash_start = (uint64_t)p->hash_offset / (uint64_t)p->hash_block_size,
		.algorithm = p->algorithm,
		.root_hash = p->root_hash.data,
		.root_hash_len = p->root_hash.len,
		.salt = p->salt.data,
		.salt_len = p->salt.len,
		.on_corruption = modes[p->on_corruption],
	};
	LK_DM_LIVE live = { 0 };
	enum lk_status st;

	st = lk_dm_table(t->name, &live, err);
	if (st)
		return st;
	if (live.targets != 1 || !live.read_only)
		return lk_raise_code(err, LK_C_TABLE_MISMATCH,
				     "the mapping is not one read-only line");
	return lk_dm_verity_check(&want, live.start, live.length, live.target, live.params, err);
}

/* Around the page cache, so that the kernel must verify. */
static enum lk_status read_through(const struct target *t, struct lk_error *err)
{
	const struct lk_verity_params *p = t->params;
	const size_t size = (size_t)p->data_block_size;
	char node[sizeof("/dev/mapper/") + LK_VOLUME_NAME_MAX + 16];
	LK_FREE void *buf = aligned_alloc(size, size);
	LK_FD int fd = -1;
	uint64_t blocks[3];

	snprintf(node, sizeof(node), "/dev/mapper/%s", t->name);
	fd = open(node, O_RDONLY | O_CLOEXEC | O_DIRECT);
	if (!buf || fd < 0)
		return lk_raise(err, LK_INTERNAL, "open %s: %s", node, strerror(errno));
	probes((uint64_t)p->data_blocks, blocks);
	for (size_t i = 0; i < 3; i++) {
		if (pread(fd, buf, size, (off_t)(blocks[i] * size)) != (ssize_t)size)
			return lk_raise_code(err, LK_C_VERITY_CORRUPT,
					     "block %" PRIu64 " cannot be read: %s", blocks[i],
					     strerror(errno));
	}
	return LK_OK;
}

static enum lk_status check_after(const struct target *t, struct lk_error *err)
{
	char status[16];
	enum lk_status st;

	st = check_table(t, err);
	if (!st)
		st = read_through(t, err);
	if (!st)
		st = lk_dm_status(t->name, status, sizeof(status), err);
	if (st)
		return st;
	if (status[0] != 'V')
		return lk_raise_code(err, LK_C_VERITY_CORRUPT, "the kernel found altered blocks");
	return LK_OK;
}

/* Undo what was opened; the first error stays the one told. */
static enum lk_status give_up(const char *name, enum lk_status st)
{
	struct lk_error ignored = { 0 };

	lk_dm_close(name, lk_deadline_in(CLOSE_AGAIN_MS), &ignored);
	return st;
}

enum lk_status lk_verity_open(const struct lk_blockdev *dev, const struct lk_blockdev *hash,
			      const char *name, const struct lk_verity_params *params,
			      unsigned flags, struct lk_deadline deadline, struct lk_error *err)
{
	const struct target t = { dev, hash ? hash : dev, name, params, flags };
	struct lk_dm_watchdog *watchdog = NULL;
	enum lk_status st;
	bool exists;

	st = check_before(&t, err);
	if (!st)
		st = lk_dm_exists(name, &exists, err);
	if (st)
		return st;
	if (exists)
		return lk_raise_code(err, LK_C_NAME_TAKEN, "there is a mapping '%s' already", name);
	st = lk_dm_watchdog_start(deadline, &watchdog, err);
	if (st)
		return st;
	st = activate(&t, err);
	lk_dm_quiet();
	if (lk_dm_watchdog_stop(watchdog))
		return give_up(name, lk_raise(err, LK_TIMEOUT, "udev did not settle '%s'", name));
	if (st)
		return st;
	st = check_after(&t, err);
	return st ? give_up(name, st) : LK_OK;
}

enum lk_status lk_verity_close(const char *name, struct lk_deadline deadline, struct lk_error *err)
{
	return lk_dm_close(name, deadline, err);
}
