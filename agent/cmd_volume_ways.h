/* SPDX-License-Identifier: Apache-2.0 */
/* The real ways of a rotation: the configured provider, latchkeyd or an escrow file, the disk. */
#pragma once

#include "agent/rotate.h"
#include "core/crypto.h"

struct lk_publish { /* as the operator wrote it; NULL = not given */
	const char *enroll, *resource, *socket;
	const char *escrow_to, *escrow_out;
};

struct lk_volume_ways {		/* `= { 0 }`, then set the first three */
	const char *config_dir; /* NULL: the machine's own */
	const char *name;
	struct lk_publish publish;
	struct lk_settings *settings;
	const struct lk_volume *volume;
	struct lk_public_key escrow_key;
};
void lk_volume_ways_end(struct lk_volume_ways *w);
#define LK_VOLUME_WAYS LK_CLEANUP(lk_volume_ways_end) struct lk_volume_ways

/* Read the settings; with publishes, see that the new secret will have a place to go. */
enum lk_status lk_volume_ways_open(struct lk_volume_ways *w, bool publishes, struct lk_error *err);
struct lk_rotate_ways lk_volume_ways_of(struct lk_volume_ways *w);
