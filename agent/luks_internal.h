/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the LUKS2 opener share: the header copies on the disk, the private one, and
 * libcryptsetup's context over it. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "agent/luks.h"
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

/* Exactly n bytes at offset; false if that cannot be. */
bool lk_luks_read_at(int fd, uint8_t *buf, size_t n, uint64_t offset);
bool lk_luks_write_at(int fd, const uint8_t *buf, size_t n, uint64_t offset);

/* Read both copies, each byte once. Where the primary does not hold together, the secondary is
 * looked for in the places that the specification names (section 2.1). */
enum lk_status lk_luks_copies_read(int fd, uint64_t device_size, struct lk_luks_copies *ret,
				   struct lk_error *err);
void lk_luks_copies_free(struct lk_luks_copies *c);
#define LK_LUKS_COPIES LK_CLEANUP(lk_luks_copies_free) struct lk_luks_copies

/* A sealed memory file with the header written anew and the named keyslot areas, read from fd;
 * nothing else is in it. */
/* The same before it is sealed. */
enum lk_status lk_luks_memory_new(const struct lk_luks_header *header, int fd, int *ret_fd,
				  struct lk_error *err);
enum lk_status lk_luks_memory_file(const struct lk_luks_header *header, int fd, int *ret_fd,
				   struct lk_error *err);

struct lk_luks_prepared {
	struct lk_luks_header header;
	int memory_fd; /* sealed */
};

struct crypt_device;

/* A context and what the library last complained of. */
struct lk_luks_session { /* `= { 0 }` is closed */
	struct crypt_device *cd;
	char complaint[96];
};
/* Over an empty header, to be made. data_fd: the device to map, or -1 to work on the header alone. */
enum lk_status lk_luks_session_start(struct lk_luks_session *s, int header_fd, int data_fd,
				     struct lk_error *err);
/* Over a header that was checked. */
enum lk_status lk_luks_session_load(struct lk_luks_session *s, int header_fd, int data_fd,
				    struct lk_error *err);
void lk_luks_session_close(struct lk_luks_session *s);
#define LK_LUKS_SESSION LK_CLEANUP(lk_luks_session_close) struct lk_luks_session
/* LK_INTERNAL with what was attempted and what the library said; r is its return value. */
enum lk_status lk_luks_library_fault(const struct lk_luks_session *s, const char *what, int r,
				     struct lk_error *err);
