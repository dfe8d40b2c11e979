/* SPDX-License-Identifier: Apache-2.0 */
/* What the handlers of both listeners share: the open store, keys, sessions and the policy. */
#pragma once

#include <pthread.h>
#include <stdbool.h>

#include "core/secret.h"
#include "keyserver/audit.h"
#include "keyserver/policy.h"
#include "keyserver/session.h"
#include "keyserver/store.h"
#include "keyserver/token.h"
#include "keyserver/trust.h"
#include "keyserver/verifier.h"

struct lk_server {
	struct lk_store *store;
	struct lk_secret root; /* read only while threads run */
	struct lk_token_signer *signer;
	struct lk_sessions *sessions;
	struct lk_audit *audit;
	pthread_rwlock_t policy_lock;
	struct lk_policy *policy; /* under policy_lock; never NULL */
	bool allow_sample;
	struct lk_trust *trust;		  /* read only while threads run */
	struct lk_verifier_limits limits; /* the same */
	pthread_mutex_t trouble_lock;
	struct lk_error trouble; /* under trouble_lock; the latest that nobody was told of */
};

/* The value in the store that holds the policy's text. */
#define LK_VALUE_POLICY "policy"

/* A new store's content: a token key, a policy that denies everything. */
enum lk_status lk_server_init(struct lk_store *store, const struct lk_secret *root,
			      struct lk_error *err);
/* Read what a store holds; takes store and root, also when it fails. LK_TAMPERED with
 * LK_C_ROOT_KEY_WRONG when the root key did not seal it. */
enum lk_status lk_server_open(struct lk_store *store, struct lk_secret *root,
			      int64_t session_lifetime_ms, struct lk_server *ret,
			      struct lk_error *err);
void lk_server_close(struct lk_server *s);

/* Something is wrong with the server itself, and the client at hand must not learn what: keep it
 * for whoever writes the log. Other classes than INTERNAL and TAMPERED are no trouble. */
void lk_server_trouble(struct lk_server *s, const struct lk_error *err);
/* The latest since the last call; false if all is well. */
bool lk_server_take_trouble(struct lk_server *s, struct lk_error *ret);
