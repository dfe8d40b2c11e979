/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gives container programs a place of their own under an overlay. They keep their images as overlays,
 * and overlayfs does not take another overlay as its upper layer; so the directories where they do
 * are mounted from the file system of the root's layer.
 */
#pragma once

#include <stddef.h>

#include "core/error.h"

/* Below the root, without a leading slash; ends in NULL. */
extern const char *const lk_container_dirs[];

/* For each of them: take "containers/NAME" in `layer`, made with what `lower` (the root as it was
 * before the overlay) has there if it is new, and mount it over the same directory of `root`, where
 * it is made if it is missing. All three are open directories. A directory that cannot be given is
 * told in the log and stays as it is: *ret_missed counts them. Fails only for want of resources. */
enum lk_status lk_containers_mount(int lower, int root, int layer, unsigned *ret_missed,
				   struct lk_error *err);
