/* SPDX-License-Identifier: Apache-2.0 */
/* Opening and checking root trees. */
#include "image/tree.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "image/tools.h"

static enum lk_status unpack(const char *archive, const struct lk_workspace *ws,
			     struct lk_tree *tree, struct lk_error *err)
{
	/* Below /dev nothing is ever seen, and an ordinary user may not make devices. */
	const char *argv[] = { "tar",
			       "--extract",
			       "--preserve-permissions",
			       "--same-owner",
			       "--numeric-owner",
			       "--xattrs",
			       "--xattrs-include=*",
			       "--exclude=./dev/*",
			       "--exclude=dev/*",
			       "--directory",
			       tree->path,
			       "--file",
			       archive,
			       NULL };
	enum lk_status st;

	st = lk_workspace_path(ws, "tree", tree->path, err);
	if (st)
		return st;
	if (mkdir(tree->path, 0755) != 0)
		return lk_raise(err, LK_CONFIG, "create '%s': %s", tree->path, strerror(errno));
	st = lk_tool_run(&(struct lk_tool){ .argv = argv, .log = ws->log }, err);
	if (st)
		return lk_context(err, "unpack '%s'", archive);
	tree->unpacked = true;
	return LK_OK;
}

static bool is_there(const struct lk_tree *tree, const char *name)
{
	char path[LK_PATH_MAX + 64];
	struct stat sb;

	snprintf(path, sizeof(path), "%s/%s", tree->path, name);
	return lstat(path, &sb) == 0;
}

static bool is_folder(const struct lk_tree *tree, const char *name)
{
	char path[LK_PATH_MAX + 64];
	struct stat sb;

	snprintf(path, sizeof(path), "%s/%s", tree->path, name);
	return lstat(path, &sb) == 0 && S_ISDIR(sb.st_mode);
}

/* A read-only root must bring its mount points; systemd asks for os-release before it switches. */
static enum lk_status check(const struct lk_tree *tree, struct lk_error *err)
{
	static const char *const points[] = { "dev", "proc", "sys", "run" };
	size_t i;

	for (i = 0; i < sizeof(points) / sizeof(points[0]); i++)
		if (!is_folder(tree, points[i]))
			return lk_raise(err, LK_CONFIG,
					"the tree has no folder /%s; is it a root file system?",
					points[i]);
	if (!is_there(tree, "etc/os-release") && !is_there(tree, "usr/lib/os-release"))
		return lk_raise(err, LK_CONFIG,
				"the tree has no /etc/os-release; is it a root file system?");
	return LK_OK;
}

enum lk_status lk_tree_open(const char *source, const struct lk_workspace *ws, struct lk_tree *ret,
			    struct lk_error *err)
{
	struct lk_tree tree = { 0 };
	char real[PATH_MAX];
	struct stat sb;
	enum lk_status st;

	if (!realpath(source, real) || stat(real, &sb) != 0)
		return lk_raise(err, LK_CONFIG, "the tree '%s': %s", source, strerror(errno));
	if (S_ISDIR(sb.st_mode)) {
		if (snprintf(tree.path, sizeof(tree.path), "%s", real) >= LK_PATH_MAX)
			return lk_raise(err, LK_CONFIG, "the path of the tree is too long");
	} else if (S_ISREG(sb.st_mode)) {
		st = unpack(real, ws, &tree, err);
		if (st)
			return st;
	} else {
		return lk_raise(err, LK_CONFIG, "the tree '%s' is neither folder nor archive",
				source);
	}
	st = check(&tree, err);
	if (st)
		return st;
	*ret = tree;
	return LK_OK;
}

static char stranger[LK_ERROR_TEXT / 2]; /* nftw(3) hands its callback nothing of ours */

static int find_stranger(const char *path, const struct stat *info, int kind, struct FTW *place)
{
	(void)kind;
	(void)place;
	if (info->st_uid == 0 && info->st_gid == 0)
		return 0;
	snprintf(stranger, sizeof(stranger), "%s", path);
	return 1;
}

enum lk_status lk_tree_check_owners(const struct lk_tree *tree, struct lk_error *err)
{
	if (nftw(tree->path, find_stranger, 32, FTW_PHYS | FTW_MOUNT) != 0)
		return lk_raise(err, LK_CONFIG, "'%s' belongs to somebody else", stranger);
	return LK_OK;
}

static bool has_module(const struct lk_tree *tree)
{
	char path[LK_PATH_MAX + 64];
	bool found = false;
	struct dirent *entry;
	DIR *folder;

	snprintf(path, sizeof(path), "%s/usr/lib/dracut/modules.d", tree->path);
	folder = opendir(path);
	while (folder && (entry = readdir(folder)))
		if (strlen(entry->d_name) == strlen("85latchkey") &&
		    strcmp(entry->d_name + 2, "latchkey") == 0)
			found = true;
	if (folder)
		closedir(folder);
	return found;
}

enum lk_status lk_tree_check_dracut(const struct lk_tree *tree, const char *folder,
				    struct lk_error *err)
{
	if (!is_there(tree, "usr/bin/dracut"))
		return lk_raise(
			err, LK_CONFIG,
			"the tree has no dracut: install dracut-core and dracut-network in it, or give --initrd");
	if (!has_module(tree))
		return lk_raise(
			err, LK_CONFIG,
			"latchkey is not installed in the tree: meson install with DESTDIR and --prefix=/usr");
	if (!is_folder(tree, "tmp") || !is_folder(tree, "var/tmp"))
		return lk_raise(err, LK_CONFIG, "the tree has no folders /tmp and /var/tmp");
	if (!is_folder(tree, folder + 1))
		return lk_raise(err, LK_CONFIG,
				"the tree has no folder %s: create it, it may be empty", folder);
	return LK_OK;
}

static bool is_release(const char *name)
{
	return name[0] != '.' && strlen(name) < 128 &&
	       strspn(name,
		      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._+~-") ==
		       strlen(name);
}

enum lk_status lk_tree_kernel(const struct lk_tree *tree, const char *given, char ret[128],
			      struct lk_error *err)
{
	char path[LK_PATH_MAX + 64], found[128] = "";
	unsigned n = 0;
	struct dirent *entry;
	DIR *folder;

	snprintf(path, sizeof(path), "%s/usr/lib/modules", tree->path);
	if (access(path, F_OK) != 0)
		snprintf(path, sizeof(path), "%s/lib/modules", tree->path);
	folder = opendir(path);
	while (folder && (entry = readdir(folder)))
		if (is_release(entry->d_name) && (!given || strcmp(given, entry->d_name) == 0)) {
			n += snprintf(found, sizeof(found), "%s", entry->d_name) <
			     (int)sizeof(found);
		}
	if (folder)
		closedir(folder);
	if (n == 0 && given)
		return lk_raise(err, LK_CONFIG, "the tree has no modules of kernel '%s'", given);
	if (n == 0)
		return lk_raise(err, LK_CONFIG, "the tree has no kernel modules in /lib/modules");
	if (n > 1)
		return lk_raise(err, LK_CONFIG,
				"the tree has modules of several kernels: choose one with --kver");
	memcpy(ret, found, sizeof(found));
	return LK_OK;
}
