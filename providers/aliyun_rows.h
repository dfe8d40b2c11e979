/* SPDX-License-Identifier: Apache-2.0 */
/* The rows that the tables of `kms` and `oidc` have in common, as initialisers. */
#pragma once

#include "providers/aliyun_options.h"

#define LK_ALIYUN_AT(field) offsetof(struct lk_aliyun_options, field)

/* clang-format off */
#define LK_ALIYUN_INSTANCE_ROWS                                                                    \
	{ .name = "kms_instance_id", .type = LK_T_STRING, .offset = LK_ALIYUN_AT(instance),         \
	  .help = "The dedicated KMS instance; needed with a client key.",                         \
	  .example = "\"kst-bjj0123456789\"" },                                                    \
	{ .name = "client_key_id", .type = LK_T_STRING, .offset = LK_ALIYUN_AT(client_key_id),      \
	  .help = "Names the files clientKey_ID.json and password_ID.json among the "              \
		  "credentials.",                                                                  \
	  .example = "\"KAAP.5c8f3a10-1111-4222-8333-444455556666\"" },                            \
	{ .name = "client_key", .type = LK_T_STRING, .flags = LK_K_SECRET,                          \
	  .offset = LK_ALIYUN_AT(client_key),                                                      \
	  .help = "The client key itself: the text of its JSON file." },                           \
	{ .name = "client_key_file", .type = LK_T_STRING, .flags = LK_K_FILE_SECRET,                \
	  .offset = LK_ALIYUN_AT(client_key_file),                                                 \
	  .help = "The file with the client key.",                                                 \
	  .example = "\"/etc/latchkey/credentials/aliyun/clientKey_KAAP.5c8f.json\"" },            \
	{ .name = "client_key_password", .type = LK_T_STRING, .flags = LK_K_SECRET,                 \
	  .offset = LK_ALIYUN_AT(password),                                                        \
	  .help = "The client key's password itself." },                                           \
	{ .name = "client_key_password_file", .type = LK_T_STRING, .flags = LK_K_FILE_SECRET,       \
	  .offset = LK_ALIYUN_AT(password_file),                                                   \
	  .help = "The file with the client key's password, bare or as "                           \
		  "{\"ClientKeyPassword\": \"...\"}.",                                             \
	  .example = "\"/etc/latchkey/credentials/aliyun/password_KAAP.5c8f.json\"" },             \
	{ .name = "client_key_password_from_kms", .type = LK_T_STRING,                              \
	  .offset = LK_ALIYUN_AT(password_from_kms),                                               \
	  .help = "The secret of the shared gateway that holds the client key's password; a "      \
		  "leading alias/ is dropped.",                                                    \
	  .example = "\"alias/ClientKey_KAAP.5c8f\"" },                                            \
	{ .name = "kms_cert_pem", .aliases = (const char *const[]){ "kms_cert_file", NULL },        \
	  .type = LK_T_STRING, .flags = LK_K_PEM_OR_PATH | LK_K_FILE_CA,                            \
	  .offset = LK_ALIYUN_AT(instance_ca),                                                     \
	  .help = "The only CA certificates trusted for the dedicated instance: PEM text, or the " \
		  "absolute path of a PEM file. Absent: PrivateKmsCA_INSTANCE.pem among the "      \
		  "credentials.",                                                                  \
	  .example = "\"/etc/latchkey/credentials/aliyun/PrivateKmsCA_kst-bjj0123456789.pem\"" }

#define LK_ALIYUN_SECRET_ROWS                                                                      \
	{ .name = "version_stage", .type = LK_T_STRING, .offset = LK_ALIYUN_AT(version_stage),      \
	  .help = "Which stage of the secret; absent: ACSCurrent." },                              \
	{ .name = "version_id", .type = LK_T_STRING, .offset = LK_ALIYUN_AT(version_id),            \
	  .help = "Which version of the secret." }

#define LK_ALIYUN_GATEWAY_ROWS                                                                     \
	{ .name = "gateway_ca", .type = LK_T_STRING, .flags = LK_K_PEM_OR_PATH | LK_K_FILE_CA,      \
	  .offset = LK_ALIYUN_AT(gateway_ca),                                                      \
	  .help = "CA certificates for the shared gateway and the token service: PEM text, or "    \
		  "the absolute path of a PEM file. Absent: the system's bundle of public CAs.",   \
	  .example = "\"/etc/latchkey/public-ca.pem\"" },                                          \
	{ .name = "credentials_dir", .type = LK_T_STRING, .offset = LK_ALIYUN_AT(credentials_dir),  \
	  .help = "The folder with credential files in their usual layout. Absent: the first "     \
		  "that has the file of /etc/latchkey/credentials/aliyun, "                        \
		  "/run/confidential-containers/cdh/kbs/kms-credential/aliyun and "                \
		  "/run/confidential-containers/cdh/kms-credential/aliyun.",                       \
	  .example = "\"/etc/latchkey/credentials/aliyun\"" },                                     \
	{ .name = "imds_v1", .type = LK_T_BOOL, .flags = LK_K_WEAKENS, .fallback = "false",         \
	  .offset = LK_ALIYUN_AT(imds_v1),                                                         \
	  .help = "Ask the metadata service without a token where it refuses to give one." },      \
	{ .name = "endpoint", .type = LK_T_STRING, .offset = LK_ALIYUN_AT(endpoint),                \
	  .help = "URL of the KMS that holds the secret, when it is not the usual one.",           \
	  .example = "\"https://kms-vpc.cn-beijing.aliyuncs.com\"" },                              \
	{ .name = "gateway_endpoint", .type = LK_T_STRING,                                          \
	  .offset = LK_ALIYUN_AT(gateway_endpoint),                                                \
	  .help = "URL of the shared gateway that holds client_key_password_from_kms, when it is " \
		  "not the usual one.",                                                            \
	  .example = "\"https://kms-vpc.cn-beijing.aliyuncs.com\"" }
/* clang-format on */
