/* SPDX-License-Identifier: Apache-2.0 */
/* A build without the provider kms seals no envelopes. */
#include "agent/seal.h"

enum lk_status lk_seal_wrap(const struct lk_seal_kms *kms, const char *key_id,
			    const struct lk_secret *dek, struct lk_seal_wrapped *ret,
			    struct lk_error *err)
{
	(void)kms;
	(void)key_id;
	(void)dek;
	(void)ret;
	return lk_raise_code(err, LK_C_CONFIG_UNKNOWN, "envelopes: this build has no provider kms");
}
