/* SPDX-License-Identifier: Apache-2.0 */
/* Volume keys from Alibaba Cloud KMS for whom an identity provider vouches: the provider's options
 * and its contract. */
#include <string.h>

#include "providers/aliyun_rows.h"
#include "providers/aliyun_session.h"
#include "providers/exec_run.h"
#include "providers/provider.h"

static const struct lk_key keys[] = {
	{ .name = "command",
	  .type = LK_T_STRING,
	  .flags = LK_K_COMMAND,
	  .offset = LK_ALIYUN_AT(command),
	  .help = "Program whose standard output is the identity token: its absolute path, or a "
		  "name in the usual folders.",
	  .example = "\"/usr/bin/get-oidc-token\"" },
	{ .name = "args",
	  .type = LK_T_STRINGS,
	  .flags = LK_K_SECRET,
	  .offset = LK_ALIYUN_AT(args),
	  .help = "Its arguments; no shell sees them." },
	{ .name = "key_id",
	  .aliases = (const char *const[]){ "secret_name", NULL },
	  .type = LK_T_STRING,
	  .flags = LK_K_SAMPLED,
	  .offset = LK_ALIYUN_AT(secret_name),
	  .help = "The secret that holds the key. Absent: one that is called as the volume is.",
	  .example = "\"disk-decryption-key\"" },
	LK_ALIYUN_SECRET_ROWS,
	{ .name = "secret_encoding",
	  .type = LK_T_CHOICE,
	  .offset = LK_ALIYUN_AT(encoding),
	  .fallback = "raw",
	  .choices = (const char *const[]){ "base64", "raw", NULL },
	  .help = "What the secret holds: the key in base64, or the key as it is." },
	{ .name = "oidc_provider_arn",
	  .type = LK_T_STRING,
	  .offset = LK_ALIYUN_AT(provider_arn),
	  .help = "The identity provider, as the cloud knows it.",
	  .example = "\"acs:ram::113511544585:oidc-provider/TestOidcIdp\"" },
	{ .name = "role_arn",
	  .type = LK_T_STRING,
	  .offset = LK_ALIYUN_AT(role_arn),
	  .help = "The role to take.",
	  .example = "\"acs:ram::113511544585:role/testoidc\"" },
	{ .name = "region_id",
	  .type = LK_T_STRING,
	  .offset = LK_ALIYUN_AT(region),
	  .help = "The region whose services are asked. Absent: what the metadata service names.",
	  .example = "\"cn-beijing\"" },
	{ .name = "role_session_name",
	  .type = LK_T_STRING,
	  .offset = LK_ALIYUN_AT(session_name),
	  .fallback = "zero-trust-session",
	  .help = "What the cloud's audit log calls the session." },
	LK_ALIYUN_INSTANCE_ROWS,
	LK_ALIYUN_GATEWAY_ROWS,
	{ .name = "sts_endpoint",
	  .type = LK_T_STRING,
	  .offset = LK_ALIYUN_AT(sts_endpoint),
	  .help = "URL of the token service, when it is not the usual one.",
	  .example = "\"https://sts-vpc.cn-beijing.aliyuncs.com\"" },
	{ 0 },
};

static const struct lk_key kms_keys[] = {
	{ .name = "type",
	  .type = LK_T_CHOICE,
	  .offset = LK_ALIYUN_AT(vendor),
	  .choices = (const char *const[]){ "aliyun", NULL },
	  .help = "Whose cloud." },
	{ .name = "oidc_provider_arn",
	  .type = LK_T_STRING,
	  .offset = LK_ALIYUN_AT(nested_provider_arn),
	  .help = "As in the table above." },
	{ .name = "role_arn",
	  .type = LK_T_STRING,
	  .offset = LK_ALIYUN_AT(nested_role_arn),
	  .help = "As in the table above." },
	{ .name = "region_id",
	  .type = LK_T_STRING,
	  .offset = LK_ALIYUN_AT(nested_region),
	  .help = "As in the table above." },
	{ 0 },
};

static const struct lk_key exec_keys[] = {
	{ .name = "command",
	  .type = LK_T_STRING,
	  .flags = LK_K_COMMAND,
	  .offset = LK_ALIYUN_AT(nested_command),
	  .help = "As in the table above." },
	{ .name = "args",
	  .type = LK_T_STRINGS,
	  .flags = LK_K_SECRET,
	  .offset = LK_ALIYUN_AT(nested_args),
	  .help = "As in the table above." },
	{ 0 },
};

static const struct lk_provider_table tables[] = {
	{ "kms", kms_keys, "Another place for these three keys." },
	{ "oidc_token_from_exec", exec_keys, "Another place for these two keys." },
	{ 0 },
};

static enum lk_status twice(const char *key, struct lk_error *err)
{
	return lk_raise_code(err, LK_C_CONFIG_VALUE,
			     "%s stands here and in a table below; write one of the two", key);
}

static enum lk_status check_twice(const struct lk_aliyun_options *o, struct lk_error *err)
{
	if (o->command && o->nested_command)
		return twice("command", err);
	if (o->args.items && o->nested_args.items)
		return twice("args", err);
	if (o->provider_arn && o->nested_provider_arn)
		return twice("oidc_provider_arn", err);
	if (o->role_arn && o->nested_role_arn)
		return twice("role_arn", err);
	if (o->region && o->nested_region)
		return twice("region_id", err);
	return LK_OK;
}

/* A RAM resource name is a few words between colons. */
static bool is_arn(const char *text)
{
	const size_t n = text ? strlen(text) : 0;

	return n > 8 && n <= 256 && strncmp(text, "acs:ram:", 8) == 0 &&
	       strspn(text,
		      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:/._-@") == n;
}

static enum lk_status check_arn(const char *key, const char *a, const char *b, struct lk_error *err)
{
	if (!a && !b)
		return lk_raise_code(err, LK_C_CONFIG_MISSING, "%s is missing", key);
	if (!is_arn(a ? a : b))
		return lk_raise_code(err, LK_C_CONFIG_VALUE, "%s: write acs:ram::ACCOUNT:...", key);
	return LK_OK;
}

static enum lk_status check_session_name(const char *name, struct lk_error *err)
{
	const size_t n = name ? strlen(name) : 0;

	if (n < 2 || n > 64 ||
	    strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.@_-") != n)
		return lk_raise_code(err, LK_C_CONFIG_VALUE,
				     "role_session_name: 2 to 64 letters, digits and . @ _ -");
	return LK_OK;
}

static enum lk_status oidc_check(const void *options, struct lk_error *err)
{
	const struct lk_aliyun_options *o = options;
	const char *command = o->command ? o->command : o->nested_command;
	enum lk_status st;

	st = check_twice(o, err);
	if (st)
		return st;
	if (!command)
		return lk_raise_code(err, LK_C_CONFIG_MISSING,
				     "no command says where the identity token comes from");
	st = lk_exec_check(command, err);
	if (!st)
		st = check_arn("oidc_provider_arn", o->provider_arn, o->nested_provider_arn, err);
	if (!st)
		st = check_arn("role_arn", o->role_arn, o->nested_role_arn, err);
	if (!st)
		st = check_session_name(o->session_name, err);
	return st ? st : lk_aliyun_check(o, err);
}

static enum lk_status oidc_files(const void *options, const struct lk_file_visitor *visitor,
				 struct lk_error *err)
{
	return lk_aliyun_files(options, visitor, err);
}

/* From here on the nested tables' values are those of the first. */
static void join_tables(struct lk_aliyun_options *o)
{
	if (o->nested_command)
		o->command = lk_take(o->nested_command);
	if (o->nested_args.items) {
		o->args = o->nested_args;
		o->nested_args = (struct lk_strings){ 0 };
	}
	if (o->nested_provider_arn)
		o->provider_arn = lk_take(o->nested_provider_arn);
	if (o->nested_role_arn)
		o->role_arn = lk_take(o->nested_role_arn);
	if (o->nested_region)
		o->region = lk_take(o->nested_region);
}

static enum lk_status oidc_load(void *options, enum lk_trust trust, struct lk_error *err)
{
	struct lk_aliyun_options *o = options;
	enum lk_status st;

	join_tables(o);
	st = lk_exec_find(&o->command, err);
	return st ? st : lk_aliyun_load(o, trust, err);
}

static bool oidc_proves_server(const void *options)
{
	return lk_aliyun_proves_server(options);
}

static void oidc_defer(void *options, const struct lk_strings *paths)
{
	((struct lk_aliyun_options *)options)->deferred = paths;
}

static enum lk_status oidc_credentials(void *options, const struct lk_credential_source *source,
				       struct lk_error *err)
{
	return lk_aliyun_credentials(options, source, err);
}

static const struct lk_provider_doc doc = {
	.cloud = true,
	.where = "root and other volumes",
	.use = "federated identities, short-lived tokens",
	.needs =
		"A program that prints an identity token, an identity provider and a role that the cloud knows, and a secret in Alibaba Cloud KMS that holds the key as it is. The program is run without a shell before each attempt; what it prints is sent to the cloud's token service.",
	.example = "volume = \"data\"\n"
		   "dev = \"/dev/vdb\"\n"
		   "auto_open = true\n"
		   "[encrypt.oidc]\n"
		   "command = \"/usr/bin/get-oidc-token\"\n"
		   "args = [\"-c\", \"/etc/config.json\"]\n"
		   "key_id = \"disk-decryption-key\"\n"
		   "[encrypt.oidc.kms]\n"
		   "type = \"aliyun\"\n"
		   "oidc_provider_arn = \"acs:ram::113511544585:oidc-provider/TestOidcIdp\"\n"
		   "role_arn = \"acs:ram::113511544585:role/testoidc\"\n"
		   "region_id = \"cn-beijing\"\n",
};

/* The token is one machine's and one moment's: every volume asks for its own. */
extern const struct lk_provider lk_provider_oidc;
const struct lk_provider lk_provider_oidc = {
	.name = "oidc",
	.summary = "a secret of Alibaba Cloud KMS, for whom an identity provider vouches",
	.doc = &doc,
	.needs_network = true,
	.runs_programs = true,
	.keys = keys,
	.tables = tables,
	.options_size = sizeof(struct lk_aliyun_options),
	.check = oidc_check,
	.files = oidc_files,
	.load = oidc_load,
	.defer = oidc_defer,
	.credentials = oidc_credentials,
	.proves_server = oidc_proves_server,
	.prepare = lk_aliyun_prepare,
	.fetch = lk_aliyun_fetch,
	.finish = lk_aliyun_finish,
};
