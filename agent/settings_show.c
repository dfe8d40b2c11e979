/* SPDX-License-Identifier: Apache-2.0 */
/* The effective configuration as text that reads back as the same. */
#include "agent/settings_internal.h"
#include "core/config_lines.h"
#include "providers/provider.h"

void lk_settings_show_agent(FILE *out, const struct lk_settings *s, bool notes)
{
	lk_keys_show(out, lk_agent_section.name, lk_agent_section.keys, s, notes);
	fputc('\n', out);
	lk_keys_show(out, lk_network_section.name, lk_network_section.keys, s, notes);
	lk_sealing_show(out, s, notes);
}

static void show_sources(FILE *out, const struct lk_volume *v, bool notes)
{
	const char *prefix = v->is_root ? "rootfs." : v->is_delta ? "delta." : "";
	char table[LK_PROVIDER_SECTION], section[LK_CONFIG_NAME_MAX + 1];
	const struct lk_key *keys;
	size_t i, j;

	if (!v->n_sources)
		return;
	snprintf(section, sizeof(section), "%sencrypt", prefix);
	fputc('\n', out);
	lk_keys_show(out, section, lk_encrypt_keys, v, notes);
	for (i = 0; i < v->n_sources; i++) {
		const struct lk_volume_source *source = &v->sources[i];

		for (j = 0; (keys = lk_provider_keys(source->provider, j, table)); j++) {
			if (j > 0 && !lk_keys_given(keys, source->options))
				continue;
			snprintf(section, sizeof(section), "%s%s", prefix, table);
			fputc('\n', out);
			lk_keys_show(out, section, keys, source->options, notes);
		}
	}
}

void lk_settings_show_volume(FILE *out, const struct lk_volume *v, bool notes)
{
	const struct lk_section *section = lk_volume_section_of(v);

	lk_keys_show(out, section->name, section->keys, v, notes);
	if (v->has_verity) {
		fputc('\n', out);
		lk_keys_show(out, lk_verity_section.name, lk_verity_section.keys, &v->verity,
			     notes);
	}
	show_sources(out, v, notes);
}

void lk_settings_show(FILE *out, const struct lk_settings *s, bool notes)
{
	size_t i;

	if (s->cryptpilot)
		fprintf(out, "# cryptpilot's files of %s, as latchkey.conf(5) would say it\n",
			s->dir);
	fprintf(out, "# %s/latchkey.conf\n", s->dir);
	lk_settings_show_agent(out, s, notes);
	for (i = 0; i < s->n_known; i++) {
		if (s->volumes[i].is_delta)
			fputc('\n', out);
		else
			fprintf(out, "\n# %s\n", s->volumes[i].file);
		lk_settings_show_volume(out, &s->volumes[i], notes);
	}
}
