/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What goes to and comes from Alibaba Cloud KMS as bytes: protobuf of a dedicated instance, JSON of
 * the shared gateway, of the token service and of the metadata service, and the credentials in
 * their files. Pure and bounded; nothing here reads a clock or a socket.
 *
 * Errors: REPLY_INVALID for what a service sent, CREDENTIAL_INVALID for what the operator gave;
 * they name a member, never its contents.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/cleanup.h"
#include "core/crypto.h"
#include "core/error.h"
#include "core/proto.h"
#include "core/secret.h"

#define LK_ALIYUN_REQUEST_MAX 65536
#define LK_ALIYUN_ANSWER_MAX  (256u * 1024)
#define LK_ALIYUN_ERROR_MAX   8192

struct json_t;

/* ---- credentials ---- */

/* clientKey_ID.json and the password in either of its forms. key_id: at most 128 characters of
 * those that may stand in a header line. der: the PKCS#12 file. */
#define LK_ALIYUN_KEY_ID 129
enum lk_status lk_aliyun_parse_client_key(const char *json, size_t n, char key_id[LK_ALIYUN_KEY_ID],
					  struct lk_secret *ret_der, struct lk_error *err);
enum lk_status lk_aliyun_parse_password(const char *text, size_t n, struct lk_secret *ret,
					struct lk_error *err);

/* A temporary login; secret and security are terminated texts, the NUL counted. */
struct lk_aliyun_token {
	char id[128];
	struct lk_secret secret, security;
};
void lk_aliyun_token_wipe(struct lk_aliyun_token *t);
#define LK_ALIYUN_TOKEN LK_CLEANUP(lk_aliyun_token_wipe) struct lk_aliyun_token

/* AccessKeyId:AccessKeySecret:SecurityToken, as a file holds it. */
enum lk_status lk_aliyun_parse_token_file(const char *text, size_t n, struct lk_aliyun_token *ret,
					  struct lk_error *err);
/* What the metadata service says of a role. */
enum lk_status lk_aliyun_parse_role_token(const void *json, size_t n, struct lk_aliyun_token *ret,
					  struct lk_error *err);
/* The answer to AssumeRoleWithOIDC. */
enum lk_status lk_aliyun_parse_sts_answer(const void *json, size_t n, struct lk_aliyun_token *ret,
					  struct lk_error *err);

/* ---- metadata service ---- */

#define LK_ALIYUN_WORD 65
/* A region, or a role: one word on one line. */
enum lk_status lk_aliyun_parse_region(const void *text, size_t n, char ret[LK_ALIYUN_WORD],
				      struct lk_error *err);
/* The only role of a list; LK_ABSENT when there is none, CONFIG_MISSING when there are several. */
enum lk_status lk_aliyun_parse_roles(const void *text, size_t n, char ret[LK_ALIYUN_WORD],
				     struct lk_error *err);

/* ---- answers of a KMS ---- */

/* The text of a secret, by the shared gateway (JSON) or a dedicated instance (protobuf). */
enum lk_status lk_aliyun_parse_secret_json(const void *json, size_t n, struct lk_secret *ret,
					   struct lk_error *err);
enum lk_status lk_aliyun_parse_secret_proto(const void *message, size_t n, struct lk_secret *ret,
					    struct lk_error *err);

/* ---- proof ---- */

/* What GetChallenge answers, both texts to be sent back as they are. */
#define LK_ALIYUN_CHALLENGE_MAX 8192
struct lk_aliyun_challenge {
	char nonce[LK_ALIYUN_CHALLENGE_MAX + 1], token[LK_ALIYUN_CHALLENGE_MAX + 1];
};
enum lk_status lk_aliyun_parse_challenge(const void *json, size_t n,
					 struct lk_aliyun_challenge *ret, struct lk_error *err);
/* What the evidence binds: challenge and key (RSA). *ret: {"challenge_token", "nonce",
 * "tee-pubkey"}, owned by the caller; digest: SHA-384 of its canonical form. */
enum lk_status lk_aliyun_runtime_data(const struct lk_aliyun_challenge *challenge,
				      const struct lk_public_key *key, struct json_t **ret,
				      uint8_t digest[48], struct lk_error *err);
/* The parameter Recipient, with evidence of this TEE; free with lk_json_text_free. */
enum lk_status lk_aliyun_recipient(const char *tee, const struct json_t *evidence,
				   struct json_t *runtime_data, char **ret, struct lk_error *err);
/* CiphertextForRecipient of an answer. */
struct lk_aliyun_sealed {
	uint8_t data[512];
	size_t len;
};
enum lk_status lk_aliyun_parse_sealed(const void *json, size_t n, struct lk_aliyun_sealed *ret,
				      struct lk_error *err);

/* Why a service refused. The error carries the vendor's code if it looks like one. */
enum lk_aliyun_service { LK_ALIYUN_KMS, LK_ALIYUN_STS };
enum lk_status lk_aliyun_refusal_json(enum lk_aliyun_service service, int http_status,
				      const void *body, size_t n, struct lk_error *err);
enum lk_status lk_aliyun_refusal_proto(int http_status, const void *body, size_t n,
				       struct lk_error *err);

/* ---- dates ---- */

#define LK_ALIYUN_DATE 40
/* Seconds since 1970 as "Fri, 02 Jan 2026 03:04:05 GMT" and as "2026-01-02T03:04:05Z". */
void lk_aliyun_http_date(int64_t t, char out[LK_ALIYUN_DATE]);
void lk_aliyun_iso_date(int64_t t, char out[LK_ALIYUN_DATE]);
bool lk_aliyun_parse_http_date(const char *text, size_t n, int64_t *ret);
