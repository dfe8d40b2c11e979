/* SPDX-License-Identifier: Apache-2.0 */
/* A session with a KMS of Alibaba Cloud, and one call per key. */
#include "providers/aliyun_session.h"

enum lk_status lk_aliyun_prepare(const struct lk_batch *batch, void **ret_session,
				 struct lk_error *err)
{
	(void)batch;
	(void)ret_session;
	return lk_raise_code(err, LK_C_CONFIG_VALUE, "this KMS is not in this build");
}

enum lk_status lk_aliyun_fetch(void *session, size_t i, struct lk_volume_key *ret,
			       struct lk_fetch_note *note, struct lk_error *err)
{
	(void)session;
	(void)i;
	(void)ret;
	(void)note;
	return lk_raise_code(err, LK_C_CONFIG_VALUE, "this KMS is not in this build");
}

void lk_aliyun_finish(void *session)
{
	(void)session;
}
