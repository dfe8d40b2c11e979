/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes the file system of a new volume. Swap space is a header of our own writing; for the others
 * the mkfs program of the system or initramfs runs: no shell, nothing inherited, its output is
 * never repeated.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "agent/settings.h"
#include "core/deadline.h"
#include "core/error.h"

/* The program that makes it, a plain name; NULL for swap. */
const char *lk_makefs_program(enum lk_filesystem fs);

struct lk_makefs {
	enum lk_filesystem fs;
	const char *node;  /* "/dev/mapper/data0" */
	const char *label; /* the volume's name; cut to what the file system holds */
	/* Whatever is read later must be written now: sectors without a tag cannot be read. */
	bool write_all;
};
/* LK_CONFIG (makefs-failed), LK_TIMEOUT. */
enum lk_status lk_makefs(const struct lk_makefs *m, struct lk_deadline deadline,
			 struct lk_error *err);

/* The arguments of the program, ending in NULL, argv[0] left out; label: a buffer for it. */
#define LK_MAKEFS_ARGS	12
#define LK_MAKEFS_LABEL 20
void lk_makefs_arguments(const struct lk_makefs *m, char label[LK_MAKEFS_LABEL],
			 const char *args[LK_MAKEFS_ARGS]);

/* The first page of swap space of `size` bytes (Linux's include/linux/swap.h, version 1, pages of
 * 4096 bytes). LK_CONFIG (device-size) if it is too small. Pure. */
#define LK_SWAP_PAGE 4096
enum lk_status lk_swap_header(uint64_t size, const uint8_t uuid[16], const char *label,
			      uint8_t page[LK_SWAP_PAGE], struct lk_error *err);
