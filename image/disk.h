/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The disk: a GPT with one partition that holds the LUKS2 header and the encrypted payload.
 * Everything is aligned to a mebibyte.
 */
#pragma once

#include <stdint.h>

#include "core/error.h"
#include "core/gpt.h"
#include "core/secret.h"

struct lk_progress;

struct lk_disk {
	struct lk_guid guid, part_guid;
	uint64_t size;	      /* bytes of the whole disk */
	uint64_t first, last; /* sectors of the partition */
	uint64_t payload;     /* bytes of the encrypted segment */
	uint64_t plain;	      /* bytes of it that matter */
};

/* Random GUIDs and the geometry for so many bytes of content. */
enum lk_status lk_disk_plan(uint64_t plain, struct lk_disk *ret, struct lk_error *err);
/* Write the disk at `path`, which must not exist. header: a file of LK_LUKS_DATA_OFFSET bytes or
 * more with the LUKS2 header; plain: the file with the content. */
enum lk_status lk_disk_write(const struct lk_disk *disk, const char *path, const char *header,
			     const char *plain, const struct lk_secret *volume_key,
			     struct lk_progress *progress, struct lk_error *err);
