/* SPDX-License-Identifier: Apache-2.0 */
/* The initramfs by the tree's own dracut: its arguments, and whether it told the truth. */
#include "image/dracut.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "image/chroot.h"
#include "image/files.h"
#include "image/tools.h"

#define INSIDE	"/run/latchkey-image"
#define LOG_MAX (8u << 20)

/* No part in opening or mounting the root, or a way for the host to reach in. What the latchkey
 * module itself needs is never among them. */
#define OMIT                                                                                                            \
	"biosdevname btrfs busybox cifs clevis clevis-pin-null clevis-pin-sss clevis-pin-tang "                         \
	"clevis-pin-tpm2 console-setup convertfs crypt crypt-gpg crypt-loop dmraid drm ecryptfs "                       \
	"fcoe fcoe-uefi fido2 i18n img-lib iscsi kernel-modules-extra livenet lunmask lvm "                             \
	"lvmmerge lvmthinpool-monitor masterkey integrity mdraid memstrack modsign multipath nbd "                      \
	"network-manager nfs nvdimm nvmf overlay-root overlayfs pcsc pkcs11 plymouth qemu qemu-net rescue resume rngd " \
	"ssh-client stratis systemd-pcrphase systemd-repart systemd-sysext terminfo tpm2-tss "                          \
	"usrmount virtfs virtiofs warpclock znet"

static bool has(const char *line, size_t n, const char *word)
{
	return memmem(line, n, word, strlen(word)) != NULL;
}

/* A file that could not be copied, or our module or something it rests on that was dropped. What
 * other modules of the tree lack is theirs. */
static bool is_complaint(const char *line, size_t n)
{
	if (has(line, n, "dracut-install: ERROR") || has(line, n, "dracut: FAILED:"))
		return true;
	return has(line, n, "'latchkey'") &&
	       (has(line, n, "can't be installed") || has(line, n, "cannot be found") ||
		has(line, n, "cannot be installed"));
}

const char *lk_dracut_complaint(const char *log, size_t *ret_len)
{
	size_t n;

	for (; *log; log += n + (log[n] == '\n')) {
		n = strcspn(log, "\n");
		if (is_complaint(log, n)) {
			*ret_len = n;
			return log;
		}
	}
	return NULL;
}

static const char *compression(const char *tree)
{
	char path[LK_PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s/usr/bin/zstd", tree);
	return access(path, X_OK) == 0 ? "--zstd" : "--gzip";
}

static enum lk_status run(const struct lk_dracut *dracut, struct lk_chroot *root, int log,
			  struct lk_error *err)
{
	static const char *const env[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
					   "LC_ALL=C",
					   "HOME=/",
					   "TMPDIR=/var/tmp",
					   "DRACUT_NO_MKNOD=1", /* same bytes for root and user */
					   "DRACUT_NO_XATTR=1",
					   NULL };
	const char *argv[] = { "/usr/bin/dracut",
			       "--tmpdir",
			       "/var/tmp",
			       "--kver",
			       dracut->release,
			       "--no-hostonly",
			       "--no-hostonly-cmdline",
			       "--nolvmconf",
			       "--nomdadmconf",
			       "--no-early-microcode",
			       "--reproducible",
			       "--force",
			       compression(dracut->tree),
			       "--add",
			       "latchkey",
			       "--omit",
			       OMIT,
			       "--add-drivers",
			       "overlay",
			       "--filesystems",
			       lk_fs_names[dracut->fs],
			       INSIDE "/initrd",
			       NULL };

	return lk_tool_run(&(struct lk_tool){ .argv = argv,
					      .log = log,
					      .env = env,
					      .enter = lk_chroot_enter,
					      .data = root },
			   err);
}

/* dracut drops a module it was told to add, says so in passing, and succeeds. What it said goes to
 * the end of the log, which is what the operator is shown. */
static enum lk_status read_log(const struct lk_workspace *ws, struct lk_error *err)
{
	char path[LK_PATH_MAX];
	LK_FREE char *text = NULL;
	const char *line;
	enum lk_status st;
	bool lost = false;
	size_t n = 0;

	st = lk_workspace_path(ws, "log", path, err);
	if (!st)
		st = lk_file_read(path, LOG_MAX, &text, &n, err);
	if (st)
		return st;
	for (line = text; (line = lk_dracut_complaint(line, &n)); line += n) {
		if (!lost)
			dprintf(ws->log, "\nwhat was left out:\n");
		dprintf(ws->log, "%.*s\n", (int)n, line);
		lost = true;
	}
	return lost ? lk_raise(err, LK_CONFIG, "dracut left something out") : LK_OK;
}

static enum lk_status make_folder(const struct lk_workspace *ws, const char *name,
				  char path[LK_PATH_MAX], struct lk_error *err)
{
	enum lk_status st = lk_workspace_path(ws, name, path, err);

	if (!st && mkdir(path, 0700) != 0)
		st = lk_raise(err, LK_CONFIG, "create '%s': %s", path, strerror(errno));
	return st;
}

enum lk_status lk_dracut_run(const struct lk_dracut *dracut, const struct lk_workspace *ws,
			     const char *out, struct lk_error *err)
{
	char root[LK_PATH_MAX], work[LK_PATH_MAX], temp[LK_PATH_MAX], made[LK_PATH_MAX];
	struct lk_chroot chroot = {
		.tree = dracut->tree,
		.root = root,
		.work = work,
		.temp = temp,
		.over = dracut->folder,
		.what = dracut->config,
	};
	enum lk_status st;

	st = make_folder(ws, "chroot", root, err);
	if (!st)
		st = make_folder(ws, "dracut", work, err);
	if (!st)
		st = make_folder(ws, "tmp", temp, err);
	if (!st)
		st = run(dracut, &chroot, ws->log, err);
	if (!st)
		st = read_log(ws, err);
	if (!st)
		st = lk_workspace_path(ws, "dracut/initrd", made, err);
	if (!st && rename(made, out) != 0)
		st = lk_raise(err, LK_CONFIG, "dracut made no initramfs: %s", strerror(errno));
	return st ? lk_context(err, "make the initramfs with the tree's dracut") : LK_OK;
}
