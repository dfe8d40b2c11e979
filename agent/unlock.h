/* SPDX-License-Identifier: Apache-2.0 */
/* From a fetched key to the volume key of a volume that is the one it should be: every opener goes
 * through here. */
#pragma once

#include "agent/header_mac.h"
#include "agent/luks.h"
#include "agent/settings.h"

/* What the configuration allows the volume's header, on this machine. */
struct lk_luks_rules lk_volume_rules(const struct lk_volume *v);
/* Whose header it should be, by the configuration. */
struct lk_header_owner lk_volume_owner(const struct lk_volume *v);

/* Open the prepared header with key and judge its MAC; maps nothing. On LK_OK the key is the volume
 * key, for lk_luks_open. LK_TAMPERED: key-wrong, header-mac, header-mac-absent. */
enum lk_status lk_volume_unlock(const struct lk_volume *v, const struct lk_luks_prepared *p,
				struct lk_volume_key *key, struct lk_header_identity *ret,
				struct lk_error *err);
