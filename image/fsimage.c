/* SPDX-License-Identifier: Apache-2.0 */
/* Making file systems with mkfs.erofs and mke2fs. */
#include "image/fsimage.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "image/tools.h"

const char *const lk_fs_names[] = { "erofs", "ext4", NULL };

static const char *const programs[] = { "mkfs.erofs", "mke2fs" };

enum lk_status lk_fsimage_check(enum lk_fs kind, struct lk_error *err)
{
	return lk_tool_check(programs[kind], err);
}

static enum lk_status make_erofs(const struct lk_fsimage *image, struct lk_error *err)
{
	const char *argv[] = { "mkfs.erofs", "-d0",	  "-zlz4hc",   "-U",
			       image->uuid,  image->path, image->tree, NULL };

	return lk_tool_run(&(struct lk_tool){ .argv = argv, .log = image->log }, err);
}

static struct { /* of the walk under way: nftw(3) hands its callback nothing of ours */
	uint64_t blocks, inodes;
	char unreadable[LK_ERROR_TEXT / 2];
} walked;

static int count_entry(const char *path, const struct stat *info, int kind, struct FTW *place)
{
	(void)place;
	if (kind == FTW_DNR || kind == FTW_NS) {
		snprintf(walked.unreadable, sizeof(walked.unreadable), "%s", path);
		return 1;
	}
	walked.inodes++;
	walked.blocks += 1 + ((uint64_t)info->st_size + LK_FS_BLOCK - 1) / LK_FS_BLOCK;
	return 0;
}

/* Count what the tree needs: blocks of content, and inodes. */
static enum lk_status measure(const char *tree, uint64_t *ret_blocks, uint64_t *ret_inodes,
			      struct lk_error *err)
{
	memset(&walked, 0, sizeof(walked));
	if (nftw(tree, count_entry, 32, FTW_PHYS | FTW_MOUNT))
		return lk_raise(err, LK_CONFIG, "read '%s': %m",
				*walked.unreadable ? walked.unreadable : tree);
	*ret_blocks = walked.blocks;
	*ret_inodes = walked.inodes;
	return LK_OK;
}

/* Never written to itself: no journal, nothing reserved. The room beyond the content is for extents,
 * folders' indexes, bitmaps and inode tables. */
static enum lk_status make_ext4(const struct lk_fsimage *image, struct lk_error *err)
{
	char inodes_text[32], blocks_text[32];
	uint64_t blocks = 0, inodes = 0;
	enum lk_status st;

	st = measure(image->tree, &blocks, &inodes, err);
	if (st)
		return st;
	inodes += 64;
	blocks += blocks / 16 + inodes / 16 + 2048;
	snprintf(inodes_text, sizeof(inodes_text), "%llu", (unsigned long long)inodes);
	snprintf(blocks_text, sizeof(blocks_text), "%llu", (unsigned long long)blocks);
	{
		const char *argv[] = { "mke2fs",
				       "-q",
				       "-F",
				       "-t",
				       "ext4",
				       "-b",
				       "4096",
				       "-I",
				       "256",
				       "-m",
				       "0",
				       "-O",
				       "^has_journal,^resize_inode",
				       "-E",
				       "lazy_itable_init=0,nodiscard",
				       "-U",
				       image->uuid,
				       "-N",
				       inodes_text,
				       "-d",
				       image->tree,
				       image->path,
				       blocks_text,
				       NULL };

		return lk_tool_run(&(struct lk_tool){ .argv = argv, .log = image->log }, err);
	}
}

enum lk_status lk_fsimage_make(const struct lk_fsimage *image, uint64_t *ret_size,
			       struct lk_error *err)
{
	LK_FD int fd = -1;
	enum lk_status st;
	struct stat sb;
	uint64_t size;

	st = image->kind == LK_FS_EXT4 ? make_ext4(image, err) : make_erofs(image, err);
	if (st)
		return lk_context(err, "make the %s file system", lk_fs_names[image->kind]);
	fd = open(image->path, O_RDWR | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &sb) != 0)
		return lk_raise(err, LK_INTERNAL, "open '%s': %s", image->path, strerror(errno));
	if (sb.st_size < 4 * (off_t)LK_FS_BLOCK)
		return lk_raise(err, LK_CONFIG, "the tree '%s' gave an empty file system",
				image->tree);
	size = ((uint64_t)sb.st_size + LK_FS_BLOCK - 1) / LK_FS_BLOCK * LK_FS_BLOCK;
	if (ftruncate(fd, (off_t)size) != 0)
		return lk_raise(err, LK_CONFIG, "extend '%s': %s", image->path, strerror(errno));
	*ret_size = size;
	return LK_OK;
}
