/* SPDX-License-Identifier: Apache-2.0 */
/* Lays overlays over the mounted root, and lets a snapshot be written to. */
#include "agent/layer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

#include "agent/grow.h"
#include "agent/layer_store.h"
#include "agent/overlay.h"
#include "core/base64.h"
#include "core/log.h"

/* How long the removal of former layers may keep a boot: the unit has a minute in all. */
#define TIDY_MS 15000

static const struct lk_volume *find(const struct lk_settings *s, bool delta)
{
	for (size_t i = 0; i < s->n_volumes; i++)
		if (delta ? s->volumes[i].is_delta : s->volumes[i].is_root)
			return &s->volumes[i];
	return NULL;
}

/* The file system takes the room behind it that a large store gives. */
static enum lk_status open_snapshot(const char *sysroot, struct lk_error *err)
{
	bool grown;

	if (mount(NULL, sysroot, NULL, MS_REMOUNT, NULL) != 0)
		return lk_raise(err, LK_INTERNAL, "mount %s for writing: %s", sysroot,
				strerror(errno));
	return lk_grow_filesystem(sysroot, &grown, err);
}

/* What keeps the store from being tidied keeps nobody from using it. */
static void tidy(const char *own, bool kept)
{
	struct lk_layers_tidied t;
	struct lk_error err = { 0 };
	char line[512];

	if (lk_layers_tidy(LK_OVERLAY_PLACE, own, lk_deadline_in(TIDY_MS), &t, &err))
		lk_log(LK_LOG_WARNING, "the layers of former roots are removed at a later boot: %s",
		       lk_error_format(&err, line, sizeof(line)));
	if (t.removed)
		lk_log(LK_LOG_INFO, "%u layer%s of former roots removed", t.removed,
		       t.removed == 1 ? "" : "s");
	if (!kept && t.others)
		lk_log(LK_LOG_WARNING,
		       "the writable layer was made for another root hash: this root starts an "
		       "empty one, and that of the root before it stays beside it");
}

/* The layer is as good at its old size: what keeps its file system from growing stops nothing. */
static void grow_store(const struct lk_volume *delta, const char *place)
{
	struct lk_error err = { 0 };
	char line[512];
	bool grown;

	if (lk_grow_filesystem(place, &grown, &err))
		lk_log(LK_LOG_WARNING, "the file system of '%s' keeps its size: %s", delta->name,
		       lk_error_format(&err, line, sizeof(line)));
}

static enum lk_status lay_overlay(const struct lk_settings *s, const struct lk_volume *root,
				  const char *sysroot, const char **ret_found, struct lk_error *err)
{
	const struct lk_volume *delta = find(s, true);
	char node[LK_VOLUME_NAME_MAX + sizeof("/dev/mapper/")], hash[129];
	struct lk_overlay_spec o = { .root = sysroot, .place = LK_OVERLAY_PLACE };
	const bool lasts = root->rw_overlay == LK_OVERLAY_DISK_PERSIST;
	struct lk_overlay_found found;
	enum lk_status st;

	if (root->rw_overlay != LK_OVERLAY_RAM) {
		if (!delta)
			return lk_raise(err, LK_INTERNAL, "a layer on disk without [delta]");
		snprintf(node, sizeof(node), "/dev/mapper/%s", delta->name);
		o.store = node;
	}
	if (lasts) {
		lk_hex_encode(root->verity.root_hash.data, root->verity.root_hash.len, hash);
		o.made_for = hash;
	}
	st = lk_overlay_mount(&o, &found, err);
	if (!st && o.store && delta->grow)
		grow_store(delta, o.place);
	if (st || !lasts)
		return st;
	tidy(hash, found.kept);
	*ret_found = found.kept ? "kept" : "new";
	return LK_OK;
}

enum lk_status lk_layer_lay(const struct lk_settings *s, const char *sysroot,
			    const char **ret_found, struct lk_error *err)
{
	const struct lk_volume *root = find(s, false);
	enum lk_status st;

	*ret_found = NULL;
	if (!root || root->rw_overlay == LK_OVERLAY_NONE)
		return LK_OK;
	st = lk_volume_has_snapshot(root) ? open_snapshot(sysroot, err)
					  : lay_overlay(s, root, sysroot, ret_found, err);
	return st ? lk_context(err, "lay the writable layer over %s", sysroot) : LK_OK;
}
