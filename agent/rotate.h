/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replaces the secret that opens a volume. How far a rotation has come is read from the header alone:
 *
 *	token without `next`	nothing under way
 *	token with `next`	the new keyslot is there, its secret perhaps published; the old one opens
 *
 * and then, in one change of the header, the old keyslots go, `next` becomes the keyslot of the token,
 * the generation rises by one and the MAC is computed anew. The old keyslots go only after the
 * configured provider has returned the new secret. Cut anywhere and begun again, it ends well.
 */
#pragma once

#include "agent/luks_edit.h"
#include "agent/settings.h"

/* Where things come from and go to; every call may take long. */
struct lk_rotate_ways {
	void *arg;
	/* What the configured provider gives out now. */
	enum lk_status (*fetch)(void *arg, struct lk_volume_key *ret, struct lk_error *err);
	/* Hand the new secret over. */
	enum lk_status (*publish)(void *arg, const struct lk_secret *secret, struct lk_error *err);
	/* The device, found anew. */
	enum lk_status (*find)(void *arg, struct lk_blockdev *ret, struct lk_error *err);
	/* lk_luks_writes_apply. */
	enum lk_status (*store)(void *arg, const struct lk_luks_writes *w,
				const struct lk_blockdev *dev, struct lk_error *err);
	/* One line about a step that is done. */
	void (*tell)(void *arg, const char *text);
};

struct lk_rotate_request {
	const struct lk_volume *volume;
	/* The recovery key, in place of the provider's answer: the keyslots of the provider's are
	 * replaced. NULL to rotate. */
	const struct lk_volume_key *recovery;
	/* A new keyslot whose secret the provider does not have is given up for another. */
	bool restart;
};

/* LK_CONFIG when the provider still gives out the old secret: to be run again later. */
enum lk_status lk_rotate(const struct lk_rotate_request *request, const struct lk_rotate_ways *ways,
			 struct lk_error *err);

/* Make the recovery keyslot, opened by secret. replace: there may be one, which goes. */
enum lk_status lk_rotate_recovery(const struct lk_volume *v, const struct lk_secret *secret,
				  bool replace, const struct lk_rotate_ways *ways,
				  struct lk_error *err);
