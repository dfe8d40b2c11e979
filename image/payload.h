/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The encrypted content of the root partition: plain bytes are read from one file, encrypted in
 * memory as dm-crypt would (aes-xts-plain64), and written to another. Plaintext is never written
 * to the disk image.
 */
#pragma once

#include <stdint.h>

#include "core/error.h"
#include "core/secret.h"

struct lk_progress;

struct lk_payload {
	int plain;	    /* descriptor; read from its start */
	uint64_t plain_len; /* bytes; what follows up to len is encrypted zeros */
	int disk;	    /* descriptor */
	uint64_t offset;    /* bytes; where the segment begins on the disk */
	uint64_t len;	    /* bytes; a multiple of sector_size, at least plain_len */
	uint32_t sector_size;
};

enum lk_status lk_payload_write(const struct lk_payload *p, const struct lk_secret *volume_key,
				struct lk_progress *progress, struct lk_error *err);
