/* SPDX-License-Identifier: Apache-2.0 */
/* The part of the providers' contract that `kms` and `oidc` have in common: a session with a KMS,
 * and one call per key. */
#pragma once

#include "keymanager/aliyun.h"
#include "providers/aliyun_options.h"
#include "providers/provider.h"

enum lk_status lk_aliyun_prepare(const struct lk_batch *batch, void **ret_session,
				 struct lk_error *err);
enum lk_status lk_aliyun_fetch(void *session, size_t i, struct lk_volume_key *ret,
			       struct lk_fetch_note *note, struct lk_error *err);
void lk_aliyun_finish(void *session);
/* providers/aliyun_sealed.c */
enum lk_status lk_aliyun_unwrap(void *session, const struct lk_sealed *sealed,
				struct lk_secret *ret, struct lk_error *err);
/* Where the session's keys are got, and how it was told to log in. */
struct lk_aliyun *lk_aliyun_session_kms(void *session);
const struct lk_aliyun_options *lk_aliyun_session_options(const void *session);
/* A secret's text, with proof where the session's KMS wants it. */
enum lk_status lk_aliyun_session_secret(void *session, const char *name, const char *stage,
					const char *version, struct lk_secret *ret,
					struct lk_error *err);

/* providers/aliyun_prove.c: the same of a dedicated instance that wants proof; k has a token. */
enum lk_status lk_aliyun_prove(struct lk_aliyun *k, const struct lk_attester *attester,
			       const char *name, const char *stage, const char *version,
			       struct lk_secret *ret, struct lk_error *err);
