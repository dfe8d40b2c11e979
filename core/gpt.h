/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GUID partition tables (UEFI 2.10, section 5): the bytes at both ends of a disk, built in
 * memory. Sectors are 512 bytes. Pure.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/guid.h"

#define LK_GPT_SECTOR	  512u
#define LK_GPT_HEAD	  34u /* sectors: protective MBR, header, 128 entries */
#define LK_GPT_TAIL	  33u /* sectors: 128 entries, backup header */
#define LK_GPT_PARTITIONS 128u
#define LK_GPT_READ_ONLY  (1ull << 60) /* Discoverable Partitions Specification */

/* Discoverable Partitions Specification: root of x86-64, and its verity data. */
extern const struct lk_guid lk_gpt_root_x86_64, lk_gpt_root_x86_64_verity;
/* Data that nothing finds by its type. */
extern const struct lk_guid lk_gpt_linux_data;

struct lk_gpt_partition {
	struct lk_guid type, id;
	uint64_t first, last; /* sectors, inclusive */
	uint64_t attributes;
	const char *name; /* ASCII, at most 35 characters */
};

struct lk_gpt {
	struct lk_guid disk;
	uint64_t n_sectors; /* of the whole disk */
	const struct lk_gpt_partition *partitions;
	size_t n_partitions;
};

/* Build the first LK_GPT_HEAD and the last LK_GPT_TAIL sectors. LK_INTERNAL when a partition does
 * not fit between them, is empty, overlaps another, or has a bad name. */
enum lk_status lk_gpt_build(const struct lk_gpt *gpt, uint8_t head[LK_GPT_HEAD * LK_GPT_SECTOR],
			    uint8_t tail[LK_GPT_TAIL * LK_GPT_SECTOR], struct lk_error *err);
