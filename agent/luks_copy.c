/* SPDX-License-Identifier: Apache-2.0 */
/* Reads LUKS2 header copies from a disk and builds the private one in memory. */

#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent/luks_internal.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U /* Linux 6.3 */
#endif

#define CHUNK (64u * 1024)

bool lk_luks_read_at(int fd, uint8_t *buf, size_t n, uint64_t offset)
{
	while (n > 0) {
		ssize_t got = pread(fd, buf, n, (off_t)offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		buf += got;
		n -= (size_t)got;
		offset += (size_t)got;
	}
	return true;
}

bool lk_luks_write_at(int fd, const uint8_t *buf, size_t n, uint64_t offset)
{
	while (n > 0) {
		ssize_t put = pwrite(fd, buf, n, (off_t)offset);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return false;
		buf += put;
		n -= (size_t)put;
		offset += (size_t)put;
	}
	return true;
}

/* The copy that begins at offset. Absent or unreadable: *ret stays empty, LK_OK. */
static enum lk_status read_copy(int fd, uint64_t device_size, uint64_t offset,
				struct lk_luks_bytes *ret, struct lk_error *err)
{
	uint8_t binary[LK_LUKS_BINARY_SIZE];
	LK_FREE uint8_t *data = NULL;
	uint64_t size;

	if (!lk_luks_read_at(fd, binary, sizeof(binary), offset))
		return LK_OK;
	size = lk_luks_copy_size(binary, offset);
	if (size == 0 || offset + size > device_size)
		return LK_OK;
	data = malloc(size);
	if (!data)
		return lk_raise(err, LK_INTERNAL, "out of memory for a header of %llu bytes",
				(unsigned long long)size);
	memcpy(data, binary, sizeof(binary));
	if (!lk_luks_read_at(fd, data + sizeof(binary), size - sizeof(binary),
			     offset + sizeof(binary)))
		return LK_OK;
	ret->data = lk_take(data);
	ret->len = size;
	return LK_OK;
}

/* Every place where a secondary copy may begin is also the size that its copy must have. */
static enum lk_status search_secondary(int fd, uint64_t device_size, struct lk_luks_bytes *ret,
				       struct lk_error *err)
{
	enum lk_status st;
	bool good;

	for (uint64_t at = LK_LUKS_HDR_SIZE_MIN; at <= LK_LUKS_HDR_SIZE_MAX; at *= 2) {
		struct lk_luks_bytes copy = { 0 };

		st = read_copy(fd, device_size, at, &copy, err);
		if (!st)
			st = lk_luks_copy_check(copy.data, copy.len, at, &good, err);
		if (!st && good) {
			*ret = copy;
			return LK_OK;
		}
		free(copy.data);
		if (st)
			return st;
	}
	return LK_OK;
}

void lk_luks_copies_free(struct lk_luks_copies *c)
{
	free(c->primary.data);
	free(c->secondary.data);
	*c = (struct lk_luks_copies){ 0 };
}

enum lk_status lk_luks_copies_read(int fd, uint64_t device_size, struct lk_luks_copies *ret,
				   struct lk_error *err)
{
	LK_LUKS_COPIES c = { 0 };
	enum lk_status st;
	bool good;

	st = read_copy(fd, device_size, 0, &c.primary, err);
	if (!st)
		st = lk_luks_copy_check(c.primary.data, c.primary.len, 0, &good, err);
	if (st)
		return st;
	if (good)
		st = read_copy(fd, device_size, c.primary.len, &c.secondary, err);
	else
		st = search_secondary(fd, device_size, &c.secondary, err);
	if (st)
		return st;
	*ret = c;
	c = (struct lk_luks_copies){ 0 };
	return LK_OK;
}

static int new_memory_file(void)
{
	const unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int fd = memfd_create("luks-header", flags | MFD_NOEXEC_SEAL);

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("luks-header", flags);
	return fd;
}

static enum lk_status copy_area(const struct lk_luks_keyslot *slot, int from, int to,
				struct lk_error *err)
{
	LK_FREE uint8_t *buf = malloc(CHUNK);
	uint64_t at = slot->area_offset, left = slot->area_size;

	if (!buf)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	while (left > 0) {
		size_t n = left < CHUNK ? (size_t)left : CHUNK;

		if (!lk_luks_read_at(from, buf, n, at))
			return lk_raise_code(err, LK_C_HEADER_INVALID,
					     "the area of keyslot %u cannot be read", slot->id);
		if (!lk_luks_write_at(to, buf, n, at))
			return lk_raise(err, LK_INTERNAL, "write the private header: %s",
					strerror(errno));
		at += n;
		left -= n;
	}
	return LK_OK;
}

static enum lk_status fill(const struct lk_luks_header *header, int from, int to,
			   struct lk_error *err)
{
	LK_FREE uint8_t *copy = NULL;
	enum lk_status st;
	size_t len;

	st = lk_luks_header_write(header, &copy, &len, err);
	if (st)
		return st;
	if (ftruncate(to, (off_t)(2 * header->hdr_size + header->keyslots_size)) != 0 ||
	    !lk_luks_write_at(to, copy, len, 0))
		return lk_raise(err, LK_INTERNAL, "write the private header: %s", strerror(errno));
	for (size_t i = 0; i < header->n_keyslots; i++) {
		st = copy_area(&header->keyslots[i], from, to, err);
		if (st)
			return st;
	}
	return LK_OK;
}

enum lk_status lk_luks_memory_new(const struct lk_luks_header *header, int fd, int *ret_fd,
				  struct lk_error *err)
{
	LK_FD int memory = new_memory_file();
	enum lk_status st;

	if (memory < 0)
		return lk_raise(err, LK_INTERNAL, "make a memory file: %s", strerror(errno));
	st = fill(header, fd, memory, err);
	if (st)
		return st;
	*ret_fd = lk_take_fd(memory);
	return LK_OK;
}

enum lk_status lk_luks_memory_file(const struct lk_luks_header *header, int fd, int *ret_fd,
				   struct lk_error *err)
{
	const int seals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
	LK_FD int memory = -1;
	enum lk_status st;

	st = lk_luks_memory_new(header, fd, &memory, err);
	if (st)
		return st;
	if (fcntl(memory, F_ADD_SEALS, seals) != 0)
		return lk_raise(err, LK_INTERNAL, "seal the private header: %s", strerror(errno));
	*ret_fd = lk_take_fd(memory);
	return LK_OK;
}
