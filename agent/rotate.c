/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of a rotation. */
#include "agent/rotate.h"

#include "agent/rotate_step.h"
#include "agent/unlock.h"

#define SECRET_SIZE 32u

struct rotation {
	const struct lk_rotate_request *req;
	const struct lk_rotate_ways *ways;
	struct lk_volume_key
		key; /* what opens the volume now; borrowed when it is the recovery key */
	struct lk_secret fresh; /* the new secret, if this run made it */
};

static void rotation_end(struct rotation *r)
{
	if (!r->req->recovery)
		lk_secret_wipe(&r->key.bytes);
	lk_secret_wipe(&r->fresh);
}
#define ROTATION LK_CLEANUP(rotation_end) struct rotation

static uint32_t bit(int slot)
{
	return slot < 0 ? 0 : UINT32_C(1) << slot;
}

/* What the token says, or what the first rotation has to assume: the keyslot that the provider's secret
 * opens is the provider's, and so is every one but that which the recovery key opens. */
static void settle_token(struct lk_rotate_step *s, bool by_recovery)
{
	struct lk_luks_token *t = &s->edit.header.token;
	const uint32_t all = lk_luks_keyslot_bits(&s->edit.header);

	if (by_recovery && !t->recovery && !(t->keyslots & bit(s->slot)))
		t->recovery = bit(s->slot);
	if (by_recovery && !t->keyslots)
		t->keyslots = all & ~(t->recovery | t->next);
	if (!by_recovery && s->slot != LK_LUKS_NO_SLOT)
		t->keyslots |= bit(s->slot) & ~(t->recovery | t->next);
	s->edit.header.has_token = true;
}

/* With the recovery key in hand, a keyslot whose secret is lost may go early where there is no room for
 * a third. */
static void make_room(struct lk_rotate_step *s)
{
	const struct lk_luks_token *t = &s->edit.header.token;

	if (s->edit.header.n_keyslots >= s->rules.max_keyslots)
		lk_luks_edit_drop(&s->edit, t->keyslots & ~bit(s->slot));
}

/* A new secret in a keyslot of its own. */
static enum lk_status add_keyslot(struct rotation *r, struct lk_error *err)
{
	LK_ROTATE_STEP s;
	enum lk_status st;
	unsigned id;

	st = lk_rotate_step_begin(&s, r->req->volume, r->ways, &r->key, err);
	if (st)
		return st;
	settle_token(&s, r->req->recovery);
	lk_luks_edit_drop(&s.edit, s.edit.header.token.next);
	if (r->req->recovery)
		make_room(&s);
	st = lk_random_secret(&r->fresh, SECRET_SIZE, err);
	if (!st)
		st = lk_luks_edit_add(&s.edit, &s.volume_key, &r->fresh, LK_KEYSLOT_PROVIDER, &id,
				      err);
	if (st)
		return lk_context(err, "make a new keyslot for volume '%s'", r->req->volume->name);
	s.edit.header.token.next = UINT32_C(1) << id;
	st = lk_rotate_step_commit(&s, &r->fresh, id, err);
	if (!st)
		r->ways->tell(r->ways->arg, "a new keyslot holds the volume key");
	return st;
}

/* The provider has the new secret: the old ones go. */
static enum lk_status finish(struct rotation *r, const struct lk_volume_key *provided,
			     struct lk_error *err)
{
	const struct lk_header_owner owner = lk_volume_owner(r->req->volume);
	LK_ROTATE_STEP s;
	struct lk_luks_token *t;
	enum lk_status st;

	st = lk_rotate_step_begin(&s, r->req->volume, r->ways, provided, err);
	if (st)
		return st;
	t = &s.edit.header.token;
	if (!s.edit.header.has_token || t->next != bit(s.slot))
		return lk_raise(
			err, LK_CONFIG,
			"the provider still gives out the old key of volume '%s'; give it the "
			"new one and run this again (--restart makes another)",
			r->req->volume->name);
	lk_luks_edit_drop(&s.edit, t->keyslots);
	t->keyslots = t->next;
	t->next = 0;
	st = lk_luks_edit_sign(&s.edit, &owner, &s.volume_key, err);
	if (!st)
		st = lk_rotate_step_commit(&s, &provided->bytes, (unsigned)s.slot, err);
	if (!st)
		r->ways->tell(r->ways->arg, "the old keyslot is gone, the header has a new MAC");
	return st;
}

/* What the provider gives out must be what it was given. */
static enum lk_status fetch_back(struct rotation *r, struct lk_volume_key *ret,
				 struct lk_error *err)
{
	enum lk_status st;

	st = r->ways->fetch(r->ways->arg, ret, err);
	if (st)
		return lk_context(err, "ask the provider for the new key");
	if (r->fresh.len && lk_secret_equal(&r->fresh, &ret->bytes))
		r->ways->tell(r->ways->arg, "the provider gives out the new key");
	return LK_OK;
}

/* Is there a new keyslot already, and does the key at hand open it? */
static enum lk_status look(struct rotation *r, bool *ret_pending, bool *ret_opens_next,
			   struct lk_error *err)
{
	LK_ROTATE_STEP s;
	enum lk_status st;

	st = lk_rotate_step_begin(&s, r->req->volume, r->ways, &r->key, err);
	if (st)
		return st;
	*ret_pending = s.edit.header.token.next;
	*ret_opens_next = *ret_pending && s.edit.header.token.next == bit(s.slot);
	return LK_OK;
}

static enum lk_status provide(struct rotation *r, struct lk_error *err)
{
	enum lk_status st;

	st = add_keyslot(r, err);
	if (!st)
		st = r->ways->publish(r->ways->arg, &r->fresh, err);
	if (st)
		return lk_context(err, "rotate the key of volume '%s'", r->req->volume->name);
	r->ways->tell(r->ways->arg, "the new key is published");
	return LK_OK;
}

enum lk_status lk_rotate(const struct lk_rotate_request *request, const struct lk_rotate_ways *ways,
			 struct lk_error *err)
{
	ROTATION r = { .req = request, .ways = ways };
	struct lk_volume_key provided = { 0 };
	bool pending = false, opens_next = false;
	enum lk_status st = LK_OK;

	if (request->recovery)
		r.key = *request->recovery;
	else
		st = ways->fetch(ways->arg, &r.key, err);
	if (st)
		return lk_context(err, "fetch the key of volume '%s'", request->volume->name);
	if (r.key.form == LK_KEY_VOLUME)
		return lk_raise(
			err, LK_CONFIG,
			"the provider gives out the volume key itself; no keyslot can be rotated");
	st = look(&r, &pending, &opens_next, err);
	if (!st && opens_next)
		return finish(&r, &r.key, err);
	if (!st && (!pending || request->restart))
		st = provide(&r, err);
	if (!st)
		st = fetch_back(&r, &provided, err);
	if (!st)
		st = finish(&r, &provided, err);
	lk_secret_wipe(&provided.bytes);
	return st;
}

enum lk_status lk_rotate_recovery(const struct lk_volume *v, const struct lk_secret *secret,
				  bool replace, const struct lk_rotate_ways *ways,
				  struct lk_error *err)
{
	const struct lk_header_owner owner = lk_volume_owner(v);
	struct lk_volume_key key = { 0 };
	LK_ROTATE_STEP s = { .dev = LK_BLOCKDEV_NONE };
	struct lk_luks_token *t;
	enum lk_status st;
	unsigned id;

	st = ways->fetch(ways->arg, &key, err);
	if (!st)
		st = lk_rotate_step_begin(&s, v, ways, &key, err);
	lk_secret_wipe(&key.bytes);
	if (st)
		return st;
	t = &s.edit.header.token;
	if (t->recovery && !replace)
		return lk_raise(err, LK_CONFIG, "volume '%s' has a recovery keyslot (--replace)",
				v->name);
	settle_token(&s, false);
	lk_luks_edit_drop(&s.edit, t->recovery);
	st = lk_luks_edit_add(&s.edit, &s.volume_key, secret, LK_KEYSLOT_RECOVERY, &id, err);
	if (st)
		return lk_context(err, "make the recovery keyslot of volume '%s'", v->name);
	t->recovery = UINT32_C(1) << id;
	st = lk_luks_edit_sign(&s.edit, &owner, &s.volume_key, err);
	return st ? st : lk_rotate_step_commit(&s, secret, id, err);
}
