/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The disk: a GPT with the root first. An encrypted root is one partition with the LUKS2 header and
 * the encrypted payload, hash tree included; a root that is only verified has its hash tree in a
 * second partition. The last one, if wanted, is left blank for the root's writable layer.
 * Everything is aligned to a mebibyte.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/gpt.h"
#include "core/secret.h"

struct lk_progress;

enum lk_disk_place { LK_DISK_ROOT, LK_DISK_TREE, LK_DISK_DELTA, LK_DISK_PLACES };

struct lk_disk_part {
	struct lk_guid id;
	uint64_t first, last; /* sectors */
	bool used;
};

/* What goes onto it, in bytes. */
struct lk_disk_content {
	uint64_t data, plain; /* the file system; and its hash tree behind it */
	uint64_t delta;	      /* of the blank partition; 0: none */
	bool encrypted;
};

struct lk_disk {
	struct lk_guid guid;
	struct lk_disk_part parts[LK_DISK_PLACES];
	struct lk_disk_content content;
	uint64_t size;	  /* bytes of the whole disk */
	uint64_t payload; /* bytes of the encrypted segment */
};

/* Random GUIDs and the geometry for this content. */
enum lk_status lk_disk_plan(const struct lk_disk_content *content, struct lk_disk *ret,
			    struct lk_error *err);
/* The partitions that are used, in the order of their numbers. */
size_t lk_disk_table(const struct lk_disk *disk, struct lk_gpt_partition ret[LK_DISK_PLACES]);
/* Write the disk at `path`, which must not exist. plain: the file with the content. If the root is
 * encrypted, header is a file of LK_LUKS_DATA_OFFSET bytes or more with the LUKS2 header; else
 * header and key are not looked at. */
enum lk_status lk_disk_write(const struct lk_disk *disk, const char *path, const char *header,
			     const char *plain, const struct lk_secret *volume_key,
			     struct lk_progress *progress, struct lk_error *err);
