/* SPDX-License-Identifier: Apache-2.0 */
/* Providers for tests of the configuration, in place of the build's list: one that attests, one
 * that runs a program, one with a credential. */
#pragma once

#include <string.h>

#include "providers/provider.h"

struct fake_kbs {
	struct lk_strings urls;
	char *uri, *ca;
	bool plain;
};
struct fake_exec {
	char *command;
	struct lk_strings args;
};
struct fake_kms {
	char *id, *password, *file;
};

static const struct lk_key fake_kbs_keys[] = {
	{ .name = "kbs_url",
	  .aliases = (const char *const[]){ "url", NULL },
	  .type = LK_T_STRINGS,
	  .flags = LK_K_REQUIRED | LK_K_ONE_OR_MANY,
	  .offset = offsetof(struct fake_kbs, urls),
	  .help = "Where the broker is.",
	  .example = "\"https://kbs.example\"" },
	{ .name = "key_uri",
	  .type = LK_T_STRING,
	  .flags = LK_K_REQUIRED,
	  .offset = offsetof(struct fake_kbs, uri),
	  .help = "The resource.",
	  .example = "\"kbs:///default/disk/root\"" },
	{ .name = "kbs_root_cert",
	  .type = LK_T_STRING,
	  .flags = LK_K_PEM_OR_PATH | LK_K_FILE_CA,
	  .offset = offsetof(struct fake_kbs, ca),
	  .help = "The CA." },
	{ .name = "allow_plaintext_http",
	  .type = LK_T_BOOL,
	  .flags = LK_K_WEAKENS,
	  .offset = offsetof(struct fake_kbs, plain),
	  .help = "Anybody may look on." },
	{ 0 },
};
static const struct lk_key fake_exec_keys[] = {
	{ .name = "command",
	  .type = LK_T_STRING,
	  .flags = LK_K_REQUIRED | LK_K_COMMAND,
	  .offset = offsetof(struct fake_exec, command),
	  .help = "The program.",
	  .example = "\"/usr/bin/printf\"" },
	{ .name = "args",
	  .type = LK_T_STRINGS,
	  .flags = LK_K_SECRET,
	  .offset = offsetof(struct fake_exec, args),
	  .help = "Its arguments." },
	{ 0 },
};
static const struct lk_key fake_kms_keys[] = {
	{ .name = "key_id",
	  .type = LK_T_STRING,
	  .flags = LK_K_REQUIRED,
	  .offset = offsetof(struct fake_kms, id),
	  .help = "The key.",
	  .example = "\"k\"" },
	{ .name = "password",
	  .type = LK_T_STRING,
	  .flags = LK_K_SECRET,
	  .offset = offsetof(struct fake_kms, password),
	  .help = "The password." },
	{ .name = "credential",
	  .type = LK_T_STRING,
	  .flags = LK_K_FILE_SECRET,
	  .offset = offsetof(struct fake_kms, file),
	  .help = "A file with the password." },
	{ 0 },
};

static const struct lk_key fake_otp_keys[] = { { 0 } };

/* With a CA of its own it is known who answers. */
static bool fake_kbs_proves(const void *options)
{
	return ((const struct fake_kbs *)options)->ca;
}

static enum lk_status fake_kbs_check(const void *options, struct lk_error *err)
{
	const struct fake_kbs *o = options;
	size_t i;

	for (i = 0; i < o->urls.n; i++)
		if (strncmp(o->urls.items[i], "http://", 7) == 0 && !o->plain)
			return lk_raise_code(err, LK_C_CONFIG_VALUE,
					     "http needs allow_plaintext_http = true");
	return LK_OK;
}

static const struct lk_provider fake_kbs = {
	.name = "kbs",
	.summary = "A broker, after attestation",
	.needs_network = true,
	.needs_attester = true,
	.keys = fake_kbs_keys,
	.options_size = sizeof(struct fake_kbs),
	.check = fake_kbs_check,
	.proves_server = fake_kbs_proves,
};
static const struct lk_provider fake_exec = {
	.name = "exec",
	.summary = "A program",
	.runs_programs = true,
	.keys = fake_exec_keys,
	.options_size = sizeof(struct fake_exec),
};
static const struct lk_provider fake_kms = {
	.name = "kms",
	.summary = "A key management service",
	.needs_network = true,
	.keys = fake_kms_keys,
	.options_size = sizeof(struct fake_kms),
};

static const struct lk_provider fake_otp = {
	.name = "otp",
	.summary = "A random key",
	.throw_away = true,
	.keys = fake_otp_keys,
};

const struct lk_provider *const lk_providers[] = { &fake_kbs, &fake_exec, &fake_kms, &fake_otp,
						   NULL };
