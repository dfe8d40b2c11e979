/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts a writable layer over a mounted root. */

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

#include "agent/containers.h"
#include "agent/copy_tree.h"
#include "agent/layer_store.h"
#include "core/cleanup.h"

#define SOURCE	  "latchkey-overlay"
#define LAYER_MAX 512

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

static enum lk_status mount_store(const struct lk_overlay_spec *o, struct lk_error *err)
{
	const unsigned long flags = MS_NOSUID | MS_NODEV;
	char options[64] = "mode=0700";
	int r;

	if (o->size > 0)
		snprintf(options, sizeof(options), "mode=0700,size=%" PRIu64, o->size);
	if (!make_parents(o->place))
		return lk_raise(err, LK_INTERNAL, "make %s: %s", o->place, strerror(errno));
	if (o->store)
		r = mount(o->store, o->place, "ext4", flags, "");
	else
		r = mount(SOURCE, o->place, "tmpfs", flags, options);
	if (r != 0)
		return lk_raise(err, LK_INTERNAL, "mount %s on %s: %s",
				o->store ? o->store : "a tmpfs", o->place, strerror(errno));
	if (mount(NULL, o->place, NULL, MS_PRIVATE, NULL) == 0 && chmod(o->place, 0700) == 0)
		return LK_OK;
	lk_raise(err, LK_INTERNAL, "keep %s private: %s", o->place, strerror(errno));
	umount2(o->place, MNT_DETACH);
	return err->status;
}

/* A directory below dir, made if it is not there. *ret_new: it was not. Nothing is followed. */
static enum lk_status take_dir(int dir, const char *name, int *ret, bool *ret_new,
			       struct lk_error *err)
{
	*ret_new = mkdirat(dir, name, 0700) == 0;
	if (!*ret_new && errno != EEXIST)
		return lk_raise(err, LK_INTERNAL, "make the layer's '%s': %s", name,
				strerror(errno));
	*ret = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (*ret < 0)
		return lk_raise_code(err, LK_C_LAYER_INVALID, "the layer's '%s' is no directory",
				     name);
	return LK_OK;
}

/* The merged root shows the owner and mode of the upper directory: make them the lower root's. */
static enum lk_status fill_layer(int layer, const char *root, struct lk_error *err)
{
	LK_FD int upper = -1;
	LK_FD int work = -1;
	enum lk_status st;
	struct stat s;
	bool is_new;

	st = take_dir(layer, "upper", &upper, &is_new, err);
	if (!st)
		st = take_dir(layer, "work", &work, &is_new, err);
	if (st)
		return st;
	if (stat(root, &s) != 0 || fchown(upper, s.st_uid, s.st_gid) != 0 ||
	    fchmod(upper, s.st_mode & 07777) != 0 || syncfs(layer) != 0)
		return lk_raise(err, LK_INTERNAL, "make the layers' directories: %s",
				strerror(errno));
	return LK_OK;
}

/* Whole or not at all: it gets its name when everything in it is there. */
static enum lk_status make_layer(int layers, const char *name, const char *root,
				 struct lk_error *err)
{
	char unfinished[LK_LAYER_HASH + sizeof(".new")];
	LK_FD int layer = -1;
	enum lk_status st;
	bool is_new;

	snprintf(unfinished, sizeof(unfinished), "%s.new", name);
	st = lk_tree_remove(layers, unfinished, lk_deadline_in(LK_FOREVER), err);
	if (!st)
		st = take_dir(layers, unfinished, &layer, &is_new, err);
	if (!st)
		st = fill_layer(layer, root, err);
	if (st)
		return st;
	if (renameat(layers, unfinished, layers, name) != 0 || fsync(layers) != 0)
		return lk_raise(err, LK_INTERNAL, "make the layer: %s", strerror(errno));
	return LK_OK;
}

static enum lk_status find_layer(const struct lk_overlay_spec *o, int store, char path[LAYER_MAX],
				 struct lk_overlay_found *ret, struct lk_error *err)
{
	LK_FD int layers = -1;
	enum lk_status st;
	struct stat s;
	bool is_new;

	st = take_dir(store, "layers", &layers, &is_new, err);
	if (st)
		return st;
	ret->kept = fstatat(layers, o->made_for, &s, AT_SYMLINK_NOFOLLOW) == 0;
	if (ret->kept && !S_ISDIR(s.st_mode))
		return lk_raise_code(err, LK_C_LAYER_INVALID, "the layer is no directory");
	snprintf(path, LAYER_MAX, "%s/layers/%s", o->place, o->made_for);
	return ret->kept ? LK_OK : make_layer(layers, o->made_for, o->root, err);
}

/* A layer that starts empty is not found: whatever lies on its store is an error. */
static enum lk_status new_layer(const struct lk_overlay_spec *o, int store, char path[LAYER_MAX],
				struct lk_error *err)
{
	struct stat s;

	if (fstatat(store, "upper", &s, AT_SYMLINK_NOFOLLOW) == 0 ||
	    fstatat(store, "layers", &s, AT_SYMLINK_NOFOLLOW) == 0)
		return lk_raise_code(err, LK_C_LAYER_INVALID,
				     "%s was to be empty and holds a layer", o->store);
	snprintf(path, LAYER_MAX, "%s", o->place);
	return fill_layer(store, o->root, err);
}

static enum lk_status mount_layers(const struct lk_overlay_spec *o, const char *layer,
				   struct lk_error *err)
{
	char options[PATH_MAX];

	snprintf(options, sizeof(options), "lowerdir=%s,upperdir=%s/upper,workdir=%s/work", o->root,
		 layer, layer);
	if (mount(SOURCE, o->root, "overlay", 0, options) == 0)
		return LK_OK;
	if (errno == ENODEV)
		return lk_raise(err, LK_ABSENT, "the kernel has no overlayfs");
	return lk_raise(err, LK_INTERNAL, "mount an overlay on %s: %s", o->root, strerror(errno));
}

static enum lk_status open_dir(const char *path, int *ret, struct lk_error *err)
{
	*ret = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *ret >= 0 ? LK_OK : lk_raise(err, LK_INTERNAL, "open %s: %s", path, strerror(errno));
}

static enum lk_status give_containers(const struct lk_overlay_spec *o, const char *layer, int lower,
				      struct lk_overlay_found *ret, struct lk_error *err)
{
	LK_FD int root = -1;
	LK_FD int store = -1;
	enum lk_status st;

	st = open_dir(o->root, &root, err);
	if (!st)
		st = open_dir(layer, &store, err);
	return st ? st : lk_containers_mount(lower, root, store, &ret->missed, err);
}

static enum lk_status lay(const struct lk_overlay_spec *o, struct lk_overlay_found *ret,
			  struct lk_error *err)
{
	LK_FD int store = -1;
	LK_FD int lower = -1;
	char layer[LAYER_MAX];
	enum lk_status st;

	st = open_dir(o->place, &store, err);
	if (!st)
		st = open_dir(o->root, &lower, err);
	if (!st)
		st = o->made_for ? find_layer(o, store, layer, ret, err)
				 : new_layer(o, store, layer, err);
	if (!st)
		st = mount_layers(o, layer, err);
	if (st)
		return st;
	st = give_containers(o, layer, lower, ret, err);
	if (st)
		umount2(o->root, MNT_DETACH);
	return st;
}

enum lk_status lk_overlay_mount(const struct lk_overlay_spec *o, struct lk_overlay_found *ret,
				struct lk_error *err)
{
	enum lk_status st;

	*ret = (struct lk_overlay_found){ 0 };
	st = check_path(o->root, err);
	if (!st)
		st = check_path(o->place, err);
	if (!st && o->made_for && !lk_layer_is_hash(o->made_for))
		st = lk_raise(err, LK_INTERNAL, "'%s' is no root hash", o->made_for);
	if (st)
		return st;
	if (!is_mount_point(o->root))
		return lk_raise(err, LK_ABSENT, "nothing is mounted on %s", o->root);
	if (is_kind(o->root, OVERLAYFS_SUPER_MAGIC))
		return LK_OK;
	st = mount_store(o, err);
	if (st)
		return st;
	st = lay(o, ret, err);
	if (st)
		umount2(o->place, MNT_DETACH);
	return st;
}
