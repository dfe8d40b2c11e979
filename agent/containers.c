/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts directories of the layer over those of container programs. The calls are younger than the
 * C libraries': linux/mount.h, linux/openat2.h. */
#include "agent/containers.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/copy_tree.h"
#include "core/cleanup.h"
#include "core/log.h"

#define PATH_SIZE 128

const char *const lk_container_dirs[] = {
	"var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots",
	"var/lib/containers",
	"var/lib/docker",
	NULL,
};

/* Links are followed as the root itself would follow them: never out of it. */
static int open_inside(int root, const char *path)
{
	struct open_how how = {
		.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};

	return (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
}

static enum lk_status fault(const char *what, const char *path, struct lk_error *err)
{
	return lk_raise(err, LK_INTERNAL, "%s /%s: %s", what, path, strerror(errno));
}

/* Open the directory, making what is missing of its path. */
static enum lk_status take_target(int root, const char *path, int *ret, struct lk_error *err)
{
	char part[PATH_SIZE];
	int above = -1, fd = -1;

	for (const char *end = path; *end; end += *end == '/') {
		const char *name = end;

		end = strchrnul(end, '/');
		snprintf(part, sizeof(part), "%.*s", (int)(end - path), path);
		fd = open_inside(root, part);
		if (fd < 0 && errno == ENOENT) {
			snprintf(part, sizeof(part), "%.*s", (int)(end - name), name);
			if (mkdirat(above < 0 ? root : above, part, 0755) == 0)
				fd = openat(above < 0 ? root : above, part,
					    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		}
		if (above >= 0)
			close(above);
		above = fd;
		if (fd < 0)
			return fault("make", path, err);
	}
	*ret = fd;
	return LK_OK;
}

/* "var/lib/docker" is kept as "var-lib-docker". */
static void flatten(const char *path, char name[PATH_SIZE])
{
	snprintf(name, PATH_SIZE, "%s", path);
	for (char *c = name; *c; c++)
		if (*c == '/')
			*c = '-';
}

static int open_store(int store, const char *name)
{
	return openat(store, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Made whole or not at all: it gets its name last. */
static enum lk_status fill_source(int lower, const char *path, int store, const char *name,
				  struct lk_error *err)
{
	char unfinished[PATH_SIZE + sizeof(".new")];
	LK_FD int from = open_inside(lower, path);
	LK_FD int to = -1;
	enum lk_status st;

	snprintf(unfinished, sizeof(unfinished), "%s.new", name);
	st = lk_tree_remove(store, unfinished, lk_deadline_in(LK_FOREVER), err);
	if (st)
		return st;
	if (mkdirat(store, unfinished, 0755) != 0 || (to = open_store(store, unfinished)) < 0)
		return fault("make the store of", path, err);
	st = from < 0 ? LK_OK : lk_tree_copy(from, to, err);
	if (st)
		return st;
	if (syncfs(to) != 0 || renameat(store, unfinished, store, name) != 0)
		return fault("keep the store of", path, err);
	return LK_OK;
}

static enum lk_status take_source(int lower, const char *path, int store, int *ret,
				  struct lk_error *err)
{
	char name[PATH_SIZE];
	enum lk_status st = LK_OK;

	flatten(path, name);
	*ret = open_store(store, name);
	if (*ret >= 0)
		return LK_OK;
	if (errno == ENOENT)
		st = fill_source(lower, path, store, name, err);
	if (st)
		return st;
	*ret = open_store(store, name);
	return *ret >= 0 ? LK_OK : fault("open the store of", path, err);
}

/* Part of the root like any other directory: programs may be set-user-ID, nodes may be devices. */
static enum lk_status mount_over(int source, int target, const char *path, struct lk_error *err)
{
	struct mount_attr free = { .attr_clr = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV };
	LK_FD int tree = (int)syscall(SYS_open_tree, source, "",
				      AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (tree < 0 ||
	    syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &free, sizeof(free)) != 0 ||
	    syscall(SYS_move_mount, tree, "", target, "",
		    MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) != 0)
		return fault("mount the store of", path, err);
	return LK_OK;
}

static enum lk_status give(int lower, int root, int store, const char *path, struct lk_error *err)
{
	LK_FD int target = -1;
	LK_FD int source = -1;
	enum lk_status st;

	st = take_target(root, path, &target, err);
	if (!st)
		st = take_source(lower, path, store, &source, err);
	return st ? st : mount_over(source, target, path, err);
}

enum lk_status lk_containers_mount(int lower, int root, int layer, unsigned *ret_missed,
				   struct lk_error *err)
{
	LK_FD int store = -1;
	char line[512];

	*ret_missed = 0;
	if (mkdirat(layer, "containers", 0700) != 0 && errno != EEXIST)
		return lk_raise(err, LK_INTERNAL, "make the containers' store: %s",
				strerror(errno));
	store = open_store(layer, "containers");
	if (store < 0)
		return lk_raise_code(err, LK_C_LAYER_INVALID,
				     "the layer's 'containers' is no directory");
	for (size_t i = 0; lk_container_dirs[i]; i++) {
		struct lk_error own = { 0 };

		if (give(lower, root, store, lk_container_dirs[i], &own) == LK_OK)
			continue;
		lk_log(LK_LOG_WARNING, "/%s stays on the overlay: %s", lk_container_dirs[i],
		       lk_error_format(&own, line, sizeof(line)));
		(*ret_missed)++;
	}
	return LK_OK;
}
