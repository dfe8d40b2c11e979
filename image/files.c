/* SPDX-License-Identifier: Apache-2.0 */
/* Reading, writing and copying whole files. */
#include "image/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base64.h"
#include "core/cleanup.h"
#include "core/crypto.h"

#define CHUNK (1u << 20)

enum lk_status lk_file_write_at(int fd, const void *data, size_t n, uint64_t offset,
				struct lk_error *err)
{
	const uint8_t *at = data;
	ssize_t done;

	while (n > 0) {
		done = pwrite(fd, at, n, (off_t)offset);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return lk_raise(err, LK_CONFIG, "write: %s",
					done < 0 ? strerror(errno) : "nothing was written");
		at += done;
		n -= (size_t)done;
		offset += (uint64_t)done;
	}
	return LK_OK;
}

enum lk_status lk_file_read_at(int fd, void *data, size_t n, uint64_t offset, struct lk_error *err)
{
	uint8_t *at = data;
	ssize_t done;

	while (n > 0) {
		done = pread(fd, at, n, (off_t)offset);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return lk_raise(err, LK_CONFIG, "read: %s",
					done < 0 ? strerror(errno) : "the file ends too early");
		at += done;
		n -= (size_t)done;
		offset += (uint64_t)done;
	}
	return LK_OK;
}

enum lk_status lk_file_open(const char *path, int *ret_fd, uint64_t *ret_size, struct lk_error *err)
{
	LK_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat sb;

	if (fd < 0 || fstat(fd, &sb) != 0)
		return lk_raise(err, LK_CONFIG, "open '%s': %s", path, strerror(errno));
	if (!S_ISREG(sb.st_mode))
		return lk_raise(err, LK_CONFIG, "'%s' is not a regular file", path);
	*ret_size = (uint64_t)sb.st_size;
	*ret_fd = lk_take_fd(fd);
	return LK_OK;
}

enum lk_status lk_file_read(const char *path, size_t max, char **ret, size_t *ret_n,
			    struct lk_error *err)
{
	LK_FREE char *data = NULL;
	enum lk_status st;
	uint64_t size = 0;
	LK_FD int fd = -1;

	st = lk_file_open(path, &fd, &size, err);
	if (st)
		return st;
	if (size > max)
		return lk_raise(err, LK_CONFIG, "'%s' is larger than %zu bytes", path, max);
	data = malloc((size_t)size + 1);
	if (!data)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	st = lk_file_read_at(fd, data, (size_t)size, 0, err);
	if (st)
		return lk_context(err, "read '%s'", path);
	data[size] = '\0';
	*ret = lk_take(data);
	*ret_n = (size_t)size;
	return LK_OK;
}

enum lk_status lk_file_copy(int in, uint64_t from, uint64_t n, int out, uint64_t offset,
			    struct lk_error *err)
{
	LK_FREE uint8_t *chunk = malloc(CHUNK);
	enum lk_status st;
	uint64_t done = 0;

	if (!chunk)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	while (done < n) {
		size_t now = n - done < CHUNK ? (size_t)(n - done) : CHUNK;

		st = lk_file_read_at(in, chunk, now, from + done, err);
		if (!st)
			st = lk_file_write_at(out, chunk, now, offset + done, err);
		if (st)
			return st;
		done += now;
	}
	return LK_OK;
}

static enum lk_status hash_all(int fd, uint64_t size, uint8_t out[LK_HASH_MAX],
			       struct lk_error *err)
{
	LK_CLEANUP(lk_hasher_free_p) struct lk_hasher *h = NULL;
	LK_FREE uint8_t *chunk = malloc(CHUNK);
	enum lk_status st;
	uint64_t done;

	if (!chunk)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	st = lk_hasher_new(LK_SHA256, &h, err);
	for (done = 0; done < size && !st; done += CHUNK) {
		size_t now = size - done < CHUNK ? (size_t)(size - done) : CHUNK;

		st = lk_file_read_at(fd, chunk, now, done, err);
		if (!st)
			st = lk_hasher_add(h, chunk, now, err);
	}
	return st ? st : lk_hasher_end(h, out, err);
}

enum lk_status lk_file_sha256(const char *path, char out[65], struct lk_error *err)
{
	uint8_t digest[LK_HASH_MAX];
	enum lk_status st;
	uint64_t size = 0;
	LK_FD int fd = -1;

	st = lk_file_open(path, &fd, &size, err);
	if (st)
		return st;
	st = hash_all(fd, size, digest, err);
	if (st)
		return lk_context(err, "hash '%s'", path);
	lk_hex_encode(digest, 32, out);
	return LK_OK;
}
