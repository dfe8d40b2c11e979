/* SPDX-License-Identifier: Apache-2.0 */
/* Appending the configuration to an initramfs. */
#include "image/initrd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "image/cpio.h"
#include "image/files.h"

/* folder: without the slash in front */
static enum lk_status pack_file(struct lk_cpio *archive, const char *folder,
				const struct lk_site_file *file, struct lk_error *err)
{
	char path[LK_SITE_NAME + sizeof(LK_SITE_PILOT) + 1];

	snprintf(path, sizeof(path), "%s/%s", folder, file->name);
	if (!file->data)
		return lk_cpio_add_folder(archive, path, 0700, err);
	return lk_cpio_add_file(archive, path, 0600, file->data, file->len, err);
}

static enum lk_status pack(struct lk_cpio *archive, const struct lk_siteconfig *site,
			   struct lk_error *err)
{
	const char *folder = lk_siteconfig_folder(site) + 1;
	enum lk_status st;
	size_t i;

	st = lk_cpio_add_folder(archive, "etc", 0755, err);
	if (!st)
		st = lk_cpio_add_folder(archive, folder, 0755, err);
	for (i = 0; i < site->n_files && !st; i++)
		st = pack_file(archive, folder, &site->files[i], err);
	return st ? st : lk_cpio_end(archive, err);
}

enum lk_status lk_initrd_append(const char *base, const struct lk_siteconfig *site, const char *out,
				struct lk_error *err)
{
	LK_CLEANUP(lk_cpio_free) struct lk_cpio archive = { 0 };
	uint64_t size = 0, start;
	enum lk_status st;
	LK_FD int in = -1;
	LK_FD int to = -1;

	st = lk_file_open(base, &in, &size, err);
	if (!st)
		st = pack(&archive, site, err);
	if (st)
		return lk_context(err, "extend the initramfs");
	to = open(out, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (to < 0)
		return lk_raise(err, LK_CONFIG, "create '%s': %s", out, strerror(errno));
	start = (size + 3) & ~(uint64_t)3;
	st = lk_file_copy(in, 0, size, to, 0, err);
	if (!st) /* what lies between stays zero */
		st = lk_file_write_at(to, archive.data, archive.len, start, err);
	return st ? lk_context(err, "write the initramfs") : LK_OK;
}
