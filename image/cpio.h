/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Archives that the kernel unpacks into the initramfs ("newc", kernel documentation
 * driver-api/early-userspace/buffer-format), built in memory: owner root, time 0, so that the
 * same content gives the same bytes. An archive must start on a multiple of four within the
 * initrd. Pure.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

#define LK_CPIO_MAX (16u * 1024 * 1024)

struct lk_cpio { /* `= { 0 }` is an empty archive */
	uint8_t *data;
	size_t len, cap;
	uint32_t n_entries;
};

/* path: without a leading slash, parents added before. mode: permission bits. LK_INTERNAL when
 * the path is not like that; LK_CONFIG when the archive grows past LK_CPIO_MAX. */
enum lk_status lk_cpio_add_folder(struct lk_cpio *c, const char *path, unsigned mode,
				  struct lk_error *err);
enum lk_status lk_cpio_add_file(struct lk_cpio *c, const char *path, unsigned mode,
				const void *data, size_t n, struct lk_error *err);
/* The trailer; nothing may be added afterwards. */
enum lk_status lk_cpio_end(struct lk_cpio *c, struct lk_error *err);
void lk_cpio_free(struct lk_cpio *c);
