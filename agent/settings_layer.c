/* SPDX-License-Identifier: Apache-2.0 */
/* Which writable layers a root may have: the rules that no single key shows. */
#include "agent/settings_internal.h"

static const struct lk_volume *delta_of(const struct lk_settings *s)
{
	for (size_t i = 0; i < s->n_known; i++)
		if (s->volumes[i].is_delta)
			return &s->volumes[i];
	return NULL;
}

static enum lk_status refuse(struct lk_error *err, enum lk_code code, const char *why)
{
	return lk_raise_code(err, code, "[rootfs]: %s", why);
}

bool lk_volume_has_snapshot(const struct lk_volume *v)
{
	return v->is_root && v->rw_overlay != LK_OVERLAY_NONE &&
	       v->rw_overlay_type == LK_OVERLAY_SNAPSHOT;
}

/* Both want a root that stays what it is: a snapshot is bound to it block by block, and a layer that
 * lasts remembers the root hash. */
static enum lk_status check_base(const struct lk_volume *root, struct lk_error *err)
{
	if (root->has_verity)
		return LK_OK;
	if (lk_volume_has_snapshot(root))
		return refuse(err, LK_C_CONFIG_MISSING,
			      "rw_overlay_type = dm-snapshot needs [rootfs.verity]");
	if (root->rw_overlay == LK_OVERLAY_DISK_PERSIST)
		return refuse(err, LK_C_CONFIG_MISSING,
			      "rw_overlay = disk-persist needs [rootfs.verity]: the layer "
			      "remembers the root hash that it was made for");
	return LK_OK;
}

enum lk_status lk_settings_layer_check(const struct lk_settings *s, struct lk_error *err)
{
	const struct lk_volume *root = s->n_known ? &s->volumes[0] : NULL;
	const struct lk_volume *delta = delta_of(s);
	const bool lasts = root && root->rw_overlay == LK_OVERLAY_DISK_PERSIST;

	if (!root || !root->is_root)
		return LK_OK;
	if (lasts && root->rw_overlay_type == LK_OVERLAY_SNAPSHOT)
		return refuse(err, LK_C_CONFIG_VALUE,
			      "rw_overlay = disk-persist is for overlayfs: a snapshot that lasts "
			      "would silently corrupt the next root");
	if (lk_root_uses_delta(root) && !delta)
		return refuse(err, LK_C_CONFIG_MISSING,
			      "rw_overlay on disk needs the section [delta], which names the disk");
	if (lasts && !delta->integrity && !root->accept_unauthenticated_delta)
		return refuse(err, LK_C_CONFIG_VALUE,
			      "rw_overlay = disk-persist needs integrity = true in [delta], or "
			      "accept_unauthenticated_delta = true: without either, what the host "
			      "alters in the layer goes unseen");
	return s->unfinished ? LK_OK : check_base(root, err);
}
