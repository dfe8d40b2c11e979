/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A volume's header in a file, and back. The file holds both header copies, with the token, and the
 * keyslot areas at their places, as other tools' backups do; keys lie in it as they lie on the disk,
 * under the keyslots' secrets. It is made and accepted only with a key that opens it.
 */
#pragma once

#include "agent/luks_edit.h"
#include "agent/settings.h"

/* Write the header of dev into a new file of mode 0600. key opens the volume: only a header whose MAC
 * fits is worth keeping. */
enum lk_status lk_header_backup(const struct lk_volume *v, const struct lk_blockdev *dev,
				const struct lk_volume_key *key, const char *path,
				struct lk_error *err);

/* What has to be written to put the file's header back onto dev. LK_TAMPERED: the rules, key-wrong,
 * header-mac; header-rollback when dev still has a header of another UUID or of a later generation:
 * an old header brings back keys that were given up. A header on dev that is no good is no hindrance. */
enum lk_status lk_header_restore_plan(const struct lk_volume *v, const struct lk_blockdev *dev,
				      const struct lk_volume_key *key, const char *path,
				      struct lk_luks_writes *ret, struct lk_error *err);
