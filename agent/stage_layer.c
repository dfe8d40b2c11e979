/* SPDX-License-Identifier: Apache-2.0 */
/* Lays a snapshot over the verified root, with its store in memory or on [delta]. */
#include <stdio.h>
#include <string.h>
#include <sys/sysinfo.h>

#include "agent/loop.h"
#include "agent/snapshot.h"
#include "agent/stage_steps.h"

#define MIB (UINT64_C(1) << 20)

const char *lk_verity_name(const struct lk_volume *v, char buf[LK_MAP_NAME])
{
	snprintf(buf, LK_MAP_NAME, "%s%s", v->name, lk_volume_has_snapshot(v) ? "-verity" : "");
	return buf;
}

/* As much as a tmpfs would take, and like there only as it is written. */
static uint64_t half_the_memory(void)
{
	struct sysinfo info;

	if (sysinfo(&info) != 0)
		return 0;
	return (uint64_t)info.totalram * info.mem_unit / 2 / MIB * MIB;
}

static const struct lk_volume *delta_of(const struct lk_run *run)
{
	for (size_t i = 0; i < run->settings->n_volumes; i++)
		if (run->settings->volumes[i].is_delta)
			return &run->settings->volumes[i];
	return NULL;
}

static enum lk_status open_store(const struct lk_run *run, const struct lk_volume *root,
				 struct lk_blockdev *ret, struct lk_error *err)
{
	const struct lk_volume *delta = delta_of(run);
	char node[LK_MAP_NAME + sizeof("/dev/mapper/")];

	if (root->rw_overlay == LK_OVERLAY_RAM)
		return lk_loop_memory(half_the_memory(), ret, err);
	if (!delta)
		return lk_raise(err, LK_INTERNAL, "a layer on disk without [delta]");
	snprintf(node, sizeof(node), "/dev/mapper/%s", delta->name);
	return lk_blockdev_open(node, ret, err);
}

static enum lk_status open_snapshot(struct lk_run *run, size_t i, struct lk_error *err)
{
	const struct lk_volume *root = &run->settings->volumes[i];
	char name[LK_MAP_NAME], node[LK_MAP_NAME + sizeof("/dev/mapper/")];
	LK_BLOCKDEV origin = LK_BLOCKDEV_NONE;
	LK_BLOCKDEV store = LK_BLOCKDEV_NONE;
	enum lk_status st;

	snprintf(node, sizeof(node), "/dev/mapper/%s", lk_verity_name(root, name));
	st = lk_blockdev_open(node, &origin, err);
	if (!st)
		st = open_store(run, root, &store, err);
	if (!st)
		st = lk_snapshot_open(&origin, &store, root->name, run->deadline, err);
	if (st)
		return lk_context(err, "lay the writable layer over '%s'", root->name);
	run->volumes[i].layer_open = true;
	return LK_OK;
}

/* Memory is the machine's own; what lies on the disk is not verified as the base is. */
static void note_layer(const struct lk_run *run, const struct lk_volume *root,
		       struct lk_report_volume *note)
{
	static const char *const places[] = {
		[LK_OVERLAY_NONE] = "",
		[LK_OVERLAY_RAM] = "ram",
		[LK_OVERLAY_DISK] = "disk",
		[LK_OVERLAY_DISK_PERSIST] = "disk-persist",
	};
	const struct lk_volume *delta = delta_of(run);

	snprintf(note->writable, sizeof(note->writable), "%s", places[root->rw_overlay]);
	if (root->rw_overlay == LK_OVERLAY_NONE)
		return;
	snprintf(note->writable_type, sizeof(note->writable_type), "%s",
		 root->rw_overlay_type == LK_OVERLAYFS ? "overlayfs" : "dm-snapshot");
	if (root->rw_overlay != LK_OVERLAY_RAM && delta)
		snprintf(note->trust, sizeof(note->trust), "%s base + %s delta",
			 root->has_verity ? "verified" : "unverified",
			 delta->integrity ? "authenticated" : "unverified");
}

enum lk_status lk_stage_layer(struct lk_run *run, size_t root, struct lk_error *err)
{
	const struct lk_volume *v = &run->settings->volumes[root];
	struct lk_report_volume *note = &run->report.volumes[root];
	enum lk_status st;

	if (!v->is_root || strcmp(note->outcome, "open") != 0)
		return LK_OK;
	st = lk_volume_has_snapshot(v) ? open_snapshot(run, root, err) : LK_OK;
	if (st)
		snprintf(note->outcome, sizeof(note->outcome), "%s", lk_status_name(st));
	else
		note_layer(run, v, note);
	return st;
}
