/* SPDX-License-Identifier: Apache-2.0 */
/* What dm-snapshot's store holds, says and can carry. Pure. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/snapshot.h"

#define PER_AREA (LK_SNAPSHOT_CHUNK / 16u) /* a reference is two 64-bit numbers */

/* The kernel clears the next chunk of references as soon as one is full; where the store ends there,
 * that write fails and the whole snapshot is given up. One chunk less, and it only overflows. */
uint64_t lk_snapshot_store(uint64_t size)
{
	uint64_t chunks = size / LK_SNAPSHOT_CHUNK;

	if (chunks > 1 && (chunks - 1) % (PER_AREA + 1) == 0)
		chunks--;
	return chunks * LK_SNAPSHOT_CHUNK;
}

uint64_t lk_snapshot_room(uint64_t size)
{
	const uint64_t chunks = lk_snapshot_store(size) / LK_SNAPSHOT_CHUNK;
	uint64_t areas, rest;

	if (chunks < 3)
		return 0;
	areas = (chunks - 1) / (PER_AREA + 1);
	rest = (chunks - 1) % (PER_AREA + 1);
	return areas * PER_AREA + rest - 1;
}

static bool stands(const uint8_t *head, size_t n, size_t at, const void *magic, size_t len)
{
	return n >= at + len && memcmp(head + at, magic, len) == 0;
}

const char *lk_snapshot_filesystem(const uint8_t *head, size_t n)
{
	static const uint8_t ext4[] = { 0x53, 0xef }, erofs[] = { 0xe2, 0xe1, 0xf5, 0xe0 };

	if (stands(head, n, 0, "XFSB", 4))
		return "xfs";
	if (stands(head, n, 1024, erofs, sizeof(erofs)))
		return "erofs";
	return stands(head, n, 1024 + 56, ext4, sizeof(ext4)) ? "ext4" : "unknown";
}

unsigned lk_snapshot_xfs_sector(const uint8_t *head, size_t n)
{
	enum { AT = 102 }; /* sb_sectsize, 16 bits, the most significant byte first */

	if (n < AT + 2 || !stands(head, n, 0, "XFSB", 4))
		return 0;
	return (unsigned)head[AT] << 8 | head[AT + 1];
}

/* Up to 19 digits, then `end`. */
static bool number(const char **at, char end, uint64_t *ret)
{
	const size_t n = strspn(*at, "0123456789");
	uint64_t v = 0;

	if (n == 0 || n > 19 || (*at)[n] != end)
		return false;
	for (size_t i = 0; i < n; i++)
		v = v * 10 + (uint64_t)((*at)[i] - '0');
	*at += n + (end != '\0');
	*ret = v;
	return true;
}

enum lk_status lk_snapshot_use_parse(const char *text, struct lk_snapshot_use *ret,
				     struct lk_error *err)
{
	struct lk_snapshot_use use = { 0 };

	if (strcmp(text, "Overflow") == 0)
		use.overflowed = true;
	else if (strcmp(text, "Invalid") == 0)
		use.overflowed = use.lost = true;
	else if (!number(&text, '/', &use.used) || !number(&text, ' ', &use.total) ||
		 !number(&text, '\0', &use.bookkeeping) || use.used > use.total ||
		 use.bookkeeping > use.used)
		return lk_raise_code(err, LK_C_TABLE_MISMATCH,
				     "the snapshot's status is not what the kernel documents");
	*ret = use;
	return LK_OK;
}

const char *lk_snapshot_describe(const struct lk_snapshot_use *use, char buf[LK_SNAPSHOT_TEXT])
{
	if (use->lost)
		snprintf(buf, LK_SNAPSHOT_TEXT,
			 "LOST: nothing can be read any more; reboot, which starts empty");
	else if (use->overflowed)
		snprintf(buf, LK_SNAPSHOT_TEXT,
			 "FULL: every write fails until the next boot, which starts empty");
	else
		snprintf(buf, LK_SNAPSHOT_TEXT, "%" PRIu64 "%% of %" PRIu64 " MiB used",
			 use->total ? use->used * 100 / use->total : 0, use->total / 2048);
	return buf;
}
