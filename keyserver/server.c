/* SPDX-License-Identifier: Apache-2.0 */
/* Filling a new store, and making a running server of a store. */
#include "keyserver/server.h"

#include <string.h>

#include "core/crypto.h"
#include "keyserver/rootkey.h"

#define SESSIONS_MAX 8192
#define TOKEN_KEY    "token-key"

static const char deny_all[] = "{\"version\":1,\"rules\":[]}";
static const struct lk_seal_label token_label = { .purpose = TOKEN_KEY, .name = "", .version = 1 };

static enum lk_status put_token_key(struct lk_store_write *w, const struct lk_secret *root,
				    struct lk_error *err)
{
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *key = NULL;
	LK_SECRET scalar = { 0 };
	uint8_t sealed[32 + LK_SEAL_OVERHEAD];
	enum lk_status st;

	st = lk_keypair_generate(LK_KEY_P256, &key, err);
	if (st)
		return st;
	st = lk_keypair_scalar(key, &scalar, err);
	if (st)
		return st;
	if (scalar.len != 32)
		return lk_raise(err, LK_INTERNAL, "a P-256 key of %zu bytes", scalar.len);
	st = lk_seal(root, &token_label, scalar.data, scalar.len, sealed, err);
	if (st)
		return st;
	return lk_store_put_value(w, TOKEN_KEY, sealed, sizeof(sealed), err);
}

enum lk_status lk_server_init(struct lk_store *store, const struct lk_secret *root,
			      struct lk_error *err)
{
	const struct lk_audit_event e = { .event = "init", .outcome = "done" };
	LK_STORE_WRITE w = { 0 };
	enum lk_status st;

	st = lk_store_begin(store, &w, err);
	if (st)
		return st;
	st = put_token_key(&w, root, err);
	if (st)
		return lk_context(err, "make the token key");
	st = lk_store_put_value(&w, LK_VALUE_POLICY, deny_all, sizeof(deny_all) - 1, err);
	if (st)
		return st;
	st = lk_audit_write_with(&w, &e, err);
	if (st)
		return st;
	return lk_store_commit(&w, err);
}

/* The token key was sealed when the root key was made: it tells whether the two belong together. */
static enum lk_status open_signer(struct lk_server *s, struct lk_error *err)
{
	struct lk_keypair *key;
	LK_SECRET scalar = { 0 };
	LK_FREE void *sealed = NULL;
	size_t n;
	enum lk_status st;

	st = lk_store_get_value(s->store, TOKEN_KEY, &sealed, &n, err);
	if (st)
		return lk_raise_code(err, LK_C_STORE_DAMAGED, "the store holds no token key");
	st = lk_unseal(&s->root, &token_label, sealed, n, &scalar, err);
	if (st == LK_TAMPERED)
		return lk_raise_code(err, LK_C_ROOT_KEY_WRONG,
				     "the root key does not open the store");
	if (st)
		return st;
	st = lk_keypair_from_scalar(LK_KEY_P256, scalar.data, scalar.len, &key, err);
	if (st)
		return lk_context(err, "read the token key");
	return lk_token_signer_new(key, &s->signer, err);
}

static enum lk_status open_policy(struct lk_server *s, struct lk_error *err)
{
	LK_FREE void *text = NULL;
	size_t n;
	enum lk_status st;

	st = lk_store_get_value(s->store, LK_VALUE_POLICY, &text, &n, err);
	if (st)
		return st;
	return lk_policy_parse(text, n, &s->policy, err);
}

static enum lk_status open_all(struct lk_server *s, int64_t session_lifetime_ms,
			       struct lk_error *err)
{
	enum lk_status st;

	st = open_signer(s, err);
	if (st)
		return st;
	st = open_policy(s, err);
	if (st)
		return lk_context(err, "read the stored policy");
	st = lk_trust_new(&s->trust, err);
	if (st)
		return st;
	st = lk_audit_new(s->store, &s->audit, err);
	if (st)
		return st;
	return lk_sessions_new(SESSIONS_MAX, session_lifetime_ms, &s->sessions, err);
}

enum lk_status lk_server_open(struct lk_store *store, struct lk_secret *root,
			      int64_t session_lifetime_ms, struct lk_server *ret,
			      struct lk_error *err)
{
	struct lk_server s = { .store = store, .root = lk_secret_take(root) };
	enum lk_status st;

	pthread_rwlock_init(&s.policy_lock, NULL);
	pthread_mutex_init(&s.trouble_lock, NULL);
	st = open_all(&s, session_lifetime_ms, err);
	if (st) {
		lk_server_close(&s);
		return st;
	}
	*ret = s;
	return LK_OK;
}

void lk_server_close(struct lk_server *s)
{
	if (!s->store)
		return;
	lk_sessions_free(s->sessions);
	lk_audit_free(s->audit);
	lk_policy_free(s->policy);
	lk_trust_free(s->trust);
	lk_token_signer_free(s->signer);
	lk_secret_wipe(&s->root);
	lk_store_close(s->store);
	pthread_rwlock_destroy(&s->policy_lock);
	pthread_mutex_destroy(&s->trouble_lock);
	*s = (struct lk_server){ 0 };
}

void lk_server_trouble(struct lk_server *s, const struct lk_error *err)
{
	if (err->status != LK_INTERNAL && err->status != LK_TAMPERED)
		return;
	pthread_mutex_lock(&s->trouble_lock);
	s->trouble = *err;
	pthread_mutex_unlock(&s->trouble_lock);
}

bool lk_server_take_trouble(struct lk_server *s, struct lk_error *ret)
{
	bool any;

	pthread_mutex_lock(&s->trouble_lock);
	any = s->trouble.status != LK_OK;
	if (any)
		*ret = s->trouble;
	s->trouble = (struct lk_error){ 0 };
	pthread_mutex_unlock(&s->trouble_lock);
	return any;
}
