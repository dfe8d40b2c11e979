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

enum lk_status lk_disk_plan(uint64_t plain, struct lk_disk *ret, struct lk_error *err)
{
	struct lk_disk disk = { .plain = plain };
	enum lk_status st;

	st = lk_guid_random(&disk.guid, err);
	if (!st)
		st = lk_guid_random(&disk.part_guid, err);
	if (st)
		return st;
	disk.payload = (plain + MIB - 1) / MIB * MIB;
	disk.first = MIB / LK_GPT_SECTOR;
	disk.last = disk.first + (LK_LUKS_DATA_OFFSET + disk.payload) / LK_GPT_SECTOR - 1;
	disk.size = (disk.last + 1) * LK_GPT_SECTOR + MIB; /* the rest is for the backup table */
	*ret = disk;
	return LK_OK;
}

static enum lk_status write_table(const struct lk_disk *disk, int fd, struct lk_error *err)
{
	const struct lk_gpt_partition root = {
		.type = lk_gpt_root_x86_64,
		.id = disk->part_guid,
		.first = disk->first,
		.last = disk->last,
		.attributes = LK_GPT_READ_ONLY,
		.name = "root",
	};
	const struct lk_gpt gpt = {
		.disk = disk->guid,
		.n_sectors = disk->size / LK_GPT_SECTOR,
		.partitions = &root,
		.n_partitions = 1,
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

static enum lk_status write_header(const struct lk_disk *disk, int fd, const char *header,
				   struct lk_error *err)
{
	enum lk_status st;
	uint64_t size = 0;
	LK_FD int from = -1;

	st = lk_file_open(header, &from, &size, err);
	if (!st)
		st = lk_file_copy(from, LK_LUKS_DATA_OFFSET, fd, disk->first * LK_GPT_SECTOR, err);
	return st ? lk_context(err, "write the LUKS2 header to the disk") : LK_OK;
}

enum lk_status lk_disk_write(const struct lk_disk *disk, const char *path, const char *header,
			     const char *plain, const struct lk_secret *volume_key,
			     struct lk_progress *progress, struct lk_error *err)
{
	struct lk_payload payload = {
		.plain_len = disk->plain,
		.offset = disk->first * LK_GPT_SECTOR + LK_LUKS_DATA_OFFSET,
		.len = disk->payload,
		.sector_size = LK_LUKS_SECTOR,
	};
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
	payload.plain = from;
	payload.disk = to;
	st = write_header(disk, to, header, err);
	if (!st)
		st = lk_payload_write(&payload, volume_key, progress, err);
	return st ? st : write_table(disk, to, err);
}
