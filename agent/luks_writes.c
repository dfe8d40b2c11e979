/* SPDX-License-Identifier: Apache-2.0 */
/* Writes to a disk's header, one after the other, each durable before the next. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "agent/luks_edit.h"

void lk_luks_writes_free(struct lk_luks_writes *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->list[i].data);
	*w = (struct lk_luks_writes){ 0 };
}

static enum lk_status write_all(int fd, const struct lk_luks_write *w, struct lk_error *err)
{
	size_t done = 0;

	while (done < w->len) {
		ssize_t n = pwrite(fd, w->data + done, w->len - done, (off_t)(w->offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return lk_raise(err, LK_INTERNAL, "write %zu bytes at %llu: %s", w->len,
					(unsigned long long)w->offset,
					n < 0 ? strerror(errno) : "no room");
		done += (size_t)n;
	}
	if (fdatasync(fd) != 0)
		return lk_raise(err, LK_INTERNAL, "make the write durable: %s", strerror(errno));
	return LK_OK;
}

enum lk_status lk_luks_writes_apply(const struct lk_luks_writes *w, const struct lk_blockdev *dev,
				    struct lk_error *err)
{
	char path[32];
	LK_FD int fd = -1;
	enum lk_status st = LK_OK;

	/* the descriptor, not the name, is what was looked at */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", dev->fd);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return lk_raise(err, LK_CONFIG, "open %s for writing: %s", dev->path,
				strerror(errno));
	for (size_t i = 0; i < w->n && !st; i++)
		st = write_all(fd, &w->list[i], err);
	return st ? lk_context(err, "write the header of %s", dev->path) : LK_OK;
}
