/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the setup header of a bzImage. */
#include "image/kernel.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "image/files.h"

#define MAGIC_AT   0x202u
#define RELEASE_AT 0x20eu

enum lk_status lk_kernel_parse(const void *head, size_t n, char ret[LK_RELEASE_SIZE],
			       struct lk_error *err)
{
	const uint8_t *b = head;
	size_t at, len;

	if (n < RELEASE_AT + 2 || memcmp(b + MAGIC_AT, "HdrS", 4) != 0)
		return lk_raise(err, LK_CONFIG, "it is not a bootable kernel (vmlinuz)");
	at = ((size_t)b[RELEASE_AT] | (size_t)b[RELEASE_AT + 1] << 8) + 0x200;
	for (len = 0;
	     at + len < n && len < LK_RELEASE_SIZE && b[at + len] > ' ' && b[at + len] < 0x7f;
	     len++)
		;
	if (len == 0 || len >= LK_RELEASE_SIZE || at + len >= n)
		return lk_raise(err, LK_CONFIG, "the kernel does not say its release");
	memcpy(ret, b + at, len);
	ret[len] = '\0';
	return LK_OK;
}

enum lk_status lk_kernel_release(const char *path, char ret[LK_RELEASE_SIZE], struct lk_error *err)
{
	LK_FREE uint8_t *head = malloc(LK_KERNEL_HEAD);
	enum lk_status st;
	uint64_t size = 0;
	LK_FD int fd = -1;
	size_t n;

	if (!head)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	st = lk_file_open(path, &fd, &size, err);
	if (st)
		return st;
	n = size < LK_KERNEL_HEAD ? (size_t)size : LK_KERNEL_HEAD;
	st = lk_file_read_at(fd, head, n, 0, err);
	if (!st)
		st = lk_kernel_parse(head, n, ret, err);
	return st ? lk_context(err, "read the kernel '%s'", path) : LK_OK;
}
