/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of the providers: every one of the build, and examples that are right. */
#include "agent/commands.h"
#include "agent/provider_docs.h"
#include "agent/settings.h"
#include "core/crypto.h"
#include "core/json.h"
#include "tests/check.h"
#include "tests/headers/config_dir.h"

static char text[65536];

static void captured(void (*print)(FILE *out))
{
	FILE *out = fmemopen(text, sizeof(text), "w");

	CHECK(out);
	print(out);
	fclose(out);
}

TEST(every_provider_is_listed_and_in_the_manual)
{
	size_t i;

	captured(lk_providers_list);
	for (i = 0; lk_providers[i]; i++)
		CHECK_HAS(text, lk_providers[i]->name);
	CHECK_HAS(text, "ATTESTED");
	captured(lk_providers_manual);
	for (i = 0; lk_providers[i]; i++) {
		char heading[64];

		snprintf(heading, sizeof(heading), ".SS %s\n", lk_providers[i]->name);
		CHECK_HAS(text, heading);
		CHECK(lk_providers[i]->doc);
	}
}

/* The example of each is a file that the configuration reader takes. */
TEST(examples_are_right)
{
	struct lk_settings *s = NULL;
	struct lk_error err = { 0 };
	size_t i;

	lk_json_setup();
	CHECK_OK(lk_crypto_setup(&err));
	for (i = 0; lk_providers[i]; i++) {
		const struct lk_provider *p = lk_providers[i];

		config_dir_new();
		config_put("volumes.d/data.toml", p->doc->example, 0600);
		CHECK_OK(lk_settings_load(config_dir, &s, &err));
		CHECK_EQ(s->n_volumes, 1);
		CHECK(s->volumes[0].sources[0].provider == p);
		lk_settings_free(s);
		config_dir_remove();
	}
}

TEST(a_page_shows_the_keys_and_their_tables)
{
	FILE *out = fmemopen(text, sizeof(text), "w");

	CHECK(out);
	lk_provider_show(out, lk_provider_find("exec"));
	fclose(out);
	CHECK_HAS(text, "[encrypt.exec]");
	CHECK_HAS(text, "command = ");
	CHECK_HAS(text, "runs a program: yes");
	CHECK_HAS(text, "volume = \"data\"");
}

TEST(the_command)
{
	char *list[] = { (char[]){ "provider" }, (char[]){ "list" }, NULL };
	char *show[] = { (char[]){ "provider" }, (char[]){ "show" }, (char[]){ "kbx" }, NULL };

	CHECK_EQ(lk_cmd_provider(2, list), 0);
	CHECK_EQ(lk_cmd_provider(3, show), 1);
	CHECK_EQ(lk_cmd_provider(2, show), 1);
	show[2] = (char[]){ "kbs" };
	CHECK_EQ(lk_cmd_provider(3, show), 0);
}

TESTS(every_provider_is_listed_and_in_the_manual, examples_are_right,
      a_page_shows_the_keys_and_their_tables, the_command)
