/* SPDX-License-Identifier: Apache-2.0 */
/* Grows mounted file systems to the size of their devices, by the ioctls of ext4 and xfs. The
 * kernel has no header for either: fs/ext4/ext4.h, and fs/xfs/libxfs/xfs_fs.h. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "agent/grow.h"
#include "core/digits.h"

#define SECTOR	    512

#define EXT4_RESIZE _IOW('f', 16, uint64_t) /* EXT4_IOC_RESIZE_FS: how many blocks */

struct xfs_geometry { /* struct xfs_fsop_geom_v1 */
	uint32_t block_size, rt_extent, ag_blocks, ag_count, log_blocks, sector_size, inode_size;
	uint32_t inode_percent;
	uint64_t data_blocks, rt_blocks, rt_extents, log_start;
	uint8_t uuid[16];
	uint32_t stripe_unit, stripe_width;
	int32_t version;
	uint32_t flags, log_sector_size, rt_sector_size, directory_block;
};
struct xfs_growth { /* struct xfs_growfs_data */
	uint64_t data_blocks;
	uint32_t inode_percent;
};
#define XFS_GEOMETRY _IOR('X', 100, struct xfs_geometry) /* XFS_IOC_FSGEOMETRY_V1 */
#define XFS_GROW     _IOW('X', 110, struct xfs_growth)	 /* XFS_IOC_FSGROWFSDATA */

_Static_assert(sizeof(struct xfs_geometry) == 112, "as the kernel has it");
_Static_assert(sizeof(struct xfs_growth) == 16, "as the kernel has it");

static enum lk_status refused(const char *path, struct lk_error *err)
{
	return lk_raise(err, LK_INTERNAL, "grow the file system at %s: %m", path);
}

/* The kernel does nothing when the size is right already. */
static enum lk_status grow_ext4(int fd, const char *path, uint64_t size, struct lk_error *err)
{
	struct statfs s;
	uint64_t blocks;

	if (fstatfs(fd, &s) != 0 || s.f_bsize <= 0)
		return refused(path, err);
	blocks = size / (uint64_t)s.f_bsize;
	return ioctl(fd, EXT4_RESIZE, &blocks) == 0 ? LK_OK : refused(path, err);
}

static enum lk_status grow_xfs(int fd, const char *path, uint64_t size, struct lk_error *err)
{
	struct xfs_geometry is = { 0 };
	struct xfs_growth to = { 0 };

	if (ioctl(fd, XFS_GEOMETRY, &is) != 0 || is.block_size == 0)
		return refused(path, err);
	to.data_blocks = size / is.block_size;
	to.inode_percent = is.inode_percent;
	if (to.data_blocks <= is.data_blocks)
		return LK_OK;
	return ioctl(fd, XFS_GROW, &to) == 0 ? LK_OK : refused(path, err);
}

/* Bytes of the device below the file system. */
static enum lk_status read_size(int fd, const char *path, uint64_t *ret, struct lk_error *err)
{
	struct stat s;
	char name[64], text[32];
	const char *at = text;
	uint64_t sectors;
	LK_FILE FILE *f = NULL;

	if (fstat(fd, &s) != 0)
		return refused(path, err);
	snprintf(name, sizeof(name), "/sys/dev/block/%u:%u/size", major(s.st_dev), minor(s.st_dev));
	f = fopen(name, "re");
	if (!f || !fgets(text, sizeof(text), f) || !lk_digits_read(&at, '\n', &sectors) ||
	    sectors > UINT64_MAX / SECTOR)
		return lk_raise(err, LK_CONFIG, "the file system at %s lies on no block device",
				path);
	*ret = sectors * SECTOR;
	return LK_OK;
}

enum lk_status lk_grow_filesystem(const char *path, bool *ret_grown, struct lk_error *err)
{
	LK_FD int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct statfs before, after;
	enum lk_status st;
	uint64_t size;

	*ret_grown = false;
	if (fd < 0 || fstatfs(fd, &before) != 0)
		return refused(path, err);
	if (before.f_type != EXT4_SUPER_MAGIC && before.f_type != XFS_SUPER_MAGIC)
		return lk_raise(err, LK_CONFIG, "the file system at %s is neither ext4 nor xfs",
				path);
	st = read_size(fd, path, &size, err);
	if (!st)
		st = before.f_type == EXT4_SUPER_MAGIC ? grow_ext4(fd, path, size, err)
						       : grow_xfs(fd, path, size, err);
	if (st)
		return st;
	*ret_grown = fstatfs(fd, &after) == 0 && after.f_blocks != before.f_blocks;
	return LK_OK;
}
