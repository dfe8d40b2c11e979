/* SPDX-License-Identifier: Apache-2.0 */
/* Backup and restore of a header. */
#include "agent/header_backup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/luks_internal.h"
#include "agent/unlock.h"

static enum lk_status judge(const struct lk_volume *v, const struct lk_luks_edit *e,
			    const struct lk_volume_key *key, struct lk_error *err)
{
	const struct lk_header_owner owner = lk_volume_owner(v);
	struct lk_header_identity identity;
	LK_SECRET volume_key = { 0 };
	enum lk_status st;
	int slot;

	st = lk_luks_volume_key(e->prepared, key, &volume_key, &slot, err);
	return st ? st
		  : lk_header_mac_check(&e->header, &owner, v->header_mac == LK_HEADER_MAC_REQUIRED,
					&volume_key, &identity, err);
}

/* Every area and both copies, as they are. */
static enum lk_status plan_all(struct lk_luks_edit *e, struct lk_luks_writes *ret,
			       struct lk_error *err)
{
	e->added = lk_luks_keyslot_bits(&e->header);
	return lk_luks_edit_plan(e, ret, err);
}

static enum lk_status write_file(int fd, const struct lk_luks_edit *e,
				 const struct lk_luks_writes *w, struct lk_error *err)
{
	if (ftruncate(fd, (off_t)(2 * e->header.hdr_size + e->header.keyslots_size)) != 0)
		return lk_raise(err, LK_CONFIG, "give the file its size: %s", strerror(errno));
	for (size_t i = 0; i < w->n; i++)
		if (pwrite(fd, w->list[i].data, w->list[i].len, (off_t)w->list[i].offset) !=
		    (ssize_t)w->list[i].len)
			return lk_raise(err, LK_CONFIG, "write the file: %s", strerror(errno));
	if (fsync(fd) != 0)
		return lk_raise(err, LK_CONFIG, "make the file durable: %s", strerror(errno));
	return LK_OK;
}

enum lk_status lk_header_backup(const struct lk_volume *v, const struct lk_blockdev *dev,
				const struct lk_volume_key *key, const char *path,
				struct lk_error *err)
{
	const struct lk_luks_rules rules = lk_volume_rules(v);
	LK_LUKS_WRITES writes = { 0 };
	LK_LUKS_EDIT e = { 0 };
	LK_FD int fd = -1;
	enum lk_status st;

	st = lk_luks_edit_begin(dev, &rules, &e, err);
	if (!st)
		st = judge(v, &e, key, err);
	if (!st)
		st = plan_all(&e, &writes, err);
	if (st)
		return lk_context(err, "check the header of volume '%s'", v->name);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return lk_raise(err, LK_CONFIG, "create %s: %s", path, strerror(errno));
	st = write_file(fd, &e, &writes, err);
	if (st) {
		(void)unlink(path);
		return lk_context(err, "back up the header of volume '%s' to %s", v->name, path);
	}
	return LK_OK;
}

/* The file as if it were the volume: as long as the device, so that its sizes can be judged. */
static enum lk_status open_backup(const char *path, const struct lk_blockdev *dev,
				  struct lk_blockdev *ret, struct lk_error *err)
{
	struct stat s;

	ret->fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (ret->fd < 0 || fstat(ret->fd, &s) != 0)
		return lk_raise(err, LK_CONFIG, "open %s: %s", path, strerror(errno));
	if (!S_ISREG(s.st_mode))
		return lk_raise(err, LK_CONFIG, "%s is not a file", path);
	ret->size = dev->size;
	return LK_OK;
}

/* A header that is there and good must not be the volume's later one, or another volume's. */
static enum lk_status compare(const struct lk_luks_header *there, const struct lk_luks_header *file,
			      struct lk_error *err)
{
	const uint64_t now = there->token.has_mac ? there->token.generation : 0;
	const uint64_t then = file->token.has_mac ? file->token.generation : 0;

	if (strcmp(there->uuid, file->uuid) != 0)
		return lk_raise_code(err, LK_C_HEADER_ROLLBACK,
				     "the disk has the header of another volume, %s", there->uuid);
	if (then < now)
		return lk_raise_code(err, LK_C_HEADER_ROLLBACK,
				     "the file is of generation %" PRIu64
				     ", the disk of generation %" PRIu64,
				     then, now);
	return LK_OK;
}

static enum lk_status check_against_disk(const struct lk_blockdev *dev,
					 const struct lk_luks_rules *rules,
					 struct lk_luks_edit *backup, struct lk_error *err)
{
	LK_LUKS_EDIT there = { 0 };
	struct lk_error why = { 0 };
	enum lk_status st = lk_luks_edit_begin(dev, rules, &there, &why);

	if (st == LK_INTERNAL) {
		*err = why;
		return st;
	}
	if (st) /* that is what a backup is for */
		return LK_OK;
	st = compare(&there.header, &backup->header, err);
	if (there.header.seqid > backup->prepared->header.seqid)
		backup->prepared->header.seqid = there.header.seqid;
	backup->second_in_force = there.second_in_force;
	return st;
}

enum lk_status lk_header_restore_plan(const struct lk_volume *v, const struct lk_blockdev *dev,
				      const struct lk_volume_key *key, const char *path,
				      struct lk_luks_writes *ret, struct lk_error *err)
{
	const struct lk_luks_rules rules = lk_volume_rules(v);
	LK_BLOCKDEV file = LK_BLOCKDEV_NONE;
	LK_LUKS_EDIT e = { 0 };
	enum lk_status st;

	st = open_backup(path, dev, &file, err);
	if (!st)
		st = lk_luks_edit_begin(&file, &rules, &e, err);
	if (!st)
		st = judge(v, &e, key, err);
	if (st)
		return lk_context(err, "check the backup %s", path);
	st = check_against_disk(dev, &rules, &e, err);
	return st ? st : plan_all(&e, ret, err);
}
