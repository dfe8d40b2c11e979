/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two signatures of Alibaba Cloud KMS, as texts: of a dedicated instance (RSA over headers,
 * "dkms-gcs-0.2") and of the shared gateway (HMAC-SHA1 over parameters, "signature V1"). Pure but
 * for the keys' use.
 */
#pragma once

#include "core/crypto.h"
#include "core/secret.h"

/* What a request to a dedicated instance is signed over. */
struct lk_aliyun_signed_headers {
	const char *api; /* "GetSecretValue" */
	const char *key_id;
	const char *date;   /* as lk_aliyun_http_date writes it */
	const char *digest; /* SHA-256 of the body, upper-case hex */
};
#define LK_ALIYUN_PROTOBUF	"application/x-protobuf"
#define LK_ALIYUN_KMS_VERSION	"dkms-gcs-0.2"
#define LK_ALIYUN_SIGNATURE_RSA "RSA_PKCS1_SHA_256"
#define LK_ALIYUN_TO_SIGN	1024
/* The text, and its length. */
size_t lk_aliyun_header_text(const struct lk_aliyun_signed_headers *h, char out[LK_ALIYUN_TO_SIGN]);
void lk_aliyun_body_digest(const uint8_t sha256[32], char out[65]);
/* Base64 of the signature, terminated. */
#define LK_ALIYUN_SIGNATURE 688
enum lk_status lk_aliyun_sign_headers(const struct lk_keypair *key,
				      const struct lk_aliyun_signed_headers *h,
				      char out[LK_ALIYUN_SIGNATURE], struct lk_error *err);

/* A parameter of the gateway; a value may be empty. */
struct lk_aliyun_param {
	const char *name, *value;
};
#define LK_ALIYUN_PARAMS 24
/* name=value&..., by name in byte order, all percent-encoded but unreserved characters; a
 * terminated text, the NUL not counted. */
enum lk_status lk_aliyun_canonical(const struct lk_aliyun_param *params, size_t n,
				   struct lk_secret *ret, struct lk_error *err);
/* What of it is signed, and the signature in base64; secret: the AccessKeySecret's text. */
enum lk_status lk_aliyun_rpc_text(const char *canonical, struct lk_secret *ret,
				  struct lk_error *err);
enum lk_status lk_aliyun_rpc_sign(const char *canonical, const char *secret, char out[29],
				  struct lk_error *err);
/* Append the percent-encoded text; out keeps room for a NUL, which is written. */
enum lk_status lk_aliyun_encode(struct lk_secret *out, const char *text, struct lk_error *err);
