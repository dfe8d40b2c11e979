/* SPDX-License-Identifier: Apache-2.0 */
/* The part of the providers' contract that `kms` and `oidc` have in common: a session with a KMS,
 * and one call per key. */
#pragma once

#include "providers/provider.h"

enum lk_status lk_aliyun_prepare(const struct lk_batch *batch, void **ret_session,
				 struct lk_error *err);
enum lk_status lk_aliyun_fetch(void *session, size_t i, struct lk_volume_key *ret,
			       struct lk_fetch_note *note, struct lk_error *err);
void lk_aliyun_finish(void *session);
