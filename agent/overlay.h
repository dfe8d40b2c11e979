/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Puts a writable layer over a mounted read-only root: overlayfs with its upper side in memory or
 * on a block device. By system calls alone, nothing is executed.
 *
 * What overlayfs needs lies in one directory of the layer's file system: the layer. One that lasts
 * is called after the root hash it was made for ("layers/HASH"), so that another root finds its own
 * or starts an empty one, never somebody else's; one that starts empty has no name.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"

#define LK_OVERLAY_PLACE "/run/latchkey/overlay"

struct lk_overlay_spec {
	const char *root;     /* "/sysroot"; must be a mount point */
	const char *place;    /* where the layer's file system is mounted; made with mode 0700 */
	const char *store;    /* a block device with ext4; NULL: a new tmpfs */
	const char *made_for; /* hex; NULL: the layer must start empty */
	uint64_t size;	      /* of the tmpfs, bytes; 0: the kernel's default, half of the memory */
};

struct lk_overlay_found {
	bool kept;	 /* the layer was there, with what was written into it */
	unsigned missed; /* directories of containers that stay on the overlay */
};

/* Mount the overlay over root, and over that the directories of agent/containers.h; the layer's file system is private, nosuid and nodev. Done already:
 * LK_OK. LK_ABSENT when root is not mounted or the kernel has no overlayfs; LK_TAMPERED
 * (layer-invalid) when the store holds something else than layers; on failure nothing of ours stays
 * mounted. */
enum lk_status lk_overlay_mount(const struct lk_overlay_spec *o, struct lk_overlay_found *ret,
				struct lk_error *err);
