/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client of Alibaba Cloud KMS: logging in (client key, role of the machine, token of an identity
 * provider) and the calls. A dedicated instance takes a client key and knows every call; the
 * shared gateway takes a temporary token and knows get_secret alone.
 *
 * One request, one answer; nothing is repeated but a request whose time the service refused, once,
 * with the time that it gave over its authenticated connection. Errors: those of core/http.h, and
 * KMS_DENIED, KMS_NO_SECRET, KMS_CREDENTIAL, KMS_CLOCK, KMS_REQUEST, OIDC_REFUSED, IMDS_REFUSED,
 * IMDS_ABSENT, CREDENTIAL_INVALID, SERVER_BUSY with Retry-After.
 */
#pragma once

#include "core/crypto.h"
#include "core/deadline.h"
#include "core/http.h"
#include "keymanager/aliyun_messages.h"

#define LK_ALIYUN_EXCHANGE_MS 15000
#define LK_ALIYUN_IMDS_MS     5000

/* How far our clock is off, by those who know; shared by all that one session talks to. */
struct lk_aliyun_clock {
	int64_t skew_s;
	bool learned;
};

struct lk_aliyun_client_key {
	char id[LK_ALIYUN_KEY_ID];
	struct lk_keypair *pair;
};
/* json: clientKey_ID.json; password: the file's text in either form. */
enum lk_status lk_aliyun_client_key_open(const char *json, const char *password,
					 size_t password_len, struct lk_aliyun_client_key *ret,
					 struct lk_error *err);
void lk_aliyun_client_key_free(struct lk_aliyun_client_key *key); /* fine on { 0 } */

/* One KMS; everything is borrowed. Either key or token is set. */
struct lk_aliyun {
	struct lk_http *http;
	const char *base; /* "https://kst-x.cryptoservice.kms.aliyuncs.com" */
	struct lk_aliyun_clock *clock;
	struct lk_deadline deadline;
	const struct lk_aliyun_client_key *key;
	const struct lk_aliyun_token *token;
	const char *region;   /* with token: of the shared gateway; NULL: a dedicated instance */
	bool clock_untrusted; /* set by calls */
};

/* stage, version: NULL or "" for the current one. *ret: the text that the KMS keeps. */
enum lk_status lk_aliyun_get_secret(struct lk_aliyun *k, const char *name, const char *stage,
				    const char *version, struct lk_secret *ret,
				    struct lk_error *err);

/* An instance that gives a secret to whoever proves what runs there: the challenge, and the secret
 * under the key that the proof binds. recipient: what lk_aliyun_recipient made. *ret: RSAES-OAEP with
 * SHA-256. Only with token. */
enum lk_status lk_aliyun_get_challenge(struct lk_aliyun *k, struct lk_aliyun_challenge *ret,
				       struct lk_error *err);
enum lk_status lk_aliyun_get_secret_for(struct lk_aliyun *k, const char *name, const char *stage,
					const char *version, const char *recipient,
					struct lk_aliyun_sealed *ret, struct lk_error *err);

/* What encrypt and generate give, and decrypt needs. */
#define LK_ALIYUN_BLOB_MAX 8192
struct lk_aliyun_blob {
	uint8_t data[LK_ALIYUN_BLOB_MAX];
	size_t len;
	uint8_t iv[64];
	size_t iv_len;
};
enum lk_status lk_aliyun_decrypt(struct lk_aliyun *k, const char *key_id,
				 const struct lk_aliyun_blob *blob, struct lk_secret *ret,
				 struct lk_error *err);
enum lk_status lk_aliyun_encrypt(struct lk_aliyun *k, const char *key_id,
				 const struct lk_secret *plaintext, struct lk_aliyun_blob *ret,
				 struct lk_error *err);
/* A new data key of n bytes, in the clear and encrypted. */
enum lk_status lk_aliyun_generate(struct lk_aliyun *k, const char *key_id, unsigned n,
				  struct lk_secret *ret_key, struct lk_aliyun_blob *ret,
				  struct lk_error *err);

/* ---- for aliyun_calls.c ---- */

/* Call one API of a dedicated instance with a protobuf body. */
enum lk_status lk_aliyun_call_instance(struct lk_aliyun *k, const char *api,
				       const struct lk_secret *body, struct lk_http_response *ret,
				       struct lk_error *err);

/* ---- logging in ---- */

/* The metadata service of this machine; the only place that is asked without TLS. */
extern const char lk_aliyun_imds_base[]; /* keymanager/aliyun_imds_base.c; tests have another */
struct lk_aliyun_imds {
	struct lk_http *http; /* borrowed; made with lk_aliyun_imds_base as plain_base */
	struct lk_deadline deadline;
	bool v1; /* go on without a token where none is given */
	struct lk_secret header;
};
/* Get a token of the second version of the service. */
enum lk_status lk_aliyun_imds_open(struct lk_aliyun_imds *m, struct lk_error *err);
enum lk_status lk_aliyun_imds_region(struct lk_aliyun_imds *m, char ret[LK_ALIYUN_WORD],
				     struct lk_error *err);
/* role: a name, or NULL for the only one there is. */
enum lk_status lk_aliyun_imds_login(struct lk_aliyun_imds *m, const char *role,
				    struct lk_aliyun_token *ret, struct lk_error *err);
void lk_aliyun_imds_close(struct lk_aliyun_imds *m); /* fine on { 0 } */

/* AssumeRoleWithOIDC. id_token: a terminated text. */
struct lk_aliyun_oidc {
	const char *provider_arn, *role_arn, *session_name, *id_token;
};
enum lk_status lk_aliyun_sts_login(struct lk_aliyun *sts, const struct lk_aliyun_oidc *oidc,
				   struct lk_aliyun_token *ret, struct lk_error *err);
