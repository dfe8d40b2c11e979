/* SPDX-License-Identifier: Apache-2.0 */
/* Volume keys from Alibaba Cloud KMS: the provider's options and its contract. */
#include "providers/aliyun_rows.h"
#include "providers/aliyun_session.h"
#include "providers/provider.h"

static const struct lk_key keys[] = {
	{ .name = "auth_mode",
	  .aliases = (const char *const[]){ "client_type", NULL },
	  .type = LK_T_CHOICE,
	  .offset = LK_ALIYUN_AT(auth_mode),
	  .choices = (const char *const[]){ "client_key", "ecs_ram_role", "sts_token",
					    "attestation", NULL },
	  .help = "How to log in: with a client key of a dedicated instance, as the role of this "
		  "virtual machine, or with a token from a file; attestation: at a dedicated "
		  "instance, with role or token and proof of what booted. Absent: client_key, if a "
		  "client key is named.",
	  .example = "\"client_key\"" },
	{ .name = "secret_name",
	  .aliases = (const char *const[]){ "key_id", NULL },
	  .type = LK_T_STRING,
	  .flags = LK_K_SAMPLED,
	  .offset = LK_ALIYUN_AT(secret_name),
	  .help = "The secret that holds the key. Absent: one that is called as the volume is.",
	  .example = "\"disk-key\"" },
	LK_ALIYUN_SECRET_ROWS,
	{ .name = "secret_encoding",
	  .type = LK_T_CHOICE,
	  .offset = LK_ALIYUN_AT(encoding),
	  .fallback = "base64",
	  .choices = (const char *const[]){ "base64", "raw", NULL },
	  .help = "What the secret holds: the key in base64, or the key as it is." },
	LK_ALIYUN_INSTANCE_ROWS,
	{ .name = "ecs_ram_role_name",
	  .type = LK_T_STRING,
	  .offset = LK_ALIYUN_AT(role),
	  .help = "The role of this virtual machine. Absent: that of ecsRamRole.json among the "
		  "credentials, else the only one that the metadata service names.",
	  .example = "\"latchkey-role\"" },
	{ .name = "region_id",
	  .type = LK_T_STRING,
	  .offset = LK_ALIYUN_AT(region),
	  .help = "The region whose gateway is asked. Absent: that of ecsRamRole.json, else what "
		  "the metadata service names.",
	  .example = "\"cn-beijing\"" },
	{ .name = "ecs_ram_role_file",
	  .type = LK_T_STRING,
	  .flags = LK_K_FILE_SECRET,
	  .offset = LK_ALIYUN_AT(role_file),
	  .help = "The file that names role and region, when it is not ecsRamRole.json among the "
		  "credentials.",
	  .example = "\"/etc/latchkey/credentials/aliyun/ecsRamRole.json\"" },
	{ .name = "sts_token_file",
	  .aliases = (const char *const[]){ "token_path", NULL },
	  .type = LK_T_STRING,
	  .flags = LK_K_FILE_SECRET,
	  .offset = LK_ALIYUN_AT(sts_token_file),
	  .help = "The file with a temporary token: AccessKeyId:AccessKeySecret:SecurityToken.",
	  .example = "\"/etc/latchkey/credentials/aliyun/sts\"" },
	{ .name = "sts_token",
	  .type = LK_T_STRING,
	  .flags = LK_K_SECRET | LK_K_HIDDEN,
	  .offset = LK_ALIYUN_AT(sts_token),
	  .help = "The temporary token itself." },
	LK_ALIYUN_GATEWAY_ROWS,
	{ 0 },
};

static enum lk_status kms_check(const void *options, struct lk_error *err)
{
	return lk_aliyun_check(options, err);
}

static enum lk_status kms_files(const void *options, const struct lk_file_visitor *visitor,
				struct lk_error *err)
{
	return lk_aliyun_files(options, visitor, err);
}

static enum lk_status kms_load(void *options, enum lk_trust trust, struct lk_error *err)
{
	return lk_aliyun_load(options, trust, err);
}

static bool kms_same_session(const void *a, const void *b)
{
	return lk_aliyun_same_session(a, b);
}

static bool kms_proves_server(const void *options)
{
	return lk_aliyun_proves_server(options);
}

static void kms_defer(void *options, const struct lk_strings *paths)
{
	((struct lk_aliyun_options *)options)->deferred = paths;
}

static enum lk_status kms_credentials(void *options, const struct lk_credential_source *source,
				      struct lk_error *err)
{
	return lk_aliyun_credentials(options, source, err);
}

static void kms_needs(const void *options, struct lk_provider_needs *ret)
{
	ret->attester = lk_aliyun_mode(options) == LK_ALIYUN_ATTESTATION;
}

static const struct lk_provider_doc doc = {
	.attested = "one mode",
	.cloud = true,
	.where = "root and other volumes",
	.use = "keys kept by a cloud, mostly without proof",
	.needs =
		"A secret in Alibaba Cloud KMS that holds the key in base64, and one way to log in: a client key of a dedicated instance (clientKey_ID.json, password_ID.json and PrivateKmsCA_INSTANCE.pem in /etc/latchkey/credentials/aliyun, the first two with mode 0600), the role of the virtual machine, or a temporary token in a file. Whoever holds the credential has the key, except with auth_mode = \"attestation\": there a dedicated instance asks for evidence as well, and gives the key under a key that only this boot holds; in an unencrypted initramfs the host can read it. The clock must be right within 15 minutes; a service that says otherwise over an authenticated connection is believed once.",
	.example = "volume = \"data\"\n"
		   "dev = \"/dev/vdb\"\n"
		   "auto_open = true\n"
		   "[encrypt.kms]\n"
		   "kms_instance_id = \"kst-bjj0123456789\"\n"
		   "secret_name = \"disk-key\"\n"
		   "client_key_id = \"KAAP.5c8f3a10-1111-4222-8333-444455556666\"\n",
};

extern const struct lk_provider lk_provider_kms;
const struct lk_provider lk_provider_kms = {
	.name = "kms",
	.summary = "a secret of Alibaba Cloud KMS",
	.doc = &doc,
	.needs_network = true,
	.needs = kms_needs,
	.keys = keys,
	.options_size = sizeof(struct lk_aliyun_options),
	.check = kms_check,
	.files = kms_files,
	.load = kms_load,
	.defer = kms_defer,
	.credentials = kms_credentials,
	.proves_server = kms_proves_server,
	.same_session = kms_same_session,
	.prepare = lk_aliyun_prepare,
	.fetch = lk_aliyun_fetch,
	.finish = lk_aliyun_finish,
	.unwrap = lk_aliyun_unwrap,
};
