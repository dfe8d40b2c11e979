/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the providers `kms` and `oidc` are told of Alibaba Cloud KMS: one struct behind both tables,
 * which of the ways to log in it means, and the credential files in their usual layout.
 */
#pragma once

#include "core/config.h"
#include "core/config_files.h"
#include "core/error.h"

enum lk_aliyun_mode {
	LK_ALIYUN_CLIENT_KEY,	/* a dedicated instance, a client key of its own */
	LK_ALIYUN_ECS_RAM_ROLE, /* the shared gateway, the role of this virtual machine */
	LK_ALIYUN_STS_TOKEN,	/* the shared gateway, a token from a file */
	LK_ALIYUN_ATTESTATION,	/* a dedicated instance, a token, and proof of what booted */
	LK_ALIYUN_OIDC,		/* the shared gateway, a token of an identity provider */
};

enum lk_aliyun_encoding { LK_ALIYUN_BASE64, LK_ALIYUN_RAW };

#define LK_ALIYUN_NAME_MAX 192 /* of a secret, a version, a stage */

struct lk_aliyun_options {
	int auth_mode; /* enum lk_aliyun_mode or -1; LK_ALIYUN_OIDC is `oidc`'s alone */
	char *instance, *secret_name, *version_stage, *version_id;
	int encoding;
	char *client_key, *client_key_file, *client_key_id;
	char *password, *password_file, *password_from_kms;
	char *instance_ca, *gateway_ca;
	char *role, *region, *role_file, *sts_token, *sts_token_file;
	char *credentials_dir;
	char *endpoint, *gateway_endpoint, *sts_endpoint;
	bool imds_v1;
	/* oidc: each from one of two tables */
	char *command, *nested_command;
	struct lk_strings args, nested_args;
	char *provider_arn, *nested_provider_arn;
	char *role_arn, *nested_role_arn;
	char *nested_region;
	char *session_name;
	int vendor;
	bool public_roots; /* set by load: gateway_ca is the system's bundle, which pins nothing */
	bool loaded;	   /* set by load: texts stand beside the names of their files */
	const struct lk_strings *deferred; /* paths of which no file is read; NULL: none */
};

/* The mode that the options mean for the secret that holds the key. */
enum lk_aliyun_mode lk_aliyun_mode(const struct lk_aliyun_options *o);
/* Where the temporary token comes from, if one is used at all: LK_ALIYUN_ECS_RAM_ROLE,
 * LK_ALIYUN_STS_TOKEN or LK_ALIYUN_OIDC. */
enum lk_aliyun_mode lk_aliyun_gateway_mode(const struct lk_aliyun_options *o);
/* Does any step go to the shared gateway, and any to a dedicated instance? */
bool lk_aliyun_uses_gateway(const struct lk_aliyun_options *o);
bool lk_aliyun_uses_instance(const struct lk_aliyun_options *o);

/* A name of client_key_password_from_kms without its leading alias/. */
const char *lk_aliyun_secret_from(const char *name);
/* Which name a client key's files carry: client_key_id, or what follows ClientKey_ in
 * client_key_password_from_kms; NULL if neither is there. */
const char *lk_aliyun_key_id(const struct lk_aliyun_options *o);

/* Pure: what `config check` finds wrong. */
enum lk_status lk_aliyun_check(const struct lk_aliyun_options *o, struct lk_error *err);
/* Files that only the layout names, and the CA bundle of the public gateway. */
enum lk_status lk_aliyun_files(const struct lk_aliyun_options *o,
			       const struct lk_file_visitor *visitor, struct lk_error *err);
/* Read every file into client_key, password, instance_ca, gateway_ca, sts_token, role, region; but for
 * those that are deferred, whose paths then stand in the *_file fields and in instance_ca. */
enum lk_status lk_aliyun_load(struct lk_aliyun_options *o, enum lk_trust trust,
			      struct lk_error *err);

/* Texts that lie in no file, and those that are sealed: lk_provider.credentials. */
struct lk_credential_source;
enum lk_status lk_aliyun_credentials(struct lk_aliyun_options *o,
				     const struct lk_credential_source *source,
				     struct lk_error *err);

/* Does the key come from a server whose CA is configured? Not from the public gateway under public
 * roots. */
bool lk_aliyun_proves_server(const struct lk_aliyun_options *o);
bool lk_aliyun_same_session(const struct lk_aliyun_options *a, const struct lk_aliyun_options *b);
