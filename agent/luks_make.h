/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes LUKS2 headers, in memory: AES-XTS with 512-bit keys, one keyslot, exactly what our own
 * reader accepts (it is asked). Nothing of the header touches the disk until it is written with
 * lk_luks_made_write; a throw-away volume's never does. With integrity, the superblock of
 * dm-integrity is written to the device at once.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "agent/header_mac.h"
#include "agent/luks.h"

/* Where the data begins, in bytes from the start of the device. */
#define LK_LUKS_DATA_BEGIN	 (16u * 1024 * 1024)
#define LK_LUKS_THROW_AWAY_BEGIN (1024u * 1024)

enum lk_luks_stretch {
	LK_LUKS_STRETCH, /* Argon2id over 256 MiB, or what the machine can spare */
	LK_LUKS_NO_STRETCH, /* PBKDF2, 1000 iterations: for random keys, and headers that do not last */
};

struct lk_luks_recipe {
	const char *uuid; /* lower case */
	uint64_t data_begin;
	uint32_t sector_size;
	bool integrity;
	enum lk_luks_stretch stretch;
	const struct lk_header_owner *owner; /* for the header's MAC; NULL: the header has none */
};

struct lk_luks_made {
	int memory_fd; /* both header copies and the keyslot area, as libcryptsetup made them */
	struct lk_luks_prepared *prepared; /* the checked, sealed copy: opens with the passphrase */
};
#define LK_LUKS_MADE_NONE                                                                          \
	{                                                                                          \
		.memory_fd = -1                                                                    \
	}
void lk_luks_made_free(struct lk_luks_made *m);
#define LK_LUKS_MADE LK_CLEANUP(lk_luks_made_free) struct lk_luks_made

/* A new random volume key under one keyslot that the passphrase opens. With integrity it needs
 * device-mapper, until the deadline. */
enum lk_status lk_luks_make(const struct lk_blockdev *dev, const struct lk_luks_recipe *recipe,
			    const struct lk_secret *passphrase, struct lk_deadline deadline,
			    struct lk_luks_made *ret, struct lk_error *err);
/*
 * Write what was made to the start of the device, first everything but its first sector, then that
 * sector: until then the device says what it said before, afterwards it is a whole LUKS2 volume.
 * LK_INTERNAL (device-failed).
 */
enum lk_status lk_luks_made_write(const struct lk_luks_made *m, int fd, struct lk_error *err);
