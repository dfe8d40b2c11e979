/* SPDX-License-Identifier: Apache-2.0 */
/* One change of a header by somebody who has a key to it: looked at afresh, opened, judged, changed,
 * written, and looked at again. */
#pragma once

#include "agent/rotate.h"

struct lk_rotate_step {
	const struct lk_volume *volume;
	const struct lk_rotate_ways *ways;
	struct lk_blockdev dev;
	struct lk_luks_rules rules;
	struct lk_luks_edit edit;
	struct lk_secret volume_key;
	int slot; /* that the key opened, or LK_LUKS_NO_SLOT */
};
void lk_rotate_step_end(struct lk_rotate_step *s);
#define LK_ROTATE_STEP LK_CLEANUP(lk_rotate_step_end) struct lk_rotate_step

/* Find the device, check its header, open it with key, judge its MAC. */
enum lk_status lk_rotate_step_begin(struct lk_rotate_step *s, const struct lk_volume *v,
				    const struct lk_rotate_ways *ways,
				    const struct lk_volume_key *key, struct lk_error *err);
/* Write the change; then read the disk again: does the secret open `slot` to the same volume key?
 * secret NULL: nothing new to try. */
enum lk_status lk_rotate_step_commit(struct lk_rotate_step *s, const struct lk_secret *secret,
				     unsigned slot, struct lk_error *err);
