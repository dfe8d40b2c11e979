/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands that change a header need of the rest: one volume's settings, and what its provider
 * gives out. */
#pragma once

#include "agent/rotate.h"
#include "agent/settings.h"

/* The settings and the volume of that name in them, opened at boot or not. LK_CONFIG when there is none
 * or it is not encrypted. */
enum lk_status lk_volume_settings(const char *config_dir, const char *name,
				  struct lk_settings **ret, const struct lk_volume **ret_volume,
				  struct lk_error *err);
/* Fetch its key as a boot would, without looking at a disk. */
enum lk_status lk_volume_fetch(const char *config_dir, const char *name, struct lk_volume_key *ret,
			       struct lk_error *err);
/* The key that an operator holds, from a descriptor: a recovery key or any passphrase. On a terminal it is
 * asked for and not shown. */
enum lk_status lk_volume_read_key(int fd, struct lk_volume_key *ret, struct lk_error *err);
/* Its device, which must be there now. */
enum lk_status lk_volume_find(const struct lk_volume *v, struct lk_blockdev *ret,
			      struct lk_error *err);
