/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads GUID partition tables (UEFI 2.10, section 5.3) and plans how a disk's last partition takes
 * the room behind it. Whoever wrote the disk wrote the table: nothing is believed that was not
 * checked, and nothing here writes.
 *
 * The first copy of the table decides, as it does for the kernel. A plan is a list of writes, each
 * of them to be flushed before the next. Wherever the list is cut, the first copy is valid, and a
 * new plan finishes what was begun: the header in sector 1 is the only part of the first copy that
 * is replaced while it is in use, and one sector is written whole or not at all.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/cleanup.h"
#include "core/error.h"

#define LK_GPT_ENTRY	   128u	 /* bytes; tables with larger entries are refused */
#define LK_GPT_ENTRIES_MAX 1024u /* tables with more are refused */
#define LK_GPT_WRITES	   8u

struct lk_gpt_disk {
	uint32_t sector;    /* bytes: 512 to 4096, a power of two */
	uint64_t n_sectors; /* of the whole disk */
	enum lk_status (*read)(void *arg, uint64_t offset, void *buf, size_t len,
			       struct lk_error *err);
	void *arg;
};

/* One copy of a table that passed every check. */
struct lk_gpt_copy {
	uint64_t self, other; /* sectors of this header and of the other one */
	uint64_t first_usable, last_usable;
	uint64_t array; /* first sector of the array of entries */
	uint32_t n_entries;
	size_t array_len; /* bytes, whole sectors */
	uint8_t *header;  /* one sector as read */
	uint8_t *entries; /* array_len bytes as read */
};
void lk_gpt_copy_free(struct lk_gpt_copy *copy); /* fine on { 0 }, fine twice */
#define LK_GPT_COPY LK_CLEANUP(lk_gpt_copy_free) struct lk_gpt_copy

/* Read the copy whose header is in sector `at` (1: the first copy). LK_TAMPERED (partition-table)
 * when a signature, checksum, size or place is wrong, or partitions overlap. */
enum lk_status lk_gpt_load(const struct lk_gpt_disk *disk, uint64_t at, struct lk_gpt_copy *ret,
			   struct lk_error *err);

struct lk_gpt_plan {	      /* `= { 0 }` is nothing */
	bool needed;	      /* false: the table is as it should be; no writes */
	bool final;	      /* false: finishes an earlier plan only; load and plan again */
	uint64_t first, last; /* of the partition after the writes; sectors, inclusive */
	unsigned n_writes;
	struct lk_gpt_write {
		uint64_t offset; /* bytes */
		size_t len;
		const uint8_t *data; /* the plan's */
	} writes[LK_GPT_WRITES];
	uint8_t *memory[LK_GPT_WRITES];
};
void lk_gpt_plan_free(struct lk_gpt_plan *plan); /* fine on { 0 }, fine twice */
#define LK_GPT_PLAN LK_CLEANUP(lk_gpt_plan_free) struct lk_gpt_plan

/* Plan the growth of partition `number` (from 1), which begins at sector `first`, up to the last
 * whole MiB in front of the second copy of the table. LK_TAMPERED (partition-table) when the table
 * is no good, is not the one that `number` and `first` came from, or its copies tell different
 * things; LK_CONFIG (partition-place) when another partition lies behind. */
enum lk_status lk_gpt_plan_growth(const struct lk_gpt_disk *disk, uint32_t number, uint64_t first,
				  struct lk_gpt_plan *ret, struct lk_error *err);
