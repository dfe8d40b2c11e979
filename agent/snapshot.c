/* SPDX-License-Identifier: Apache-2.0 */
/* Maps read-only devices under dm-snapshot. */
#include "agent/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "agent/dm.h"
#include "agent/dm_table.h"

#define SECTOR	       512u
#define CHUNK_SECTORS  (LK_SNAPSHOT_CHUNK / SECTOR)
#define CLOSE_AGAIN_MS 5000
#define NAME_MAX_LEN   80
#define PARAMS	       96

/* The private mappings below NAME, where they are needed. */
#define BASE  "-base"  /* the origin, made longer */
#define STORE "-store" /* the store, made shorter */

static void below(const char *name, const char *suffix, char ret[NAME_MAX_LEN])
{
	snprintf(ret, NAME_MAX_LEN, "%s%s", name, suffix);
}

static enum lk_status check_origin(const struct lk_blockdev *origin, struct lk_error *err)
{
	uint8_t head[LK_SNAPSHOT_HEAD];
	const char *kind;
	int sector = 0;

	if (pread(origin->fd, head, sizeof(head), 0) != (ssize_t)sizeof(head))
		return lk_raise(err, LK_INTERNAL, "read %s: %s", origin->path, strerror(errno));
	kind = lk_snapshot_filesystem(head, sizeof(head));
	if (strcmp(kind, "ext4") != 0 && strcmp(kind, "xfs") != 0)
		return lk_raise_code(err, LK_C_CONFIG_VALUE,
				     "rw_overlay_type = dm-snapshot needs a root of ext4 or xfs, "
				     "and this one is %s: write overlayfs",
				     kind);
	if (ioctl(origin->fd, BLKSSZGET, &sector) != 0)
		return lk_raise(err, LK_INTERNAL, "ask %s for its sectors: %s", origin->path,
				strerror(errno));
	if (strcmp(kind, "xfs") == 0 &&
	    lk_snapshot_xfs_sector(head, sizeof(head)) < (unsigned)sector)
		return lk_raise_code(err, LK_C_CONFIG_VALUE,
				     "the root's xfs has sectors of %u bytes and the device of %d: "
				     "make it with mkfs.xfs -s size=%d",
				     lk_snapshot_xfs_sector(head, sizeof(head)), sector, sector);
	return LK_OK;
}

static enum lk_status empty_store(const struct lk_blockdev *store, struct lk_error *err)
{
	static const uint8_t zeros[LK_SNAPSHOT_CHUNK];
	char path[32];
	LK_FD int fd = -1;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", store->fd);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0 || pwrite(fd, zeros, sizeof(zeros), 0) != (ssize_t)sizeof(zeros) ||
	    fsync(fd) != 0)
		return lk_raise(err, LK_INTERNAL, "empty the writable layer's store on %s: %s",
				store->path, strerror(errno));
	return LK_OK;
}

static enum lk_status check_lines(const char *name, const struct lk_dm_line *lines, unsigned n,
				  bool read_only, struct lk_error *err)
{
	enum lk_status st = LK_OK;

	for (unsigned i = 0; i < n && !st; i++) {
		LK_DM_LIVE live = { 0 };

		st = lk_dm_table_line(name, i, &live, err);
		if (!st && (live.targets != n || live.read_only != read_only))
			st = lk_raise_code(err, LK_C_TABLE_MISMATCH,
					   "the mapping '%s' is not what was intended", name);
		if (!st)
			st = lk_dm_line_check(&lines[i], live.start, live.length, live.target,
					      live.params, err);
	}
	return st;
}

static enum lk_status give_up(const char *name, enum lk_status st)
{
	struct lk_error ignored = { 0 };

	lk_snapshot_close(name, lk_deadline_in(CLOSE_AGAIN_MS), &ignored);
	return st;
}

static enum lk_status map(const char *name, const struct lk_dm_line *lines, unsigned n,
			  unsigned flags, struct lk_deadline deadline, struct lk_error *err)
{
	enum lk_status st;

	st = lk_dm_create(name, lines, n, flags, deadline, err);
	return st ? st : check_lines(name, lines, n, flags & LK_DM_READONLY, err);
}

static enum lk_status map_below(const char *name, const char *suffix,
				const struct lk_dm_line *lines, unsigned n, unsigned flags,
				struct lk_deadline deadline, struct lk_blockdev *ret,
				struct lk_error *err)
{
	char inner[NAME_MAX_LEN], node[NAME_MAX_LEN + sizeof("/dev/mapper/")];
	enum lk_status st;

	below(name, suffix, inner);
	snprintf(node, sizeof(node), "/dev/mapper/%s", inner);
	st = map(inner, lines, n, flags | LK_DM_PRIVATE, deadline, err);
	return st ? st : lk_blockdev_open(node, ret, err);
}

/* The origin, and zeros behind it up to `sectors`. */
static enum lk_status map_base(const struct lk_blockdev *origin, uint64_t sectors, const char *name,
			       struct lk_deadline deadline, struct lk_blockdev *ret,
			       struct lk_error *err)
{
	const uint64_t own = origin->size / SECTOR;
	char params[PARAMS];
	const struct lk_dm_line lines[] = {
		{ 0, own, "linear", params },
		{ own, sectors - own, "zero", "" },
	};

	snprintf(params, sizeof(params), "%u:%u 0", major(origin->number), minor(origin->number));
	if (map_below(name, BASE, lines, 2, LK_DM_READONLY, deadline, ret, err))
		return lk_context(err, "make the origin longer");
	return LK_OK;
}

static enum lk_status map_store(const struct lk_blockdev *store, uint64_t size, const char *name,
				struct lk_deadline deadline, struct lk_blockdev *ret,
				struct lk_error *err)
{
	char params[PARAMS];
	const struct lk_dm_line line = { 0, size / SECTOR, "linear", params };

	snprintf(params, sizeof(params), "%u:%u 0", major(store->number), minor(store->number));
	if (map_below(name, STORE, &line, 1, 0, deadline, ret, err))
		return lk_context(err, "make the store shorter");
	return LK_OK;
}

static enum lk_status map_snapshot(const struct lk_blockdev *origin,
				   const struct lk_blockdev *store, const char *name,
				   struct lk_deadline deadline, struct lk_error *err)
{
	char params[PARAMS];
	const struct lk_dm_line line = { 0, origin->size / SECTOR, "snapshot", params };
	struct lk_snapshot_use use;
	enum lk_status st;

	snprintf(params, sizeof(params), "%u:%u %u:%u PO %u", major(origin->number),
		 minor(origin->number), major(store->number), minor(store->number), CHUNK_SECTORS);
	st = map(name, &line, 1, 0, deadline, err);
	if (!st)
		st = lk_snapshot_use(name, &use, err);
	if (!st && (use.lost || use.overflowed || use.used != use.bookkeeping))
		st = lk_raise_code(err, LK_C_TABLE_MISMATCH,
				   "the writable layer's store is not empty");
	return st;
}

static enum lk_status check_free(const char *name, struct lk_error *err)
{
	static const char *const suffixes[] = { "", BASE, STORE };
	char which[NAME_MAX_LEN];
	enum lk_status st;
	bool exists;

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		below(name, suffixes[i], which);
		st = lk_dm_exists(which, &exists, err);
		if (st)
			return st;
		if (exists)
			return lk_raise_code(err, LK_C_NAME_TAKEN,
					     "there is a mapping '%s' already", which);
	}
	return LK_OK;
}

static enum lk_status open_parts(const struct lk_blockdev *origin, const struct lk_blockdev *store,
				 const char *name, struct lk_deadline deadline,
				 struct lk_error *err)
{
	const uint64_t sectors = lk_snapshot_room(store->size) * CHUNK_SECTORS;
	const uint64_t used = lk_snapshot_store(store->size);
	const bool longer =
		sectors > origin->size / SECTOR && origin->size % LK_SNAPSHOT_CHUNK == 0;
	const bool shorter = store->size / LK_SNAPSHOT_CHUNK != used / LK_SNAPSHOT_CHUNK;
	LK_BLOCKDEV base = LK_BLOCKDEV_NONE;
	LK_BLOCKDEV part = LK_BLOCKDEV_NONE;
	enum lk_status st = LK_OK;

	if (longer)
		st = map_base(origin, sectors, name, deadline, &base, err);
	if (!st && shorter)
		st = map_store(store, used, name, deadline, &part, err);
	if (st)
		return st;
	return map_snapshot(longer ? &base : origin, shorter ? &part : store, name, deadline, err);
}

enum lk_status lk_snapshot_open(const struct lk_blockdev *origin, const struct lk_blockdev *store,
				const char *name, struct lk_deadline deadline, struct lk_error *err)
{
	enum lk_status st;

	st = check_free(name, err);
	if (!st)
		st = check_origin(origin, err);
	if (!st && lk_snapshot_room(store->size) == 0)
		st = lk_raise_code(err, LK_C_CONFIG_VALUE, "%s is too small for a writable layer",
				   store->path);
	if (!st)
		st = empty_store(store, err);
	if (st)
		return st;
	st = open_parts(origin, store, name, deadline, err);
	return st ? give_up(name, st) : LK_OK;
}

enum lk_status lk_snapshot_use(const char *name, struct lk_snapshot_use *ret, struct lk_error *err)
{
	LK_DM_LIVE live = { 0 };
	char status[96];
	enum lk_status st;

	st = lk_dm_table(name, &live, err);
	if (st)
		return st;
	if (strcmp(live.target, "snapshot") != 0)
		return lk_raise(err, LK_ABSENT, "'%s' is no snapshot", name);
	st = lk_dm_status(name, status, sizeof(status), err);
	return st ? st : lk_snapshot_use_parse(status, ret, err);
}

enum lk_status lk_snapshot_close(const char *name, struct lk_deadline deadline,
				 struct lk_error *err)
{
	static const char *const suffixes[] = { "", BASE, STORE };
	enum lk_status st = LK_OK;
	char which[NAME_MAX_LEN];

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]) && !st; i++) {
		below(name, suffixes[i], which);
		st = lk_dm_close(which, deadline, err);
	}
	return st;
}
