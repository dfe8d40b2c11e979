/* SPDX-License-Identifier: Apache-2.0 */
/* Whole reads, writes and copies of files, with every short count and error seen. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

/* Exactly n bytes at offset; LK_CONFIG when the file system refuses (full disk) or, for reads,
 * when the file is shorter. */
enum lk_status lk_file_write_at(int fd, const void *data, size_t n, uint64_t offset,
				struct lk_error *err);
enum lk_status lk_file_read_at(int fd, void *data, size_t n, uint64_t offset, struct lk_error *err);
/* Open a regular file for reading; LK_CONFIG when it is anything else. */
enum lk_status lk_file_open(const char *path, int *ret_fd, uint64_t *ret_size,
			    struct lk_error *err);
/* A whole file of at most max bytes, malloc'ed and terminated. */
enum lk_status lk_file_read(const char *path, size_t max, char **ret, size_t *ret_n,
			    struct lk_error *err);
/* Copy n bytes, from in's offset `from` to out's. */
enum lk_status lk_file_copy(int in, uint64_t from, uint64_t n, int out, uint64_t offset,
			    struct lk_error *err);
/* SHA-256 of a whole file as lower-case hex. */
enum lk_status lk_file_sha256(const char *path, char out[65], struct lk_error *err);
