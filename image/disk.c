/* SPDX-License-Identifier: Apache-2.0 */
/* Laying out and writing the disk. */
#include "image/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "image/files.h"
#include "image/luks_format.h"
#include "image/payload.h"

#define MIB (1u << 20)

static uint64_t whole_mibs(uint64_t bytes)
{
	return (bytes + MIB - 1) / MIB * MIB;
}

/* Behind what is there; a mebibyte stays free in front of the first. */
static enum lk_status add_part(struct lk_disk *disk, enum lk_disk_place place, uint64_t bytes,
			       struct lk_error *err)
{
	struct lk_disk_part *part = &disk->parts[place];

	if (bytes == 0)
		return LK_OK;
	part->used = true;
	part->first = disk->size / LK_GPT_SECTOR;
	disk->size += whole_mibs(bytes);
	part->last = disk->size / LK_GPT_SECTOR - 1;
	return lk_guid_random(&part->id, err);
}

enum lk_status lk_disk_plan(const struct lk_disk_content *content, struct lk_disk *ret,
			    struct lk_error *err)
{
	struct lk_disk disk = { .content = *content, .size = MIB };
	const bool encrypted = content->encrypted;
	enum lk_status st;

	disk.payload = encrypted ? whole_mibs(content->plain) : 0;
	st = lk_guid_random(&disk.guid, err);
	if (!st)
		st = add_part(&disk, LK_DISK_ROOT,
			      encrypted ? LK_LUKS_DATA_OFFSET + disk.payload : content->data, err);
	if (!st)
		st = add_part(&disk, LK_DISK_TREE, encrypted ? 0 : content->plain - content->data,
			      err);
	if (!st)
		st = add_part(&disk, LK_DISK_DELTA, content->delta, err);
	if (st)
		return st;
	disk.size += MIB; /* for the backup table */
	*ret = disk;
	return LK_OK;
}

size_t lk_disk_table(const struct lk_disk *disk, struct lk_gpt_partition ret[LK_DISK_PLACES])
{
	const struct lk_gpt_partition kinds[LK_DISK_PLACES] = {
		[LK_DISK_ROOT] = { .type = lk_gpt_root_x86_64,
				   .attributes = LK_GPT_READ_ONLY,
				   .name = "root" },
		[LK_DISK_TREE] = { .type = lk_gpt_root_x86_64_verity,
				   .attributes = LK_GPT_READ_ONLY,
				   .name = "root-verity" },
		[LK_DISK_DELTA] = { .type = lk_gpt_linux_data, .name = "delta" },
	};
	size_t n = 0;

	for (size_t i = 0; i < LK_DISK_PLACES; i++) {
		if (!disk->parts[i].used)
			continue;
		ret[n] = kinds[i];
		ret[n].id = disk->parts[i].id;
		ret[n].first = disk->parts[i].first;
		ret[n].last = disk->parts[i].last;
		n++;
	}
	return n;
}

static enum lk_status write_table(const struct lk_disk *disk, int fd, struct lk_error *err)
{
	struct lk_gpt_partition parts[LK_DISK_PLACES];
	const struct lk_gpt gpt = {
		.disk = disk->guid,
		.n_sectors = disk->size / LK_GPT_SECTOR,
		.partitions = parts,
		.n_partitions = lk_disk_table(disk, parts),
	};
	uint8_t head[LK_GPT_HEAD * LK_GPT_SECTOR], tail[LK_GPT_TAIL * LK_GPT_SECTOR];
	enum lk_status st;

	st = lk_gpt_build(&gpt, head, tail, err);
	if (!st)
		st = lk_file_write_at(fd, head, sizeof(head), 0, err);
	if (!st)
		st = lk_file_write_at(fd, tail, sizeof(tail), disk->size - sizeof(tail), err);
	return st ? lk_context(err, "write the partition table") : LK_OK;
}

static uint64_t offset_of(const struct lk_disk *disk, enum lk_disk_place place)
{
	return disk->parts[place].first * LK_GPT_SECTOR;
}

static enum lk_status write_header(const struct lk_disk *disk, int fd, const char *header,
				   struct lk_error *err)
{
	enum lk_status st;
	uint64_t size = 0;
	LK_FD int from = -1;

	st = lk_file_open(header, &from, &size, err);
	if (!st)
		st = lk_file_copy(from, 0, LK_LUKS_DATA_OFFSET, fd, offset_of(disk, LK_DISK_ROOT),
				  err);
	return st ? lk_context(err, "write the LUKS2 header to the disk") : LK_OK;
}

static enum lk_status write_encrypted(const struct lk_disk *disk, int from, int to,
				      const char *header, const struct lk_secret *volume_key,
				      struct lk_progress *progress, struct lk_error *err)
{
	const struct lk_payload payload = {
		.plain = from,
		.plain_len = disk->content.plain,
		.disk = to,
		.offset = offset_of(disk, LK_DISK_ROOT) + LK_LUKS_DATA_OFFSET,
		.len = disk->payload,
		.sector_size = LK_LUKS_SECTOR,
	};
	enum lk_status st;

	st = write_header(disk, to, header, err);
	return st ? st : lk_payload_write(&payload, volume_key, progress, err);
}

static enum lk_status write_plain(const struct lk_disk *disk, int from, int to,
				  struct lk_error *err)
{
	const struct lk_disk_content *c = &disk->content;
	enum lk_status st;

	st = lk_file_copy(from, 0, c->data, to, offset_of(disk, LK_DISK_ROOT), err);
	if (!st)
		st = lk_file_copy(from, c->data, c->plain - c->data, to,
				  offset_of(disk, LK_DISK_TREE), err);
	return st ? lk_context(err, "write root and hash tree to the disk") : LK_OK;
}

enum lk_status lk_disk_write(const struct lk_disk *disk, const char *path, const char *header,
			     const char *plain, const struct lk_secret *volume_key,
			     struct lk_progress *progress, struct lk_error *err)
{
	LK_FD int from = -1;
	LK_FD int to = -1;
	enum lk_status st;
	uint64_t size = 0;

	st = lk_file_open(plain, &from, &size, err);
	if (st)
		return st;
	to = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (to < 0 || ftruncate(to, (off_t)disk->size) != 0)
		return lk_raise(err, LK_CONFIG, "create '%s': %s", path, strerror(errno));
	st = disk->content.encrypted
		     ? write_encrypted(disk, from, to, header, volume_key, progress, err)
		     : write_plain(disk, from, to, err);
	return st ? st : write_table(disk, to, err);
}
