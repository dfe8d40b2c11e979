/* SPDX-License-Identifier: Apache-2.0 */
/* Samples of the files and the manual's entries, from the tables and the providers' rows. */
#include "agent/settings_internal.h"
#include "core/config_lines.h"
#include "providers/provider.h"

static void sample_provider(FILE *out, const char *prefix, const struct lk_provider *p, bool whole)
{
	char table[LK_PROVIDER_SECTION], name[LK_CONFIG_NAME_MAX + 1], help[256];
	const struct lk_key *keys;
	size_t i;

	for (i = 0; (keys = lk_provider_keys(p, i, table)); i++) {
		const struct lk_section section = { name, keys, i ? p->tables[i - 1].help : help };

		snprintf(name, sizeof(name), "%s%s", prefix, table);
		snprintf(help, sizeof(help), "Provider %s: %s.", p->name, p->summary);
		lk_section_sample(out, &section, whole || i > 0);
	}
}

/* Print the sections of every provider; all but the first in comments, or all of them. */
static void sample_providers(FILE *out, const char *prefix, bool comments)
{
	size_t i;

	for (i = 0; lk_providers[i]; i++)
		sample_provider(out, prefix, lk_providers[i], comments || i > 0);
}

static void sample_encrypt(FILE *out, const char *prefix, bool comments)
{
	char name[LK_CONFIG_NAME_MAX + 1];
	const struct lk_section section = { name, lk_encrypt_keys,
					    "Only needed with more than one provider." };

	snprintf(name, sizeof(name), "%sencrypt", prefix);
	lk_section_sample(out, &section, true);
	sample_providers(out, prefix, comments);
}

/* A service's table, whose rows stand where they come from: those that are usual, for a sample. */
static struct lk_section service_section(enum lk_service service, struct lk_key *rows, size_t max)
{
	const struct lk_key *key = lk_service_keys(service);
	size_t n = 0;

	for (; key && key->name; key++)
		if (key->flags & (LK_K_REQUIRED | LK_K_SAMPLED) && n < max)
			rows[n++] = *key;
	rows[n] = (struct lk_key){ 0 };
	return (struct lk_section){ lk_service_section(service), rows, lk_service_help(service) };
}

/* [sealed] and what belongs to it. */
static void sample_sealing(FILE *out)
{
	struct lk_key rows[9];
	unsigned i;

	lk_section_sample(out, &lk_sealed_section, true);
	for (i = 0; i < LK_SERVICES; i++) {
		const struct lk_section section = service_section((enum lk_service)i, rows, 8);

		lk_section_sample(out, &section, true);
	}
	lk_section_sample(out, &lk_credential_section, true);
}

static void manual_sealing(FILE *out)
{
	struct lk_key rows[1];
	unsigned i;

	lk_section_manual(out, &lk_sealed_section);
	for (i = 0; i < LK_SERVICES; i++) {
		const struct lk_section section = service_section((enum lk_service)i, rows, 0);

		lk_section_manual(out, &section);
	}
	lk_section_manual(out, &lk_credential_section);
}

static void sample_agent(FILE *out)
{
	lk_section_sample(out, &lk_agent_section, false);
	lk_section_sample(out, &lk_network_section, false);
	sample_sealing(out);
}

static void sample_fde(FILE *out)
{
	lk_section_sample(out, &lk_rootfs_section, false);
	lk_section_sample(out, &lk_verity_section, true);
	sample_encrypt(out, "rootfs.", false);
	lk_section_sample(out, &lk_delta_section, true);
	sample_encrypt(out, "delta.", true);
}

static void sample_volume(FILE *out)
{
	lk_section_sample(out, &lk_volume_section, false);
	sample_encrypt(out, "", false);
}

void lk_settings_sample(FILE *out, enum lk_settings_kind kind)
{
	static const struct {
		const char *name;
		void (*print)(FILE *out);
	} samples[] = {
		[LK_SETTINGS_AGENT] = { "latchkey.conf", sample_agent },
		[LK_SETTINGS_FDE] = { "fde.conf", sample_fde },
		[LK_SETTINGS_VOLUME] = { "volumes.d/NAME.conf", sample_volume },
	};

	fprintf(out,
		"# %s: see latchkey.conf(5).\n"
		"# Lines in comments show defaults or examples.\n",
		samples[kind].name);
	samples[kind].print(out);
}

static void manual_provider(FILE *out, const struct lk_provider *p)
{
	char name[LK_PROVIDER_SECTION], help[256];
	const struct lk_key *keys;
	size_t i;

	for (i = 0; (keys = lk_provider_keys(p, i, name)); i++) {
		const struct lk_section section = { name, keys, i ? p->tables[i - 1].help : help };

		snprintf(help, sizeof(help),
			 "Provider %s: %s. In fde.conf: [rootfs.encrypt.%s] or "
			 "[delta.encrypt.%s].",
			 p->name, p->summary, p->name, p->name);
		lk_section_manual(out, &section);
	}
}

static void manual_providers(FILE *out)
{
	size_t i;

	for (i = 0; lk_providers[i]; i++)
		manual_provider(out, lk_providers[i]);
}

void lk_settings_manual(FILE *out)
{
	static const struct lk_section encrypt = {
		"encrypt", lk_encrypt_keys,
		"Which providers are asked for the key. In fde.conf: [rootfs.encrypt], "
		"[delta.encrypt]."
	};

	fputs(".SH LATCHKEY.CONF\n", out);
	lk_section_manual(out, &lk_agent_section);
	lk_section_manual(out, &lk_network_section);
	manual_sealing(out);
	fputs(".SH FDE.CONF\n", out);
	lk_section_manual(out, &lk_rootfs_section);
	lk_section_manual(out, &lk_verity_section);
	lk_section_manual(out, &lk_delta_section);
	fputs(".SH VOLUMES.D/NAME.CONF\n", out);
	lk_section_manual(out, &lk_volume_section);
	fputs(".SH PROVIDERS\n", out);
	lk_section_manual(out, &encrypt);
	manual_providers(out);
}
