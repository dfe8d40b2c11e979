/* SPDX-License-Identifier: Apache-2.0 */
/* Samples of the files and the manual's entries, from the tables and the providers' rows. */
#include "agent/settings_internal.h"
#include "core/config_lines.h"
#include "providers/provider.h"

/* Print the sections of every provider; all but the first in comments, or all of them. */
static void sample_providers(FILE *out, const char *prefix, bool comments)
{
	char name[LK_CONFIG_NAME_MAX + 1], help[256];
	size_t i;

	for (i = 0; lk_providers[i]; i++) {
		const struct lk_provider *p = lk_providers[i];
		const struct lk_section section = { name, p->keys, help };

		snprintf(name, sizeof(name), "%sencrypt.%s", prefix, p->name);
		snprintf(help, sizeof(help), "Provider %s: %s.", p->name, p->summary);
		lk_section_sample(out, &section, comments || i > 0);
	}
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

static void sample_agent(FILE *out)
{
	lk_section_sample(out, &lk_agent_section, false);
	lk_section_sample(out, &lk_network_section, false);
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

static void manual_providers(FILE *out)
{
	char name[LK_CONFIG_NAME_MAX + 1], help[256];
	size_t i;

	for (i = 0; lk_providers[i]; i++) {
		const struct lk_provider *p = lk_providers[i];
		const struct lk_section section = { name, p->keys, help };

		snprintf(name, sizeof(name), "encrypt.%s", p->name);
		snprintf(help, sizeof(help),
			 "Provider %s: %s. In fde.conf: [rootfs.encrypt.%s] or "
			 "[delta.encrypt.%s].",
			 p->name, p->summary, p->name, p->name);
		lk_section_manual(out, &section);
	}
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
