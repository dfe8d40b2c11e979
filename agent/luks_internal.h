/* SPDX-License-Identifier: Apache-2.0 */
/* What opening a LUKS2 volume takes from the disk: both header copies, and the private one. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "agent/luks_header.h"
#include "core/cleanup.h"
#include "core/error.h"

/* A header copy as it lies on the disk; data is NULL when there is none or it cannot be read. */
struct lk_luks_bytes {
	uint8_t *data;
	size_t len;
};

struct lk_luks_copies { /* `= { 0 }` is empty */
	struct lk_luks_bytes primary, secondary;
};

/* Read both copies, each byte once. Where the primary does not hold together, the secondary is
 * looked for in the places that the specification names (section 2.1). */
enum lk_status lk_luks_copies_read(int fd, uint64_t device_size, struct lk_luks_copies *ret,
				   struct lk_error *err);
void lk_luks_copies_free(struct lk_luks_copies *c);
#define LK_LUKS_COPIES LK_CLEANUP(lk_luks_copies_free) struct lk_luks_copies

/* A sealed memory file with the header written anew and the named keyslot areas, read from fd;
 * nothing else is in it. */
enum lk_status lk_luks_memory_file(const struct lk_luks_header *header, int fd, int *ret_fd,
				   struct lk_error *err);
