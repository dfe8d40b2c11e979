/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts a writable layer in memory over a mounted root. */

#include "agent/overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "core/cleanup.h"

#define SOURCE "latchkey-overlay"

/* A mount point lies on another file system than the directory above it. */
static bool is_mount_point(const char *path)
{
	struct stat here, above;
	char parent[PATH_MAX];

	snprintf(parent, sizeof(parent), "%s/..", path);
	if (stat(path, &here) != 0 || stat(parent, &above) != 0)
		return false;
	return here.st_dev != above.st_dev || here.st_ino == above.st_ino;
}

static bool is_kind(const char *path, unsigned long magic)
{
	struct statfs s;

	return statfs(path, &s) == 0 && (unsigned long)s.f_type == magic;
}

/* Commas part mount options and colons part layers. */
static enum lk_status check_path(const char *path, struct lk_error *err)
{
	if (path[0] != '/' || strlen(path) > 200 || strpbrk(path, ",:\\"))
		return lk_raise(err, LK_INTERNAL, "'%s' is no path for an overlay", path);
	return LK_OK;
}

static bool make_parents(const char *path)
{
	char part[PATH_MAX];

	snprintf(part, sizeof(part), "%s", path);
	for (char *p = strchr(part + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		if (mkdir(part, 0755) != 0 && errno != EEXIST)
			return false;
		*p = '/';
	}
	return mkdir(path, 0700) == 0 || errno == EEXIST;
}

static enum lk_status mount_memory(const char *place, uint64_t size, struct lk_error *err)
{
	char options[64] = "mode=0700";

	if (size > 0)
		snprintf(options, sizeof(options), "mode=0700,size=%" PRIu64, size);
	if (!make_parents(place))
		return lk_raise(err, LK_INTERNAL, "make %s: %s", place, strerror(errno));
	if (mount(SOURCE, place, "tmpfs", MS_NOSUID | MS_NODEV, options) != 0)
		return lk_raise(err, LK_INTERNAL, "mount a tmpfs on %s: %s", place,
				strerror(errno));
	return LK_OK;
}

/* The merged root shows the owner and mode of the upper directory: make them the lower root's. */
static enum lk_status make_layers(const char *root, const char *upper, const char *work,
				  struct lk_error *err)
{
	struct stat s;

	if (stat(root, &s) != 0 || mkdir(upper, 0700) != 0 || mkdir(work, 0700) != 0 ||
	    chown(upper, s.st_uid, s.st_gid) != 0 || chmod(upper, s.st_mode & 07777) != 0)
		return lk_raise(err, LK_INTERNAL, "make the layers' directories: %s",
				strerror(errno));
	return LK_OK;
}

static enum lk_status mount_layers(const char *root, const char *place, struct lk_error *err)
{
	char upper[PATH_MAX / 4], work[PATH_MAX / 4], options[PATH_MAX];
	enum lk_status st;

	snprintf(upper, sizeof(upper), "%s/upper", place);
	snprintf(work, sizeof(work), "%s/work", place);
	snprintf(options, sizeof(options), "lowerdir=%s,upperdir=%s,workdir=%s", root, upper, work);
	st = make_layers(root, upper, work, err);
	if (st)
		return st;
	if (mount(SOURCE, root, "overlay", 0, options) == 0)
		return LK_OK;
	if (errno == ENODEV)
		return lk_raise(err, LK_ABSENT, "the kernel has no overlayfs");
	return lk_raise(err, LK_INTERNAL, "mount an overlay on %s: %s", root, strerror(errno));
}

enum lk_status lk_overlay_mount(const char *root, const char *place, uint64_t size,
				struct lk_error *err)
{
	enum lk_status st;

	st = check_path(root, err);
	if (!st)
		st = check_path(place, err);
	if (st)
		return st;
	if (!is_mount_point(root))
		return lk_raise(err, LK_ABSENT, "nothing is mounted on %s", root);
	if (is_kind(root, OVERLAYFS_SUPER_MAGIC))
		return LK_OK;
	st = mount_memory(place, size, err);
	if (st)
		return st;
	st = mount_layers(root, place, err);
	if (st)
		umount2(place, MNT_DETACH);
	return st;
}
