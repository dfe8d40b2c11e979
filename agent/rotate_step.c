/* SPDX-License-Identifier: Apache-2.0 */
/* One change of a header, from a fresh look to a second one. */
#include "agent/rotate_step.h"

#include "agent/unlock.h"

void lk_rotate_step_end(struct lk_rotate_step *s)
{
	lk_luks_edit_end(&s->edit);
	lk_secret_wipe(&s->volume_key);
	lk_blockdev_close(&s->dev);
}

static enum lk_status judge(struct lk_rotate_step *s, struct lk_error *err)
{
	const struct lk_header_owner owner = lk_volume_owner(s->volume);
	struct lk_header_identity identity;

	/* A header that has none yet gets its MAC by this very change. */
	return lk_header_mac_check(&s->edit.header, &owner, false, &s->volume_key, &identity, err);
}

enum lk_status lk_rotate_step_begin(struct lk_rotate_step *s, const struct lk_volume *v,
				    const struct lk_rotate_ways *ways,
				    const struct lk_volume_key *key, struct lk_error *err)
{
	enum lk_status st;

	*s = (struct lk_rotate_step){ .volume = v, .ways = ways, .dev = LK_BLOCKDEV_NONE };
	s->rules = lk_volume_rules(v);
	st = ways->find(ways->arg, &s->dev, err);
	if (!st)
		st = lk_luks_edit_begin(&s->dev, &s->rules, &s->edit, err);
	if (st)
		return lk_context(err, "check the header of volume '%s'", v->name);
	st = lk_luks_volume_key(s->edit.prepared, key, &s->volume_key, &s->slot, err);
	if (!st)
		st = judge(s, err);
	return st ? lk_context(err, "open the header of volume '%s'", v->name) : LK_OK;
}

/* The disk is read anew: what was meant to be there must be there. */
static enum lk_status look_again(struct lk_rotate_step *s, const struct lk_secret *secret,
				 unsigned slot, struct lk_error *err)
{
	LK_CLEANUP(lk_luks_prepared_free_p) struct lk_luks_prepared *p = NULL;
	struct lk_volume_key key = { .form = LK_KEY_PASSPHRASE };
	LK_SECRET found = { 0 };
	enum lk_status st;
	int opened = LK_LUKS_NO_SLOT;

	st = lk_luks_prepare(&s->dev, &s->rules, &p, err);
	if (st || !secret)
		return st;
	key.bytes = *secret; /* borrowed */
	st = lk_luks_volume_key(p, &key, &found, &opened, err);
	if (!st && (opened != (int)slot || !lk_secret_equal(&found, &s->volume_key)))
		st = lk_raise_code(err, LK_C_KEY_WRONG, "the new keyslot holds another key");
	return st;
}

enum lk_status lk_rotate_step_commit(struct lk_rotate_step *s, const struct lk_secret *secret,
				     unsigned slot, struct lk_error *err)
{
	LK_LUKS_WRITES writes = { 0 };
	enum lk_status st;

	st = lk_luks_edit_plan(&s->edit, &writes, err);
	if (!st)
		st = s->ways->store(s->ways->arg, &writes, &s->dev, err);
	if (!st)
		st = look_again(s, secret, slot, err);
	return st ? lk_context(err, "change the header of volume '%s'", s->volume->name) : LK_OK;
}
