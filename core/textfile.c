/* SPDX-License-Identifier: Apache-2.0 */
/* Small public files, read whole and bounded. */
#include "core/textfile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"

static enum lk_status open_regular(const char *path, int *ret, struct lk_error *err)
{
	LK_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0)
		return lk_raise(err, errno == ENOENT ? LK_ABSENT : LK_CONFIG, "open %s: %m", path);
	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return lk_raise(err, LK_CONFIG, "%s is not a regular file", path);
	*ret = lk_take_fd(fd);
	return LK_OK;
}

enum lk_status lk_textfile_read(const char *path, size_t max, char **ret, size_t *ret_len,
				struct lk_error *err)
{
	LK_FREE char *text = NULL;
	LK_FD int fd = -1;
	enum lk_status st;
	size_t len = 0;
	ssize_t n;

	st = open_regular(path, &fd, err);
	if (st)
		return st;

	text = malloc(max + 2);
	if (!text)
		return lk_raise(err, LK_INTERNAL, "out of memory for %s", path);
	while ((n = read(fd, text + len, max + 1 - len)) > 0)
		len += (size_t)n;
	if (n < 0)
		return lk_raise(err, LK_CONFIG, "read %s: %m", path);
	if (len > max)
		return lk_raise(err, LK_CONFIG, "%s is longer than %zu bytes", path, max);
	text[len] = '\0';
	if (strlen(text) != len)
		return lk_raise(err, LK_CONFIG, "%s is not a text file", path);
	*ret = lk_take(text);
	if (ret_len)
		*ret_len = len;
	return LK_OK;
}
