/* SPDX-License-Identifier: Apache-2.0 */
/* Looks whether a device is blank. */

#include "agent/blank.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/blockdev.h"
#include "core/cleanup.h"

#define CHUNK (1024u * 1024)

bool lk_blank_part(uint64_t size, unsigned i, struct lk_blank_part *ret)
{
	uint64_t middle, at;

	if (size <= (uint64_t)LK_BLANK_FIRST + LK_BLANK_LAST) {
		*ret = (struct lk_blank_part){ 0, size };
		return i == 0 && size > 0;
	}
	middle = size - LK_BLANK_FIRST - LK_BLANK_LAST;
	if (i == 0) {
		*ret = (struct lk_blank_part){ 0, LK_BLANK_FIRST };
		return true;
	}
	if (middle <= (uint64_t)LK_BLANK_BLOCKS * LK_BLANK_BLOCK) {
		*ret = (struct lk_blank_part){ LK_BLANK_FIRST, middle + LK_BLANK_LAST };
		return i == 1;
	}
	if (i == LK_BLANK_BLOCKS + 1) {
		*ret = (struct lk_blank_part){ size - LK_BLANK_LAST, LK_BLANK_LAST };
		return true;
	}
	at = middle / LK_BLANK_BLOCKS * (i - 1) / LK_BLANK_BLOCK * LK_BLANK_BLOCK;
	*ret = (struct lk_blank_part){ LK_BLANK_FIRST + at, LK_BLANK_BLOCK };
	return i <= LK_BLANK_BLOCKS;
}

static const uint8_t *first_byte(const uint8_t *p, size_t n)
{
	static const uint8_t zeros[4096];

	for (; n >= sizeof(zeros); p += sizeof(zeros), n -= sizeof(zeros))
		if (memcmp(p, zeros, sizeof(zeros)) != 0)
			break;
	for (; n > 0; p++, n--)
		if (*p)
			return p;
	return NULL;
}

/* ret->what stays empty if the part is all zeros. */
static enum lk_status look_at(int fd, const struct lk_blank_part *part, uint8_t *buf,
			      struct lk_blank_found *ret, struct lk_error *err)
{
	uint64_t done = 0;

	while (done < part->length) {
		const uint64_t left = part->length - done;
		const size_t want = left < CHUNK ? (size_t)left : CHUNK;
		const ssize_t n = pread(fd, buf, want, (off_t)(part->offset + done));
		const uint8_t *data;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return lk_raise_code(err, LK_C_DEVICE_FAILED, "read at byte %llu: %s",
					     (unsigned long long)(part->offset + done),
					     n ? strerror(errno) : "the device ends there");
		data = first_byte(buf, (size_t)n);
		if (data) {
			snprintf(ret->what, sizeof(ret->what), "data at byte %llu",
				 (unsigned long long)(part->offset + done) +
					 (unsigned long long)(data - buf));
			return LK_OK;
		}
		done += (size_t)n;
	}
	return LK_OK;
}

enum lk_status lk_blank_look(int fd, uint64_t size, struct lk_blank_found *ret,
			     struct lk_error *err)
{
	struct lk_blank_found found = { 0 };
	struct lk_blank_part part;
	LK_FREE uint8_t *buf = malloc(CHUNK);
	enum lk_status st;
	unsigned i;

	if (!buf)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	st = lk_blockdev_signature(fd, found.what, sizeof(found.what), err);
	for (i = 0; !st && !*found.what && lk_blank_part(size, i, &part); i++)
		st = look_at(fd, &part, buf, &found, err);
	if (!st)
		*ret = found;
	return st;
}
