/* SPDX-License-Identifier: Apache-2.0 */
/* What each stage of a build does. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/json.h"
#include "image/bootline.h"
#include "image/build_internal.h"
#include "image/dracut.h"
#include "image/files.h"
#include "image/initrd.h"
#include "image/luks_format.h"

static enum lk_status new_uuid(char out[LK_GUID_TEXT], struct lk_error *err)
{
	struct lk_guid guid;
	enum lk_status st;

	st = lk_guid_random(&guid, err);
	if (!st)
		lk_guid_format(&guid, out);
	return st;
}

/* The site's files with these values, written into a new folder of the work folder and judged. */
static enum lk_status write_site(struct lk_build *b, struct lk_siteconfig *site, const char *name,
				 const struct lk_site_values *values, struct lk_error *err)
{
	char folder[LK_PATH_MAX];
	enum lk_status st;

	st = lk_siteconfig_fill(site, values, err);
	if (!st)
		st = lk_workspace_path(&b->ws, name, folder, err);
	if (!st && mkdir(folder, 0700) != 0)
		st = lk_raise(err, LK_CONFIG, "create '%s': %s", folder, strerror(errno));
	if (!st)
		st = lk_siteconfig_write(site, folder, err);
	if (!st)
		st = lk_siteconfig_check(site, folder, b->req->config, &b->facts, err);
	if (!st && b->facts.snapshot && b->req->fs != LK_FS_EXT4)
		st = lk_raise_code(err, LK_C_CONFIG_VALUE,
				   "rw_overlay_type = dm-snapshot needs --fs ext4");
	return st;
}

/* With made-up values, so that a mistake in the configuration shows before the long work. */
static enum lk_status try_site(struct lk_build *b, struct lk_error *err)
{
	static const char uuid[] = "00000000-0000-4000-8000-000000000000";
	const struct lk_verity_tree tree = { .data_blocks = 1, .hash_offset = LK_VERITY_BLOCK };
	const bool plain = b->req->verity_only;
	const struct lk_site_values values = {
		.part_uuid = uuid,
		.luks_uuid = plain ? NULL : uuid,
		.verity = &tree,
		.hash_uuid = plain ? uuid : NULL,
		.delta_uuid = b->req->delta_size ? uuid : NULL,
	};
	LK_CLEANUP(lk_siteconfig_free) struct lk_siteconfig site = { 0 };
	enum lk_status st;

	st = lk_siteconfig_read(b->req->config, &site, err);
	b->site_folder = lk_siteconfig_folder(&site);
	return st ? st : write_site(b, &site, "config-tried", &values, err);
}

/* Whatever can be known to be wrong is said before the long work. */
enum lk_status lk_build_prepare(struct lk_build *b, struct lk_error *err)
{
	const struct lk_build_request *req = b->req;
	const char *escrow = req->escrow_to ? (req->escrow_out ? req->escrow_out : "") : NULL;
	enum lk_status st;

	st = lk_outputs_name(&b->outputs, req->out, escrow, err);
	if (!st && !req->force)
		st = lk_outputs_absent(&b->outputs, err);
	if (!st)
		st = lk_kernel_release(req->kernel, b->release, err);
	if (!st)
		st = lk_fsimage_check(req->fs, err);
	if (!st && req->escrow_to)
		st = lk_escrow_read_key(req->escrow_to, &b->escrow_key, err);
	if (!st && req->resource)
		st = lk_enroll_probe(req->socket, req->resource, req->force, err);
	if (!st)
		st = lk_workspace_open(&b->ws, req->out, err);
	if (!st)
		st = try_site(b, err);
	return st ? st : lk_bootline_build(b->facts.mapper, req->cmdline_extra, &b->cmdline, err);
}

static enum lk_status open_tree(struct lk_build *b, struct lk_error *err)
{
	enum lk_status st;

	st = lk_tree_open(b->req->tree, &b->ws, &b->tree, err);
	if (b->identity != LK_ID_SINGLE)
		return st;
	if (!st)
		st = lk_tree_check_owners(&b->tree, err);
	return st ? lk_context(err, "without subordinate ids for you (subuid(5), package uidmap)")
		  : LK_OK;
}

enum lk_status lk_build_tree(struct lk_build *b, struct lk_error *err)
{
	char given[LK_RELEASE_SIZE];
	enum lk_status st;

	st = lk_namespace_enter(b->ws.log, &b->identity, err);
	if (!st)
		lk_workspace_sweep(&b->ws);
	if (!st)
		st = open_tree(b, err);
	if (st || b->req->initrd)
		return st;
	st = lk_tree_check_dracut(&b->tree, b->site_folder, err);
	if (!st)
		st = lk_tree_kernel(&b->tree, b->req->kver, given, err);
	if (!st && strcmp(given, b->release) != 0)
		st = lk_raise(err, LK_CONFIG, "'%s' is kernel %s, but the modules are of %s",
			      b->req->kernel, b->release, given);
	return st;
}

enum lk_status lk_build_filesystem(struct lk_build *b, struct lk_error *err)
{
	const struct lk_fsimage image = {
		.kind = b->req->fs,
		.tree = b->tree.path,
		.path = b->root,
		.uuid = b->fs_uuid,
		.log = b->ws.log,
	};
	enum lk_status st;

	st = lk_workspace_path(&b->ws, "root", b->root, err);
	if (!st)
		st = new_uuid(b->fs_uuid, err);
	return st ? st : lk_fsimage_make(&image, &b->fs_size, err);
}

enum lk_status lk_build_verity(struct lk_build *b, struct lk_error *err)
{
	struct lk_disk_content content = {
		.delta = b->req->delta_size,
		.encrypted = !b->req->verity_only,
	};
	enum lk_status st;

	st = lk_verity_format(b->root, &b->verity, err);
	content.data = b->verity.hash_offset;
	content.plain = b->verity.end;
	return st ? st : lk_disk_plan(&content, &b->disk, err);
}

enum lk_status lk_build_configuration(struct lk_build *b, struct lk_error *err)
{
	const struct lk_disk_part *parts = b->disk.parts;
	const struct lk_site_values values = {
		.part_uuid = b->part_uuid,
		.luks_uuid = b->disk.content.encrypted ? b->luks_uuid : NULL,
		.verity = &b->verity,
		.hash_uuid = parts[LK_DISK_TREE].used ? b->tree_uuid : NULL,
		.delta_uuid = parts[LK_DISK_DELTA].used ? b->delta_uuid : NULL,
	};
	enum lk_status st;

	lk_guid_format(&parts[LK_DISK_ROOT].id, b->part_uuid);
	lk_guid_format(&parts[LK_DISK_TREE].id, b->tree_uuid);
	lk_guid_format(&parts[LK_DISK_DELTA].id, b->delta_uuid);
	st = new_uuid(b->luks_uuid, err);
	if (!st)
		st = lk_siteconfig_read(b->req->config, &b->site, err);
	return st ? st : write_site(b, &b->site, "config", &values, err);
}

static enum lk_status copy_kernel(const struct lk_build *b, struct lk_error *err)
{
	char path[LK_PATH_MAX];
	enum lk_status st;
	uint64_t size = 0;
	LK_FD int from = -1;
	LK_FD int to = -1;

	st = lk_file_open(b->req->kernel, &from, &size, err);
	if (!st)
		st = lk_workspace_path(&b->ws, lk_output_work_names[LK_OUT_KERNEL], path, err);
	if (st)
		return st;
	to = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (to < 0)
		return lk_raise(err, LK_CONFIG, "create '%s': %s", path, strerror(errno));
	st = lk_file_copy(from, 0, size, to, 0, err);
	return st ? lk_context(err, "copy the kernel") : LK_OK;
}

static enum lk_status make_initrd(const struct lk_build *b, const char *out, struct lk_error *err)
{
	char config[LK_PATH_MAX];
	const struct lk_dracut dracut = {
		.tree = b->tree.path,
		.config = config,
		.folder = b->site_folder,
		.release = b->release,
		.fs = b->req->fs,
	};
	enum lk_status st;

	if (b->req->initrd)
		return lk_initrd_append(b->req->initrd, &b->site, out, err);
	st = lk_workspace_path(&b->ws, "config", config, err);
	return st ? st : lk_dracut_run(&dracut, &b->ws, out, err);
}

enum lk_status lk_build_boot_files(struct lk_build *b, struct lk_error *err)
{
	char initrd[LK_PATH_MAX];
	enum lk_status st;

	st = copy_kernel(b, err);
	if (!st)
		st = lk_workspace_path(&b->ws, lk_output_work_names[LK_OUT_INITRD], initrd, err);
	if (!st)
		st = make_initrd(b, initrd, err);
	if (st)
		return st;
	return lk_workspace_write(&b->ws, lk_output_work_names[LK_OUT_CMDLINE], 0644, b->cmdline,
				  strlen(b->cmdline), err);
}

/* A sparse file of the partition's size: the library sizes a header by its device. */
static enum lk_status make_header(struct lk_build *b, char path[LK_PATH_MAX], struct lk_error *err)
{
	LK_FD int fd = -1;
	enum lk_status st;

	st = lk_workspace_path(&b->ws, "header", path, err);
	if (st)
		return st;
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, (off_t)(LK_LUKS_DATA_OFFSET + b->disk.payload)) != 0)
		return lk_raise(err, LK_CONFIG, "create '%s': %s", path, strerror(errno));
	st = lk_luks_format(path, b->luks_uuid, b->facts.mapper, &b->volume_key, &b->passphrase,
			    b->header_mac, err);
	if (!st)
		st = lk_luks_verify(path, &b->volume_key, &b->passphrase, err);
	return st;
}

static enum lk_status make_keys(struct lk_build *b, char header[LK_PATH_MAX], struct lk_error *err)
{
	enum lk_status st;

	st = lk_random_secret(&b->volume_key, LK_LUKS_KEY, err);
	if (!st)
		st = lk_random_secret(&b->passphrase, LK_LUKS_PASSPHRASE, err);
	return st ? st : make_header(b, header, err);
}

enum lk_status lk_build_encrypt(struct lk_build *b, struct lk_error *err)
{
	const struct rlimit none = { 0 };
	char header[LK_PATH_MAX] = "", disk[LK_PATH_MAX];
	enum lk_status st = LK_OK;

	if (prctl(PR_SET_DUMPABLE, 0) != 0 || setrlimit(RLIMIT_CORE, &none) != 0)
		return lk_raise(err, LK_INTERNAL, "forbid dumps: %s", strerror(errno));
	if (b->disk.content.encrypted)
		st = make_keys(b, header, err);
	if (!st)
		st = lk_workspace_path(&b->ws, lk_output_work_names[LK_OUT_DISK], disk, err);
	if (!st)
		st = lk_disk_write(&b->disk, disk, header, b->root, &b->volume_key, &b->progress,
				   err);
	lk_secret_wipe(&b->volume_key);
	return st;
}

enum lk_status lk_build_manifest(struct lk_build *b, struct lk_error *err)
{
	LK_JSON_TEXT *text = NULL;
	enum lk_status st;
	size_t n = 0;

	st = lk_manifest_text(b, &text, &n, err);
	if (!st)
		st = lk_workspace_write(&b->ws, lk_output_work_names[LK_OUT_MANIFEST], 0644, text,
					n, err);
	return st ? lk_context(err, "write the manifest") : LK_OK;
}

enum lk_status lk_build_keep_key(struct lk_build *b, struct lk_error *err)
{
	LK_JSON_TEXT *jwe = NULL;
	enum lk_status st = LK_OK;
	size_t n = 0;

	if (b->req->escrow_to)
		st = lk_escrow_seal(&b->escrow_key, &b->passphrase, &jwe, &n, err);
	if (!st && jwe)
		st = lk_workspace_write(&b->ws, lk_output_work_names[LK_OUT_ESCROW], 0600, jwe, n,
					err);
	if (!st && b->req->resource)
		st = lk_enroll_store(b->req->socket, b->req->resource, &b->passphrase, err);
	lk_secret_wipe(&b->passphrase);
	return st;
}

enum lk_status lk_build_publish(struct lk_build *b, struct lk_error *err)
{
	enum lk_status st;

	st = lk_outputs_publish(&b->outputs, &b->ws, b->req->force, err);
	if (st && b->req->resource && !b->req->force) /* a key without a disk is in the way */
		lk_enroll_forget(b->req->socket, b->req->resource);
	return st;
}
