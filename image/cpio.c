/* SPDX-License-Identifier: Apache-2.0 */
/* Writing "newc" archives. */
#include "image/cpio.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define HEADER	 110u
#define PATH_LEN 255u

static size_t round4(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

static enum lk_status reserve(struct lk_cpio *c, size_t n, struct lk_error *err)
{
	size_t cap = c->cap ? c->cap : 4096;
	uint8_t *data;

	if (n > LK_CPIO_MAX || c->len + n > LK_CPIO_MAX)
		return lk_raise(err, LK_CONFIG, "the files for the initramfs exceed %u bytes",
				LK_CPIO_MAX);
	while (cap < c->len + n)
		cap *= 2;
	if (cap == c->cap)
		return LK_OK;
	data = realloc(c->data, cap);
	if (!data)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	memset(data + c->cap, 0, cap - c->cap);
	c->data = data;
	c->cap = cap;
	return LK_OK;
}

static enum lk_status add(struct lk_cpio *c, const char *path, unsigned mode, unsigned links,
			  const void *data, size_t n, struct lk_error *err)
{
	size_t name = strlen(path) + 1;
	enum lk_status st;

	if (name < 2 || name > PATH_LEN || path[0] == '/')
		return lk_raise(err, LK_INTERNAL, "add a bad path to an archive");
	if (n > LK_CPIO_MAX)
		return lk_raise(err, LK_CONFIG, "'%s' is too large for the initramfs", path);
	st = reserve(c, round4(HEADER + name) + round4(n) + 1, err);
	if (st)
		return st;
	snprintf((char *)c->data + c->len, HEADER + 1,
		 "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x",
		 mode ? c->n_entries + 1 : 0, mode, 0u, 0u, links, 0u, (unsigned)n, 0u, 0u, 0u, 0u,
		 (unsigned)name, 0u);
	memcpy(c->data + c->len + HEADER, path, name);
	c->len += round4(HEADER + name);
	if (n)
		memcpy(c->data + c->len, data, n);
	c->len += round4(n);
	c->n_entries++;
	return LK_OK;
}

enum lk_status lk_cpio_add_folder(struct lk_cpio *c, const char *path, unsigned mode,
				  struct lk_error *err)
{
	return add(c, path, S_IFDIR | (mode & 07777), 2, NULL, 0, err);
}

enum lk_status lk_cpio_add_file(struct lk_cpio *c, const char *path, unsigned mode,
				const void *data, size_t n, struct lk_error *err)
{
	return add(c, path, S_IFREG | (mode & 07777), 1, data, n, err);
}

enum lk_status lk_cpio_end(struct lk_cpio *c, struct lk_error *err)
{
	return add(c, "TRAILER!!!", 0, 1, NULL, 0, err);
}

void lk_cpio_free(struct lk_cpio *c)
{
	free(c->data);
	*c = (struct lk_cpio){ 0 };
}
