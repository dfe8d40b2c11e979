/* SPDX-License-Identifier: Apache-2.0 */
/* The volume key of the right volume. */
#include "agent/unlock.h"

struct lk_luks_rules lk_volume_rules(const struct lk_volume *v)
{
	struct lk_luks_rules rules = lk_luks_rules_here();

	rules.max_keyslots = (unsigned)v->max_keyslots;
	if (v->fallback == LK_FALLBACK_RECOVERY_KEY && rules.max_keyslots < LK_LUKS_KEYSLOTS_MAX)
		rules.max_keyslots++; /* the recovery key's own */
	rules.luks_uuid = v->luks_uuid;
	rules.integrity = v->integrity;
	return rules;
}

struct lk_header_owner lk_volume_owner(const struct lk_volume *v)
{
	return (struct lk_header_owner){
		.role = v->is_root    ? LK_ROLE_ROOT
			: v->is_delta ? LK_ROLE_DELTA
				      : LK_ROLE_DATA,
		.name = v->name,
	};
}

enum lk_status lk_volume_unlock(const struct lk_volume *v, const struct lk_luks_prepared *p,
				struct lk_volume_key *key, struct lk_header_identity *ret,
				struct lk_error *err)
{
	const struct lk_header_owner owner = lk_volume_owner(v);
	LK_SECRET volume_key = { 0 };
	enum lk_status st;
	int slot;

	st = lk_luks_volume_key(p, key, &volume_key, &slot, err);
	if (!st)
		st = lk_header_mac_check(lk_luks_prepared_header(p), &owner,
					 v->header_mac == LK_HEADER_MAC_REQUIRED, &volume_key, ret,
					 err);
	if (st)
		return st;
	lk_secret_wipe(&key->bytes);
	key->bytes = lk_secret_take(&volume_key);
	key->form = LK_KEY_VOLUME;
	return LK_OK;
}
